# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG301: somebody may log in from far more addresses than the clients have."""

from __future__ import annotations

from connguard.policies.model.addresses import Breadth, share
from connguard.policies.model.hba_coverage import Exposure
from connguard.policies.model.origin import Related
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import Severity, Verdict, fail, unknown

POLICY = Policy(
    id="PG301",
    name="hba-broad-address",
    severity=Severity.ERROR,
    about=Exposure,
    condition=(
        "The addresses from which the rules effectively let the same user into the same database,"
        " after all rejecting lines before and summed over several lines, hold at least a public"
        " /16 (IPv4) or more than a public /48 (IPv6), or what [addresses] in the settings says: an"
        " error. A whole private range, such as 10.0.0.0/8, is a warning."
    ),
    effect=(
        "Everybody who reaches the port may try passwords and use up connection slots. Only the"
        " network in front of the server still keeps strangers out."
    ),
    fix="Name the subnets of the clients, one line each, and let nothing wider follow.",
    prevents=(Failure.EXPOSED, Failure.SERVER_SLOTS),
    references=("https://www.postgresql.org/docs/current/auth-pg-hba-conf.html",),
)


def decide(exposure: Exposure) -> Verdict:
    place = exposure.rule.fields.get("address", exposure.rule.origin)
    if exposure.certain is Breadth.NARROW and exposure.doubt is not None:
        return unknown(
            "how wide the addresses are depends on what the line at"
            f" {exposure.doubt.origin} keeps out",
            place,
        )
    if exposure.breadth is Breadth.PRIVATE_CLASS:
        return fail(
            f"clients of a whole private range may log in: {exposure.addresses}",
            place,
            severity=Severity.WARNING,
            related=_others(exposure),
        )
    lines = len(exposure.others) + 1
    through = f", through {lines} lines" if lines > 1 else ""
    return fail(
        f"clients from {share(exposure.addresses)} may log in{through}",
        place,
        related=_others(exposure),
    )


def _others(exposure: Exposure) -> tuple[Related, ...]:
    return tuple(
        Related("this line adds the rest", rule.fields.get("address", rule.origin))
        for rule in exposure.others
    )
