# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG902: a policy that could not be decided from the files alone."""

from __future__ import annotations

from connguard.policies.model.facts import Undecided
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import Severity, Verdict, fail

POLICY = Policy(
    id="PG902",
    name="undecided",
    severity=Severity.NOTE,
    about=Undecided,
    condition=(
        "A policy cannot be decided from the files: a value is only known when the code runs, or"
        " the server refuses the statement that would set it."
    ),
    effect="The policy neither passed nor failed here.",
    fix=(
        "Make the value readable (a default, a constant, the plan from terraform show -json),"
        " declare it in connguard.toml (pools and instances of a service), mend the statement, or"
        " suppress the policy here with a reason."
    ),
    prevents=tuple(Failure),
    references=(),
)


def decide(gap: Undecided) -> Verdict:
    return fail(f"{gap.policy_id} is undecided: {gap.reason}", gap.origin)
