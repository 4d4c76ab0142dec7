# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection budgets of the servers that repositories share, decided by the usual policies."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from connguard.budget.run import POLICIES
from connguard.engine.finding import Failed, Finding, Report
from connguard.engine.judge import Judge
from connguard.engine.registry import policies, select
from connguard.engine.scan import by_place
from connguard.fleet.declared import FleetFile
from connguard.fleet.join import Attributed, FleetServer, Joined, connections_of
from connguard.fleet.repository import finding_row, place
from connguard.policies.model.amount import UNBOUNDED, Amount, Standing
from connguard.policies.model.budget import solve
from connguard.policies.model.explain import largest_first
from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.reading import Subject
from connguard.policies.model.records import dataclass
from connguard.policies.model.usage import Budget, Usage, Use
from connguard.reporters.plain import encodable

Key = tuple[str, str, str, int, int]
"""A finding of a single repository: repository, id, path, line and column."""

_SUM = "PG103"


@dataclass(frozen=True, slots=True)
class Share:
    """What a repository can demand of a server's slots, and the place that weighs most."""

    repository: str
    amount: Amount
    origin: Origin | None


@dataclass(slots=True)
class SharedBudget:
    """The budget of one server, with the findings about it."""

    server: FleetServer
    budget: Budget
    shares: Sequence[Share]
    findings: list[Finding] = field(default_factory=list)
    known: int = 0
    """Findings that the repository reports itself already."""

    @property
    def verdict(self) -> Standing:
        return self.budget.standing


@dataclass(slots=True)
class FleetBudget:
    """The budgets of all shared servers, and what could not be attributed."""

    joined: Joined
    servers: list[SharedBudget]
    failures: list[Failed]


def budgets(
    joined: Joined, fleet: FleetFile, names: Sequence[str], reported: frozenset[Key]
) -> FleetBudget:
    """Solve and judge what repositories share.

    `names` are the names of all repositories. `reported` are findings of single repositories, which
    are not repeated where nothing of another repository is in them.
    Raises ValueError when the fleet file selects or ignores a policy that does not exist.
    """
    chosen = select(POLICIES) - select(fleet.ignore)
    if fleet.select:
        chosen &= select(fleet.select)
    split = Splitter(names)
    found = FleetBudget(joined, [], [])
    for server in joined.servers:
        if server.topology is None:
            continue
        budget = solve(server.topology)
        ignored = select(server.shared.ignore) if server.shared else frozenset()
        report = Report()
        judge = Judge((one for one in policies() if one.policy.id in chosen - ignored), report)
        judge.judge(Subject((fact,)) for fact in budget.facts)
        found.failures.extend(report.failures)
        shared = SharedBudget(server, budget, shares(server, budget, split))
        for finding in sorted(report.findings, key=by_place):
            if _repeats(finding, split, reported):
                shared.known += 1
            else:
                shared.findings.append(_with_shares(finding, shared))
        _give_fingerprints(shared, split)
        found.servers.append(shared)
    return found


