# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report with one of everything."""

from __future__ import annotations

from connguard.engine.finding import Failed, Finding, Report, Suppressed
from connguard.engine.registry import find
from connguard.policies.model.facts import NotParsed, Undecided
from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.verdict import Severity

LINE = Origin("db/V7 ü.sql", 3, 5, 3, 9)
BLOCK = Origin("/srv/roles.tf", 2, 1, 6, 2)


def finding(
    policy_id: str = "PG001",
    *,
    severity: Severity = Severity.ERROR,
    message: str = 'role "app" has no connection limit',
    origin: Origin = LINE,
    related: tuple[Related, ...] = (),
    fix: str = "set a limit",
) -> Finding:
    registered = find(policy_id)
    assert registered
    return Finding(registered.policy, severity, message, origin, related, fix, "0123456789abcdef")


def report() -> Report:
    related = (Related("created here", Origin("db/V1.sql", 1, 1, 2, 1)),)
    return Report(
        findings=[
            finding(related=related),
            finding("PG003", severity=Severity.WARNING, origin=BLOCK),
            finding("PG006", severity=Severity.NOTE, fix=""),
        ],
        suppressed=[
            Suppressed(finding("PG002"), "migrated by hand", LINE),
            Suppressed(finding("PG004"), "per-path-ignores: db/", None),
        ],
        undecided=[Undecided("PG001", "not known: var.limit", LINE)],
        not_parsed=[NotParsed("syntax error", LINE)],
        failures=[Failed("db/locked.sql", "Permission denied"), Failed("", "bug in connguard: x")],
        files=4,
    )
