# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG901: a part of a file that was not checked because it could not be read."""

from __future__ import annotations

from connguard.policies.model.facts import NotParsed
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import Severity, Verdict, fail

POLICY = Policy(
    id="PG901",
    name="not-parsed",
    severity=Severity.WARNING,
    about=NotParsed,
    condition="A statement, a block or a file could not be parsed.",
    effect="It was not checked: any of the failures may hide in it.",
    fix=(
        "Mend the syntax. If it is valid and connguard cannot read it, exclude the path in the"
        " settings and report it."
    ),
    prevents=tuple(Failure),
    references=(),
)


def decide(part: NotParsed) -> Verdict:
    return fail(f"not checked: {part.reason}", part.origin)
