# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Azure: network security groups.

The rule with the lowest priority number that covers a connection decides about it; what no rule
covers is denied by the default rules 65000 to 65500, but for the virtual network and the health
probes of its load balancer. A group guards the flexible servers of the subnets that are delegated
to them, which have no public address. It does not guard private endpoints, unless their subnet
asks for that.

https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/network_security_group
https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/network_security_rule
https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/subnet
https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
https://learn.microsoft.com/azure/virtual-network/service-tags-overview
https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-networking-private
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from connguard.policies.model.azure_module_calls import GROUP_SOURCE, with_called
from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Origin
from connguard.policies.model.ports import USUAL_PORTS
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_azure import FLEXIBLE, closest, server_ports
from connguard.policies.model.terraform_azure_rules import WrittenRule, security_rules
from connguard.policies.model.terraform_guards import (
    is_called_database,
    is_surely,
    named_ports,
    settings_at,
)
from connguard.policies.model.terraform_resource import MODULE, Inventory, Resource, ResourceTable
from connguard.policies.model.terraform_value import Unresolved

_GROUP = "azurerm_network_security_group"
_RULE = "azurerm_network_security_rule"
_SUBNET = "azurerm_subnet"
_DELEGATION = "microsoft.dbforpostgresql/flexibleservers"

_IN_SUBNETS = (
    ("azurerm_network_interface", "ip_configuration.subnet_id"),
    ("azurerm_kubernetes_cluster", "default_node_pool.vnet_subnet_id"),
    ("azurerm_kubernetes_cluster_node_pool", "vnet_subnet_id"),
    ("azurerm_application_gateway", "gateway_ip_configuration.subnet_id"),
    ("azurerm_bastion_host", "ip_configuration.subnet_id"),
    ("azurerm_lb", "frontend_ip_configuration.subnet_id"),
    ("azurerm_linux_virtual_machine_scale_set", "network_interface.ip_configuration.subnet_id"),
    ("azurerm_windows_virtual_machine_scale_set", "network_interface.ip_configuration.subnet_id"),
    ("azurerm_virtual_machine_scale_set", "network_profile.ip_configuration.subnet_id"),
    ("azurerm_container_app_environment", "infrastructure_subnet_id"),
    ("azurerm_container_group", "subnet_ids"),
    ("azurerm_linux_web_app", "virtual_network_subnet_id"),
    ("azurerm_windows_web_app", "virtual_network_subnet_id"),
    ("azurerm_linux_function_app", "virtual_network_subnet_id"),
    ("azurerm_api_management", "virtual_network_configuration.subnet_id"),
    ("azurerm_mysql_flexible_server", "delegated_subnet_id"),
    ("azurerm_mssql_managed_instance", "subnet_id"),
)
"""What stands in a subnet, by resource type and the path to the subnet's id."""

_MACHINES = (
    "azurerm_linux_virtual_machine",
    "azurerm_windows_virtual_machine",
    "azurerm_virtual_machine",
)
_ATTACHMENTS = (
    (
        "azurerm_subnet_network_security_group_association",
        "network_security_group_id",
        "subnet_id",
    ),
    (
        "azurerm_network_interface_security_group_association",
        "network_security_group_id",
        "network_interface_id",
    ),
)
_HOLDERS = (
    (_SUBNET, "network_security_group_id"),
    ("azurerm_network_interface", "network_security_group_id"),
    ("azurerm_linux_virtual_machine_scale_set", "network_interface.network_security_group_id"),
    ("azurerm_windows_virtual_machine_scale_set", "network_interface.network_security_group_id"),
    ("azurerm_virtual_machine_scale_set", "network_profile.network_security_group_id"),
)
"""What names its group itself; the first two did in older versions of the provider."""

MODULE_SOURCES = (GROUP_SOURCE,)

TABLES = (
    ResourceTable(
        (_GROUP, _RULE),
        (
            "direction",
            "access",
            "priority",
            "protocol",
            "source_address_prefix",
            "source_address_prefixes",
            "source_application_security_group_ids",
            "destination_port_range",
            "destination_port_ranges",
            "source_port_range",
            "destination_address_prefix",
        ),
        "Inbound rules for Tcp or *, by priority, inline and in resources of their own. Of the"
        " service tags, Internet is every public address and AzureCloud all of Azure; the others,"
        " and application security groups, are narrow.",
    ),
    ResourceTable(
        (*(kind for kind, _, _ in _ATTACHMENTS), _SUBNET, FLEXIBLE),
        ("network_security_group_id", "subnet_id", "network_interface_id", "delegation"),
        "Which databases a group guards: the flexible servers of its subnets.",
    ),
    ResourceTable(
        (
            *dict.fromkeys(kind for kind, _ in (*_IN_SUBNETS, *_HOLDERS) if kind != _SUBNET),
            *_MACHINES,
        ),
        ("subnet_id", "network_security_group_id", "network_interface_ids"),
        "A group that only guards these is judged for the PostgreSQL ports that its rules name,"
        " unless one is called like a database.",
    ),
    ResourceTable(
        (MODULE,),
        (
            "predefined_rules",
            "custom_rules",
            "source_address_prefix",
            "source_address_prefixes",
        ),
        "Azure/network-security-group, where the module's files are not scanned; its predefined"
        " rules let everybody in by default.",
    ),
)


@dataclass(slots=True)
class _Group:
    """A network security group; one that is not in the configuration has no address."""

    title: str
    origin: Origin
    resource: Resource | None = None
    rules: list[Rule] = field(default_factory=list)


