# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Azure Database for PostgreSQL, and Azure Cosmos DB for PostgreSQL: public access and TLS.

Public access is on unless it is switched off, or a flexible server stands in a delegated subnet;
firewall rules then say who comes in. A rule from 0.0.0.0 to 0.0.0.0 lets in all of Azure. A
flexible server refuses plain connections unless require_secure_transport, which is judged as any
other server setting, is off; Cosmos DB always does.

https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/postgresql_flexible_server
https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/postgresql_flexible_server_firewall_rule
https://registry.terraform.io/providers/hashicorp/azurerm/4.0.0/docs/resources/postgresql_server
https://registry.terraform.io/providers/hashicorp/azurerm/4.0.0/docs/resources/postgresql_firewall_rule
https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/cosmosdb_postgresql_cluster
https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/cosmosdb_postgresql_firewall_rule
https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-firewall-rules
https://learn.microsoft.com/azure/cosmos-db/postgresql/concepts-firewall-rules
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from connguard.policies.model.addresses import NOWHERE, AddressSet
from connguard.policies.model.azure_module_calls import SERVER_SOURCE, with_called
from connguard.policies.model.database_facts import DatabaseInstance, TlsRequirement
from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.policies.model.ports import POSTGRES
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_azure import (
    ALL_OF_AZURE,
    AZURE,
    CLUSTER,
    FLEXIBLE,
    PGBOUNCER,
    SINGLE,
    closest,
    server_ports,
)
from connguard.policies.model.terraform_guards import flag
from connguard.policies.model.terraform_network import is_narrow, origin_of
from connguard.policies.model.terraform_resource import (
    MODULE,
    Body,
    Inventory,
    Resource,
    ResourceTable,
)
from connguard.policies.model.terraform_value import Setting, Unresolved, text

MODULE_SOURCES = (SERVER_SOURCE,)

TABLES = (
    ResourceTable(
        (FLEXIBLE,),
        ("public_network_access_enabled", "delegated_subnet_id"),
        "Public access is on unless it is switched off or a subnet is delegated to the server.",
    ),
    ResourceTable(
        (SINGLE,),
        ("public_network_access_enabled", "ssl_enforcement_enabled", "ssl_enforcement"),
        "Public access is on unless it is switched off; TLS must be enforced.",
    ),
    ResourceTable(
        (CLUSTER,),
        ("coordinator_public_ip_access_enabled", "node_public_ip_access_enabled"),
        "Public access to the coordinator is on unless it is switched off.",
    ),
    ResourceTable(
        (
            "azurerm_postgresql_flexible_server_firewall_rule",
            "azurerm_postgresql_firewall_rule",
            "azurerm_cosmosdb_postgresql_firewall_rule",
        ),
        ("server_id", "server_name", "cluster_id", "start_ip_address", "end_ip_address"),
        "Ranges of a server are a union; from 0.0.0.0 to 0.0.0.0 is all of Azure. They count where"
        " the server has public access.",
    ),
    ResourceTable(
        ("azurerm_postgresql_flexible_server_configuration",),
        ("server_id", "name", "value"),
        "pgbouncer.enabled opens port 6432 as well.",
    ),
    ResourceTable(
        (MODULE,),
        ("public_network_access_enabled", "delegated_subnet_id", "firewall_rules"),
        "Azure/avm-res-dbforpostgresql-flexibleserver, where the module's files are not scanned:"
        " no public access by default; without firewall_rules everybody comes in.",
    ),
)

_RULES = {
    "azurerm_postgresql_flexible_server_firewall_rule": (FLEXIBLE, "server_id"),
    "azurerm_postgresql_firewall_rule": (SINGLE, "server_name"),
    "azurerm_cosmosdb_postgresql_firewall_rule": (CLUSTER, "cluster_id"),
}


@dataclass(frozen=True, slots=True)
class _Access:
    """Whether a server has a public address, which setting says so, and where."""

    public: Value[bool]
    because: str
    origin: Origin


def facts(inventory: Inventory) -> Iterator[object]:
    inventory = with_called(inventory, [kind for table in TABLES for kind in table.types])
    accesses = {
        server.address: _access(server) for server in inventory.of(FLEXIBLE, SINGLE, CLUSTER)
    }
    for server in inventory.of(FLEXIBLE, SINGLE, CLUSTER):
        access = accesses[server.address]
        yield DatabaseInstance(
            server.address, access.public, access.because, access.origin, server.calls
        )
    for server in inventory.of(SINGLE):
        yield from _tls(server)
    yield from _firewalls(inventory, accesses)


def _access(server: Resource) -> _Access:
    body = server.body
    if server.type == CLUSTER:
        worker = _switch(body, "node_public_ip_access_enabled", False)
        if isinstance(worker.public, Known) and worker.public.value:
            return worker
        return _switch(body, "coordinator_public_ip_access_enabled", True)
    if server.type == FLEXIBLE:
        subnet = body.setting("delegated_subnet_id")
        if subnet is not None and subnet.value not in (None, ""):
            found = _delegated(subnet)
            switch = _switch(body, "public_network_access_enabled", True)
            off = isinstance(switch.public, Known) and not switch.public.value
            return switch if off else found
    return _switch(body, "public_network_access_enabled", True)


