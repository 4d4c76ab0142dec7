# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG305: clients of other machines may connect without encryption."""

from __future__ import annotations

from connguard.policies.model.hba import Answer, Transport
from connguard.policies.model.hba_facts import EffectiveRule
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, unknown

POLICY = Policy(
    id="PG305",
    name="hba-no-tls",
    severity=Severity.WARNING,
    about=EffectiveRule,
    condition=(
        "A line lets clients of other machines in over connections that are not encrypted: host"
        " where hostssl would do, hostnossl or hostnogssenc. It is an error when the method sends"
        " the password readably (password, ldap, pam, radius, bsd). Of the line that the official"
        " image writes (host all all all) only such a method is a finding."
    ),
    effect="Data, and with some methods passwords, can be read and changed on the way.",
    fix="Write hostssl, so that unencrypted connections find no entry.",
    prevents=(Failure.EXPOSED,),
    references=("https://www.postgresql.org/docs/current/ssl-tcp.html",),
)

_READABLE = ("password", "ldap", "pam", "radius", "bsd")


def decide(fact: EffectiveRule) -> Verdict:
    rule = fact.rule
    if rule.rejects or rule.is_gap:
        return PASS
    remote = fact.reaches_other_machines(Transport.PLAIN)
    if remote is Answer.NO:
        return PASS
    place = rule.fields.get("type", rule.origin)
    if remote is Answer.MAYBE:
        return unknown(
            f"who may connect without encryption is not known: {rule.address.text}", place
        )
    if rule.method in _READABLE:
        return fail(
            f"{rule.method} sends the password readably, and the connection need not be encrypted",
            place,
            severity=Severity.ERROR,
        )
    if fact.is_written_by_image:
        return PASS
    return fail(f"clients from {rule.address.text} may connect without encryption", place)
