# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the files of a commit from a git repository, without touching its work tree or index."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass

_TIMEOUT_S = 120
_REGULAR = frozenset((b"100644", b"100755", b"100664"))
_SUBMODULE = b"160000"
_HUNK = lazily(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_PLACES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""What git sets for its hooks: the repository is to be found from the paths instead."""


class GitError(Exception):
    """Git or what it is asked for is not there. The message is for the user."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of the repository whose work tree is `root`."""

    root: Path
    sha: str

    def export(
        self,
        folder: Path,
        wanted: Callable[[PurePosixPath], bool],
        missing: Callable[[PurePosixPath], None] | None = None,
    ) -> None:
        """Write the wanted regular files below `folder`, also those of submodules that are here.

        `missing` is told the files that a partial clone does not hold. Raises GitError, without
        `missing` for these as well.
        """
        files: list[tuple[bytes, PurePosixPath]] = []
        for mode, sha, path in self._entries():
            if mode in _REGULAR and wanted(path):
                files.append((sha, path))
            elif mode == _SUBMODULE and (self.root / path / ".git").exists():
                self._submodule(sha, path, folder, wanted)
        if files:
            with tempfile.TemporaryFile() as names:
                names.writelines(sha + b"\n" for sha, _ in files)
                names.seek(0)
                self._write(folder, [path for _, path in files], names, missing)

    def _submodule(
        self, sha: bytes, path: PurePosixPath, folder: Path, wanted: Callable[[PurePosixPath], bool]
    ) -> None:
        """Where the submodule lacks the commit, everything in it is new."""
        with contextlib.suppress(GitError):
            inner = Commit(self.root / path, sha.decode())
            inner.export(folder / path, lambda name: wanted(path / name))

    def changed_lines(self) -> dict[Path, list[range]]:
        """The lines of tracked files in the work tree that the commit does not have.

        Names with quotes or control characters are left out.
        """
        options = ("--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")
        prefixes = ("--src-prefix=a/", "--dst-prefix=b/")
        found: dict[Path, list[range]] = {}
        diff = _git(
            self.root, "-c", "core.quotePath=false", "diff", *options, *prefixes, self.sha, "--"
        ).decode("utf-8", "replace")
        for part in re.split(r"^diff --git ", diff, flags=re.MULTILINE)[1:]:
            name = re.search(r"^\+\+\+ b/([^\t\n]*)", part, re.MULTILINE)
            if name:
                found[self.root / name[1]] = [
                    range(int(start), int(start) + int(count or "1"))
                    for start, count in _HUNK.findall(part)
                ]
        return found

    def _entries(self) -> Iterator[tuple[bytes, bytes, PurePosixPath]]:
        """Mode, hash and path of everything in the commit but folders."""
        listing = _git(self.root, "ls-tree", "-r", "-z", "--full-tree", self.sha)
        for entry in listing.split(b"\0"):
            properties, _, name = entry.partition(b"\t")
            if not name:
                continue
            columns = properties.split()
            if len(columns) != 3:
                raise GitError("git ls-tree says what is no entry of a commit")
            mode, _, sha = columns
            path = PurePosixPath(os.fsdecode(name))
            # git itself makes no such names, but a hostile tree may hold them.
            unsafe = path.is_absolute() or any(
                part == ".." or part.lower() == ".git" for part in path.parts
            )
            if not unsafe:
                yield mode, sha, path

    def _write(
        self,
        folder: Path,
        paths: list[PurePosixPath],
        names: IO[bytes],
        missing: Callable[[PurePosixPath], None] | None,
    ) -> None:
        command = ["git", "-C", str(self.root), "cat-file", "--batch"]
        with subprocess.Popen(
            command,
            stdin=names,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        ) as process:
            assert process.stdout is not None
            guard = threading.Timer(_TIMEOUT_S, process.kill)
            guard.start()
            try:
                for path in paths:
                    if not _copy(process.stdout, folder / path, str(path), missing is not None):
                        assert missing is not None
                        missing(path)
            finally:
                guard.cancel()
                process.kill()


def _copy(stream: IO[bytes], target: Path, name: str, may_lack: bool) -> bool:
    """Write the next file; false for one that may be lacking, and is. Raises GitError."""
    header = stream.readline().split()
    if may_lack and header[1:] == [b"missing"]:
        return False
    if len(header) != 3:
        raise GitError(f"git cannot read {name}")
    size = int(header[2])
    content = stream.read(size)
    if len(content) != size:
        raise GitError(f"git cannot read {name} in time")
    stream.read(1)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return True


def repository_of(path: Path) -> Path:
    """The root of the work tree that holds `path`. Raises GitError."""
    folder = path if path.is_dir() else path.parent
    try:
        shown = _git(folder, "rev-parse", "--show-toplevel")
    except GitError as error:
        raise GitError(f"{path}: not in the work tree of a git repository ({error})") from error
    return Path(os.fsdecode(shown.rstrip(b"\r\n"))).resolve()


def commit_of(root: Path, ref: str) -> Commit:
    """The commit that a branch, tag or hash names. Raises GitError."""
    if not ref.startswith("-"):
        try:
            found = _git(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
            return Commit(root, found.decode().strip())
        except GitError:
            pass
    raise GitError(f'"{ref}" is no commit, branch or tag of {root} (a shallow clone lacks most)')


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _PLACES}
    return {
        **kept,
        "LC_ALL": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",  # what a partial clone lacks is not fetched
    }


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=_TIMEOUT_S,
            env=_environment(),
        )
    except FileNotFoundError as error:
        raise GitError("git is not installed") from error
    except (OSError, ValueError) as error:
        raise GitError(str(error)) from error
    except subprocess.TimeoutExpired as error:
        raise GitError(f"git {arguments[0]} took more than {_TIMEOUT_S} seconds") from error
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GitError(lines[0] if lines else f"git {arguments[0]} failed")
    return done.stdout
