# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exported model of a budget gives what the budget gives, whatever is changed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from budget_cases import Stack
from budget_stacks import generate
from hypothesis import given, settings
from hypothesis import strategies as st
from model_evaluator import Result, evaluate
from test_budget_bounds import topologies

from connguard.budget.overrides import apply, parse
from connguard.policies.model.amount import UNBOUNDED
from connguard.policies.model.budget import solve
from connguard.policies.model.budget_model import Model, model
from connguard.policies.model.topology import Topology
from connguard.policies.model.usage import Budget, Usage


def _result(budget: Budget) -> Result:
    def entry(usage: Usage) -> tuple[tuple[int, int], tuple[int, int], str]:
        demand, limit = usage.demand, usage.binding
        return (demand.low, demand.high), (limit.low, limit.high), usage.standing.value

    found = {("role", one.name): entry(one) for one in budget.roles}
    found |= {("database", one.name): entry(one) for one in budget.databases}
    found |= {("pooler", one.name): entry(one) for one in budget.clients}
    found |= {("server", one.name): entry(one) for one in [budget.server] if one}
    return Result(budget.standing.value, found)


def _changed(topology: Topology, values: dict[str, int]) -> Topology:
    overrides = [
        parse(f"{path}={-1 if value >= UNBOUNDED else value}") for path, value in values.items()
    ]
    return apply(topology, overrides)


def _compare(topology: Topology, made: Model, values: dict[str, int]) -> None:
    assert evaluate(made, values) == _result(solve(_changed(topology, values))), values


@given(topology=topologies(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_the_model_follows_every_change(topology: Topology, data: st.DataObject) -> None:
    made = model(topology)
    assert evaluate(made, {}) == _result(solve(topology))
    paths = st.sampled_from([leaf.path for leaf in made.inputs])
    numbers = st.integers(0, 12)
    for values in data.draw(st.lists(st.dictionaries(paths, numbers, max_size=5), max_size=4)):
        _compare(topology, made, values)


@pytest.mark.parametrize("seed", range(40))
def test_stacks_read_from_files(tmp_path: Path, seed: int) -> None:
    """Stacks as the comparison with real servers uses them, and what-if questions about them."""
    version = ((1, 18), (1, 21), (1, 23), (1, 25))[seed % 4]
    generate(seed, version, 16).write(tmp_path)
    ((stack, budget),) = Stack(tmp_path).run().stacks
    made = model(stack.topology)
    assert evaluate(made, {}) == _result(budget)
    chance = random.Random(seed)
    for _ in range(10):
        leaves = chance.sample(made.inputs, min(4, len(made.inputs)))
        _compare(
            stack.topology, made, {leaf.path: chance.choice((0, 1, 2, 5, 30)) for leaf in leaves}
        )


def test_an_example_of_the_repository() -> None:
    """The shop: one more slot than the limit is needed, and raising the limit mends it."""
    folder = Path(__file__).resolve().parent.parent / "examples" / "shop" / "broken"
    ((stack, _),) = Stack(folder).run().stacks
    made = model(stack.topology)
    assert evaluate(made, {}).usages["role", "shop_worker"][2] == "unsafe"
    raised = evaluate(made, {"role.shop_worker.connection_limit": 41})
    assert raised.usages["role", "shop_worker"] == ((40, 40), (41, 41), "safe")


def test_every_number_that_can_be_set_is_an_input() -> None:
    """Of each service, pooler, role and database, and of the server."""
    folder = Path(__file__).resolve().parent.parent / "examples" / "shop" / "broken"
    ((stack, _),) = Stack(folder).run().stacks
    topology = stack.topology
    paths = {
        "server.max_connections",
        "server.superuser_reserved_connections",
        "server.reserved_connections",
        "server.provider_reserved",
        *(f"role.{one.name}.connection_limit" for one in topology.roles),
        *(f"database.{one.name}.connection_limit" for one in topology.databases),
    }
    for service in topology.services:
        for name in ("instances", "processes", "surge", "pool"):
            paths.add(f"service.{service.name}.{name}")
    for name in (
        *("instances", "default_pool_size", "reserve_pool_size", "min_pool_size"),
        *("max_client_conn", "max_db_connections", "max_user_connections"),
        *("max_db_client_connections", "max_user_client_connections"),
    ):
        paths.add(f"pooler.pgbouncer.{name}")
    assert {one.path for one in model(topology).inputs} == paths
    for path in paths:
        assert apply(topology, [parse(f"{path}=7")]) != topology
