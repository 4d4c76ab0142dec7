# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG303: logins without any proof of who it is."""

from __future__ import annotations

from connguard.policies.model.hba import Answer, Transport
from connguard.policies.model.hba_facts import EffectiveRule
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, unknown

POLICY = Policy(
    id="PG303",
    name="hba-trust",
    severity=Severity.ERROR,
    about=EffectiveRule,
    condition=(
        "A line with the method trust can match. Over the network it is an error, from the machine"
        " itself a warning, and so is the line that a container's image writes: the container's"
        " network decides who gets there. A line that never matches is no exposure, and one that"
        " demands a client certificate of the user (clientcert=verify-full) asks for proof."
    ),
    effect=(
        "Whoever can open a connection may be any of the line's users, superusers included,"
        " without a password."
    ),
    fix="Use scram-sha-256, cert or, on the Unix socket, peer.",
    prevents=(Failure.EXPOSED,),
    references=("https://www.postgresql.org/docs/current/auth-trust.html",),
)


def decide(fact: EffectiveRule) -> Verdict:
    rule = fact.rule
    if rule.method != "trust" or not fact.reach.lives:
        return PASS
    if ("clientcert", "verify-full") in rule.options:
        return PASS
    place = rule.fields.get("method", rule.origin)
    remote = fact.reaches_other_machines()
    if remote is Answer.MAYBE:
        return unknown(f"who logs in without a password is not known: {rule.address.text}", place)
    if remote is Answer.YES:
        return fail(
            f"clients from {rule.address.text} log in without a password",
            place,
            severity=Severity.WARNING if fact.is_written_by_image else None,
        )
    local = fact.reach.transports == {Transport.LOCAL}
    return fail(
        f"over {'the Unix socket' if local else 'loopback'} anybody logs in without a password",
        place,
        severity=Severity.WARNING,
    )
