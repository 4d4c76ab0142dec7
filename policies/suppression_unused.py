# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG903: a suppression that does nothing, or that cannot be understood."""

from __future__ import annotations

from connguard.policies.model.facts import IdleSuppression
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import Severity, Verdict, fail

POLICY = Policy(
    id="PG903",
    name="suppression-unused",
    severity=Severity.WARNING,
    about=IdleSuppression,
    condition=(
        "A suppression comment names an unknown policy, gives no reason, or suppresses nothing."
    ),
    effect="The next real finding at this place may be hidden by a comment nobody needs.",
    fix="Remove the comment, or correct its id and add the reason.",
    prevents=tuple(Failure),
    references=(),
)


def decide(suppression: IdleSuppression) -> Verdict:
    return fail(suppression.reason, suppression.origin)
