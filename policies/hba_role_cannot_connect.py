# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG308: a declared service that no line lets in."""

from __future__ import annotations

from connguard.policies.model.hba_facts import DeclaredLogin
from connguard.policies.model.origin import Related
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, unknown

POLICY = Policy(
    id="PG308",
    name="hba-role-cannot-connect",
    severity=Severity.ERROR,
    about=DeclaredLogin,
    condition=(
        "The settings declare a service with its role, database and subnets ([[service]] with"
        " `from`), and for some of its addresses no line matches, or the first that does rejects."
    ),
    effect='The service is refused with 28000: "no pg_hba.conf entry for host …".',
    fix="Add a line for the role, the database and the subnet, above any line that rejects them.",
    prevents=(Failure.NO_HBA_ENTRY,),
    references=("https://www.postgresql.org/docs/current/client-authentication-problems.html",),
)


def decide(login: DeclaredLogin) -> Verdict:
    who = (
        f'service "{login.service}" cannot log in as "{login.user}" to database'
        f' "{login.database}" from {login.refused}'
    )
    if login.refused:
        if login.by:
            return fail(
                f"{who}: {login.file} rejects it",
                login.origin,
                related=tuple(Related("this line rejects", rule.origin) for rule in login.by),
            )
        return fail(f"{who}: no line of {login.file} matches", login.origin)
    if login.doubtful:
        return unknown(
            f'whether {login.file} lets service "{login.service}" in from {login.doubtful} depends'
            " on what the scanned files do not tell",
            login.origin,
        )
    return PASS
