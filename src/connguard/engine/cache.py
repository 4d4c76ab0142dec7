# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of earlier runs, used again where a run would see the same.

An entry is named by what a run is given: version, settings, paths, working directory. It holds
every question that the run asked the file system, with the answer: files read, folders listed,
names looked for and not found. While all answers are the same, so is the report. Nothing that is
wrong with the cache stops a run or changes its report: it is then made without.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field, replace
from functools import cache
from hashlib import blake2b
from pathlib import Path

from connguard.engine import disk
from connguard.engine.cache_entry import Entry, Trace, Unusable, decode, encode, last_lines
from connguard.engine.cache_texts import SourceTexts, can_be_read_again
from connguard.engine.fail_on import FailOn
from connguard.engine.finding import Report
from connguard.engine.settings import Settings
from connguard.engine.version import __version__
from connguard.engine.writing import temporary
from connguard.policies.model.records import dataclass

FOLDER = "CONNGUARD_CACHE_DIR"
SECRET = "CONNGUARD_CACHE_KEY"
"""Variables of the environment: the folder, and a secret to sign entries with."""

MOST_BYTES = 256 * 1024 * 1024
MOST_ENTRIES = 200
"""What a folder may hold; beyond, the entries that were not used for longest are removed."""

_WORTH_WRITING = 50
"""Paths with a new stamp from which on looking at them again costs more than a new entry."""

_SUFFIX = ".entry"
_STALE = 24 * 60 * 60
"""Seconds after which a temporary file was left by a run that was ended."""


class NotUsable(Exception):
    """A folder that cannot be a cache. The message names the reason."""


@dataclass(slots=True)
class Cache:
    """A folder of entries. `key` is what they are signed with, or empty.

    `log` tells what was done, for --verbose.
    """

    folder: Path
    key: bytes = b""
    log: list[str] = field(default_factory=list)

    def report(
        self,
        paths: Sequence[Path],
        settings: Settings,
        scan: Callable[[], Report],
        *,
        with_budgets: bool,
    ) -> Report:
        """What `scan` gives, or gave when it would have seen the same.

        Budgets are not kept: where there are some, `with_budgets` scans again.
        """
        given = _given(paths, settings)
        if given is None:
            return scan()
        name = blake2b(given, digest_size=16).hexdigest() + _SUFFIX
        entry = self._read(name)
        if entry is not None and with_budgets and entry.budgets:
            self.log.append("cache: connection budgets are not kept")
        elif entry is not None:
            found = self._verified(name, entry, settings)
            if found is not None:
                return found
        with disk.recording() as observed:
            report = scan()
        self._keep(name, report, observed, settings)
        return report

    def _verified(self, name: str, entry: Entry, settings: Settings) -> Report | None:
        try:
            changed, noted = entry.trace.changed()
        except Unusable as error:
            self.log.append(f"cache: {name}: {error}")
            return None
        if changed is not None:
            self.log.append(f"cache: {changed} is not what it was")
            return None
        self.log.append("cache: nothing has changed since an earlier run")
        if noted >= _WORTH_WRITING:
            self._write(name, entry)
        else:
            with contextlib.suppress(OSError):
                os.utime(self.folder / name)
        entry.report.texts = SourceTexts(entry, settings.limits)
        return entry.report

    def _read(self, name: str) -> Entry | None:
        try:
            return decode(disk.read_bytes(self.folder / name, MOST_BYTES), self.key)
        except FileNotFoundError:
            return None
        except (OSError, Unusable) as error:
            self.log.append(f"cache: {name}: {error}")
            return None

    def _keep(
        self, name: str, report: Report, observed: disk.Observations, settings: Settings
    ) -> None:
        """Write an entry, unless another run might report something else of the same files."""
        if report.failures or not observed.repeatable:
            return
        entry = Entry(Trace.of(observed), report, bool(report.budgets), last_lines(report))
        if can_be_read_again(entry, settings.limits):
            self._write(name, entry)

    def _write(self, name: str, entry: Entry) -> None:
        try:
            data = encode(entry, self.key)
            if len(data) > MOST_BYTES // 4:
                return
            make_folder(self.folder)
            with temporary(self.folder / name, data, durable=False) as part:
                os.replace(part, self.folder / name)
            self._clean()
        except (OSError, Unusable) as error:
            self.log.append(f"cache: not written: {error}")

    def _clean(self) -> None:
        """Remove the entries that were not used for longest, and what ended runs left."""
        found = sorted(_entries(self.folder), key=lambda one: one[1].st_mtime, reverse=True)
        total = 0
        for number, (path, state) in enumerate(found):
            total += state.st_size
            left = path.suffix != _SUFFIX and state.st_mtime < time.time() - _STALE
            if left or number >= MOST_ENTRIES or total > MOST_BYTES:
                with contextlib.suppress(OSError):
                    os.unlink(path)


