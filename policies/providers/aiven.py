# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Aiven: PostgreSQL services.

The IP filter is 0.0.0.0/0 by default; in a VPC the VPC filters first:
https://aiven.io/docs/platform/howto/restrict-access
Without project_vpc_id the service runs on the public internet; in a VPC, public_access opens single
components to it:
https://registry.terraform.io/providers/aiven/aiven/latest/docs/resources/pg
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connguard.policies.model.database_facts import DatabaseInstance
from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.policies.model.ports import POSTGRES
from connguard.policies.model.terraform_guards import (
    allow_list,
    doubtful,
    everybody,
    flag,
)
from connguard.policies.model.terraform_network import origin_of, sources
from connguard.policies.model.terraform_resource import Body, Inventory, Resource, ResourceTable
from connguard.policies.model.terraform_value import Unresolved

_CONFIGURATION = {"aiven_pg": "pg_user_config", "aiven_alloydbomni": "alloydbomni_user_config"}


TABLES = (
    ResourceTable(
        ("aiven_pg", "aiven_alloydbomni"),
        (
            "project_vpc_id",
            "pg_user_config.ip_filter",
            "pg_user_config.ip_filter_string",
            "pg_user_config.ip_filter_object.network",
            "pg_user_config.public_access.pg",
            "pg_user_config.public_access.pgbouncer",
        ),
        "Without a filter everybody is let in, unless the service is in a VPC.",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    for service in inventory.of(*_CONFIGURATION):
        bodies = service.body.blocks(_CONFIGURATION[service.type])
        public, because, place = _public(service, bodies)
        yield DatabaseInstance(service.address, public, because, place, service.calls)
        rules = [rule for body in bodies for rule in _filter(service, body)]
        if not rules and isinstance(public, Unknown):
            rules = [doubtful(service, public.reason, public.origin)]
        elif not rules and not all(body.certain for body in bodies):
            rules = [doubtful(service, "its IP filter is only known when Terraform runs")]
        elif not rules and isinstance(public, Known) and public.value:
            rules = [everybody(service, "no ip_filter is set: 0.0.0.0/0 is the default")]
        if rules:
            yield Endpoint(
                f"the IP filter of {service.address}",
                (POSTGRES,),
                (tuple(rules),),
                service.origin,
                (
                    Target(
                        service.address,
                        service.origin,
                        public.value if isinstance(public, Known) else None,
                    ),
                ),
                inventory.limits,
            )


def _public(service: Resource, bodies: Sequence[Body]) -> tuple[Value[bool], str, Origin]:
    setting = service.body.setting("project_vpc_id")
    if setting is None or setting.value is None or setting.value == "":
        because = "no project_vpc_id is set: then it runs on the public internet"
        return Known(True, service.origin), because, service.origin
    if isinstance(setting.value, Unresolved) and setting.value.refers is None:
        unknown = Unknown(setting.value.reason, setting.origin)
        return unknown, "", setting.origin
    for body in bodies:
        for access in body.blocks("public_access"):
            for name in ("pg", "pgbouncer"):
                public = flag(access, name, default=False)
                if isinstance(public, Unknown) or public.value:
                    return public, f"public_access.{name} = true", public.origin
    return Known(False, setting.origin), "", setting.origin


def _filter(service: Resource, body: Body) -> Iterator[Rule]:
    for name in ("ip_filter", "ip_filter_string"):
        yield from allow_list(body, name, service.calls)
    for item in body.blocks("ip_filter_object"):
        found = sources(item.setting("network"), "network")
        yield Rule(
            origin_of(item, ("network",)),
            found.known,
            unknown=found.unknown,
            certain=item.certain,
            calls=service.calls,
        )
