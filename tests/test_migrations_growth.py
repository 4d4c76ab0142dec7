# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of sorting files into histories grows with their number, and not faster."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from connguard.engine import disk
from connguard.engine.reading import Context, SourceFile
from connguard.engine.settings import MigrationSettings, Settings
from connguard.migrations import products
from connguard.migrations.histories import histories
from connguard.migrations.nearby import Nearby
from connguard.migrations.overrides import _places
from connguard.migrations.pool import Pool


def _plain(root: Path, count: int) -> None:
    """Services with folders of numbered files, up and down."""
    for index in range(count):
        folder = root / f"service{index // 10}" / "migrations"
        folder.mkdir(parents=True, exist_ok=True)
        for way in ("up", "down"):
            (folder / f"{index:05}_step.{way}.sql").write_text("SELECT 1;\n")


def _steps(root: Path, count: int) -> None:
    """A folder for each migration."""
    for index in range(count):
        folder = root / "migrations" / f"{index:05}_step"
        folder.mkdir(parents=True)
        for way in ("up", "down"):
            (folder / f"{way}.sql").write_text("SELECT 1;\n")


def _flyway(root: Path, count: int) -> None:
    """Locations beside each other, some of them in another one."""
    for index in range(count):
        folder = root / "db" / f"part{index % (count // 4)}" / f"sub{index % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"V{index}__step.sql").write_text("SELECT 1;\n")
    (root / "flyway.conf").write_text("flyway.placeholders.app=web\n")


def _sqitch(root: Path, count: int) -> None:
    """One plan with a deploy and a revert script for each change."""
    plan = ["%syntax-version=1.0.0", "%project=app", ""]
    for index in range(count):
        plan.append(f"change{index} 2026-01-01T00:00:00Z A <a@example.org> # a change")
        for kind in ("deploy", "revert", "verify"):
            file = root / kind / f"change{index}.sql"
            file.parent.mkdir(exist_ok=True)
            file.write_text("SELECT 1;\n")
    (root / "sqitch.plan").write_text("\n".join(plan) + "\n")


def _included(root: Path, count: int) -> None:
    """A script that includes all others."""
    lines = [f"\\i parts/{index}.sql" for index in range(count)]
    (root / "parts").mkdir()
    for index in range(count):
        (root / "parts" / f"{index}.sql").write_text("SELECT 1;\n")
    (root / "all.sql").write_text("\n".join(lines) + "\n")


def _work(root: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Questions to the disk, and calls of functions of the package."""
    found = sorted(root.rglob("*.sql"))
    files = [SourceFile(path, path.relative_to(root).as_posix()) for path in found]
    context = Context((root,), settings, files=files)
    counted: Counter[str] = Counter()

    def count(frame: Any, event: str, _: Any) -> None:
        if event == "call" and "connguard" in frame.f_code.co_filename:
            counted["calls"] += 1
            if frame.f_code.co_filename == disk.__file__:
                counted[frame.f_code.co_name] += 1

    sys.setprofile(count)
    try:
        taken = list(histories(Pool(files, context)))
    finally:
        sys.setprofile(None)
    assert taken
    return counted


_LAYOUTS = [_plain, _steps, _flyway, _sqitch, _included]


@pytest.mark.parametrize("make", _LAYOUTS)
def test_twice_the_files_are_twice_the_work(
    tmp_path: Path, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted in calls, not in seconds."""
    work = {}
    for count in (40, 80, 160):
        root = tmp_path / str(count)
        root.mkdir()
        make(root, count)
        work[count] = _work(root, Settings(), monkeypatch)

    first = work[80]["calls"] - work[40]["calls"]
    second = work[160]["calls"] - work[80]["calls"]
    assert second < 2.3 * first
    for question in ("read_bytes", "entries", "kind", "resolve"):
        first = work[80][question] - work[40][question]
        second = work[160][question] - work[80][question]
        assert second <= 2 * first + 4, question


def test_folders_are_listed_instead_of_asked_name_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is read once, and no file costs a question of its own."""
    _plain(tmp_path, 100)

    work = _work(tmp_path, Settings(), monkeypatch)

    assert work["read_bytes"] == 200
    assert work["entries"] == 21
    assert work["kind"] < 40


def test_settings_with_a_list_of_all_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking up a file in the list does not walk through it."""
    work = {}
    for count in (50, 100, 200):
        root = tmp_path / str(count)
        root.mkdir()
        order = tuple(f"{index}.sql" for index in reversed(range(count)))
        for name in order:
            (root / name).write_text("SELECT 1;\n")
        table = MigrationSettings(str(root), "plain", order)
        work[count] = _work(root, Settings(migrations=(table,)), monkeypatch)["calls"]

    assert work[200] - work[100] < 2.3 * (work[100] - work[50])


def test_places_in_a_list() -> None:
    """A file stands where it or the first folder above it is named; the others come last."""
    place = _places(("b", "a/x.sql", "a", "c/"))
    files = ["a/x.sql", "a/y.sql", "b/z/1.sql", "c/2.sql", "c", "d.sql", "ab.sql"]

    assert sorted(files, key=place) == [
        *("b/z/1.sql", "a/x.sql", "a/y.sql", "c/2.sql", "ab.sql", "c", "d.sql"),
    ]


@pytest.mark.parametrize(
    "unit", ["ALTER TABLE x ", "ADD x ", "/*", "-- ", "(", "\nGO\n", "[a", "`a", "\\i ", "--up"]
)
def test_long_texts_are_told_apart_in_linear_time(unit: str) -> None:
    """Half a megabyte of what a pattern starts with; the words of every sign are there."""
    words = "modify change after pragma strict drop index on go [ ] auto engine rowid table"
    text = unit * (500_000 // len(unit)) + words

    assert products.product_of(text) in (None, "MySQL")
    assert products.product_of_all([text]) in (None, "MySQL")


def test_what_lies_nearby(tmp_path: Path) -> None:
    """Folders of the scan are listed; of others nothing is known before it is asked."""
    (tmp_path / "repo" / "db").mkdir(parents=True)
    (tmp_path / "repo" / "other").mkdir()
    for name in ("repo/db/a.sql", "repo/other/b.sql", "outside.sql"):
        (tmp_path / name).write_text("SELECT 1;\n")
    repo = tmp_path / "repo"
    files = [SourceFile(repo / "db" / "a.sql", "db/a.sql")]
    near = Nearby(Context((repo,), Settings(), files=files))

    assert near.is_file(str(repo / "db"), "a.sql")
    assert not near.may_hold(str(repo / "db"), "b.sql")
    assert not near.may_hold(str(repo / "missing" / "deep"), "b.sql")
    assert near.may_hold(str(repo / "other"), "missing.sql")  # not walked, so not known
    assert not near.is_file(str(repo / "other"), "missing.sql")
    assert near.may_hold(str(repo / "missing" / ".." / "db"), "a.sql")
    assert near.is_file(str(tmp_path), "outside.sql")
    assert near.exists(str(repo), "db")
    assert not near.is_file(str(repo), "db")
    assert near.may_hold("/" + "x/" * 2_000, "a.sql")


def test_a_named_file_does_not_list_its_folder(tmp_path: Path) -> None:
    """It may lie among a hundred thousand others."""
    (tmp_path / "a.sql").write_text("SELECT 1;\n")
    file = SourceFile(tmp_path / "a.sql", "a.sql", named=True)
    near = Nearby(Context((tmp_path,), Settings(), files=[file]))

    assert near.may_hold(str(tmp_path), "missing.sql")
    assert near.is_file(str(tmp_path), "a.sql")