def _delegated(subnet: Setting) -> _Access:
    """A server in a subnet of its own has no public address, whatever else is set."""
    value = subnet.value
    public: Value[bool] = Known(False, subnet.origin)
    if isinstance(value, Unresolved) and value.refers is None:
        public = Unknown(value.reason, subnet.origin)
    return _Access(public, "it is in a delegated subnet", subnet.origin)


def _switch(body: Body, name: str, default: bool) -> _Access:
    value = flag(body, name, default)
    given = body.setting(name)
    if given is None or given.value is None:
        shown = f"{name} is not set, and public access is the default"
    else:
        shown = f"{name} = true"
    return _Access(value, shown, value.origin)


def _tls(server: Resource) -> Iterator[TlsRequirement]:
    enabled = server.body.setting("ssl_enforcement_enabled")
    if enabled is not None and enabled.value is not None:
        required = flag(server.body, "ssl_enforcement_enabled", True)
        because = "ssl_enforcement_enabled = false"
        yield TlsRequirement(server.address, required, because, required.origin, server.calls)
        return
    older = server.body.setting("ssl_enforcement")
    word = text({"ssl_enforcement": older}, "ssl_enforcement")
    if word is None:
        return
    required = (
        word if isinstance(word, Unknown) else Known(word.value.lower() != "disabled", word.origin)
    )
    because = 'ssl_enforcement = "Disabled"'
    yield TlsRequirement(server.address, required, because, word.origin, server.calls)


# --- firewall rules -------------------------------------------------------------------------------


@dataclass(slots=True)
class _Firewall:
    """The rules of one server, which may stand elsewhere."""

    title: str
    ports: tuple[int, ...]
    origin: Origin
    targets: tuple[Target, ...]
    rules: list[Rule]


def _firewalls(inventory: Inventory, accesses: dict[str, _Access]) -> Iterator[Endpoint]:
    found: dict[str, _Firewall] = {}
    for kind, (server_kind, attribute) in _RULES.items():
        for resource in inventory.of(kind):
            setting = resource.body.setting(attribute)
            value = setting.value if setting is not None else None
            name = value.rsplit("/", 1)[-1] if isinstance(value, str) else value
            servers = inventory.targets(value) or inventory.named(server_kind, "name", name)
            servers = closest(resource, [one for one in servers if one.type == server_kind])
            rule = _rule(resource)
            for server in servers:
                key = server.address
                found.setdefault(key, _of_server(inventory, server, accesses[key]))
                found[key].rules.append(rule)
            if not servers:
                key = f"{kind} {_shown(value)}"
                found.setdefault(key, _of_unknown(kind, value, resource)).rules.append(rule)
    for address, firewall in found.items():
        public = accesses[address].public if address in accesses else None
        if isinstance(public, Known) and not public.value:
            continue
        yield Endpoint(
            firewall.title,
            firewall.ports,
            (tuple(firewall.rules),),
            firewall.origin,
            firewall.targets,
            inventory.limits,
        )


def _of_server(inventory: Inventory, server: Resource, access: _Access) -> _Firewall:
    public = access.public.value if isinstance(access.public, Known) else None
    return _Firewall(
        f"the firewall of {server.address}",
        server_ports(inventory, server),
        server.origin,
        (Target(server.address, server.origin, public),),
        [],
    )


def _of_unknown(kind: str, value: object, rule: Resource) -> _Firewall:
    ports = (POSTGRES,) if _RULES[kind][0] == SINGLE else (POSTGRES, PGBOUNCER)
    title = f"the firewall of a PostgreSQL server of Azure ({_shown(value)})"
    return _Firewall(title, ports, rule.origin, (), [])


def _shown(value: object) -> str:
    if isinstance(value, Unresolved):
        return value.refers or value.reason
    return value if isinstance(value, str) else "not named"


def _rule(resource: Resource) -> Rule:
    body = resource.body
    origin = origin_of(body, ("start_ip_address", "end_ip_address"))
    first, last = body.setting("start_ip_address"), body.setting("end_ip_address")
    addresses, what = _range(first, last, origin)
    unknown = (addresses,) if isinstance(addresses, Unknown) else ()
    known = NOWHERE if isinstance(addresses, Unknown) else addresses
    return Rule(
        origin, known, unknown=unknown, certain=body.certain, calls=resource.calls, what=what
    )


def _range(
    first: Setting | None, last: Setting | None, origin: Origin
) -> tuple[AddressSet | Unknown, str]:
    """The addresses from the first to the last, and what they are in words."""
    ends = [setting.value if setting is not None else None for setting in (first, last)]
    if _is_one_address(ends):
        return NOWHERE, ""
    for end in ends:
        if isinstance(end, Unresolved):
            return Unknown(end.reason, origin), ""
    try:
        low, high = (ipaddress.ip_address(str(end).strip()) for end in ends)
        if low == high == ipaddress.ip_address("0.0.0.0"):
            return AZURE, ALL_OF_AZURE
        return AddressSet.between(low, high), ""
    except ValueError:
        return Unknown(f"{ends[0]!r} to {ends[1]!r} is no range of addresses", origin), ""


def _is_one_address(ends: list[object]) -> bool:
    """Whether both ends are the unknown address of one machine: "${data.http.me.response_body}"."""
    first, last = ends
    if not isinstance(first, Unresolved) or not isinstance(last, Unresolved):
        return False
    if is_narrow(first) and is_narrow(last):
        return True
    return first == last and first.refers is not None and "data.http." in first.refers
