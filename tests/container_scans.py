# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scans of container files for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from connguard.engine.finding import Report
from connguard.engine.scan import scan
from connguard.engine.settings import Settings

IDS = ("PG201", "PG202", "PG205", "PG206", "PG207", "PG401")
SETTINGS = Settings(select=(*IDS, "PG9"))


def report_of(folder: Path, files: Mapping[str, str]) -> Report:
    """The report of a scan of these files, which are named by their paths."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    report = scan([folder], SETTINGS)
    assert report.failures == []
    return report


def findings(folder: Path, files: Mapping[str, str]) -> set[tuple[str, int, str]]:
    """File, line and id of every finding."""
    return {
        (Path(one.origin.path).relative_to(folder).as_posix(), one.origin.line, one.policy.id)
        for one in report_of(folder, files).findings
    }


def places(folder: Path, text: str, name: str = "compose.yaml") -> set[tuple[int, str]]:
    """Line and id of every finding in one file."""
    return {(line, identifier) for _, line, identifier in findings(folder, {name: text})}


def messages(folder: Path, files: Mapping[str, str]) -> list[str]:
    """What the findings say, in order of their places."""
    return [one.message for one in report_of(folder, files).findings]