def facts(inventory: Inventory) -> Iterator[object]:
    inventory = with_called(inventory, [kind for table in TABLES for kind in table.types])
    surroundings = _Surroundings(inventory)
    endpoints: list[Endpoint] = []
    for group in _groups(inventory):
        targets, ports = _guarded(inventory, surroundings, group)
        if ports:
            filters = (tuple(group.rules),)
            origin, limits = group.origin, inventory.limits
            endpoints.append(Endpoint(group.title, ports, filters, origin, targets, limits))
    endpoints.sort(key=lambda one: not one.targets)
    yield from endpoints


def _groups(inventory: Inventory) -> list[_Group]:
    found: dict[str, _Group] = {}
    written: dict[str, list[WrittenRule]] = {}
    for resource in inventory.of(_GROUP):
        key = resource.address
        found[key] = _Group(f"the network security group {key}", resource.origin, resource)
        written[key] = [
            WrittenRule(block, resource.calls) for block in resource.body.blocks("security_rule")
        ]
    for rule in inventory.of(_RULE):
        setting = rule.body.setting("network_security_group_name")
        value = setting.value if setting is not None else None
        one = WrittenRule(rule.body, rule.calls)
        resources = closest(rule, inventory.named(_GROUP, "name", value))
        for resource in resources:
            written[resource.address].append(one)
        if not resources:
            name = _shown(value)
            found.setdefault(name, _Group(f"the network security group {name}", rule.origin))
            written.setdefault(name, []).append(one)
    for key, group in found.items():
        group.rules = list(security_rules(written[key]))
    return list(found.values())


def _shown(value: object) -> str:
    if isinstance(value, Unresolved):
        return value.refers or f"({value.reason})"
    return value if isinstance(value, str) else "(not named)"


def _guarded(
    inventory: Inventory, surroundings: _Surroundings, group: _Group
) -> tuple[tuple[Target, ...], tuple[int, ...]]:
    """The databases behind a group, and the ports for which it is judged."""
    if group.resource is None:
        return (), USUAL_PORTS
    holders = surroundings.holders.get(group.resource.address, [])
    servers = [one for holder in holders for one in surroundings.servers_in(holder)]
    if servers:
        targets = tuple(Target(server.address, server.origin, False) for server in servers)
        ports = {port for server in servers for port in server_ports(inventory, server)}
        return targets, tuple(sorted(ports))
    delegated = [holder for holder in holders if _is_for_postgres(holder) is True]
    if delegated:
        return (
            tuple(
                Target(f"the PostgreSQL servers of {subnet.address}", subnet.origin, False)
                for subnet in delegated
            ),
            USUAL_PORTS,
        )
    within = [one for holder in holders for one in (holder, *surroundings.within(holder))]
    machines = [one for one in within if one.type in _MACHINES and is_called_database(one)]
    if machines:
        return tuple(Target(one.address, one.origin) for one in machines), USUAL_PORTS
    called = any(is_called_database(one) for one in (group.resource, *within))
    if holders and not called and all(surroundings.is_known(one) for one in holders):
        return (), named_ports(rule for rule in group.rules if rule.allow)
    return (), USUAL_PORTS


class _Surroundings:
    """What is attached to the groups, and what stands in the subnets."""

    def __init__(self, inventory: Inventory) -> None:
        self.holders: dict[str, list[Resource]] = {}
        self._servers: dict[str, list[Resource]] = {}
        self._others: dict[str, list[Resource]] = {}
        self._machines: dict[str, list[Resource]] = {}
        for kind, group_path, holder_path in _ATTACHMENTS:
            for link in inventory.of(kind):
                holders = _named_at(inventory, link, holder_path)
                for group in _named_at(inventory, link, group_path):
                    self.holders.setdefault(group.address, []).extend(holders)
        for kind, path in _HOLDERS:
            for holder in inventory.of(kind):
                for group in _named_at(inventory, holder, path):
                    self.holders.setdefault(group.address, []).append(holder)
        for server in inventory.of(FLEXIBLE):
            for subnet in _named_at(inventory, server, "delegated_subnet_id"):
                self._servers.setdefault(subnet.address, []).append(server)
        for kind in _MACHINES:
            for machine in inventory.of(kind):
                for interface in _named_at(inventory, machine, "network_interface_ids"):
                    self._machines.setdefault(interface.address, []).append(machine)
        for kind, path in _IN_SUBNETS:
            for resource in inventory.of(kind):
                for subnet in _named_at(inventory, resource, path):
                    self._others.setdefault(subnet.address, []).append(resource)

    def servers_in(self, holder: Resource) -> list[Resource]:
        """The flexible servers in a subnet."""
        return self._servers.get(holder.address, [])

    def within(self, holder: Resource) -> list[Resource]:
        """What else stands in a subnet, and the machines of interfaces."""
        found = self._others.get(holder.address, [])
        interfaces = [holder, *found]
        machines = [one for face in interfaces for one in self._machines.get(face.address, ())]
        return [*found, *machines]

    def is_known(self, holder: Resource) -> bool:
        """Whether it is known what a holder of a group is, or contains."""
        if holder.type != _SUBNET or _is_for_postgres(holder) is False:
            return True
        return holder.address in self._others


def _named_at(inventory: Inventory, resource: Resource, path: str) -> list[Resource]:
    return [
        target
        for setting in settings_at(resource.body, path)
        for target in inventory.targets(setting.value)
    ]


def _is_for_postgres(subnet: Resource) -> bool | None:
    """Whether a subnet is delegated to PostgreSQL (True), or to another service (False)."""
    services = [
        service
        for delegation in subnet.body.blocks("delegation")
        for service in delegation.blocks("service_delegation")
    ]
    if any(is_surely(service, "name", _DELEGATION) for service in services):
        return True
    names = [service.setting("name") for service in services]
    known = [one is not None and isinstance(one.value, str) for one in names]
    return False if known and all(known) else None
