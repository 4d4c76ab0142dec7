# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""The connection budget as expressions over its settings, for programs that ask what if.

The budget is solved once with formulas for inputs (`formula.py`). What comes out is a graph that
any evaluator of a dozen operators can follow, and that gives what `solve` gives for the same
settings: there is no second set of rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from typing import Any, TypeVar

from connguard.policies.model.amount import NO_LIMIT, UNBOUNDED, Amount
from connguard.policies.model.budget import solve
from connguard.policies.model.formula import Formula, choose, fits, most
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass
from connguard.policies.model.topology import LimitedDatabase, LimitedRole, Topology
from connguard.policies.model.usage import ClientUsage, Usage

SERVICE_SETTINGS = ("instances", "processes", "surge", "pool")
POOLER_SETTINGS = (
    "instances",
    "default_pool_size",
    "reserve_pool_size",
    "min_pool_size",
    "max_client_conn",
    "max_db_connections",
    "max_user_connections",
    "max_db_client_connections",
    "max_user_client_connections",
)
SERVER_SETTINGS = {
    "max_connections": "max_connections",
    "superuser_reserved_connections": "superuser_reserved",
    "reserved_connections": "reserved",
    "provider_reserved": "provider_reserved",
}
"""What can be changed, and the name of the field in the topology."""

VERDICTS = ("safe", "unknown", "unsafe")
"""What the numbers of a verdict mean."""


@dataclass(frozen=True, slots=True)
class Input:
    """A setting that can be changed. `path` is what `--set` takes ("service.web.instances").

    `low` and `high` are the bounds of its value now; a new value takes the place of both. `origin`
    is None for a default.
    """

    path: str
    low: int
    high: int
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class Node:
    """An operator and its operands: ("constant", number), ("low" or "high", input), ("sum",
    nodes) and the other operators of `Formula` on nodes, or ("transport", cells as (row, column,
    node), rows as (row, node), columns as (column, node))."""

    operator: str
    operands: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Output:
    """A usage; the numbers are nodes. `verdict` is an index of VERDICTS."""

    kind: str
    name: str
    low: int
    high: int
    limit_low: int
    limit_high: int
    verdict: int


@dataclass(slots=True)
class Model:
    """The graph. `nodes` stand in an order in which operands come first."""

    inputs: list[Input] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    verdict: int = 0


def model(topology: Topology) -> Model:
    """The budget of a topology as expressions."""
    made = Model()
    traced = _Inputs(made)
    budget = solve(traced.topology(topology))
    graph = _Graph(made)
    verdicts = []
    kinds: Sequence[tuple[str, Iterable[Usage]]] = (
        ("role", budget.roles),
        ("database", budget.databases),
        ("pooler", budget.clients),
        ("server", [budget.server] if budget.server else []),
    )
    for kind, usages in kinds:
        for usage in usages:
            verdict = _verdict(usage)
            verdicts.append(verdict)
            made.outputs.append(
                Output(
                    kind,
                    usage.name,
                    graph.node(usage.demand.low),
                    graph.node(usage.demand.high),
                    graph.node(usage.binding.low),
                    graph.node(usage.binding.high),
                    graph.node(verdict),
                )
            )
    if budget.server is None:
        verdicts.append(choose(budget.total.high, 1, 0))
    if not (topology.services or topology.poolers):
        verdicts.append(1)
    made.verdict = graph.node(most(*verdicts) if verdicts else 0)
    return made


def _verdict(usage: Usage) -> int:
    """`standing` as a number."""
    demand, limit = usage.demand, usage.binding
    unsafe = 2
    if isinstance(usage, ClientUsage):
        # All processes together may have room: it depends on how the clients are spread.
        unsafe = choose(fits(demand.low, limit.high * usage.processes.high), 1, 2)
    return choose(fits(demand.high, limit.low), 0, choose(fits(demand.low, limit.high), 1, unsafe))


Item = TypeVar("Item")


