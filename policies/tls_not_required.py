# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG401: the server does not ask for TLS."""

from __future__ import annotations

from connguard.policies.model.database_facts import TlsRequirement
from connguard.policies.model.effective_setting import EffectiveSetting
from connguard.policies.model.origin import Unknown
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.server_values import parse_boolean
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

POLICY = Policy(
    id="PG401",
    name="tls-not-required",
    severity=Severity.WARNING,
    about=(EffectiveSetting, TlsRequirement),
    condition=(
        "TLS is switched off (ssl = off), or a managed server does not insist on it: it is told so"
        " (rds.force_ssl = 0, require_secure_transport = off, ssl_enforcement_enabled = false), or"
        " that is its default (Cloud SQL without ssl_mode)."
    ),
    effect="Passwords and data cross the network readably, and can be changed on the way.",
    fix="Switch it on, and let pg_hba.conf accept hostssl lines only.",
    prevents=(Failure.EXPOSED,),
    references=(
        "https://www.postgresql.org/docs/current/ssl-tcp.html",
        "https://cloud.google.com/sql/docs/postgres/configure-ssl-instance",
        "https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-networking-ssl-tls",
    ),
)

_NAMES = ("ssl", "rds.force_ssl", "require_secure_transport")


def decide(fact: EffectiveSetting | TlsRequirement) -> Verdict:
    return _setting(fact) if isinstance(fact, EffectiveSetting) else _requirement(fact)


def _setting(setting: EffectiveSetting) -> Verdict:
    if setting.name not in _NAMES:
        return PASS
    if isinstance(setting.value, Unknown):
        return undecided(setting.name, setting.value)
    if parse_boolean(setting.value.value) is False:
        return fail(
            f"connections need no TLS: {setting.name} is {setting.value.value}",
            setting.value.origin,
            related=setting.history,
        )
    return PASS


def _requirement(requirement: TlsRequirement) -> Verdict:
    if isinstance(requirement.required, Unknown):
        return undecided(f"whether {requirement.name} requires TLS", requirement.required)
    if requirement.required.value:
        return PASS
    return fail(
        f"{requirement.name} accepts connections without TLS: {requirement.because}",
        requirement.origin,
        related=requirement.related,
    )
