# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Large Terraform files: the setting file-size is what limits them, and nothing else."""

from __future__ import annotations

from pathlib import Path

from connguard.engine.limits import Limits
from connguard.engine.scan import scan
from connguard.engine.settings import Settings

ROLE = 'resource "postgresql_role" "app" {\n  name  = "app"\n  login = true\n}\n'
SIZE = 12_000_000


def _large(folder: Path) -> Path:
    path = folder / "main.tf"
    remark = "a remark that says nothing of any use\n"
    path.write_text(f"/*\n{remark * (SIZE // len(remark) + 1)}*/\n{ROLE}")
    return path


def test_a_file_below_the_limit_is_read_to_its_end(tmp_path: Path) -> None:
    file = _large(tmp_path)
    line = file.read_text().count("\n") - ROLE.count("\n") + 1

    report = scan([file], Settings())

    assert report.not_parsed == []
    assert [(one.policy.id, one.origin.line) for one in report.findings] == [("PG001", line)]


def test_a_file_above_the_limit_is_reported_with_the_setting(tmp_path: Path) -> None:
    report = scan([_large(tmp_path)], Settings(limits=Limits(file_size=SIZE)))

    (part,) = report.not_parsed
    assert "the setting file-size in [limits] can be raised" in part.reason
