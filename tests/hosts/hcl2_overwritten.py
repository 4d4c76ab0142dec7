# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""python-hcl2 installed over Checkov's bc-python-hcl2: Checkov cannot start any more."""

from __future__ import annotations

import shlex
from pathlib import Path

from host_runs import ROOT, run


def test_native_scan_works(tmp_path: Path) -> None:
    """The default reader needs neither of the two."""
    result = run("connguard", "scan", ROOT / "examples" / "shop" / "broken", cwd=tmp_path)

    assert result.returncode == 1
    assert "roles.tf" in result.stdout


def test_checkov_is_reported_broken_and_how_to_repair_it(tmp_path: Path) -> None:
    """Instead of Checkov's traceback there is an error with a command, and that command works."""
    (tmp_path / "main.tf").write_text('resource "postgresql_role" "app" {\n  login = true\n}\n')
    assert "cannot import name 'START_LINE'" in run("checkov", "--version", cwd=tmp_path).stderr

    broken = run("connguard", "checkov", "-d", ".", cwd=tmp_path)

    assert broken.returncode == 2
    assert broken.stdout == ""
    message, _, remedy = broken.stderr.partition("pip install")
    assert "another distribution has replaced its module hcl2" in message
    assert "Traceback" not in message

    repair = run("python", "-m", "pip", "install", *shlex.split(remedy), cwd=tmp_path)
    assert repair.returncode == 0, repair.stderr

    repaired = run("connguard", "checkov", "-d", ".", cwd=tmp_path)

    assert repaired.returncode == 1
    assert "CKV_CUSTOM_PG_001" in repaired.stdout
