# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG113: connguard.toml declares a number that stands differently in the files."""

from __future__ import annotations

from connguard.policies.model.amount import related
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.usage import Contradiction
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail

POLICY = Policy(
    id="PG113",
    name="declaration-contradicts-files",
    severity=Severity.WARNING,
    about=Contradiction,
    condition="A number declared in connguard.toml is another one in the files that run.",
    effect="The budget is computed with the declared number, and proves nothing if it is stale.",
    fix="Correct the declaration, or leave it out: what the files say is then used.",
    prevents=(Failure.ROLE_LIMIT, Failure.DATABASE_LIMIT, Failure.SERVER_SLOTS),
    references=("https://www.postgresql.org/docs/current/runtime-config-connection.html",),
)


def decide(number: Contradiction) -> Verdict:
    declared, found = number.declared, number.found
    if not declared.exact or not found.exact or declared.low == found.low:
        return PASS
    where = declared.origin or number.origin
    return fail(
        f"{number.what} is declared as {declared}, and is {found} in the files",
        where,
        related=tuple(one for one in related((found,)) if one.origin != where),
        fix=f"declare {found}, or leave it out",
    )
