# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG006: role or database DDL put together at run time."""

from __future__ import annotations

from connguard.policies.model.facts import DynamicStatement
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import Severity, Verdict, fail

POLICY = Policy(
    id="PG006",
    name="connection-limit-in-dynamic-sql",
    severity=Severity.NOTE,
    about=DynamicStatement,
    condition=(
        "A role or database is created or altered by a statement that is put together at run time"
        " (EXECUTE, format(), ||, \\gexec), and its connection limit cannot be read from the text."
        " Where it can be read, the other policies judge it as if it were written plainly."
    ),
    effect="The limit that production gets is decided at run time; no review sees it.",
    fix="Write the limit as a constant in the statement text, or use plain DDL.",
    prevents=(Failure.SERVER_SLOTS, Failure.ROLE_LIMIT),
    references=(
        "https://www.postgresql.org/docs/current/plpgsql-statements.html"
        "#PLPGSQL-STATEMENTS-EXECUTING-DYN",
    ),
)


def decide(statement: DynamicStatement) -> Verdict:
    return fail(
        f"a {statement.kind} is changed by SQL that is put together at run time:"
        f" {statement.reason}",
        statement.origin,
    )
