# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints how the cost of a connection budget grows. Run from the repository's root.

python tools/benchmark_budget.py
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from test_budget_bounds import stack_of_size

from connguard.policies.model.budget import solve
from connguard.policies.model.topology import Topology

SIZES = (
    (125, 50, 200),
    (250, 50, 200),
    (500, 50, 200),
    (1000, 50, 200),
    (2000, 50, 200),
    (4000, 50, 200),
    (1000, 1, 200),
    (1000, 200, 200),
    (1000, 50, 1000),
)


def main() -> None:
    print("services  poolers  roles  CPU seconds (best of 3)")
    for services, poolers, roles in SIZES:
        topology = stack_of_size(services, poolers, roles)
        best = min(_seconds(topology) for _ in range(3))
        print(f"{services:8}  {poolers:7}  {roles:5}  {best:.3f}")


def _seconds(topology: Topology) -> float:
    began = time.process_time()
    solve(topology)
    return time.process_time() - began


if __name__ == "__main__":
    main()
