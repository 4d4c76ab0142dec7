# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What .gitignore files leave out, compared with git itself."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path, PurePath

import pytest

from connguard.engine import disk, ignoring
from connguard.engine.discovery import discover

_NAMES = ("a", "b", "c.sql", "d.sql", "foo", "foo.sql", "x.txt")
_PATTERNS = (
    *("*", "!*/", "!*.sql", "*.sql", "foo", "/foo", "foo/", "!foo", "!foo/", "a/", "/a/", "a/b"),
    *("a/**", "**/b", "a/**/c.sql", "!c.sql", "!a/c.sql", "*.txt", "?", "[ab]", "[!a]", "foo*"),
    *("/*", "!/a", "b/*", "!b/c.sql", "**", "**/", "#x", "\\#x", "a/b/", "*/c.sql", "foo/*/"),
    *("d.*", " ", "! ", "!", "//", "/"),
)


def _kept_by_git(root: Path) -> set[str]:
    command = ["git", "-C", str(root), "ls-files", "-o", "-z", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {name for name in listed.split("\0") if name}


def _found(root: Path) -> set[str]:
    found = discover([root], wanted=lambda path: True)
    return {file.path.relative_to(root).as_posix() for file in found.files}


@pytest.mark.parametrize("seed", range(25))
def test_the_same_files_as_git(tmp_path: Path, seed: int) -> None:
    """Random trees with random ignore files at every level."""
    chance = random.Random(seed)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for _ in range(25):
        path = tmp_path.joinpath(*chance.choices(_NAMES, k=chance.randint(1, 4)))
        if not any(above.is_file() for above in path.parents) and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("SELECT 1;\n")
    folders = [path for path in sorted(tmp_path.rglob("*")) if path.is_dir()]
    folders = [tmp_path, *(path for path in folders if ".git" not in path.parts)]
    for folder in chance.sample(folders, min(len(folders), 3)):
        lines = chance.choices(_PATTERNS, k=chance.randint(1, 5))
        (folder / ".gitignore").write_text("\n".join(lines) + "\n")

    assert _found(tmp_path) == _kept_by_git(tmp_path)


def test_a_list_of_what_is_kept_keeps_it_in_folders_too(tmp_path: Path) -> None:
    """`*`, `!*/`, `!*.sql`: nothing but SQL, wherever it lies."""
    (tmp_path / "migrations").mkdir()
    for name in ("a.sql", "b.txt", "migrations/c.sql", "migrations/d.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".gitignore").write_text("*\n!*/\n!*.sql\n")

    assert _found(tmp_path) == {"a.sql", "migrations/c.sql"}


def test_what_is_no_pattern_in_an_ignore_file_is_passed_over(tmp_path: Path) -> None:
    """As git does; in the settings it is an error."""
    (tmp_path / "a.sql").write_text("x")
    (tmp_path / "b.txt").write_text("x")
    (tmp_path / ".gitignore").write_text("!\n//\nb.txt\n")

    assert _found(tmp_path) == {"a.sql", ".gitignore"}
    with pytest.raises(ValueError, match="!"):
        discover([tmp_path], wanted=lambda path: True, excludes=["!"])


def test_excludes_hold_only_below_their_folder(tmp_path: Path) -> None:
    """A pattern of the settings says nothing about what lies beside them."""
    for name in ("in/a.sql", "in/deep/a.sql", "out/a.sql"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")

    found = discover(
        [tmp_path], wanted=lambda path: True, excludes=["a.sql"], exclude_base=tmp_path / "in"
    )

    assert [file.path for file in found.files] == [tmp_path / "out" / "a.sql"]


def test_the_work_grows_with_the_number_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each folder is listed once, and no file is asked about more often in a larger tree."""
    (tmp_path / ".gitignore").write_text("*.log\nbuild/\n/secret?.sql\n")
    listed: list[str] = []
    asked: list[str] = []
    wanted: list[str] = []
    entries, verdict = disk.entries, ignoring.Ignoring.verdict

    def counted_entries(folder: str) -> list[disk.Entry]:
        listed.append(str(folder))
        return entries(folder)

    def counted_verdict(
        self: ignoring.Ignoring, name: str, prefix: str, *, is_folder: bool = False
    ) -> bool | None:
        asked.append(prefix + name)
        return verdict(self, name, prefix, is_folder=is_folder)

    def counted_wanted(path: PurePath) -> bool:
        wanted.append(str(path))
        return True

    monkeypatch.setattr(disk, "entries", counted_entries)
    monkeypatch.setattr(ignoring.Ignoring, "verdict", counted_verdict)
    for index in range(120):
        path = tmp_path / f"{index % 12}" / f"{index}.{('sql', 'txt')[index % 2]}"
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")

    found = discover(
        [tmp_path],
        wanted=counted_wanted,
        may_want=lambda name: name.endswith(".sql"),
    )

    assert len(found.files) == 60
    assert len(wanted) == len(set(wanted)) == 60
    assert len(listed) == len(set(listed)) == 13
    assert len(asked) == len(set(asked)) == 72
