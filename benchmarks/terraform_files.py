# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Terraform files, beside Checkov with the same checks; and what they add to Checkov."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import corpora
from benchmarks.measure import Command, connguard, side_by_side
from benchmarks.options import Options
from benchmarks.table import Promise, Result, rows_of

NAME = "terraform"
ROOT = Path(__file__).resolve().parent.parent
CHECKS = ROOT / "checks"
PREFIX = "CKV_CUSTOM_"


PAIRS = 4
"""Least runs of Checkov with and without our checks: what they add is less than runs differ."""


def measure(options: Options) -> Result:
    """connguard and Checkov with our checks once on all files; pairs of Checkov on a fifth.

    In short, on the examples of this repository: there Checkov mostly starts.
    """
    folder = _examples(options) if options.short else _real(options)
    count = len(corpora.suffixed(folder, ".tf"))
    result = Result(NAME, f"{count:,} Terraform files")
    scan = connguard("scan", ".", folder=folder)
    checkov = options.tool("checkov")
    if checkov is None:
        result.notes.append("checkov is not installed.")
        result.rows = rows_of(side_by_side([scan], options.rounds))
        return result
    plain = (checkov, "-d", ".", "--framework", "terraform", "--skip-download", "--quiet")
    ours = ("--external-checks-dir", str(CHECKS))
    only = (*plain, *ours, "--check", f"{PREFIX}PG_*", "--output", "json")
    said = options.scratch / "checkov.json"
    alone = Command("Checkov, our checks only", only, folder, output=said)
    once = side_by_side([scan, alone], 1)
    mine, theirs = _verdicts(folder), _checkov_verdicts(said)

    fewer = folder if options.short else _real(options, count // 5)
    fifth = f"{len(corpora.suffixed(fewer, '.tf')):,} files"
    without = Command(f"Checkov, its own checks, {fifth}", plain, fewer)
    with_ours = Command(f"Checkov, its own checks and ours, {fifth}", (*plain, *ours), fewer)
    pairs = side_by_side([without, with_ours], 1 if options.short else max(PAIRS, options.rounds))
    added = median(
        after.cpu / before.cpu for before, after in zip(*(one.runs for one in pairs), strict=True)
    )
    result.rows = rows_of([*once, *pairs])
    most = 1 / 8 if options.short else 1 / 50
    result.promises = [
        Promise("wall time / Checkov with our checks only", once[0].wall / once[1].wall, most),
        Promise("CPU time / Checkov with our checks only", once[0].cpu / once[1].cpu, most),
    ]
    if not options.short:  # every example is about a finding, of which Checkov makes a report
        what = "CPU time of Checkov with our checks / without"
        result.promises.append(Promise(what, added, 1.05))
    result.notes.append(
        f"Verdicts (policy and file): {len(mine & theirs)} the same, {len(mine - theirs)} of"
        f" connguard only, {len(theirs - mine)} of Checkov only."
    )
    result.notes += [f"connguard only: {policy} {file}" for policy, file in sorted(mine - theirs)]
    result.notes += [f"Checkov only: {policy} {file}" for policy, file in sorted(theirs - mine)]
    return result


def _real(options: Options, most: int = 500) -> Path:
    return corpora.terraform(options.terraform, options.corpora, most)


def _examples(options: Options) -> Path:
    folder = options.scratch / "examples"
    for path in (ROOT / "examples").glob("PG*/*.tf"):
        target = folder / path.relative_to(ROOT / "examples").with_suffix("") / "main.tf"
        target.parent.mkdir(parents=True)
        shutil.copyfile(path, target)
    return folder


def _check_ids() -> frozenset[str]:
    """The policies that are checks of Checkov, by the constants in their modules."""
    texts = (path.read_text("utf-8") for path in (CHECKS / "terraform").glob("cg_tf_*.py"))
    return frozenset(name for text in texts for name in re.findall(r"\bPG\d{3}\b", text))


def _verdicts(folder: Path) -> set[tuple[str, str]]:
    """The findings of connguard, of the policies that are checks of Checkov, too."""
    ids = _check_ids()
    environment = {**os.environ}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "connguard", "scan", ".", "--format", "json", "--no-cache"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    report = json.loads(done.stdout)
    return {(one["id"], one["location"]["path"]) for one in report["findings"] if one["id"] in ids}


def _checkov_verdicts(said: Path) -> set[tuple[str, str]]:
    report: Any = json.loads(said.read_text("utf-8"))
    reports = report if isinstance(report, list) else [report]
    return {
        (check["check_id"].removeprefix(PREFIX).replace("_", ""), check["file_path"].lstrip("/"))
        for one in reports
        for check in one.get("results", {}).get("failed_checks", ())
    }
