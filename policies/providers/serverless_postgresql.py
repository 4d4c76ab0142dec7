# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL as a service: Neon, Supabase, Render, UpCloud.

- Neon accepts every address until IP Allow is configured, unless public connections are blocked:
  https://neon.tech/docs/manage/projects
  https://registry.terraform.io/providers/kislerdm/neon/latest/docs/resources/project
- Supabase: the network restrictions, and whether TLS is enforced, are settings of the project:
  https://registry.terraform.io/providers/supabase/supabase/latest/docs/resources/settings
- Render lets in its own network only, unless ip_allow_list names addresses:
  https://registry.terraform.io/providers/render-oss/render/latest/docs/resources/postgres
- UpCloud: public_access is false and ip_filter empty by default:
  https://registry.terraform.io/providers/UpCloudLtd/upcloud/latest/docs/resources/managed_database_postgresql
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from connguard.policies.model.database_facts import DatabaseInstance, TlsRequirement
from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Known, Unknown, Value
from connguard.policies.model.ports import POSTGRES, USUAL_PORTS
from connguard.policies.model.terraform_guards import (
    allow_list,
    everybody,
    flag,
    is_surely,
    may_be,
)
from connguard.policies.model.terraform_network import Sources, origin_of, sources
from connguard.policies.model.terraform_resource import Inventory, Resource, ResourceTable
from connguard.policies.model.terraform_value import Setting, Unresolved

TABLES = (
    ResourceTable(
        ("neon_project",),
        ("allowed_ips", "block_public_connections"),
        "Without allowed_ips everybody is let in, unless public connections are blocked.",
    ),
    ResourceTable(
        ("supabase_settings",),
        ("network", "ssl_enforcement"),
        "The list restrictions in network; ssl_enforcement where it is set.",
    ),
    ResourceTable(
        ("render_postgres",),
        ("ip_allow_list.cidr_block",),
        "The union of the list; nobody outside is let in without one.",
    ),
    ResourceTable(
        ("upcloud_managed_database_postgresql",),
        ("properties.public_access", "properties.ip_filter"),
        "The IP filter of a database with public_access.",
    ),
)

_RESTRICTIONS = ("restrictions", "dbAllowedCidrs", "dbAllowedCidrsV6")


def facts(inventory: Inventory) -> Iterator[object]:
    for project in inventory.of("neon_project"):
        yield from _neon(inventory, project)
    for settings in inventory.of("supabase_settings"):
        yield from _supabase(inventory, settings)
    for database in inventory.of("render_postgres"):
        rules = [
            _rule(database, setting)
            for body in database.body.blocks("ip_allow_list")
            if (setting := body.setting("cidr_block")) is not None
        ]
        if rules:
            yield _endpoint(inventory, database, rules, (POSTGRES,))
    for database in inventory.of("upcloud_managed_database_postgresql"):
        yield from _upcloud(inventory, database)


def _endpoint(
    inventory: Inventory, database: Resource, rules: list[Rule], ports: tuple[int, ...]
) -> Endpoint:
    return Endpoint(
        f"the allowed addresses of {database.address}",
        ports,
        (tuple(rules),),
        database.origin,
        (Target(database.address, database.origin),),
        inventory.limits,
    )


def _rule(database: Resource, setting: Setting) -> Rule:
    found = sources(setting, "cidr_block")
    return Rule(setting.origin, found.known, unknown=found.unknown, calls=database.calls)


def _neon(inventory: Inventory, project: Resource) -> Iterator[object]:
    if is_surely(project.body, "block_public_connections", "yes"):
        return
    setting = project.body.setting("allowed_ips")
    if setting is None or setting.value is None or setting.value in ([], ()):
        rules = [everybody(project, "no allowed_ips are set: then every address is accepted")]
    else:
        rules = allow_list(project.body, "allowed_ips", project.calls)
    if may_be(project.body, "block_public_connections", "yes"):
        place = origin_of(project.body, ("block_public_connections",))
        doubt = Unknown("block_public_connections", place)
        rules = [Rule(place, Sources().known, unknown=(doubt,), calls=project.calls)]
    yield _endpoint(inventory, project, rules, (POSTGRES,))


def _supabase(inventory: Inventory, settings: Resource) -> Iterator[object]:
    network = settings.body.setting("network")
    if network is not None and network.value is not None:
        found = _restrictions(network)
        yield _endpoint(
            inventory,
            settings,
            [Rule(network.origin, found.known, unknown=found.unknown, calls=settings.calls)],
            (POSTGRES, USUAL_PORTS[-1]),
        )
    enforced = settings.body.setting("ssl_enforcement")
    if enforced is not None and enforced.value is not None:
        required = flag(settings.body, "ssl_enforcement", default=False)
        yield TlsRequirement(
            settings.address,
            required,
            "ssl_enforcement = false",
            required.origin,
            settings.calls,
        )


def _restrictions(network: Setting) -> Sources:
    """The addresses in the JSON text of the setting."""
    if isinstance(network.value, Unresolved):
        return Sources(unknown=(Unknown(network.value.reason, network.origin),))
    try:
        content = json.loads(network.value) if isinstance(network.value, str) else network.value
    except (ValueError, RecursionError):
        return Sources(unknown=(Unknown("network is no JSON text", network.origin),))
    found = Sources()
    if isinstance(content, dict):
        for name in _RESTRICTIONS:
            found |= sources(Setting(content.get(name), network.origin), name)
    return found


def _upcloud(inventory: Inventory, database: Resource) -> Iterator[object]:
    public: Value[bool] = Known(False, database.origin)
    rules: list[Rule] = []
    for body in database.body.blocks("properties"):
        public = flag(body, "public_access", default=False)
        rules.extend(allow_list(body, "ip_filter", database.calls))
    yield DatabaseInstance(
        database.address, public, "public_access = true", public.origin, database.calls
    )
    if rules and (isinstance(public, Unknown) or public.value):
        yield _endpoint(inventory, database, rules, (POSTGRES,))
