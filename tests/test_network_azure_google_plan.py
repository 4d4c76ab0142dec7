# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure and Google Cloud in Terraform's plan JSON.

The plan is written by hand, one resource a line, after the format of `terraform show -json`: ids
that are known only after apply, computed attributes, and empty lists for what is not set.
"""

from __future__ import annotations

from pathlib import Path

from connguard.engine.scan import scan
from connguard.engine.settings import Settings

PLAN = Path(__file__).parent / "data" / "plan_azure_google" / "plan.json"


def test_plan_of_azure_and_google(tmp_path: Path) -> None:
    """The same findings as from source, at the values in the plan."""
    report = scan([PLAN], Settings(path=tmp_path / "connguard.toml"))

    assert report.failures == []
    found = {
        (one.origin.line, one.policy.id, one.severity.value)
        for one in report.findings
        if one.policy.id in ("PG201", "PG202", "PG203", "PG401", "PG902")
    }
    assert found == {
        (3, "PG201", "error"),
        (4, "PG201", "error"),
        (4, "PG203", "warning"),
        (4, "PG401", "warning"),
        (5, "PG201", "warning"),
        (9, "PG203", "warning"),
        (10, "PG202", "error"),
    }