class Splitter:
    """Tells the repository of a place from the path in it."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)

    def __call__(self, path: str) -> tuple[str, str]:
        """The repository and the path in it; no repository for the fleet file."""
        parts = path.split("/")
        for length in range(len(parts) - 1, 0, -1):
            name = "/".join(parts[:length])
            if name in self._names:
                return name, "/".join(parts[length:])
        return "", path


def shares(server: FleetServer, budget: Budget, split: Splitter) -> list[Share]:
    """What each repository demands of the server, the largest first.

    Connections of a pool are those of the repository whose services use it; where these are of
    several, or are not known, of the repository that holds the pooler.
    """
    uses = _all_uses(budget)
    owners = {one.service.name: one.repository for one in server.services}
    clients: dict[str, set[str]] = {}
    for one in server.services:
        if one.service.pooler is not None:
            clients.setdefault(one.service.pooler, set()).add(one.repository)
    poolers = {pooler.name: name for name, pooler in server.poolers}
    low: Counter[str] = Counter()
    high: Counter[str] = Counter()
    places: dict[str, Origin] = {}
    for use in uses:
        repository = _owner_of(use, owners, poolers, server)
        low[repository] = min(UNBOUNDED, low[repository] + use.amount.low)
        high[repository] = min(UNBOUNDED, high[repository] + use.amount.high)
        origin = next((one.origin for one in use.settings if one.origin is not None), None)
        if origin is not None:
            own = split(origin.path)[0] == repository
            if own or repository not in places:
                places.setdefault(repository, origin)
    found = [
        Share(name, Amount(low[name], high[name], name), places.get(name)) for name in sorted(high)
    ]
    return sorted(found, key=lambda one: (-one.amount.high, -one.amount.low))


def _all_uses(budget: Budget) -> Sequence[Use]:
    if budget.server is not None:
        return largest_first(budget.server)
    seen: dict[str, Use] = {}
    usages: list[Usage] = [*budget.roles, *budget.databases]
    for usage in usages:
        for use in usage.uses:
            seen.setdefault(use.label, use)
    return sorted(seen.values(), key=lambda use: -use.amount.high)


def _owner_of(
    use: Use, owners: Mapping[str, str], poolers: Mapping[str, str], server: FleetServer
) -> str:
    if not use.pooled:
        return owners.get(use.label, server.repository or "")
    pooler = use.label.rpartition(" of ")[2]
    asking = {
        one.repository
        for one in server.services
        if one.service.pooler == pooler and f"{one.service.name} " in f"{use.clients} "
    }
    if use.clients and len(asking) == 1:
        return asking.pop()
    return poolers.get(pooler, server.repository or "")


def _repeats(finding: Finding, split: Splitter, reported: frozenset[Key]) -> bool:
    """Whether a repository reports the same, of what it has alone."""
    origins = (finding.origin, *(one.origin for one in finding.related))
    repositories = {split(one.path)[0] for one in origins}
    repository, path = split(finding.origin.path)
    key = repository, finding.policy.id, path, finding.origin.line, finding.origin.column
    return len(repositories) == 1 and key in reported


def _with_shares(finding: Finding, shared: SharedBudget) -> Finding:
    """A sum over repositories says first what each of them contributes."""
    usage = shared.budget.server
    if finding.policy.id != _SUM or usage is None or len(shared.shares) < 2:
        return finding
    parts = tuple(
        Related(f"{one.repository} contributes {one.amount} of {usage.demand}", one.origin)
        for one in shared.shares
        if one.origin is not None and one.amount.high
    )
    places = {one.origin for one in parts}
    others = tuple(one for one in finding.related if one.origin not in places)
    return replace(finding, related=(*parts, *others))


def _give_fingerprints(shared: SharedBudget, split: Splitter) -> None:
    seen: Counter[str] = Counter()
    for position, finding in enumerate(shared.findings):
        repository, path = split(finding.origin.path)
        key = f"{shared.server.name}\n{finding.policy.id}\n{repository}\n{path}"
        seen[key] += 1
        digest = hashlib.sha256(f"{key}\n{seen[key]}".encode("utf-8", "replace")).hexdigest()
        shared.findings[position] = replace(finding, fingerprint=digest[:32])


# Rows.


def finding_rows(shared: SharedBudget, split: Splitter) -> list[dict[str, Any]]:
    """The findings about a server; paths of related places begin with their repository."""
    rows = []
    for finding in shared.findings:
        repository, path = split(finding.origin.path)
        row = finding_row(repository, finding, shared.server.name)
        row["path"] = encodable(path)
        rows.append(row)
    return rows


def server_row(shared: SharedBudget) -> dict[str, Any]:
    """A server with its sum, worst case, headroom and shares. Null numbers are not bounded."""
    server, budget = shared.server, shared.budget
    slots = budget.server.limit if budget.server is not None else None
    demand = budget.total
    bounded = slots is not None and slots.bounded and demand.bounded
    origin = server.parts.origin if server.parts else server.origin
    return {
        "type": "server",
        "server": encodable(server.name),
        "repository": encodable(server.repository or "") or None,
        "path": encodable(origin.path),
        "line": origin.line,
        "verdict": budget.standing.value,
        "server_verdict": budget.server.standing.value if budget.server else "unknown",
        "slots_min": _number(slots.low) if slots else None,
        "slots_max": _number(slots.high) if slots else None,
        "connections_min": _number(demand.low),
        "connections_max": _number(demand.high),
        "headroom": slots.low - demand.high if bounded and slots is not None else None,
        "undecided": demand.reason or None,
        "repositories": [encodable(name) for name in server.repositories],
        "shares": [
            {
                "repository": encodable(one.repository),
                "connections_min": _number(one.amount.low),
                "connections_max": _number(one.amount.high),
                "path": encodable(one.origin.path) if one.origin else None,
                "line": one.origin.line if one.origin else None,
            }
            for one in shared.shares
        ],
        "limits": [
            {
                "kind": kind,
                "name": encodable(usage.name),
                "limit": _number(usage.limit.high) if usage.limit is not None else None,
                "connections_min": _number(usage.demand.low),
                "connections_max": _number(usage.demand.high),
                "verdict": usage.standing.value,
            }
            for kind, usages in (
                ("role", budget.roles),
                ("database", budget.databases),
                ("pooler", budget.clients),
            )
            for usage in usages
            if usage.demand.high or kind == "pooler"
        ],
        "findings": len(shared.findings),
        "known": shared.known,
    }


def connection_row(one: Attributed) -> dict[str, Any]:
    """A service with the server that it counts for; `server` is null where that is not known."""
    service, found = one.service, one.found
    total = connections_of(service)
    shown = place(service.origin)
    prefix = f"{one.repository}/"
    shown["path"] = shown["path"].removeprefix(encodable(prefix))
    return {
        "type": "connection",
        "repository": encodable(one.repository),
        "service": encodable(found.service.name),
        "path": shown["path"],
        "line": shown["line"],
        "server": encodable(one.server) if one.server is not None else None,
        "pooler": encodable(service.pooler) if service.pooler is not None else None,
        "attributed_by": one.how or None,
        "certain": one.certain,
        "reason": encodable(one.reason or total.reason) or None,
        "host": encodable(found.host) if found.host is not None else None,
        "database": encodable(service.database) if service.database is not None else None,
        "user": encodable(service.user) if service.user is not None else None,
        "secrets": sorted(encodable(name) for name in found.secrets),
        **_bounds("instances", service.instances),
        **_bounds("surge", service.surge),
        **_bounds("processes", service.processes),
        **_bounds("pool", service.pool),
        **_bounds("connections", total),
    }


def left_rows(joined: Joined) -> list[dict[str, Any]]:
    """What belongs to no server that is known. Services are among the connections, too."""
    rows = []
    for one in joined.services:
        if one.server is None:
            origin = one.service.origin
            rows.append(
                _left(one.repository, "service", one.found.service.name, origin, one.reason)
            )
    rows.extend(
        _left(one.repository, one.kind, one.name, one.origin, one.reason) for one in joined.left
    )
    return rows


def _left(
    repository: str, kind: str, name: str, origin: Origin | None, reason: str
) -> dict[str, Any]:
    path = origin.path.removeprefix(f"{repository}/") if origin else None
    return {
        "type": "unattributed",
        "repository": encodable(repository) or None,
        "kind": kind,
        "name": encodable(name),
        "path": encodable(path) if path is not None else None,
        "line": origin.line if origin else None,
        "reason": encodable(reason),
    }


def _bounds(name: str, amount: Amount) -> dict[str, int | None]:
    return {f"{name}_min": _number(amount.low), f"{name}_max": _number(amount.high)}


def _number(number: int) -> int | None:
    return number if number < UNBOUNDED else None
