# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of many targets in processes of their own, which may be stopped and taken up again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Total:
    """What is known of a target; times are processor seconds, `slowest` that of one case."""

    target: str
    cases: int = 0
    cpu: float = 0.0
    slowest: float = 0.0
    problems: dict[str, int] = field(default_factory=dict)


def totals(log: Path) -> dict[str, Total]:
    """The sums of the statistics in a folder, by target."""
    found: dict[str, Total] = {}
    for path in sorted(log.glob("*.json")):
        statistics = json.loads(path.read_text(encoding="ascii"))
        total = found.setdefault(statistics["target"], Total(statistics["target"]))
        total.cases += statistics["cases"]
        total.cpu += statistics["cpu"]
        total.slowest = max(total.slowest, statistics["slowest"])
        for problem, count in statistics["problems"].items():
            total.problems[problem] = total.problems.get(problem, 0) + count
    return found


def campaign(
    targets: Sequence[str], cases: int, chunk: int, jobs: int, found: Path, log: Path
) -> None:
    """Run every target until the statistics in `log` show that many cases of it, in turns."""
    log.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(jobs) as pool:
        while missing := list(_missing(targets, cases, log)):
            for _ in pool.map(lambda name: _chunk(name, chunk, found, log), missing):
                pass


def _missing(targets: Sequence[str], cases: int, log: Path) -> Iterator[str]:
    done = totals(log)
    for name in targets:
        if name not in done or done[name].cases < cases:
            yield name


def _chunk(name: str, cases: int, found: Path, log: Path) -> None:
    seed = 1 + len(list(log.glob(f"{name}.*.json")))
    written = log / f"{name}.{seed}.json"
    arguments = ["run", "--target", name, "--cases", str(cases), "--seed", str(seed)]
    arguments += ["--found", str(found), "--log", str(written)]
    module = __name__.rpartition(".")[0]
    done = subprocess.run([sys.executable, "-m", module, *arguments], check=False)
    if done.returncode:
        # A process that dies has died of a case: the number tells which are suspected.
        known = json.loads(written.read_text("ascii")) if written.exists() else {"cases": 0}
        problem = {f"the process ended with {done.returncode} after case {known['cases']}": 1}
        empty = {"cpu": 0.0, "slowest": 0.0, "seed": seed, "target": name}
        written.write_text(json.dumps({**empty, **known, "problems": problem}) + "\n", "ascii")


def table(log: Path) -> Iterator[str]:
    """The totals as rows of a Markdown table."""
    yield "| Target | Cases | Processor time | Cases a second | Slowest case |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for one in totals(log).values():
        rate = one.cases / one.cpu if one.cpu else 0
        yield (
            f"| {one.target} | {one.cases:,} | {one.cpu:,.0f} s | {rate:,.0f} "
            f"| {one.slowest * 1000:.1f} ms |"
        )
