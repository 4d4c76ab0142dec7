# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Whether AWS's PostgreSQL servers refuse clients without TLS: rds.force_ssl, and its defaults.

RDS for PostgreSQL: on from version 15 on, off before it.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html
Aurora PostgreSQL: off up to version 16; what it is from 17 on is not taken for known here.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html

A parameter group that says it is off is read with all other server settings; here is what follows
where it does not say it.
"""

from __future__ import annotations

from collections.abc import Sequence

from connguard.policies.model.database_facts import TlsRequirement
from connguard.policies.model.origin import Known, Origin, Related, Unknown, Value
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.server_values import parse_boolean
from connguard.policies.model.terraform_resource import Body
from connguard.policies.model.terraform_value import Setting, Unresolved, text
from connguard.policies.model.whole_numbers import whole

FORCE_SSL = "rds.force_ssl"
RDS_REQUIRES_FROM = 15
AURORA_UNCERTAIN_FROM = 17

_FAMILY = lazily(r"(aurora-)?postgres(?:ql)?(\d+)")
_VERSION = lazily(r"(\d+)")


@dataclass(frozen=True, slots=True)
class ServerVersion:
    """The major version of a server, whether it is Aurora's, and the place that says it."""

    major: int
    aurora: bool
    origin: Origin


def version(settings: Sequence[Setting | None], *, aurora: bool) -> ServerVersion | Unknown | None:
    """The version in the first of these that is set: `16.4`, `postgres16`, `default.postgres16`."""
    for setting in settings:
        if setting is None or setting.value in (None, ""):
            continue
        value = text({"version": setting}, "version")
        if isinstance(value, Unknown):
            return value
        if value is None:
            continue
        family = _FAMILY.search(value.value)
        if family is not None:
            return ServerVersion(whole(family[2]), bool(family[1]) or aurora, setting.origin)
        plain = _VERSION.match(value.value.strip())
        if plain is not None:
            return ServerVersion(whole(plain[1]), aurora, setting.origin)
    return None


def parameter(bodies: Sequence[Body], name: str) -> Value[str] | None:
    """The value of a parameter among `parameter` blocks; Unknown where a block may set it."""
    doubt: Unknown | None = None
    for body in bodies:
        label = body.setting("name")
        if label is None or isinstance(label.value, Unresolved):
            reason = label.value.reason if label and isinstance(label.value, Unresolved) else ""
            doubt = Unknown(reason or "a parameter has no name", body.origin)
        elif label.value == name:
            value = body.setting("value")
            found = text({"value": value}, "value")
            return found or Unknown(f"{name} is null", body.origin)
    return doubt


def requirement(
    name: str,
    origin: Origin,
    found: ServerVersion | Unknown | None,
    force_ssl: Value[str] | None,
    related: tuple[Related, ...] = (),
    *,
    aurora: bool,
) -> TlsRequirement | None:
    """What follows from the version and the parameter; None where nothing does.

    Without a version AWS takes a current one, which for RDS requires TLS; for Aurora (`aurora`)
    that is not known.
    """
    if isinstance(force_ssl, Known):
        on = parse_boolean(force_ssl.value) is True
        says = f"{FORCE_SSL} = {force_ssl.value}"
        return TlsRequirement(name, Known(on, force_ssl.origin), says, force_ssl.origin, related)
    if isinstance(force_ssl, Unknown):
        return TlsRequirement(name, force_ssl, FORCE_SSL, origin, related)
    if isinstance(found, Unknown):
        return TlsRequirement(name, found, FORCE_SSL, origin, related)
    if found is None:
        if not aurora:
            return None
        reason = f"{FORCE_SSL} is not set, and its default depends on the version, nor is that set"
        return TlsRequirement(name, Unknown(reason, origin), FORCE_SSL, origin, related)
    product = "Aurora PostgreSQL" if found.aurora else "RDS for PostgreSQL"
    because = f"{FORCE_SSL} is not set, and off by default in {product} {found.major}"
    if found.aurora and found.major >= AURORA_UNCERTAIN_FROM:
        reason = f"{FORCE_SSL} is not set, and its default in {product} {found.major} is not known"
        unknown = Unknown(reason, found.origin)
        return TlsRequirement(name, unknown, FORCE_SSL, found.origin, related)
    required = not found.aurora and found.major >= RDS_REQUIRES_FROM
    return TlsRequirement(name, Known(required, found.origin), because, found.origin, related)
