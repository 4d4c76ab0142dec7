# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files a scan finds."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path, PurePath

import pytest

from connguard.engine.discovery import Found, discover


def _tree(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("SELECT 1;\n")


def _sql(path: PurePath) -> bool:
    return path.suffix == ".sql"


def _names(found: Found, root: Path) -> list[str]:
    return [file.path.relative_to(root).as_posix() for file in found.files]


def test_walks_directories_and_leaves_out_what_is_not_source(tmp_path: Path) -> None:
    """Version control, caches and installed packages are never walked into."""
    _tree(tmp_path, "a.sql", "b/c.sql", "b/d.txt", ".git/x.sql", "node_modules/p/x.sql")
    _tree(tmp_path, ".terraform/modules/x.sql", ".venv/lib/x.sql")

    found = discover([tmp_path], wanted=_sql)

    assert _names(found, tmp_path) == ["a.sql", "b/c.sql"]
    assert found.unreadable == []


def test_a_scan_root_below_an_excluded_name_is_walked(tmp_path: Path) -> None:
    """Only what lies below the root counts: a checkout inside a folder named venv is scanned."""
    _tree(tmp_path, "venv/project/a.sql")

    found = discover([tmp_path / "venv" / "project"], wanted=_sql)

    assert _names(found, tmp_path) == ["venv/project/a.sql"]


def test_gitignore_files_hold_at_every_level_and_can_be_negated(tmp_path: Path) -> None:
    """The nearest ignore file decides, as in git."""
    _tree(tmp_path, "dump.sql", "keep/dump.sql", "gen/x.sql", "keep/gen/y.sql")
    (tmp_path / ".gitignore").write_text("dump.sql\n/gen/\n")
    (tmp_path / "keep" / ".gitignore").write_text("!dump.sql\n")

    found = discover([tmp_path], wanted=_sql)

    assert _names(found, tmp_path) == ["keep/dump.sql", "keep/gen/y.sql"]


def test_gitignore_above_the_scan_root_holds_within_its_repository(tmp_path: Path) -> None:
    """Scanning a subdirectory finds the same files as scanning the repository."""
    _tree(tmp_path, "repo/sub/a.sql", "repo/sub/b.sql")
    (tmp_path / ".gitignore").write_text("a.sql\n")
    (tmp_path / "repo" / ".git").mkdir()
    (tmp_path / "repo" / ".gitignore").write_text("b.sql\n")

    found = discover([tmp_path / "repo" / "sub"], wanted=_sql)

    assert _names(found, tmp_path) == ["repo/sub/a.sql"]


def test_no_ignore_and_excludes(tmp_path: Path) -> None:
    """Ignore files can be switched off; excludes are relative to the settings' folder."""
    _tree(tmp_path, "a.sql", "legacy/b.sql", "new/legacy/c.sql")
    (tmp_path / ".gitignore").write_text("a.sql\n")

    found = discover(
        [tmp_path],
        wanted=_sql,
        excludes=["/legacy"],
        exclude_base=tmp_path,
        respect_gitignore=False,
    )

    assert _names(found, tmp_path) == ["a.sql", "new/legacy/c.sql"]


def test_named_files_are_always_taken(tmp_path: Path) -> None:
    """A file on the command line is scanned although it is ignored and whatever its name."""
    _tree(tmp_path, "a.sql", "b.txt")
    (tmp_path / ".gitignore").write_text("*\n")

    found = discover([tmp_path / "a.sql", tmp_path / "b.txt"], wanted=_sql)

    assert _names(found, tmp_path) == ["a.sql", "b.txt"]


def test_links_are_not_followed_and_said(tmp_path: Path) -> None:
    """A link loop ends, and a link out of the root leads nowhere."""
    _tree(tmp_path, "root/a.sql", "outside/b.sql")
    (tmp_path / "root" / "loop").symlink_to(tmp_path / "root")
    (tmp_path / "root" / "b.sql").symlink_to(tmp_path / "outside" / "b.sql")

    found = discover([tmp_path / "root"], wanted=_sql)

    assert _names(found, tmp_path) == ["root/a.sql"]
    assert {"b.sql", "loop"} == {line.split(":")[0].split("/")[-1] for line in found.skipped}


def _missing(path: Path) -> None:
    assert not path.exists()


@pytest.mark.parametrize(("make", "reason"), [(_missing, "No such file"), (os.mkfifo, "regular")])
def test_unusable_paths_are_reported(
    tmp_path: Path, make: Callable[[Path], None], reason: str
) -> None:
    """A missing path and a pipe do not stop the scan of the others, nor hang it."""
    _tree(tmp_path, "a.sql")
    make(tmp_path / "odd.sql")

    found = discover([tmp_path / "odd.sql", tmp_path / "a.sql"], wanted=_sql)

    assert _names(found, tmp_path) == ["a.sql"]
    assert [str(tmp_path / "odd.sql")] == [name for name, _ in found.unreadable]
    assert reason in found.unreadable[0][1]
