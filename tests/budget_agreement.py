# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the connection budget with real servers under the worst load.

Run as a program it checks many stacks and prints one line each:

    python tests/budget_agreement.py FIRST_SEED COUNT
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from budget_stacks import USERS, GeneratedStack, generate
from load import Group, Observation, behind, load_server, run, userlist
from servers import (
    Installation,
    PgBouncer,
    Postgres,
    available_pgbouncer,
    available_postgres,
    pgbouncer_version,
)

from connguard.budget.run import run as compute
from connguard.engine.settings import load
from connguard.policies.model.amount import Standing
from connguard.policies.model.usage import Budget, Usage

HOLD_SECONDS = 5.0
ROLE_TEXT = 'too many connections for role "{}"'
DATABASE_TEXT = 'too many connections for database "{}"'
SLOT_TEXTS = ("remaining connection slots are reserved", "sorry, too many clients already")
CLIENT_TEXT = "no more connections allowed"


@dataclass(slots=True)
class Comparison:
    """What was computed and seen for one stack; `problems` are disagreements."""

    seed: int
    versions: str
    verdict: str
    peaks: str
    problems: list[str] = field(default_factory=list)


def budget_of(stack: GeneratedStack, folder: Path) -> Budget:
    """What connguard computes from the files of a stack."""
    stack.write(folder)
    done = compute([folder], load(folder / "connguard.toml"), [])
    assert done.report.not_parsed == []
    ((_, budget),) = done.stacks
    return budget


def compare(seed: int, program: Path, installation: Installation) -> Comparison:
    """Generate, compute, load and compare one stack."""
    version = pgbouncer_version(program)
    stack = generate(seed, version, installation.major)
    with tempfile.TemporaryDirectory() as folder:
        budget = budget_of(stack, Path(folder))
    server = load_server(
        installation, roles=stack.roles, databases=stack.databases, conf=stack.conf
    )
    try:
        seen = _loaded(stack, server, program, [stack.groups])
        result = Comparison(
            seed,
            f"PgBouncer {version[0]}.{version[1]}, {installation}",
            budget.standing.value,
            f"peak {seen.peak} of {budget.server.demand.high if budget.server else '?'}",
        )
        _check_bounds(budget, seen, result, stack.processes)
        for groups in _still_to_show(budget, seen, stack):
            for alone in (
                _loaded(stack, server, program, [groups]),
                _loaded(stack, server, program, [[group] for group in groups]),
            ):
                _check_bounds(budget, alone, result, stack.processes)
                seen.refusals.extend(alone.refusals)
                seen.errors.extend(alone.errors)
        _check_shown(budget, seen, result)
    finally:
        server.stop()
    return result


def _loaded(
    stack: GeneratedStack,
    server: Postgres,
    program: Path,
    rounds: Sequence[Sequence[Group]],
) -> Observation:
    """What is seen when these groups come, one round after the other.

    The rounds matter where max_client_conn is small: a pool that was used keeps its idle server
    connections, so pools that cannot be used together still add up.
    """
    text = behind(stack.ini, server)
    with ExitStack() as running:
        poolers = [
            running.enter_context(PgBouncer(text, userlist(*USERS), program=program))
            for _ in range(stack.processes)
        ]
        whole = Observation()
        for groups in rounds:
            seen = run(server, poolers, groups, hold_seconds=HOLD_SECONDS, drain_seconds=1.0)
            whole.peak = max(whole.peak, seen.peak)
            for ours, theirs in (
                (whole.by_role, seen.by_role),
                (whole.by_database, seen.by_database),
            ):
                for name, peak in theirs.items():
                    ours[name] = max(ours.get(name, 0), peak)
            whole.refusals.extend(seen.refusals)
            whole.errors.extend(seen.errors)
        return whole


