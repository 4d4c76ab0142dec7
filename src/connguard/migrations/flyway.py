# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flyway: versioned, repeatable, undo and baseline migrations, callbacks and placeholders.

https://documentation.red-gate.com/flyway/flyway-concepts/migrations
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from connguard.engine import paths
from connguard.engine.natural import natural_key, path_key
from connguard.engine.reading import SourceFile
from connguard.engine.text import Text
from connguard.migrations.fragment import verbatim, written
from connguard.migrations.history import History
from connguard.migrations.names import is_migrations_folder
from connguard.migrations.pool import Pool, shown, too_deep
from connguard.migrations.settings_text import properties
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.whole_numbers import whole
from connguard.sql_rules.script import Chunk, Direction, Script

_NAME = lazily(
    r"^(?P<kind>[VUB])(?P<version>\d+(?:[._]\d+)*)__(?P<title>.+)\.(?:sql|java|kt)$"
    r"|^(?P<repeat>R)__(?P<what>.+)\.(?:sql|java|kt)$"
)
_BEFORE = lazily(
    r"^(?:before(?:Migrate|EachMigrate|EachMigrateStatement|Versioned|Baseline|Validate|Connect)"
    r"|createSchema|afterConnect)(?:__.*)?\.sql$"
)
_AFTER = lazily(
    r"^after(?:Migrate|EachMigrate|EachMigrateStatement|Versioned|MigrateApplied|Baseline|Validate"
    r"|Repeatables|MigrateOperationFinish)(?:__.*)?\.sql$"
)
_OTHER_CALLBACK = lazily(r"^(?:before|after)[A-Z]\w*?(?:__.*)?\.sql$")
_TRAILING_ZEROS = lazily(r"(?:[._]0+)+$")

_SUFFIXES = (".sql", ".java", ".kt")
_FIRST_LETTERS = frozenset("VUBRbac")

_FIRST, _VERSIONED, _REPEATABLE, _LAST, _BY_HAND = range(5)


