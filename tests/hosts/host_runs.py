# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs programs of the environment under test, which CONNGUARD_HOST names.

The tests in this folder run in an environment of their own and drive another one, in which only
what is under test is installed. `.ci/hosts` builds these environments.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EMPTY = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "EVAL_TF_PLAN_AFTER_UNKNOWN", "LOG_LEVEL")
SECONDS = 300


def environment() -> Path:
    return Path(os.environ["CONNGUARD_HOST"])


def run(program: str, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of the environment, in `cwd`, without anything from the source tree."""
    variables = {name: value for name, value in os.environ.items() if name not in EMPTY}
    return subprocess.run(
        [environment() / "bin" / program, *arguments],
        cwd=cwd,
        env=variables | {"PATH": f"{environment() / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


@dataclass(frozen=True, order=True)
class Failure:
    """A failed check of Checkov: path as printed, block lines, and our id for the policy."""

    path: str
    first: int
    last: int
    id: str


@dataclass(frozen=True)
class Outcome:
    """What Checkov said. `checked` are the ids that judged anything."""

    code: int
    failed: set[Failure]
    checked: set[str]
    log: str


def outcome(process: subprocess.CompletedProcess[str]) -> Outcome:
    """Read the outcome from Checkov's JSON output (an object, or a list of one per framework)."""
    text = process.stdout.strip()
    reports: Any = json.loads(text) if text.startswith(("{", "[")) else []
    reports = reports if isinstance(reports, list) else [reports]
    results = [report["results"] for report in reports if "results" in report]
    return Outcome(
        process.returncode,
        {
            Failure(check["file_path"].lstrip("/"), first, last, _id(check))
            for result in results
            for check in result["failed_checks"]
            for first, last in [check["file_line_range"]]
        },
        {
            _id(check)
            for result in results
            for check in (*result["failed_checks"], *result["passed_checks"])
        },
        process.stderr,
    )


def _id(check: dict[str, Any]) -> str:
    return str(check["check_id"]).replace("CKV_CUSTOM_PG_", "PG")
