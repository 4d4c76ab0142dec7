# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""What the mappings of Azure share: service tags, and the ports of its PostgreSQL servers.

https://learn.microsoft.com/azure/virtual-network/service-tags-overview
https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-pgbouncer
"""

from __future__ import annotations

from collections.abc import Sequence

from connguard.policies.model.addresses import EVERYWHERE, GLOBAL, NOWHERE, AddressSet
from connguard.policies.model.origin import Known, Unknown, Value
from connguard.policies.model.patterns import lazily
from connguard.policies.model.ports import POSTGRES
from connguard.policies.model.server_values import parse_boolean
from connguard.policies.model.terraform_resource import Inventory, Resource
from connguard.policies.model.terraform_value import text

AZURE = AddressSet.of("13.64.0.0/11")
"""One of Azure's public ranges, which stands for all of them.

The whole list changes weekly. A rule for all of Azure holds at least these addresses; so it is a
wide public block, and one for the internet covers it.
"""
ALL_OF_AZURE = "every service of Azure, of other customers as well,"

SINGLE = "azurerm_postgresql_server"
FLEXIBLE = "azurerm_postgresql_flexible_server"
CLUSTER = "azurerm_cosmosdb_postgresql_cluster"
FLEXIBLE_SETTING = "azurerm_postgresql_flexible_server_configuration"

PGBOUNCER = 6432
_TAG = lazily(r"[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)?")


def service_tag(name: str) -> tuple[AddressSet, str] | None:
    """The addresses of a service tag, or of the words for everybody, and what they are in words.

    None for what is no tag. Those of single services, of the virtual network and of its load
    balancer are narrow, and empty here; although customers share the addresses of some services,
    such as AppService.
    """
    tag = name.strip().lower()
    if tag in ("*", "any"):
        return EVERYWHERE, ""
    if tag == "internet":
        return GLOBAL, ""
    if tag.split(".")[0] == "azurecloud":
        return AZURE, ALL_OF_AZURE
    return (NOWHERE, "") if _TAG.fullmatch(tag) else None


def server_ports(inventory: Inventory, server: Resource) -> tuple[int, ...]:
    """5432, and 6432 where the server's own PgBouncer runs or may run."""
    if server.type == CLUSTER:
        return (POSTGRES, PGBOUNCER)
    if server.type == FLEXIBLE and any(
        _switches_pgbouncer_on(setting) and server in inventory.targets(_server_id(setting))
        for setting in inventory.of(FLEXIBLE_SETTING)
    ):
        return (POSTGRES, PGBOUNCER)
    return (POSTGRES,)


def _server_id(setting: Resource) -> object:
    found = setting.body.setting("server_id")
    return found.value if found is not None else None


def _switches_pgbouncer_on(setting: Resource) -> bool:
    name, value = _text(setting, "name"), _text(setting, "value")
    if not isinstance(name, Known) or name.value.lower() != "pgbouncer.enabled":
        return False
    return isinstance(value, Unknown) or (
        isinstance(value, Known) and parse_boolean(value.value) is True
    )


def _text(resource: Resource, name: str) -> Value[str] | None:
    setting = resource.body.setting(name)
    return text({name: setting}, name)


def closest(resource: Resource, candidates: Sequence[Resource]) -> list[Resource]:
    """Those of several resources of one name that are in the same module and resource group.

    Names are unique in a resource group only, and a module may be called more than once.
    """
    found = list(candidates)
    for place in (_module, _resource_group):
        if len(found) > 1:
            found = [one for one in found if place(one) == place(resource)] or found
    return found


def _module(resource: Resource) -> object:
    return resource.address.rpartition(f"{resource.type}.")[0]


def _resource_group(resource: Resource) -> object:
    setting = resource.body.setting("resource_group_name")
    return setting.value if setting is not None else None
