# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts that the PostgreSQL container image runs on its first start, and other shell scripts.

https://hub.docker.com/_/postgres, "Initialization scripts": *.sql, *.sql.gz and *.sh of
/docker-entrypoint-initdb.d run in the order of their names in the locale of the image.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from connguard.engine import disk, paths
from connguard.engine.limits import Limits, passed
from connguard.engine.reading import SourceFile, largest_whole
from connguard.engine.text import Text, decode
from connguard.migrations.claims import PLAIN_SUFFIXES, SHELL_PROGRAMS, is_about_databases
from connguard.migrations.history import History
from connguard.migrations.names import is_numbered
from connguard.migrations.pool import Pool, shown, unreadable
from connguard.migrations.sections import sections
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Subject
from connguard.sql_rules.relevance import holds_any
from connguard.sql_rules.script import Chunk, Direction, Script

if TYPE_CHECKING:
    from connguard.migrations.shell_host import Included, ShellMigration

_SHELLS = (".sh", ".bash")
_MAKES_ROLE = lazily(r"\b(?:create|alter)\s+(?:role|user|database)\b|\bcreateuser\b", re.IGNORECASE)
_FOLDER = lazily(r"initdb|entrypoint|(?:^|[-_.])init(?:$|[-_.])", re.IGNORECASE)


def initdb_histories(pool: Pool) -> Iterator[History]:
    """One history per initdb folder; other shell scripts are on their own."""
    folders: dict[str, list[SourceFile]] = defaultdict(list)
    scripts: list[tuple[SourceFile, ShellMigration]] = []
    runs: dict[str, bool] = {}
    for file in pool.with_suffix(*PLAIN_SUFFIXES, *_SHELLS, ".gz"):
        folder = paths.parent(str(file.path))
        if folder not in runs:
            runs[folder] = _is_run(paths.last(folder))
        packed = _is_packed(file.path)
        if packed or (runs[folder] and paths.suffix(str(file.path)) != ".gz"):
            folders[folder].append(file)
        elif file.path.suffix in _SHELLS:
            script = _shell(file, pool)
            if script is not None:
                scripts.append((file, script))
    for folder in sorted(folders, key=paths.parts):
        history = _folder_history(Path(folder), folders[folder], pool)
        if history.files:
            yield history
    for file, script in scripts:
        history = History(shown(file.path.parent, file), "shell script that runs psql")
        pool.take(file)
        _add_shell(history, file, script, pool)
        yield history


def _is_run(folder: str) -> bool:
    """Whether a folder of this name is one whose scripts a container runs."""
    return _FOLDER.search(folder) is not None and not is_numbered(folder)


def _is_packed(path: Path) -> bool:
    return path.name.lower().endswith(".sql.gz")


def _folder_history(folder: Path, files: Sequence[SourceFile], pool: Pool) -> History:
    history = History(shown(folder, files[0]), "container initialization scripts")
    for file in sorted(files, key=lambda file: locale_key(file.path.name)):
        pool.take(file)
        if _is_packed(file.path):
            _add_packed(history, file, pool)
        elif file.path.suffix.lower() in PLAIN_SUFFIXES:
            pool.add_sql(history, file, pool.direction_of(file))
            if history.scripts and history.scripts[-1].name == file.name:
                history.scripts[-1] = _by_psql(history.scripts[-1])
        else:
            script = _shell(file, pool)
            if script is not None:
                _add_shell(history, file, script, pool)
    return history


def _shell(file: SourceFile, pool: Pool) -> ShellMigration | None:
    """The SQL of a shell script; None when it runs none."""
    text = pool.context.text(file)
    if text is None or not holds_any(SHELL_PROGRAMS, text.string):
        return None
    from connguard.migrations.histories import within_root

    if not (_MAKES_ROLE.search(text.string) or is_about_databases(within_root(file, pool))):
        return None  # it asks or fills a database, mostly with a text that a variable holds
    from connguard.migrations.shell_host import ShellMigration, shell_migration

    try:
        script = shell_migration(text)
    except RecursionError:
        script = ShellMigration(text)
        script.opaque(0, len(text.string), Direction.UP)
    return script if script.is_migration else None


