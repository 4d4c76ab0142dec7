# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""python-hcl2 and bc-python-hcl2 both installed, the module hcl2 being Checkov's."""

from __future__ import annotations

from pathlib import Path

from host_runs import ROOT, environment, run


def test_both_are_installed() -> None:
    """The environment is the one that this module is about."""
    (site,) = environment().glob("lib/python3*/site-packages")

    assert [*site.glob("python_hcl2-*.dist-info")] != []
    assert [*site.glob("bc_python_hcl2-*.dist-info")] != []


def test_native_scan_works(tmp_path: Path) -> None:
    """The default reader needs neither of the two."""
    result = run("connguard", "scan", ROOT / "examples" / "shop" / "broken", cwd=tmp_path)

    assert result.returncode == 1
    assert "roles.tf" in result.stdout


def test_checkov_works(tmp_path: Path) -> None:
    """What python-hcl2 left behind does no harm."""
    (tmp_path / "main.tf").write_text('resource "postgresql_role" "app" {\n  login = true\n}\n')

    result = run("connguard", "checkov", "-d", ".", cwd=tmp_path)

    assert result.returncode == 1
    assert "CKV_CUSTOM_PG_001" in result.stdout
