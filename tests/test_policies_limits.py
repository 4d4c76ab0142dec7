# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decisions about connection limits, without any file format."""

from __future__ import annotations

import pytest

from connguard.policies import (
    connection_limit_not_enforced,
    database_connection_limit_removed,
    role_connection_limit_zero,
    role_without_connection_limit,
)
from connguard.policies.model.facts import Database, Role
from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.policies.model.verdict import PASS, Severity, Status, Verdict, fail, unknown, worst

MADE = Origin("a.sql", 1, 1, 1, 9)
LIMITED = Origin("a.sql", 2, 1, 2, 9)
LOGIN = Origin("a.sql", 3, 1, 3, 9)

YES: Value[bool] = Known(True, LOGIN)
NO: Value[bool] = Known(False, MADE)
MAYBE: Value[bool] = Unknown("var.x", LOGIN)
ANY: Value[int] = Unknown("var.n", LIMITED)


def _limit(number: int) -> Value[int]:
    return Known(number, LIMITED)


def _role(
    limit: Value[int] | None,
    login: Value[bool] | None = YES,
    superuser: Value[bool] | None = NO,
    declarative: bool = False,
) -> Role:
    return Role("r", MADE, login, superuser, limit, declarative)


def _summary(verdict: Verdict) -> tuple[Status, Severity | None, Origin | None]:
    return verdict.status, verdict.severity, verdict.at


FAIL_AT_LIMIT = (Status.FAIL, None, LIMITED)
PASSES = (Status.PASS, None, None)


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (_role(_limit(-1)), FAIL_AT_LIMIT),
        (_role(_limit(-1), declarative=True), FAIL_AT_LIMIT),
        (_role(None), (Status.FAIL, Severity.WARNING, LOGIN)),
        (_role(None, declarative=True), (Status.FAIL, Severity.ERROR, MADE)),
        (_role(_limit(5)), PASSES),
        (_role(_limit(0)), PASSES),
        (_role(_limit(-1), login=NO), PASSES),
        (_role(None, login=NO), PASSES),
        (_role(_limit(-1), superuser=YES), PASSES),
        (_role(ANY), (Status.UNKNOWN, None, LIMITED)),
        (_role(ANY, login=NO), PASSES),
        (_role(_limit(-1), login=MAYBE), (Status.UNKNOWN, None, LOGIN)),
        (_role(None, superuser=MAYBE), (Status.UNKNOWN, None, LOGIN)),
        (_role(_limit(5), login=MAYBE), PASSES),
        (_role(_limit(-1), login=None, superuser=None), FAIL_AT_LIMIT),
        (_role(_limit(9), login=None, superuser=None), PASSES),
        (_role(None, login=None, superuser=None), PASSES),
        (_role(None, login=YES, superuser=None), (Status.UNKNOWN, None, MADE)),
        (_role(ANY, login=None, superuser=None), (Status.UNKNOWN, None, MADE)),
    ],
)
def test_pg001(role: Role, expected: tuple[object, ...]) -> None:
    """An uncapped login fails, a group, a superuser and a capped role pass, the rest is unknown."""
    assert _summary(role_without_connection_limit.decide(role)) == expected


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (_role(_limit(0)), FAIL_AT_LIMIT),
        (_role(_limit(0), login=None, superuser=None), FAIL_AT_LIMIT),
        (_role(_limit(0), login=NO), PASSES),
        (_role(_limit(0), superuser=YES), PASSES),
        (_role(_limit(0), login=MAYBE), (Status.UNKNOWN, None, LOGIN)),
        (_role(_limit(1)), PASSES),
        (_role(None), PASSES),
        (_role(ANY), PASSES),
    ],
)
def test_pg002(role: Role, expected: tuple[object, ...]) -> None:
    """Edge 41: a limit of 0 locks out every login that is no superuser."""
    assert _summary(role_connection_limit_zero.decide(role)) == expected


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (_role(_limit(5), superuser=YES), FAIL_AT_LIMIT),
        (_role(_limit(0), superuser=YES), FAIL_AT_LIMIT),
        (_role(_limit(-1), superuser=YES), PASSES),
        (_role(None, superuser=YES), PASSES),
        (_role(_limit(5)), PASSES),
        (_role(_limit(5), superuser=None), PASSES),
        (_role(_limit(5), superuser=MAYBE), (Status.UNKNOWN, None, LOGIN)),
        (_role(ANY, superuser=YES), (Status.UNKNOWN, None, LIMITED)),
    ],
)
def test_pg003(role: Role, expected: tuple[object, ...]) -> None:
    """Edge 41: the server does not enforce a limit on a superuser."""
    assert _summary(connection_limit_not_enforced.decide(role)) == expected


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (_limit(-1), FAIL_AT_LIMIT),
        (None, PASSES),
        (_limit(10), PASSES),
        (ANY, (Status.UNKNOWN, None, LIMITED)),
    ],
)
def test_pg004(limit: Value[int] | None, expected: tuple[object, ...]) -> None:
    """Edge 42: only a -1 that is written out is a finding; it is the default of a database."""
    database = Database("d", MADE, limit, declarative=False)
    assert _summary(database_connection_limit_removed.decide(database)) == expected


def test_worst_counts() -> None:
    """Fail before unknown before pass, and among failures the more severe one."""
    gap = unknown("?", MADE)
    mild = fail("mild", MADE, severity=Severity.WARNING)
    bad = fail("bad", LOGIN)

    assert worst([]) == PASS
    assert worst([PASS, gap]) == gap
    assert worst([gap, mild, PASS]) == mild
    assert worst([mild, gap, bad]) == bad
    assert worst([bad, fail("second", MADE)]) == bad