def clear(folder: Path) -> int:
    """Remove all entries; how many there were. Raises OSError."""
    found = [path for path, _ in _entries(folder)]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def _entries(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """The entries in a folder, and temporary files of them. Nothing else is touched."""
    try:
        with os.scandir(folder) as listed:
            for one in listed:
                if _SUFFIX in one.name and one.is_file(follow_symlinks=False):
                    yield Path(one.path), one.stat(follow_symlinks=False)
    except FileNotFoundError:
        return


def make_folder(folder: Path) -> None:
    """Make the folder of a cache if it is not there, for its owner only. Raises OSError."""
    if folder.is_dir():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # What others do with a cache: https://bford.info/cachedir/
    (folder / "CACHEDIR.TAG").write_text(
        "Signature: 8a477f597d28d172789f06886806bc55\n# This is a cache of connguard.\n"
    )
    (folder / ".gitignore").write_text("*\n")


def default_folder() -> Path | None:
    """The folder of the user's caches that is connguard's; None where there is no home."""
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local, "connguard", "cache") if local else None
    base = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):
        return Path(base, "connguard")
    try:
        home = Path.home()
    except RuntimeError:
        return None
    caches = ("Library", "Caches") if sys.platform == "darwin" else (".cache",)
    return home.joinpath(*caches, "connguard")


def open_cache(named: Path | None, paths: Sequence[Path]) -> Cache | None:
    """The cache in a folder that the user names, or in the user's own.

    Whoever can write to the folder can say what is reported. So no folder is used to which
    everybody can write, and one among the files of the project only with a secret that signs the
    entries: a change could bring a forged entry with it. Raises NotUsable for a named folder.
    """
    chosen = named or default_folder()
    if chosen is None:
        return None
    folder = chosen.absolute()
    secret = os.environ.get(SECRET, "")
    key = blake2b(secret.encode("utf-8", "surrogateescape")).digest() if secret else b""
    reason = _why_not(folder, [*paths, Path()] if named else paths, key)
    if reason is None:
        return Cache(folder, key)
    if named:
        raise NotUsable(f"{named}: {reason}")
    return None


def _why_not(folder: Path, among: Sequence[Path], key: bytes) -> str | None:
    real = Path(os.path.realpath(folder))
    if not key and any(real.is_relative_to(os.path.realpath(path)) for path in among):
        return f"a cache among the files of the project needs a secret in {SECRET}"
    try:
        found = os.stat(folder)
    except OSError:
        return None  # it is made when something is written
    if not stat.S_ISDIR(found.st_mode):
        return "no folder"
    user = os.geteuid() if hasattr(os, "geteuid") else 0
    if user and (found.st_mode & stat.S_IWOTH or found.st_uid not in (user, 0)):
        return "others can write to it"
    return None


def _given(paths: Sequence[Path], settings: Settings) -> bytes | None:
    """All that a report follows from but for files; None where that is not known."""
    try:
        parts = (
            __version__,
            _code(),
            _libraries(),
            sys.version,
            sys.platform,
            sys.getfilesystemencoding(),
            os.getcwd(),
            os.geteuid() if hasattr(os, "geteuid") else 0,
            # These change nothing that is found.
            replace(settings, fail_on=FailOn(), baseline=None, cache=True, jobs=None),
            [os.fspath(path) for path in paths],
        )
    except OSError:
        return None
    return repr(parts).encode("utf-8", "surrogateescape")


@cache
def _code() -> str:
    """What tells one state of connguard's code from another.

    The list of files and their digests that installers write; without one, as in a checkout, the
    times and sizes of all files.
    """
    package = Path(__file__).parents[1]
    record = package.with_name(f"connguard-{__version__}.dist-info") / "RECORD"
    digest = blake2b(digest_size=16)
    try:
        lines = record.read_bytes().splitlines(keepends=True)
        digest.update(b"".join(line for line in lines if line.startswith(b"connguard/")))
    except FileNotFoundError:
        for state in sorted(_states(package)):
            digest.update(state.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _states(package: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(package, followlinks=True):
        folders[:] = [name for name in folders if name not in ("__pycache__", "examples")]
        for name in names:
            found = os.stat(os.path.join(folder, name))
            yield f"{folder}/{name} {found.st_size} {found.st_mtime_ns}\n"


LIBRARIES = ("bc_python_hcl2", "lark", "orjson", "pathspec", "pglast", "python_hcl2", "pyyaml")
"""What readers use, but for tree_sitter and its languages."""


@cache
def _libraries() -> list[str]:
    """The installed versions of what readers use: the names of the folders that installers make."""
    found = []
    for folder in sys.path:
        with contextlib.suppress(OSError):
            for name in os.listdir(folder or "."):
                if name.endswith((".dist-info", ".egg-info")):
                    plain = name.lower().replace("-", "_").removesuffix("_info")
                    if plain.startswith(("tree_sitter", *LIBRARIES)):
                        found.append(plain)
    return sorted(found)
