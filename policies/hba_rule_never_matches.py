# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG302: a line that decides about no connection at all."""

from __future__ import annotations

from connguard.policies.model.hba import HbaRule
from connguard.policies.model.hba_facts import EffectiveRule
from connguard.policies.model.origin import Related
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail

POLICY = Policy(
    id="PG302",
    name="hba-rule-never-matches",
    severity=Severity.WARNING,
    about=EffectiveRule,
    condition=(
        "Every connection that the line could match is decided by lines before it, by one of them"
        " or by several together; or it is for TLS connections and TLS is off. A line that rejects"
        " after others accept, or asks for more than they do, is an error; one that repeats what"
        " they say is a note. A narrow line above a wide one is as it should be."
    ),
    effect=(
        "The first matching line decides. A dead reject keeps nobody out; a dead accept lets"
        " nobody in, who then sees an error that the line seems to rule out."
    ),
    fix="Move the line above those that decide instead of it, or delete it.",
    prevents=(Failure.NO_HBA_ENTRY, Failure.EXPOSED),
    references=("https://www.postgresql.org/docs/current/auth-pg-hba-conf.html",),
)

_STRENGTH = {
    "trust": 0,
    "ident": 1,
    "password": 2,
    "md5": 3,
    "pam": 4,
    "bsd": 4,
    "radius": 4,
    "ldap": 4,
}
_STRONG = 5


def decide(fact: EffectiveRule) -> Verdict:
    rule = fact.rule
    if fact.reach.lives or rule.is_gap:
        return PASS
    if fact.ssl_off is not None and rule.type == "hostssl":
        return fail(
            "this line never matches: TLS is switched off on the server",
            rule.origin,
            related=(Related("TLS is switched off here", fact.ssl_off),),
            fix="Set ssl = on, or delete the line.",
        )
    hidden_by = fact.reach.hidden_by
    if not hidden_by:
        return PASS  # what an address itself makes impossible is the matter of PG307
    severity, reason = _judge(rule, hidden_by)
    lines = ", ".join(str(other.origin.line) for other in hidden_by)
    several = "lines" if len(hidden_by) > 1 else "line"
    return fail(
        f"this line never matches: {reason} ({several} {lines})",
        rule.origin,
        severity=severity,
        related=tuple(Related("this line decides instead", one.origin) for one in hidden_by),
    )


def _judge(rule: HbaRule, hidden_by: tuple[HbaRule, ...]) -> tuple[Severity, str]:
    accepting = [other for other in hidden_by if not other.rejects]
    if rule.rejects and accepting:
        return Severity.ERROR, f"these connections are let in before, with {_methods(accepting)}"
    weaker = [other for other in accepting if _strength(other) < _strength(rule)]
    if weaker and not rule.rejects:
        return Severity.ERROR, f"{_methods(weaker)} is enough before, not {rule.method}"
    if len(accepting) < len(hidden_by) and not rule.rejects:
        return Severity.WARNING, "these connections are rejected before"
    if any(other.method != rule.method for other in hidden_by):
        return Severity.WARNING, f"these connections are decided before, with {_methods(accepting)}"
    return Severity.NOTE, "the same is said before"


def _strength(rule: HbaRule) -> int:
    return _STRENGTH.get(rule.method, _STRONG)


def _methods(rules: list[HbaRule]) -> str:
    return ", ".join(dict.fromkeys(rule.method for rule in rules))
