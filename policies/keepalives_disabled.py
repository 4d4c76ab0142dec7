# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG503: dead and silent connections are noticed too late, or cut by the network in between."""

from __future__ import annotations

from connguard.policies.model.effective_setting import EffectiveSetting
from connguard.policies.model.origin import Unknown
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.server_values import parse_integer
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

SHORTEST_IDLE_SECONDS = 350
"""How long AWS's NAT gateways and network load balancers keep a silent connection; Azure's load
balancer 240 s by default, Google's 600 s. The rule takes AWS's."""

POLICY = Policy(
    id="PG503",
    name="keepalives-disabled",
    severity=Severity.WARNING,
    about=EffectiveSetting,
    condition=(
        "tcp_keepalives_idle is set to 0, which leaves the system's two hours, or to more than the"
        " 350 seconds after which NAT gateways and load balancers forget a silent connection."
    ),
    effect=(
        "Idle pooled connections are cut without a word: the client's next query hangs or fails"
        " with 08006, and the server keeps the slot of the dead connection for hours."
    ),
    fix="Set tcp_keepalives_idle = 60, tcp_keepalives_interval = 10 and tcp_keepalives_count = 6.",
    prevents=(Failure.LOST, Failure.SERVER_SLOTS),
    references=("https://www.postgresql.org/docs/current/runtime-config-connection.html",),
)


def decide(setting: EffectiveSetting) -> Verdict:
    if setting.name != "tcp_keepalives_idle":
        return PASS
    if isinstance(setting.value, Unknown):
        return undecided("tcp_keepalives_idle", setting.value)
    seconds = parse_integer(setting.value.value, "s")
    if seconds is None or 0 < seconds <= SHORTEST_IDLE_SECONDS:
        return PASS
    after = f"{seconds} seconds" if seconds else "the system's default, two hours"
    return fail(
        f"silent connections are probed only after {after}",
        setting.value.origin,
        related=setting.history,
    )