def _check_bounds(budget: Budget, seen: Observation, result: Comparison, processes: int) -> None:
    """No peak above the bound, and no error where the budget says safe."""
    for kind, usages, peaks, text in (
        ("role", budget.roles, seen.by_role, ROLE_TEXT),
        ("database", budget.databases, seen.by_database, DATABASE_TEXT),
    ):
        demands = {usage.name: usage for usage in usages}
        for name, peak in peaks.items():
            if name not in demands or peak > _most(demands[name], processes):
                result.problems.append(f"{kind} {name}: peak {peak} is above the bound")
        for name, usage in demands.items():
            if _holds(usage, processes) and _refused(seen, text.format(name)):
                result.problems.append(f"{kind} {name} is safe, and was refused")
    server = budget.server
    assert server is not None
    if seen.peak > _most(server, processes):
        result.problems.append(f"server: peak {seen.peak} is above {server.demand.high}")
    if _holds(server, processes) and any(_refused(seen, text) for text in SLOT_TEXTS):
        result.problems.append("the server is safe, and refused for lack of slots")
    for pooler in budget.clients:
        if pooler.standing is Standing.SAFE and _told(seen, CLIENT_TEXT):
            result.problems.append(f"{pooler.name} is safe, and refused clients")


def _most(usage: Usage, processes: int) -> int:
    """The bound, and one backend for each process that is being replaced.

    Pools under one cap close each other's idle connections, and a closed connection's backend is
    still there while the next one logs in: this is what the headroom (PG107) is for.
    """
    return usage.demand.high + (processes if usage.capped else 0)


def _holds(usage: Usage, processes: int) -> bool:
    """Safe, with room for the backends that are being replaced."""
    room = usage.limit is None or _most(usage, processes) <= usage.limit.low
    return usage.standing is Standing.SAFE and room


def _still_to_show(
    budget: Budget, seen: Observation, stack: GeneratedStack
) -> list[Sequence[Group]]:
    """Loads for what is unsafe and was not refused yet: one role or database alone, or all."""
    server = budget.server
    assert server is not None
    if seen.refusals:
        return []
    loads: list[Sequence[Group]] = []
    for role in budget.roles:
        if role.standing is Standing.UNSAFE:
            loads.append([one for one in stack.groups if stack.role_of(one) == role.name])
    for database in budget.databases:
        if database.standing is Standing.UNSAFE:
            loads.append([one for one in stack.groups if stack.database_of(one) == database.name])
    if server.standing is Standing.UNSAFE:
        loads.append(stack.groups)
    return [groups for groups in loads if groups]


def _check_shown(budget: Budget, seen: Observation, result: Comparison) -> None:
    """Where the budget says unsafe, an error was seen. A tighter limit may come first."""
    server = budget.server
    assert server is not None
    limits = (*budget.roles, *budget.databases, server)
    if any(usage.standing is Standing.UNSAFE for usage in limits) and not seen.refusals:
        result.problems.append("unsafe, and nothing was refused")
    for usage in budget.clients:
        if usage.standing is Standing.UNSAFE and not _told(seen, CLIENT_TEXT):
            result.problems.append(f"{usage.name} is unsafe, and refused no client")


def _refused(seen: Observation, text: str) -> bool:
    return any(text in message for _, message in seen.refusals)


def _told(seen: Observation, text: str) -> bool:
    return any(text in error.message for error in seen.errors)


def main(first: int, count: int) -> int:
    programs, servers = available_pgbouncer(), available_postgres()
    servers = (servers[0], servers[-1]) if len(servers) > 1 else servers
    bad = 0
    for seed in range(first, first + count):
        result = compare(seed, programs[seed % len(programs)], servers[seed // 2 % len(servers)])
        bad += bool(result.problems)
        verdict = "; ".join(result.problems) or "agrees"
        print(f"{seed}\t{result.versions}\t{result.verdict}\t{result.peaks}\t{verdict}", flush=True)
    print(f"{count} stacks, {bad} disagree")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