class _Inputs:
    """Puts formulas in the place of the settings."""

    def __init__(self, made: Model) -> None:
        self._model = made

    def topology(self, topology: Topology) -> Topology:
        server = topology.server
        if server is not None:
            for setting, name in SERVER_SETTINGS.items():
                server = self._traced(server, name, f"server.{setting}")
        return replace(
            topology,
            server=server,
            services=tuple(
                self._all(one, SERVICE_SETTINGS, f"service.{one.name}") for one in topology.services
            ),
            poolers=tuple(
                self._all(one, POOLER_SETTINGS, f"pooler.{one.name}") for one in topology.poolers
            ),
            roles=tuple(self._limited(one, "role") for one in topology.roles),
            databases=tuple(self._limited(one, "database") for one in topology.databases),
        )

    def _limited(self, item: Item, kind: str) -> Item:
        assert isinstance(item, LimitedRole | LimitedDatabase)
        path = f"{kind}.{item.name}.connection_limit"
        return self._traced(item, "limit", path)

    def _all(self, item: Item, names: Iterable[str], path: str) -> Item:
        for name in names:
            item = self._traced(item, name, f"{path}.{name}")
        return item

    def _traced(self, item: Item, name: str, path: str) -> Item:
        amount: Amount | None = getattr(item, name)
        was = amount or NO_LIMIT
        number = len(self._model.inputs)
        self._model.inputs.append(Input(path, was.low, was.high, was.origin))
        formulas = (Formula(was.low, "low", (number,)), Formula(was.high, "high", (number,)))
        traced = replace(was, low=formulas[0], high=formulas[1])
        return replace(item, **{name: traced})  # type: ignore[type-var]


class _Graph:
    """Numbers the expressions, each once."""

    def __init__(self, made: Model) -> None:
        self._nodes = made.nodes
        self._known: dict[int, int] = {}
        self._alike: dict[Node, int] = {}
        self._kept: list[Formula] = []

    def node(self, number: int) -> int:
        if not isinstance(number, Formula):
            return self._add(Node("constant", (min(number, UNBOUNDED),)))
        pending = [number]
        while pending:
            formula = pending[-1]
            waiting = [one for one in _operands(formula) if id(one) not in self._known]
            if waiting:
                pending.extend(waiting)
                continue
            pending.pop()
            if id(formula) not in self._known:
                self._known[id(formula)] = self._add(self._made(formula))
                self._kept.append(formula)  # so that its identity stays its own
        return self._known[id(number)]

    def _made(self, formula: Formula) -> Node:
        if formula.operator in ("low", "high"):
            return Node(formula.operator, tuple(int(one) for one in formula.operands))
        problem = formula.transport
        if problem is None:
            return Node(formula.operator, tuple(self._of(one) for one in formula.operands))
        rows = {row: number for number, row in enumerate({row for row, _ in problem.cells})}
        columns = {one: number for number, one in enumerate({one for _, one in problem.cells})}
        return Node(
            "transport",
            (
                tuple(
                    (rows[row], columns[column], self._of(cap))
                    for (row, column), cap in problem.cells.items()
                ),
                tuple(
                    (rows[row], self._of(cap)) for row, cap in problem.rows.items() if row in rows
                ),
                tuple(
                    (columns[one], self._of(cap))
                    for one, cap in problem.columns.items()
                    if one in columns
                ),
            ),
        )

    def _of(self, number: int) -> int:
        return self._known[id(number)] if isinstance(number, Formula) else self.node(number)

    def _add(self, node: Node) -> int:
        if node not in self._alike:
            self._alike[node] = len(self._nodes)
            self._nodes.append(node)
        return self._alike[node]


def _operands(formula: Formula) -> list[Formula]:
    if formula.operator in ("low", "high"):
        return []
    problem = formula.transport
    numbers: Iterable[int] = formula.operands
    if problem is not None:
        numbers = (
            *problem.cells.values(),
            *problem.rows.values(),
            *problem.columns.values(),
        )
    return [number for number in numbers if isinstance(number, Formula)]