@dataclass(frozen=True, slots=True)
class _Migration:
    """A file of a Flyway location, with its place in the order."""

    file: SourceFile
    phase: int
    order: tuple[object, ...]
    kind: str
    version: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a Flyway configuration says about placeholders."""

    values: Mapping[str, str] = field(default_factory=dict)
    prefix: str = "${"
    suffix: str = "}"
    replaced: bool = True


def flyway_histories(pool: Pool) -> Iterator[History]:
    """One history per location: a folder with versioned files, with the folders in it."""
    migrations: dict[str, list[_Migration]] = defaultdict(list)
    for file in pool.with_suffix(*_SUFFIXES):
        migration = _migration(file)
        if migration:
            migrations[paths.parent(str(file.path))].append(migration)
    versioned = {
        folder: found
        for folder, found in migrations.items()
        if any(migration.kind in "VRB" for migration in found)
    }
    configurations: dict[str, Configuration] = {}
    for root, members in _locations(versioned).items():
        configuration = _configuration(root, pool, configurations)
        history = _history(Path(root), members, configuration, pool)
        if history.files:
            yield history


def _migration(file: SourceFile) -> _Migration | None:
    name = paths.last(str(file.path))
    if name[0] not in _FIRST_LETTERS or not name.endswith(_SUFFIXES):
        return None
    match = _NAME.match(name)
    if match and match["repeat"]:
        return _Migration(file, _REPEATABLE, (match["what"],), "R")
    if match:
        version = _version(match["version"])
        phase = _BY_HAND if match["kind"] == "U" else _VERSIONED
        return _Migration(file, phase, version, match["kind"], version)
    for pattern, phase in ((_BEFORE, _FIRST), (_AFTER, _LAST), (_OTHER_CALLBACK, _BY_HAND)):
        if pattern.match(name):
            return _Migration(file, phase, natural_key(name), "callback")
    return None


def _version(text: str) -> tuple[int, ...]:
    """Versions compare number by number; 1.0 and 1 are the same."""
    return tuple(whole(part) for part in re.split(r"[._]", _TRAILING_ZEROS.sub("", text)))


def _locations(folders: Mapping[str, list[_Migration]]) -> Mapping[str, list[_Migration]]:
    """Join folders of one location.

    Flyway searches a location recursively, so folders below a common one belong together unless
    they hold the same version twice: then they are meant for different databases.
    """
    locations = dict(folders)
    turns = {folder: turn for turn, folder in enumerate(folders)}
    by_name = sorted(folders)
    tried: set[str] = set()
    for folder in sorted(folders, key=lambda path: -len(paths.parts(path))):
        parent = next(
            (
                above
                for above in paths.parents(folder)
                if above in locations or is_migrations_folder(paths.last(above))
            ),
            None,
        )
        if parent is None or parent in tried:
            continue  # what could not be joined there never can: versions only come together
        tried.add(parent)
        start = paths.within(parent)
        siblings = [parent] if parent in locations else []
        for index in range(bisect_left(by_name, start), len(by_name)):
            path = by_name[index]
            if not path.startswith(start):
                break
            if path in locations:
                siblings.append(path)
        versions = [
            (migration.kind, migration.version or migration.order)
            for path in siblings
            for migration in locations[path]
        ]
        if len(siblings) > 1 and len(versions) == len(set(versions)):
            siblings.sort(key=turns.__getitem__)
            locations[parent] = [one for path in siblings for one in locations.pop(path)]
            turns[parent] = len(turns) + len(tried)
            if parent not in folders:
                insort(by_name, parent)
    return locations


def _history(
    root: Path, members: Sequence[_Migration], configuration: Configuration, pool: Pool
) -> History:
    history = History(shown(root, members[0].file), "Flyway")
    effective = sorted(_effective(members), key=_run_order)
    running = {migration.file.path for migration in effective}
    for migration in members:
        if migration.file.path not in running:
            pool.take(migration.file)
            pool.log.append(f"{migration.file.name}: covered by a baseline migration; left out")
    for migration in effective:
        _add(history, migration, configuration, pool)
    return history


def _run_order(migration: _Migration) -> tuple[object, ...]:
    return migration.phase, migration.order, path_key(migration.file.name)


def _effective(members: Sequence[_Migration]) -> Iterator[_Migration]:
    """A new database starts with the highest baseline migration instead of the older versions."""
    baseline = max((m.version for m in members if m.kind == "B"), default=None)
    for migration in members:
        covered = (
            baseline is not None
            and migration.phase == _VERSIONED
            and (
                migration.version < baseline
                or (migration.version == baseline and migration.kind == "V")
            )
        )
        if not covered:
            yield migration


def _add(history: History, migration: _Migration, configuration: Configuration, pool: Pool) -> None:
    file = migration.file
    pool.take(file)
    text = pool.context.text(file)
    if text is None:
        return
    if file.path.suffix != ".sql":
        from connguard.migrations.jvm import jvm_migration  # loads the parsers of Java and Kotlin

        try:
            host = jvm_migration(text)
        except RecursionError:
            too_deep(history, text)
            return
        if host.is_migration:
            host.add_to(history, file, pool)
        return
    direction = Direction.DOWN if migration.phase == _BY_HAND else Direction.UP
    script = properties(_text(Path(f"{file.path}.conf"), pool))
    if script.get("shouldExecute", "").lower() == "false":
        direction = Direction.DOWN
    replaced = configuration.replaced and script.get("placeholderReplacement", "") != "false"
    if replaced and configuration.prefix != "${":
        chunks: tuple[Chunk, ...] = (_with_usual_placeholders(text, configuration, direction),)
    else:
        chunks = pool.sql_chunks(history, file, direction) or ()
    history.scripts.append(Script(file.name, chunks, configuration.values if replaced else {}))
    history.files.add(file.name)


def _with_usual_placeholders(
    text: Text, configuration: Configuration, direction: Direction
) -> Chunk:
    """The SQL side knows `${name}`; another spelling is rewritten to it."""
    pattern = lazily(
        re.escape(configuration.prefix) + r"([\w.:-]+)" + re.escape(configuration.suffix)
    )
    fragment = verbatim(text.string, 0).substitute(
        pattern, lambda match, host: written(f"${{{match[1]}}}", *host)
    )
    return fragment.chunk(text, direction)


def _configuration(root: str, pool: Pool, known: dict[str, Configuration]) -> Configuration:
    """The configuration of the nearest folder above the migrations that has one.

    `known` holds those of folders that were looked at before.
    """
    passed = []
    found: Configuration | None = None
    for folder in (root, *paths.parents(root)):
        passed.append(folder)
        found = known.get(folder) or _configuration_in(Path(folder), pool)
        if found is not None:
            break
    configuration = found or Configuration()
    known.update(dict.fromkeys(passed, configuration))
    return configuration


def _configuration_in(folder: Path, pool: Pool) -> Configuration | None:
    for name in ("flyway.toml", "flyway.conf", "conf/flyway.toml", "conf/flyway.conf"):
        text = _text(folder / name, pool)
        if text:
            return _from_toml(text) if name.endswith("toml") else _from_conf(text)
    for name in ("application.properties", "src/main/resources/application.properties"):
        entries = _section(properties(_text(folder / name, pool)), "spring.")
        if any(key.startswith("flyway.") for key in entries):
            return _configured(entries)
    return None


def _text(path: Path, pool: Pool) -> str:
    text = pool.text(path)
    return text.string if text else ""


def _from_conf(text: str) -> Configuration:
    return _configured(properties(text))


def _configured(entries: Mapping[str, str]) -> Configuration:
    keys = {key.replace("-", "").lower(): value for key, value in entries.items()}
    return Configuration(
        _section(entries, "flyway.placeholders."),
        keys.get("flyway.placeholderprefix", "${"),
        keys.get("flyway.placeholdersuffix", "}"),
        keys.get("flyway.placeholderreplacement", "true").lower() != "false",
    )


def _section(entries: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {
        key.removeprefix(prefix): value for key, value in entries.items() if key.startswith(prefix)
    }


def _from_toml(text: str) -> Configuration:
    import tomllib

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return Configuration()
    flyway = document.get("flyway")
    flyway = flyway if isinstance(flyway, dict) else {}
    values = flyway.get("placeholders")
    return Configuration(
        _strings(values if isinstance(values, dict) else {}),
        str(flyway.get("placeholderPrefix", "${")),
        str(flyway.get("placeholderSuffix", "}")),
        flyway.get("placeholderReplacement", True) is not False,
    )


def _strings(table: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in table.items() if isinstance(value, str | int)}