def locale_key(name: str) -> tuple[str, str, str]:
    """The order of the image's locale, en_US.utf8, in which bash expands `*`.

    Letters and digits decide first, then case; signs only break ties. Digits are not taken together
    as numbers.
    """
    letters = "".join(char for char in name if char.isalnum())
    return letters.casefold(), letters.swapcase(), name


def _add_packed(history: History, file: SourceFile, pool: Pool) -> None:
    history.files.add(file.name)
    text = pool.context.texts.get(file.path)
    if text is None:
        text = _unpacked(history, file, pool.context.settings.limits)
        pool.context.texts[file.path] = text
    if text is None:
        return
    history.subjects.extend(Subject((gap,)) for gap in text.gaps)
    history.scripts.append(_by_psql(Script(file.name, sections(text))))


def _by_psql(script: Script) -> Script:
    """A script that the image hands to psql, which commits nothing that the script leaves open."""
    chunks = (
        replace(chunk, inputs=chunk.inputs or (script.name,), commits=False)
        for chunk in script.chunks
    )
    return replace(script, chunks=tuple(chunks))


def _unpacked(history: History, file: SourceFile, limits: Limits) -> Text | None:
    """The text of a packed file. Findings point to its unpacked lines."""
    start = Text(file.name, "").line_origin(1)
    most = limits.unpacked_size
    data: bytes | None
    import gzip

    try:
        with gzip.open(BytesIO(disk.read_bytes(file.path, most))) as stream:
            data = stream.read(most + 1)
    except disk.TooLarge:
        data = None
    except (OSError, EOFError, zlib.error):
        unreadable(history, "no gzip file", start)
        return None
    if data is None or len(data) > most:
        what = f"the file has more than {most} bytes when it is unpacked"
        unreadable(history, passed("unpacked-size", what), start)
        return None
    if len(data) <= largest_whole(limits):
        return decode(file.name, data)[0]
    from connguard.engine.condensed_text import read

    return read(file.name, [data], limits)


def _add_shell(history: History, file: SourceFile, script: ShellMigration, pool: Pool) -> None:
    """A script with its SQL, and the files that it hands to psql in their places.

    A file that is not among the scanned ones is reported once, however often the script names it.
    """
    chunks: list[Chunk] = []
    unread: set[str] = set()
    position = 0
    for one in script.included:
        chunks.extend(pool.psql_chunks(history, file, script.chunks[position : one.index]))
        position = one.index
        included = _included(file, one.name, pool)
        if included is not None:
            found = pool.sql_chunks(history, included, Direction.UP) or ()
            chunks.extend(_run_by(one, included, chunk) for chunk in found)
        elif one.name not in unread and not _is_read(one.name, pool):
            unread.add(one.name)
            script.missing.append(NotParsed(_why(one.name), one.origin))
    chunks.extend(pool.psql_chunks(history, file, script.chunks[position:]))
    script.chunks[:] = chunks
    script.add_to(history, file, pool)
    history.scripts[-1] = Script(file.name, tuple(chunks), script.variables)
    missing = sorted(script.missing, key=lambda gap: (gap.origin.line, gap.origin.column))
    history.subjects.extend(Subject((gap,)) for gap in dict.fromkeys(missing))


def _run_by(one: Included, file: SourceFile, chunk: Chunk) -> Chunk:
    return replace(chunk, inputs=(one.run, *(chunk.inputs or (file.name,))), commits=one.commits)


def _included(file: SourceFile, name: str, pool: Pool) -> SourceFile | None:
    """The file that `psql -f` names, if it lies where the name says.

    A folder in a variable is mostly the script's own: `$DIR/roles.sql`.
    """
    plain = re.sub(r"^\$\{[^}]*\}/+", "", name)
    if not plain or "${" in plain or plain.startswith("/"):
        return None
    return pool.file(file.path.parent / plain)


def _is_read(name: str, pool: Pool) -> bool:
    """Whether a file of this name is scanned on its own, perhaps in another folder.

    The files of a loop and of a pattern are, if there is any of them.
    """
    return pool.has_sql_named(name.rpartition("/")[2])


def _why(name: str) -> str:
    if "${" in name.rpartition("/")[2]:
        return "the name of the file that psql runs is only known at run time"
    return f"the file {name} that psql runs is not among the scanned files"
