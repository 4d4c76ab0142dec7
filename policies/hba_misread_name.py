# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG309: a user or database that the server reads otherwise than people do."""

from __future__ import annotations

from connguard.policies.model.hba import HbaRule, Name, NameKind
from connguard.policies.model.hba_facts import Dialect, EffectiveRule
from connguard.policies.model.origin import Origin
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail

POLICY = Policy(
    id="PG309",
    name="hba-misread-name",
    severity=Severity.WARNING,
    about=EffectiveRule,
    condition=(
        "An element of the database or user field looks like a keyword, a group or a regular"
        ' expression and is a plain name to the server: in upper case (ALL), in quotes ("all"),'
        " a + in the database field, a * or %, or /… before version 16."
    ),
    effect="The line matches next to nobody, and later lines decide.",
    fix="Write keywords in lower case and without quotes.",
    prevents=(Failure.NO_HBA_ENTRY, Failure.EXPOSED),
    references=("https://www.postgresql.org/docs/current/auth-pg-hba-conf.html",),
)

_REGEX_SINCE = 16
_KEYWORDS = {
    "database": ("all", "sameuser", "samerole", "samegroup", "replication"),
    "user": ("all",),
}


def decide(fact: EffectiveRule) -> Verdict:
    rule = fact.rule
    for field, names in (("database", rule.databases), ("user", rule.users)):
        for name in names:
            verdict = _judge(field, name, fact, _place(rule, field))
            if verdict is not PASS:
                return verdict
    return PASS


def _judge(field: str, name: Name, fact: EffectiveRule, place: Origin) -> Verdict:
    if name.kind is not NameKind.NAME:
        return PASS
    text = name.text
    if text.lower() in _KEYWORDS[field]:
        if name.quoted and text.islower():
            return fail(
                f'"{text}" in quotes is a {field} called {text}, not the keyword',
                place,
                severity=Severity.NOTE,
            )
        if not name.quoted:
            return fail(f"{text} is a {field} of that name: the keyword is {text.lower()}", place)
    old = fact.dialect is Dialect.POSTGRESQL and fact.version < _REGEX_SINCE
    if old and text.startswith("/") and len(text) > 1:
        return fail(
            f"{text} is a plain name to PostgreSQL {fact.version}: regular expressions are"
            f" read from version {_REGEX_SINCE} on",
            place,
        )
    if field == "database" and text.startswith("+") and not name.quoted:
        return fail(f"{text} is a database of that name: + is for users", place)
    if text in ("*", "%"):
        return fail(f"{text} is a {field} of that name: the keyword is all", place)
    return PASS


def _place(rule: HbaRule, field: str) -> Origin:
    return rule.fields.get(field, rule.origin)
