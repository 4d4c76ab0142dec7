# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of a scan, by section of the exported document.

What takes more than reading a field is computed here, by the functions that the policies use:
Rego decides, and does not calculate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from connguard.engine.natural import path_key
from connguard.exporting.plain_values import networks, plain, plain_fields
from connguard.policies.model.addresses import share
from connguard.policies.model.database_facts import (
    DatabaseInstance,
    PublishedPort,
    TlsRequirement,
)
from connguard.policies.model.explain import arithmetic, fault
from connguard.policies.model.facts import Database, NotParsed, RefusedLimit, Role, Undecided
from connguard.policies.model.hba_facts import EffectiveRule
from connguard.policies.model.network import Endpoint, Rule, access, at, guarded
from connguard.policies.model.origin import Known, Origin, Unknown
from connguard.policies.model.reading import Subject
from connguard.policies.model.server_values import parse_boolean
from connguard.policies.model.setting_facts import EffectiveSetting
from connguard.policies.model.usage import (
    ClientUsage,
    DatabaseUsage,
    RoleUsage,
    ServerUsage,
    Spare,
    Usage,
)
from connguard.postgres.setting_table import holds_free_text

Entry = dict[str, Any]


def _role(role: Role) -> Entry:
    limit, login, superuser = role.connection_limit, role.can_login, role.superuser
    without = role.origin
    if not role.declarative and login is not None:
        without = role.cause(login.origin, superuser)
    return {
        **plain_fields(role),
        "causes": {
            "limited_login": plain(limit and role.cause(limit.origin, login, superuser)),
            "limited_superuser": plain(limit and role.cause(limit.origin, superuser)),
            "login_without_limit": plain(without),
        },
    }


def _setting(setting: EffectiveSetting) -> Entry:
    """The setting; a text in which a password may stand is not exported."""
    value = setting.value
    boolean = parse_boolean(value.value) if isinstance(value, Known) else None
    if isinstance(value, Known) and setting.name not in _SAFE and holds_free_text(setting.name):
        value = Unknown("free text is not exported: it may hold a secret", value.origin)
        boolean = None
    return {**plain_fields(setting, "value"), "value": plain(value), "boolean": boolean}


_SAFE = frozenset(
    (
        "listen_addresses",
        "rds.force_ssl",
        "require_secure_transport",
    )
)


def _refused_limit(refused: RefusedLimit) -> Entry:
    return {"about": plain(refused.subject), **plain_fields(refused, "subject")}


def _published_port(port: PublishedPort) -> Entry:
    exposure = port.exposure
    return {
        **plain_fields(port),
        "exposure": None if isinstance(exposure, Unknown) else plain(exposure),
    }


def _endpoint(endpoint: Endpoint) -> Entry:
    found = access(endpoint)
    return {
        "name": plain(guarded(endpoint, found)),
        "guard": plain(endpoint.guard),
        "ports": plain(endpoint.ports),
        "widest_ports": plain(found.ports),
        "addresses": networks(found.addresses),
        "breadth": plain(found.width),
        "share": share(found.addresses),
        "through": [_rule(rule) for rule in found.rules],
        "unknown": plain(found.unknown),
        "targets": plain(endpoint.targets),
        "at": plain(at(endpoint, found)),
        "location": plain(endpoint.origin),
    }


def _rule(rule: Rule) -> Entry:
    return {
        "addresses": networks(rule.sources),
        "what": plain(rule.what),
        "location": plain(rule.origin),
    }


def _usage(usage: Usage) -> Entry:
    return {
        "of": _KINDS[type(usage)],
        "name": plain(usage.name),
        "limit": plain(usage.limit),
        "ignored": plain(usage.ignored),
        "demand": plain(usage.demand),
        "standing": plain(usage.standing),
        "arithmetic": plain(arithmetic(usage)),
        "uses": [plain_fields(use) for use in usage.uses],
        "at": plain(fault(usage)),
        "location": plain(usage.origin),
    }


_KINDS: Mapping[type[Usage], str] = {
    RoleUsage: "role",
    DatabaseUsage: "database",
    ServerUsage: "server",
    ClientUsage: "clients of a pooler",
}


def _spare(spare: Spare) -> Entry:
    usage = spare.usage
    free = None if usage.limit is None else plain(usage.limit.low - usage.demand.high)
    return {
        "of": plain(spare.of),
        "limit": plain(usage.limit),
        "demand": plain(usage.demand),
        "standing": plain(usage.standing),
        "arithmetic": plain(arithmetic(usage)),
        "free": free,
        "headroom": plain(spare.headroom),
        "why": plain(spare.why),
        "location": plain(usage.origin),
    }


def _access_rule(effective: EffectiveRule) -> Entry:
    """A rule without its options, which may hold passwords."""
    rule = effective.rule
    return {
        "dialect": plain(effective.dialect),
        "type": plain(rule.type),
        "databases": plain(rule.databases),
        "users": plain(rule.users),
        "address": {"kind": plain(rule.address.kind), "text": plain(rule.address.text)},
        "method": plain(rule.method),
        "reached": bool(effective.reach.lives),
        "addresses": networks(effective.reach.addresses()),
        "possible_addresses": networks(effective.reach.possible_addresses()),
        "location": plain(rule.origin),
    }


SECTIONS: Mapping[type, tuple[str, Callable[[Any], Entry]]] = {
    Role: ("roles", _role),
    Database: ("databases", plain_fields),
    RefusedLimit: ("refused_limits", _refused_limit),
    EffectiveSetting: ("server_settings", _setting),
    DatabaseInstance: ("managed_instances", plain_fields),
    TlsRequirement: ("tls_requirements", plain_fields),
    PublishedPort: ("published_ports", _published_port),
    Endpoint: ("endpoints", _endpoint),
    RoleUsage: ("usages", _usage),
    DatabaseUsage: ("usages", _usage),
    ServerUsage: ("usages", _usage),
    ClientUsage: ("usages", _usage),
    Spare: ("spares", _spare),
    EffectiveRule: ("access_rules", _access_rule),
    Undecided: ("undecided", plain_fields),
    NotParsed: ("not_parsed", plain_fields),
}
"""The section of a fact, and its entry there. Facts of other types are not exported."""


def sections(subjects: Iterable[Subject]) -> dict[str, list[Entry]]:
    """The entries of every section, sorted by place.

    Each tells its subject, and which of how many states of it this is: of a subject's states one
    comes true.
    """
    found: dict[str, list[Entry]] = {name: [] for name, _ in SECTIONS.values()}
    chosen = [one for one in subjects if one.alternatives and type(one.alternatives[0]) in SECTIONS]
    for number, subject in enumerate(sorted(chosen, key=_place)):
        name, entry = SECTIONS[type(subject.alternatives[0])]
        for index, fact in enumerate(subject.alternatives):
            which = {
                "number": number,
                "alternative": index,
                "alternatives": len(subject.alternatives),
            }
            found[name].append({"subject": which, **entry(fact)})
    return found


def _place(subject: Subject) -> tuple[object, ...]:
    fact: Any = subject.alternatives[0]
    usage = fact.usage if isinstance(fact, Spare) else fact
    origin: Origin = fact.rule.origin if isinstance(fact, EffectiveRule) else usage.origin
    name = str(getattr(usage, "name", ""))
    return (path_key(origin.path), origin, SECTIONS[type(fact)][0], type(fact).__name__, name)
