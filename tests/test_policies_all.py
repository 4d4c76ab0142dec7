# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every policy."""

from __future__ import annotations

import pytest
from fact_strategies import any_of
from hypothesis import given, settings
from hypothesis import strategies as st

from connguard.engine.finding import Report
from connguard.engine.judge import Judge
from connguard.engine.registry import RegisteredPolicy, find, policies, select
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.reading import Subject
from connguard.policies.model.verdict import Status, Verdict

EVERY = pytest.mark.parametrize("registered", policies(), ids=lambda known: known.id)


@EVERY
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_policy_is_total(registered: RegisteredPolicy, data: st.DataObject) -> None:
    """Any fact of the right class gets a verdict with a message and a place, and no exception."""
    verdict = registered.decide(
        data.draw(st.one_of([any_of(fact) for fact in registered.policy.facts]))
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
    broken = RegisteredPolicy.made_of(working.policy, crash)
    fact = NotParsed("odd", Origin("a.sql", 1, 1, 1, 2))
    report = Report()
    Judge([broken, working], report).judge([Subject((fact,))])

    assert [finding.policy.id for finding in report.findings] == ["PG901"]
    assert "bug in connguard: PG901 failed with ZeroDivisionError: oops" in str(report.failures)
    assert report.exit_code(lambda _: False) == 2
