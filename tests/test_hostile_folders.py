# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders with many entries, deep folders, and names that are as long and odd as names can be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.reporters.table import FORMATS, renderer

ROLE = b"CREATE ROLE app LOGIN;\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    monkeypatch.undo()
    shutil.rmtree(tmp_path)  # by descriptors, as nothing else goes to such a depth


def write_below(folder: Path, levels: int, every: int, name: str = "sub") -> int:
    """Folders in each other, with a file in each `every`th. Returns how many files there are."""
    folder.mkdir()
    files = 0
    parent = os.open(folder, os.O_RDONLY)
    for level in range(1, levels + 1):
        os.mkdir(name, dir_fd=parent)
        inner = os.open(name, os.O_RDONLY, dir_fd=parent)
        os.close(parent)
        parent = inner
        if level % every == 0:
            file = os.open("1.sql", os.O_WRONLY | os.O_CREAT, dir_fd=parent)
            os.write(file, ROLE)
            os.close(file)
            files += 1
    os.close(parent)
    return files


def test_hundreds_of_folders_in_each_other(here: Path) -> None:
    """Every file is found, at whatever depth."""
    files = write_below(here / "deep", 700, 100)
    report = scan([Path("deep")], Settings())

    assert report.failures == []
    assert report.files == files == 7


def test_folders_deeper_than_a_path_can_say(here: Path) -> None:
    """What lies deeper cannot be opened: the input failed, and the rest is scanned."""
    write_below(here / "deep", 60, 60, name="sub" * 40)
    (here / "deep" / "1.sql").write_bytes(ROLE)
    report = scan([Path("deep")], Settings())

    assert [finding.origin.path for finding in report.findings] == ["deep/1.sql"]
    assert len(report.failures) == 1


def test_each_folder_is_listed_a_fixed_number_of_times(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many entries that are not read stand beside it."""
    listed = 0
    original = os.scandir

    def counted(*arguments: str) -> Iterator[os.DirEntry[str]]:
        nonlocal listed
        listed += 1
        return original(*arguments)

    monkeypatch.setattr(os, "scandir", counted)
    calls = {}
    for folders in (50, 200):
        wide = here / f"wide{folders}"
        wide.mkdir()
        (wide / "1.sql").write_bytes(ROLE)
        for number in range(folders):
            (wide / f"sub{number}").mkdir()
            (wide / f"{number}.txt").write_bytes(b"")
            (wide / f"other{number}.sql").write_bytes(b"")
        listed = 0
        report = scan([wide], Settings())
        assert {one.policy.id for one in report.findings} == {"PG001"}
        calls[folders] = listed

    assert 200 <= calls[200] < 5 * calls[50]


@pytest.mark.parametrize(
    "start",
    [
        b"a\nb\x1b[31m\xff\xfe",
        b"\xff\xfe\xc3\x28" * 40,
        b"\n\r" * 100,
        "\u202e\u2028".encode() * 40,
        b"::error::x%0A\r##vso[task.x]",
        b"<img src=x>`|[a](b)",
        b" ",
    ],
)
def test_the_longest_and_oddest_names(here: Path, start: bytes) -> None:
    """255 bytes of anything: the finding is there, and each report can be written."""
    folder = os.fsencode(here) + b"/" + start.ljust(255, b"x")
    os.mkdir(folder)
    name = start.ljust(251, b"y") + b".sql"
    with open(folder + b"/" + name, "wb") as stream:
        stream.write(ROLE)
    report = scan([Path(".")], Settings())

    assert [one.policy.id for one in report.findings] == ["PG001"]
    assert report.failures == []
    for kind in FORMATS:
        written = renderer(kind)(report)
        written.encode("utf-8")
        assert "\x1b" not in written
        assert "\u202e" not in written
