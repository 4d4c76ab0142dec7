# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG304: passwords or identities that an attacker on the network can take."""

from __future__ import annotations

from connguard.policies.model.hba import Answer, Transport
from connguard.policies.model.hba_facts import EffectiveRule
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, unknown

POLICY = Policy(
    id="PG304",
    name="hba-weak-method",
    severity=Severity.WARNING,
    about=EffectiveRule,
    condition=(
        "A line that can match clients of other machines uses md5 (a warning), password (an error"
        " when the connection need not be encrypted, else a warning) or ident (an error)."
    ),
    effect=(
        "password sends the password as it is; md5 hashes can be replayed once the stored hash is"
        " known, and PostgreSQL drops them in a later version; ident believes what the client's"
        " machine says."
    ),
    fix="Use scram-sha-256, and store passwords with password_encryption = scram-sha-256.",
    prevents=(Failure.EXPOSED,),
    references=(
        "https://www.postgresql.org/docs/current/auth-password.html",
        "https://www.postgresql.org/docs/current/auth-ident.html",
    ),
)


def decide(fact: EffectiveRule) -> Verdict:
    rule = fact.rule
    if rule.method not in ("md5", "password", "ident"):
        return PASS
    remote = fact.reaches_other_machines()
    if remote is Answer.NO:
        return PASS
    place = rule.fields.get("method", rule.origin)
    if remote is Answer.MAYBE:
        return unknown(f"who uses {rule.method} is not known: {rule.address.text}", place)
    if rule.method == "ident":
        return fail(
            "ident believes what the client's machine says about its users",
            place,
            severity=Severity.ERROR,
        )
    if rule.method == "md5":
        return fail("md5 is a weak way to prove a password", place)
    if fact.reaches_other_machines(Transport.PLAIN) is Answer.YES:
        return fail(
            "the password is sent as it is, over connections that need not be encrypted",
            place,
            severity=Severity.ERROR,
        )
    return fail("the server is sent the password as it is", place)
