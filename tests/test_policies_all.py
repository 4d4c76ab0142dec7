# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every policy."""

from __future__ import annotations

import dataclasses
import enum
import sys
import types
import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connguard.finding import Report
from connguard.judge import Judge
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.reading import Subject
from connguard.policies.model.verdict import Status, Verdict
from connguard.registry import RegisteredPolicy, find, policies, select

EVERY = pytest.mark.parametrize("registered", policies(), ids=lambda known: known.policy.id)


def _strategy(hint: object, bound: dict[object, object] | None = None) -> st.SearchStrategy[object]:
    """Any value of a type as facts use them: dataclasses, unions, tuples, enums and plain types."""
    bound = bound or {}
    hint = bound.get(hint, hint)
    origin: typing.Any = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return st.one_of([_strategy(one, bound) for one in arguments])
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return st.lists(_strategy(arguments[0], bound), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*(_strategy(one, bound) for one in arguments))
    if origin in (frozenset, set):
        return st.frozensets(_strategy(arguments[0], bound), max_size=3)
    if arguments and hasattr(origin, "__parameters__"):
        parameters = dict(zip(origin.__parameters__, arguments, strict=True))
        return _dataclass(origin, {key: bound.get(one, one) for key, one in parameters.items()})
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _dataclass(hint, {})
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from(list(hint))
    if hint is str:
        return st.text(min_size=1, max_size=20)
    if hint is int:
        return st.integers(-3, 5000)
    if hint is type(None):
        return st.none()
    return st.from_type(typing.cast("type[object]", hint))


def _dataclass(kind: type, bound: dict[object, object]) -> st.SearchStrategy[object]:
    hints = typing.get_type_hints(kind, vars(sys.modules[kind.__module__]))
    fields = {one.name: hints[one.name] for one in dataclasses.fields(kind) if one.init}
    return st.deferred(
        lambda: st.builds(kind, **{name: _strategy(hint, bound) for name, hint in fields.items()})
    )


@EVERY
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_policy_is_total(registered: RegisteredPolicy, data: st.DataObject) -> None:
    """Any fact of the right class gets a verdict with a message and a place, and no exception."""
    verdict = registered.decide(
        data.draw(st.one_of([_strategy(fact) for fact in registered.policy.facts]))
    )

    assert isinstance(verdict, Verdict)
    if verdict.status is not Status.PASS:
        assert verdict.at is not None
        assert verdict.message


@EVERY
def test_metadata_is_complete(registered: RegisteredPolicy) -> None:
    """Every policy says when it fails, what happens then, what to do, and what it prevents."""
    policy = registered.policy
    for sentence in (policy.condition, policy.effect, policy.fix):
        assert sentence.strip().endswith(".")
    assert policy.prevents
    assert policy.name == policy.name.lower().replace(" ", "-")
    assert policy.checkov_id == f"CKV_CUSTOM_PG_{policy.id[2:]}"
    assert all(reference.startswith("https://") for reference in policy.references)
    assert policy.references or policy.id.startswith("PG9")


@EVERY
def test_a_module_is_named_after_its_policy(registered: RegisteredPolicy) -> None:
    """The file of a policy is found by its name."""
    module = registered.decide.__module__.rpartition(".")[2]
    assert registered.policy.name.replace("-", "_") == module


def test_ids_and_names_are_found_in_any_case() -> None:
    """Users type ids, names and Checkov ids."""
    for text in ("pg001", "PG001", "role-without-connection-limit", "CKV_CUSTOM_PG_001"):
        found = find(text)
        assert found is not None
        assert found.policy.id == "PG001"
    assert find("PG00") is None
    assert {"PG901", "PG902", "PG903"} == select(["PG9"])


def test_a_policy_that_crashes_is_a_failure_and_loses_no_finding() -> None:
    """A bug in one policy is said, and the others still judge."""

    def crash(_: object) -> Verdict:
        raise ZeroDivisionError("oops")

    working = find("PG901")
    assert working is not None
    broken = RegisteredPolicy(working.policy, crash)
    fact = NotParsed("odd", Origin("a.sql", 1, 1, 1, 2))
    report = Report()
    Judge([broken, working], report).judge([Subject((fact,))])

    assert [finding.policy.id for finding in report.findings] == ["PG901"]
    assert "bug in connguard: PG901 failed with ZeroDivisionError: oops" in str(report.failures)
    assert report.exit_code(lambda _: False) == 2
