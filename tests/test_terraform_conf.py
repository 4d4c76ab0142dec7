# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Checkov's view of a Terraform resource is read (without Checkov)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connguard.checks.adapter import terraform_conf
from connguard.policies.model.origin import Known, Unknown, Value
from connguard.policies.model.terraform_value import boolean, integer

SOURCE = {"__start_line__": 3, "__end_line__": 7}
PLAN = {"start_line": [2], "end_line": [2], "__change_actions__": ["create"]}


def limit(conf: dict[str, Any]) -> Value[int] | None:
    return integer(terraform_conf.settings("postgresql_role", conf), "connection_limit")


def login(conf: dict[str, Any]) -> Value[bool] | None:
    return boolean(terraform_conf.settings("postgresql_role", conf), "login")


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ([-1], -1),
        (["-1"], -1),
        (["${-1}"], -1),
        ([5.0], 5),
        (["0"], 0),
        ([[20]], 20),
        (-1, -1),
    ],
)
def test_number_in_any_wrapping(value: object, number: int) -> None:
    """Edge 29: -1 comes as a number, as text and as an expression."""
    assert limit({**SOURCE, "connection_limit": value}) == Known(number, terraform_conf.NOWHERE)


@pytest.mark.parametrize(
    "value",
    [
        ["var.limit"],
        ["${var.limit}"],
        ["data.x.y.value"],
        ["true_after_unknown"],
        [True],
        [5.5],
        [{"max": 5}],
        [[1, 2]],
        [],
        [""],
        ["٣"],
    ],
)
def test_unresolved_number_is_unknown(value: object) -> None:
    """What is no whole number is never taken for a limit, nor for a missing one."""
    assert isinstance(limit({**SOURCE, "connection_limit": value}), Unknown)


@pytest.mark.parametrize("conf", [SOURCE, {**SOURCE, "login": [None]}, {**PLAN, "login": [None]}])
def test_absent_or_null_is_not_set(conf: dict[str, Any]) -> None:
    """Edge 29: null arrives as [None] and means the default, as absence does in source."""
    assert login(conf) is None


def test_absent_from_a_plan_is_unknown() -> None:
    """A plan states every attribute of a resource but those known only after apply."""
    assert isinstance(limit(PLAN), Unknown)
    assert isinstance(login(PLAN), Unknown)


@pytest.mark.parametrize(
    ("value", "truth"), [([True], True), (["true"], True), (["false"], False), ([[True]], True)]
)
def test_truth_value(value: object, truth: bool) -> None:
    """Checkov turns most texts into truth values, but not all."""
    assert login({**SOURCE, "login": value}) == Known(truth, terraform_conf.NOWHERE)


@pytest.mark.parametrize("value", [["!var.x"], ["var.x"], [1], ["1"], [[]], [{}]])
def test_unresolved_truth_value_is_unknown(value: object) -> None:
    """An expression is neither true nor false."""
    assert isinstance(login({**SOURCE, "login": value}), Unknown)


TEXT = st.text(alphabet="-+.0123456789{}$vartuefls ", max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


@given(
    conf=st.dictionaries(
        st.sampled_from(["name", "login", "superuser", "connection_limit", "start_line"]), JSON
    ),
    resource=st.sampled_from(["postgresql_role", "postgresql_database"]),
)
def test_any_conf_gives_facts(conf: dict[str, Any], resource: str) -> None:
    """Whatever Checkov hands over, nothing is raised: a check that raises is dropped silently."""
    assert terraform_conf.facts(resource, terraform_conf.settings(resource, conf))
