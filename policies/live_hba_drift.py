# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG605: the server lets in others than the pg_hba.conf of the files."""

from __future__ import annotations

from connguard.policies.model.hba_difference import Change
from connguard.policies.model.live_facts import LiveHbaDifference
from connguard.policies.model.origin import Related
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import Severity, Verdict, fail

POLICY = Policy(
    id="PG605",
    name="live-hba-drift",
    severity=Severity.ERROR,
    about=LiveHbaDifference,
    condition=(
        "There is a login that pg_hba.conf in the files and pg_hba_file_rules of the live"
        " server decide differently. Order, notation and comments do not count, only what"
        " happens to logins."
    ),
    effect=(
        "Clients are refused although the reviewed file lets them in, or somebody is let in"
        " whom it keeps out."
    ),
    fix=("Install the file on the server and reload it, or take over the line from the server."),
    prevents=(
        Failure.NO_HBA_ENTRY,
        Failure.EXPOSED,
    ),
    references=("https://www.postgresql.org/docs/current/view-pg-hba-file-rules.html",),
)


def decide(fact: LiveHbaDifference) -> Verdict:
    found = fact.difference
    origin = found.first.origin if found.first is not None else fact.file
    seen = found.second.origin if found.second is not None else fact.seen
    source = f" from {found.addresses}" if found.addresses else ""
    login = f"{found.user} to {found.database}{source} ({found.transport.value})"
    here = _fate(found.first.method if found.first is not None else None)
    there = _fate(found.second.method if found.second is not None else None)
    decides = "this line decides" if found.second is not None else "no line matches"
    doubt = f" (it depends on {found.depends})" if found.depends else ""
    return fail(
        f"{login}: the file {here}, {fact.server} {there}{doubt}",
        origin,
        severity=Severity.WARNING if found.change is Change.METHOD else None,
        related=(Related(f"pg_hba_file_rules: {decides}", seen),),
    )


def _fate(method: str | None) -> str:
    if method is None:
        return "has no line for it"
    return "rejects it" if method == "reject" else f"asks for {method}"
