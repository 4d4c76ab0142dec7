# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python interface."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

import connguard

ROOT = Path(__file__).resolve().parent.parent
SHOP = ROOT / "examples" / "shop" / "broken"


def test_a_scan_is_a_report() -> None:
    report = connguard.scan([SHOP])
    assert isinstance(report, connguard.Report)
    first = report.findings[0]
    assert isinstance(first, connguard.Finding)
    assert first.policy.id == "PG101"
    assert str(first.origin).endswith("connguard.toml:14")
    assert report.count(connguard.Severity.ERROR) == 6
    assert report.files > 10


def test_settings_are_those_of_the_path(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("CREATE ROLE app LOGIN CONNECTION LIMIT -1;\n")
    assert [one.policy.id for one in connguard.scan([str(tmp_path)]).findings] == ["PG001"]
    (tmp_path / "connguard.toml").write_text('ignore = ["PG001"]\n')
    assert connguard.scan([tmp_path]).findings == []
    settings = dataclasses.replace(connguard.load_settings(tmp_path), ignore=())
    report = connguard.scan([tmp_path], settings)
    assert [one.policy.id for one in report.findings] == ["PG001"]
    assert report.exit_code(settings.fail_on.fails) == 1


def test_a_baseline_of_the_settings_is_applied(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("CREATE ROLE app LOGIN CONNECTION LIMIT -1;\n")
    command = [sys.executable, "-m", "connguard", "scan", "--write-baseline", "accepted.json"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "connguard.toml").write_text('baseline = "accepted.json"\n')
    report = connguard.scan([tmp_path])
    assert report.findings == []
    assert [one.kind for one in report.suppressed] == ["baseline"]
    (tmp_path / "accepted.json").write_text("[]")
    with pytest.raises(ValueError, match="no baseline"):
        connguard.scan([tmp_path])


def test_what_raises_and_what_does_not(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no paths"):
        connguard.scan([])
    missing = connguard.scan([tmp_path / "missing.sql"])
    assert [failed.path.endswith("missing.sql") for failed in missing.failures] == [True]
    (tmp_path / "connguard.toml").write_text("nonsense = 1\n")
    with pytest.raises(connguard.SettingsError, match=r"connguard\.toml:1"):
        connguard.scan([tmp_path])
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        connguard.nonsense  # noqa: B018


def test_every_name_is_there_and_described() -> None:
    """What is exported exists, has a docstring, and stands in the documentation."""
    page = (ROOT / "docs" / "api.md").read_text()
    for name in connguard.__all__:
        assert getattr(connguard, name) is not None
        if name != "__version__":
            assert getattr(connguard, name).__doc__
            assert re.search(rf"`{name}\b", page), name
    assert [policy.id for policy in connguard.rules()][:2] == ["PG001", "PG002"]


def test_importing_is_cheap() -> None:
    """`import connguard` loads neither a parser nor the policies."""
    code = "import sys, connguard; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert loaded.isdisjoint({"pglast", "yaml", "click", "tree_sitter", "connguard.policies"})
