# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks, public addresses and TLS of PostgreSQL on Azure and Google Cloud.

`# expect: PG201` stands on the line of each finding; an undecided policy is a finding of PG902.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connguard.engine.finding import Report
from connguard.engine.scan import scan
from connguard.engine.settings import Settings

_EXPECT = re.compile(r"#\s*expect:\s*(PG\d{3}(?:,\s*PG\d{3})*)")


def _scan(folder: Path, text: str) -> Report:
    (folder / "main.tf").write_text(text)
    report = scan([folder], Settings(path=folder / "connguard.toml"))
    assert report.failures == []
    return report


def _check(folder: Path, text: str) -> Report:
    report = _scan(folder, text)
    expected = {
        (number, identifier)
        for number, line in enumerate(text.splitlines(), 1)
        for found in [_EXPECT.search(line)]
        if found
        for identifier in re.split(r",\s*", found[1])
    }
    assert {(one.origin.line, one.policy.id) for one in report.findings} == expected
    return report


# --- Azure: network security groups ---------------------------------------------------------------

NSG = """
resource "azurerm_public_ip" "nat" {
  name = "nat"
}
resource "azurerm_virtual_network" "main" {
  address_space = var.space
}
resource "azurerm_network_security_group" "main" {
  name = "main"
%s
}
"""


def _rule(source: str, **changes: object) -> str:
    settings = {
        "priority": 100,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "source_port_range": "*",
        "destination_port_range": "5432",
        "destination_address_prefix": "*",
    } | changes
    lines = [f"    {name} = {_hcl(value)}" for name, value in settings.items() if value is not None]
    return "  security_rule {\n    " + source + "\n" + "\n".join(lines) + "\n  }\n"


def _hcl(value: object) -> str:
    if isinstance(value, str) and not value.startswith(("var.", "[")):
        return f'"{value}"'
    return str(value)


def _from(source: str, expected: str = "", **changes: object) -> str:
    comment = f" # expect: {expected}" if expected else ""
    return _rule(f'source_address_prefix = "{source}"{comment}', **changes)


GROUPS = {
    "edge 15: everybody, in other words": _from("any", "PG201"),
    "edge 15: host bits before /0": _from("10.0.0.0/0", "PG201"),
    "edge 15: a tag in capitals": _from("INTERNET", "PG201"),
    "edge 15: halves in two rules": _from("0.0.0.0/1", "PG201")
    + _from("128.0.0.0/1", priority=101),
    "a region of Azure": _from("AzureCloud.WestEurope", "PG202"),
    "other service tags are narrow": _from("VirtualNetwork")
    + _from("AzureLoadBalancer", priority=101)
    + _from("Sql.WestEurope", priority=102),
    "application security groups are narrow": _rule(
        "source_application_security_group_ids = [azurerm_application_security_group.app.id]"
    ),
    "a whole private range": _from("10.0.0.0/8", "PG202"),
    "a private network": _from("10.1.0.0/16"),
    "outbound": _from("*", direction="Outbound"),
    "edge 23: other protocols": _from("*", protocol="Udp")
    + _from("*", priority=101, protocol="Icmp")
    + _from("*", priority=102, protocol="Esp"),
    "all protocols": _from("*", "PG201", protocol="*"),
    "another port": _from("*", destination_port_range="443"),
    "ports in a list": _rule(
        'source_address_prefix = "*" # expect: PG201',
        destination_port_range=None,
        destination_port_ranges='["443", "5400-5500"]',
    ),
    "every port": _from("*", "PG201", destination_port_range="*"),
    "edge 25: a denying rule for the internet leaves the network": _from("*", priority=200)
    + _from("Internet", access="Deny"),
    "edge 25: a denying rule takes Azure out as well": _from("AzureCloud", priority=200)
    + _from("Internet", access="Deny"),
    "a denying rule for half of the internet": _from("*", "PG201", priority=200)
    + _from("0.0.0.0/1", access="Deny"),
    "a denying rule for another port": _from("*", "PG201", priority=200)
    + _from("*", access="Deny", destination_port_range="22"),
    "a denying rule for some machines": _from("*", "PG201", priority=200)
    + _from("*", access="Deny", destination_address_prefix="10.0.0.4"),
    "a denying rule for some ports of clients": _from("*", "PG201", priority=200)
    + _from("*", access="Deny", source_port_range="1024"),
    "a denying rule that may not exist": """
  dynamic "security_rule" {
    for_each = var.rules
    content {
      priority                   = 100
      direction                  = "Inbound"
      access                     = "Deny"
      protocol                   = "*"
      source_port_range          = "*"
      source_address_prefix      = "*"
      destination_port_range     = "*"
      destination_address_prefix = "*"
    }
  }
"""
    + _from("*", "PG201", priority=200),
    "an unknown source": _rule("source_address_prefix = var.office # expect: PG902"),
    "an unknown source that is one machine": _rule(
        'source_address_prefix = "${azurerm_public_ip.nat.ip_address}/32"'
    ),
    "an unknown source that is the network itself": _rule(
        "source_address_prefixes = azurerm_virtual_network.main.address_space"
    ),
    "an unknown direction": _from("*", direction="var.direction # expect: PG902"),
    "an unknown port": _from("*", destination_port_range="var.port # expect: PG902"),
    "an unknown access": _from("*", access="var.access # expect: PG902"),
    "an unknown priority without denying rules": _from("*", "PG201", priority="var.priority"),
    "an unknown priority before a denying rule": _from("*", priority="var.priority # expect: PG902")
    + _from("*", access="Deny"),
}


@pytest.mark.parametrize("rules", GROUPS.values(), ids=GROUPS.keys())
def test_rules_of_a_network_security_group(tmp_path: Path, rules: str) -> None:
    """What the rules of one group let through together."""
    _check(tmp_path, NSG % rules)


ASSOCIATION = """
resource "azurerm_subnet_network_security_group_association" "main" {
  subnet_id                 = azurerm_subnet.main.id
  network_security_group_id = azurerm_network_security_group.main.id
}
"""
NIC = """
resource "azurerm_network_interface" "%s" {
  name = "%s"
  ip_configuration {
    name      = "main"
    subnet_id = azurerm_subnet.main.id
  }
}
"""
SUBNET = """
resource "azurerm_subnet" "main" {
  name = "main"
%s
}
"""
DELEGATED = """
  delegation {
    name = "main"
    service_delegation {
      name = "%s"
    }
  }
"""
EVERY_PORT = _from("*", destination_port_range="*")
EVERY_PORT_BAD = _from("*", "PG201", destination_port_range="*")
ONE_PORT_BAD = _from("*", "PG201")

ATTACHED = {
    "a machine, and all ports": NSG % EVERY_PORT + ASSOCIATION + SUBNET % "" + NIC % ("web", "web"),
    "a machine, and PostgreSQL's port": NSG % ONE_PORT_BAD
    + ASSOCIATION
    + SUBNET % ""
    + NIC % ("web", "web"),
    "a machine that is called like a database": NSG % EVERY_PORT_BAD
    + ASSOCIATION
    + SUBNET % ""
    + NIC % ("db", "postgres"),
    "a subnet of which nothing else is known": NSG % EVERY_PORT_BAD + ASSOCIATION + SUBNET % "",
    "a subnet of another service": NSG % EVERY_PORT
    + ASSOCIATION
    + SUBNET % (DELEGATED % "Microsoft.Web/serverFarms"),
    "a subnet of PostgreSQL": NSG % EVERY_PORT_BAD
    + ASSOCIATION
    + SUBNET % (DELEGATED % "Microsoft.DBforPostgreSQL/flexibleServers"),
    "an interface": NSG % EVERY_PORT
    + """
resource "azurerm_network_interface_security_group_association" "main" {
  network_interface_id      = azurerm_network_interface.web.id
  network_security_group_id = azurerm_network_security_group.main.id
}
"""
    + NIC % ("web", "web")
    + SUBNET % "",
}


@pytest.mark.parametrize("text", ATTACHED.values(), ids=ATTACHED.keys())
def test_what_a_network_security_group_guards(tmp_path: Path, text: str) -> None:
    """A group of other machines is judged for the ports that its rules name."""
    _check(tmp_path, text)


def test_a_machine_that_is_called_like_a_database(tmp_path: Path) -> None:
    """The finding names the machine behind the interface, whatever the interface is called."""
    machine = """
resource "azurerm_linux_virtual_machine" "postgres" {
  name                  = "main"
  network_interface_ids = [azurerm_network_interface.web.id]
}
"""
    text = NSG % EVERY_PORT_BAD + ASSOCIATION + SUBNET % "" + NIC % ("web", "web") + machine
    (finding,) = _check(tmp_path, text).findings

    assert "of azurerm_linux_virtual_machine.postgres" in finding.message


SERVER_IN_SUBNET = """
resource "azurerm_postgresql_flexible_server" "main" {
  name                = "main"
  delegated_subnet_id = azurerm_subnet.main.id
}
"""


def test_a_flexible_server_behind_a_group(tmp_path: Path) -> None:
    """The finding names the server, and is a warning: it has no public address."""
    text = NSG % ONE_PORT_BAD + ASSOCIATION + SUBNET % "" + SERVER_IN_SUBNET
    (finding,) = _check(tmp_path, text).findings

    assert finding.severity.value == "warning"
    assert "port 5432 of azurerm_postgresql_flexible_server.main" in finding.message


@pytest.mark.parametrize(("value", "lines"), [("true", [11]), ("false", [])])
def test_edge_21_the_built_in_pgbouncer(tmp_path: Path, value: str, lines: list[int]) -> None:
    """edge 21: port 6432 counts where the server's PgBouncer is switched on."""
    rule = _from("*", destination_port_range="6432")
    setting = f"""
resource "azurerm_postgresql_flexible_server_configuration" "main" {{
  name      = "pgbouncer.enabled"
  server_id = azurerm_postgresql_flexible_server.main.id
  value     = "{value}"
}}
"""
    report = _scan(tmp_path, NSG % rule + ASSOCIATION + SUBNET % "" + SERVER_IN_SUBNET + setting)
    found = [one.origin.line for one in report.findings if one.policy.id == "PG201"]
    assert found == lines


SEPARATE = """
variable "prefix" {}
resource "azurerm_network_security_group" "main" {
  name = "${var.prefix}-main"
}
resource "azurerm_network_security_group" "other" {
  name = "${var.prefix}-other"
}
resource "azurerm_network_security_rule" "in" {
  network_security_group_name = azurerm_network_security_group.main.name
  priority                    = 200
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = "*" %s
  destination_port_range      = "5432"
  destination_address_prefix  = "*"
}
resource "azurerm_network_security_rule" "no" {
  network_security_group_name = azurerm_network_security_group.%s.name
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Deny"
  protocol                    = "*"
  source_port_range           = "*"
  source_address_prefix       = "*"
  destination_port_range      = "*"
  destination_address_prefix  = "*"
}
"""


@pytest.mark.parametrize(("group", "expected"), [("main", ""), ("other", "# expect: PG201")])
def test_edge_25_rules_belong_to_their_group(tmp_path: Path, group: str, expected: str) -> None:
    """edge 25: a denying rule counts in its own group, even when the names are unknown."""
    _check(tmp_path, SEPARATE % (expected, group))


TWO_RESOURCE_GROUPS = """
resource "azurerm_network_security_group" "main" {
  for_each            = toset(["a", "b"])
  name                = "main"
  resource_group_name = each.key
}
resource "azurerm_network_security_rule" "main" {
  for_each                    = { a = "Allow", b = "Deny" }
  network_security_group_name = "main"
  resource_group_name         = each.key
  priority                    = each.key == "a" ? 200 : 100
  direction                   = "Inbound"
  access                      = each.value
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = "*" # expect: PG201
  destination_port_range      = "5432"
  destination_address_prefix  = "*"
}
"""


def test_groups_of_one_name_in_two_resource_groups(tmp_path: Path) -> None:
    """A denying rule counts in the resource group in which it stands."""
    (finding,) = _check(tmp_path, TWO_RESOURCE_GROUPS).findings

    assert 'azurerm_network_security_group.main["a"]' in finding.message


def test_rules_of_a_module_called_twice(tmp_path: Path) -> None:
    """Groups of one name in two instances of a module keep their own rules."""
    (tmp_path / "group").mkdir()
    (tmp_path / "group" / "main.tf").write_text(
        """
variable "source_prefix" {}
variable "access" {}
resource "azurerm_network_security_group" "main" {
  name = "main"
}
resource "azurerm_network_security_rule" "in" {
  network_security_group_name = azurerm_network_security_group.main.name
  priority                    = var.access == "Deny" ? 100 : 200
  direction                   = "Inbound"
  access                      = var.access
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = var.source_prefix
  destination_port_range      = "5432"
  destination_address_prefix  = "*"
}
"""
    )
    report = _scan(
        tmp_path,
        """
module "a" {
  source        = "./group"
  access        = "Allow"
  source_prefix = "*"
}
module "b" {
  source        = "./group"
  access        = "Deny"
  source_prefix = "*"
}
""",
    )
    (finding,) = report.findings
    assert finding.policy.id == "PG201"
    assert [one.message for one in finding.related] == ["module a is called here"]


# --- Azure: servers -------------------------------------------------------------------------------


def _firewall(first: str, last: str, expected: str = "", server: str = "flexible_server") -> str:
    attribute = {
        "flexible_server": "server_id        = azurerm_postgresql_flexible_server.main.id",
        "server": "server_name      = azurerm_postgresql_server.main.name",
        "cluster": "cluster_id       = azurerm_cosmosdb_postgresql_cluster.main.id",
    }[server]
    kind = {
        "flexible_server": "azurerm_postgresql_flexible_server_firewall_rule",
        "server": "azurerm_postgresql_firewall_rule",
        "cluster": "azurerm_cosmosdb_postgresql_firewall_rule",
    }[server]
    comment = f" # expect: {expected}" if expected else ""
    return f"""
resource "{kind}" "{_name(first, last)}" {{
  name             = "in"
  {attribute}
  start_ip_address = {first}{comment}
  end_ip_address   = {last}
}}
"""


def _name(*parts: str) -> str:
    return "rule" + re.sub(r"\W+", "_", "".join(parts))


PUBLIC = """
resource "azurerm_postgresql_flexible_server" "main" { # expect: PG203
  name = "main"
}
"""
PRIVATE = """
resource "azurerm_postgresql_flexible_server" "main" {
  name                          = "main"
  public_network_access_enabled = false
}
"""
OLD = """
resource "azurerm_postgresql_server" "main" { # expect: PG203
  name = "main"
  %s
}
"""
SERVERS = {
    "edge 16: nearly every address": PUBLIC + _firewall('"0.0.0.1"', '"255.255.255.254"', "PG201"),
    "edge 16: halves in two rules": PUBLIC
    + _firewall('"0.0.0.0"', '"127.255.255.255"', "PG201")
    + _firewall('"128.0.0.0"', '"255.255.255.255"'),
    "edge 26: all of Azure": PUBLIC + _firewall('"0.0.0.0"', '"0.0.0.0"', "PG202"),
    "one office": PUBLIC + _firewall('"52.1.2.3"', '"52.1.2.10"'),
    "without public access, rules have no effect": PRIVATE
    + _firewall('"0.0.0.0"', '"255.255.255.255"'),
    "an unknown range": PUBLIC + _firewall("var.first", "var.last", "PG902"),
    "each.value is no single address": PUBLIC
    + _firewall("each.value", "each.value", "PG902").replace(
        'name             = "in"', 'name             = "in"\n  for_each = var.ranges'
    ),
    "an address of a resource": 'resource "azurerm_public_ip" "nat" {}\n'
    + PUBLIC
    + _firewall("azurerm_public_ip.nat.ip_address", "azurerm_public_ip.nat.ip_address"),
    "the address of who runs Terraform": PUBLIC
    + _firewall("chomp(data.http.me.response_body)", "chomp(data.http.me.response_body)"),
    "the server is elsewhere": """
resource "azurerm_postgresql_flexible_server_firewall_rule" "in" {
  server_id        = var.server_id
  start_ip_address = "0.0.0.0" # expect: PG201
  end_ip_address   = "255.255.255.255"
}
""",
    "edge 20: TLS of the old server": OLD % "ssl_enforcement_enabled = false # expect: PG401",
    "edge 20: TLS of the old server in older words": OLD
    % 'ssl_enforcement = "Disabled" # expect: PG401',
    "TLS enforced": OLD % "ssl_enforcement_enabled = true",
    "TLS unknown": OLD % "ssl_enforcement_enabled = var.ssl # expect: PG902",
    "the old server's firewall": OLD % ""
    + _firewall('"0.0.0.0"', '"255.255.255.255"', "PG201", "server"),
    "Cosmos DB": """
resource "azurerm_cosmosdb_postgresql_cluster" "main" { # expect: PG203
  name = "main"
}
"""
    + _firewall('"0.0.0.0"', '"255.255.255.255"', "PG201", "cluster"),
    "Cosmos DB without public access": """
resource "azurerm_cosmosdb_postgresql_cluster" "main" {
  name                                 = "main"
  coordinator_public_ip_access_enabled = false
}
"""
    + _firewall('"0.0.0.0"', '"255.255.255.255"', "", "cluster"),
    "Cosmos DB with public workers": """
resource "azurerm_cosmosdb_postgresql_cluster" "main" {
  name                                 = "main"
  coordinator_public_ip_access_enabled = false
  node_public_ip_access_enabled        = true # expect: PG203
}
""",
    "public access unknown": """
resource "azurerm_postgresql_flexible_server" "main" {
  name                          = "main"
  public_network_access_enabled = var.public # expect: PG902
}
""",
    "a subnet that may be null": """
variable "subnet" {}
resource "azurerm_postgresql_flexible_server" "main" {
  name                = "main"
  delegated_subnet_id = var.subnet # expect: PG902
}
""",
    "a subnet that is null": """
resource "azurerm_postgresql_flexible_server" "main" { # expect: PG203
  name                = "main"
  delegated_subnet_id = null
}
""",
}


@pytest.mark.parametrize("text", SERVERS.values(), ids=SERVERS.keys())
def test_servers_of_azure(tmp_path: Path, text: str) -> None:
    """Public access, firewall rules and TLS of managed servers."""
    _check(tmp_path, text)


def test_edge_26_the_words_for_all_of_azure(tmp_path: Path) -> None:
    """edge 26: the finding says who comes in, not which addresses."""
    report = _check(tmp_path, SERVERS["edge 26: all of Azure"])

    (broad,) = [one for one in report.findings if one.policy.id == "PG202"]
    assert broad.message.startswith("every service of Azure, of other customers as well, reaches")


AVM = """
module "db" {
  source = "Azure/avm-res-dbforpostgresql-flexibleserver/azurerm"
  %s
}
"""
GROUP_MODULE = """
module "group" {
  source = "Azure/network-security-group/azurerm"
  %s
}
"""
AZURE_MODULES = {
    "a server as the module makes it by default": AVM % "",
    "public access, and the module's default firewall": AVM.replace(
        '"db" {', '"db" { # expect: PG201'
    )
    % "public_network_access_enabled = true # expect: PG203",
    "public access for one office": AVM
    % """public_network_access_enabled = true # expect: PG203
  firewall_rules = {
    office = { name = "office", start_ip_address = "52.1.2.3", end_ip_address = "52.1.2.9" }
  }""",
    "all of Azure": AVM
    % """public_network_access_enabled = true # expect: PG203
  firewall_rules = { # expect: PG202
    azure = { name = "azure", start_ip_address = "0.0.0.0", end_ip_address = "0.0.0.0" }
  }""",
    "unknown firewall rules": AVM
    % """public_network_access_enabled = true # expect: PG203
  firewall_rules = var.rules # expect: PG902""",
    "PostgreSQL among the predefined rules": GROUP_MODULE
    % 'predefined_rules = [{ name = "PostgreSQL" }] # expect: PG201',
    "predefined rules for a network": GROUP_MODULE
    % """predefined_rules = [{ name = "PostgreSQL" }]
  source_address_prefix = ["10.1.0.0/24"]""",
    "other predefined rules": GROUP_MODULE % 'predefined_rules = [{ name = "SSH" }]',
    "custom rules": GROUP_MODULE
    % """custom_rules = [ # expect: PG201
    { name = "in", priority = 200, destination_port_range = "5432" },
    { name = "no", priority = 300, access = "Deny" },
  ]""",
    "custom rules with a denying one first": GROUP_MODULE
    % """custom_rules = [
    { name = "in", priority = 200, destination_port_range = "5432" },
    { name = "no", priority = 100, access = "Deny" },
  ]""",
    "a rule of its own in the module's group": GROUP_MODULE % ""
    + """
resource "azurerm_network_security_rule" "in" {
  network_security_group_name = module.group.network_security_group_name
  priority                    = 200
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = "*" # expect: PG201
  destination_port_range      = "5432"
  destination_address_prefix  = "*"
}
""",
}


@pytest.mark.parametrize("text", AZURE_MODULES.values(), ids=AZURE_MODULES.keys())
def test_calls_of_azure_modules(tmp_path: Path, text: str) -> None:
    """Inputs of modules whose files are not scanned."""
    _check(tmp_path, text)


# --- Google: VPC firewalls ------------------------------------------------------------------------


def _google(
    body: str, allow: str = 'protocol = "tcp"\n    ports = ["5432"]', name: str = "main"
) -> str:
    return f"""
resource "google_compute_firewall" "{name}" {{
  network = google_compute_network.main.name
  allow {{
    {allow}
  }}
  {body}
}}
"""


def _deny(body: str, deny: str = 'protocol = "all"', name: str = "no") -> str:
    return _google(body, deny, name).replace("allow {", "deny {")


EVERYBODY = 'source_ranges = ["0.0.0.0/0"]'
EVERYBODY_BAD = 'source_ranges = ["0.0.0.0/0"] # expect: PG201'
VPC = """
resource "google_compute_subnetwork" "main" {
  ip_cidr_range = var.range
}
resource "google_compute_network" "main" {
  name = "main"
}
"""
MACHINE = """
resource "google_compute_instance" "%(name)s" {
  name = "%(name)s"
  tags = ["%(tag)s"]
  network_interface {
    network = google_compute_network.main.id
    %(access)s
  }
}
"""
FIREWALLS = {
    "edge 14: protocol by number": _google(EVERYBODY_BAD, 'protocol = "6"'),
    "edge 14: all protocols whatever the ports": _google(
        EVERYBODY_BAD, 'protocol = "all"\n    ports = ["443"]'
    ),
    "edge 14: an empty list of ports": _google(EVERYBODY_BAD, 'protocol = "TCP"\n    ports = []'),
    "edge 14: halves in two firewalls": _google('source_ranges = ["0.0.0.0/1"] # expect: PG201')
    + _google('source_ranges = ["128.0.0.0/1"]', name="more"),
    "edge 14: an empty list of sources": _google("source_ranges = [] # expect: PG201"),
    "tags alone are narrow": _google('source_tags = ["web"]'),
    "service accounts alone are narrow": _google('source_service_accounts = ["a@b.c"]'),
    "edge 23: other protocols": _google(EVERYBODY, 'protocol = "udp"'),
    "edge 24: disabled": _google(EVERYBODY + "\n  disabled = true"),
    "disabled or not": _google(EVERYBODY + "\n  disabled = var.off # expect: PG902"),
    "outgoing": _google('direction = "EGRESS"\n  destination_ranges = ["0.0.0.0/0"]'),
    "another port": _google(EVERYBODY, 'protocol = "tcp"\n    ports = ["80", "443"]'),
    "edge 25: a denying rule first": _google(EVERYBODY) + _deny(EVERYBODY + "\n  priority = 999"),
    "edge 25: a denying rule among equals": _google(EVERYBODY) + _deny(EVERYBODY),
    "edge 25: a denying rule after it": _google(EVERYBODY_BAD)
    + _deny(EVERYBODY + "\n  priority = 1001"),
    "a denying rule of other machines": _google(EVERYBODY_BAD)
    + _deny(EVERYBODY + '\n  priority = 1\n  target_tags = ["web"]'),
    "a denying rule of the same machines": _google(EVERYBODY + '\n  target_tags = ["db"]')
    + _deny(EVERYBODY + '\n  priority = 1\n  target_tags = ["db"]'),
    "a denying rule of another network": _google(EVERYBODY_BAD)
    + _deny(EVERYBODY).replace("google_compute_network.main.name", '"other"'),
    "a denying rule that is off": _google(EVERYBODY_BAD)
    + _deny(EVERYBODY + "\n  priority = 1\n  disabled = true"),
    "health checks": _google('source_ranges = ["35.191.0.0/16", "130.211.0.0/22"]'),
    "an unknown source": _google("source_ranges = var.office # expect: PG902"),
    "an own network": _google("source_ranges = [google_compute_subnetwork.main.ip_cidr_range]"),
    "an own secondary range": 'data "google_compute_subnetwork" "more" {\n  name = "more"\n}\n'
    + _google(
        "source_ranges = [data.google_compute_subnetwork.more.secondary_ip_range[0].ip_cidr_range]"
    ),
    "a web server, and all ports": _google(EVERYBODY, 'protocol = "tcp"')
    + MACHINE % {"name": "web", "tag": "web", "access": ""},
    "a web server, and PostgreSQL's port": _google(EVERYBODY_BAD)
    + MACHINE % {"name": "web", "tag": "web", "access": ""},
    "a web server with the tag": _google(
        EVERYBODY + '\n  target_tags = ["web"]', 'protocol = "tcp"'
    )
    + MACHINE % {"name": "web", "tag": "web", "access": ""},
    "a tag that no machine here has": _google(
        EVERYBODY_BAD + '\n  target_tags = ["db"]', 'protocol = "tcp"'
    )
    + MACHINE % {"name": "web", "tag": "web", "access": ""},
    "a database on a machine": _google(EVERYBODY_BAD, 'protocol = "tcp"')
    + MACHINE % {"name": "postgres", "tag": "db", "access": "access_config {}"},
}


@pytest.mark.parametrize("text", FIREWALLS.values(), ids=FIREWALLS.keys())
def test_firewalls_of_google(tmp_path: Path, text: str) -> None:
    """What the rules of one network let through together."""
    _check(tmp_path, VPC + text)


@pytest.mark.parametrize(("access", "severity"), [("access_config {}", "error"), ("", "warning")])
def test_a_database_on_a_machine(tmp_path: Path, access: str, severity: str) -> None:
    """The finding names the machine; without a public address it is a warning."""
    text = _google(EVERYBODY_BAD) + MACHINE % {"name": "postgres", "tag": "db", "access": access}
    (finding,) = _check(tmp_path, VPC + text).findings

    assert finding.severity.value == severity
    assert "port 5432 of google_compute_instance.postgres" in finding.message


def _policy_rule(
    match: str,
    *,
    action: str = "allow",
    priority: int = 1000,
    protocol: str = "tcp",
    more: str = "",
) -> str:
    return f"""
resource "google_compute_network_firewall_policy_rule" "rule_{priority}" {{
  firewall_policy = google_compute_network_firewall_policy.main.name
  priority        = {priority}
  action          = "{action}"
  direction       = "INGRESS"
  {more}
  match {{
    {match}
    layer4_configs {{
      ip_protocol = "{protocol}"
      ports       = ["5432"]
    }}
  }}
}}
"""


ANY = 'src_ip_ranges = ["0.0.0.0/0"]'
ANY_BAD = 'src_ip_ranges = ["0.0.0.0/0"] # expect: PG201'
POLICY = """
resource "google_compute_network_firewall_policy" "main" {
  name = "main"
}
"""
ASSOCIATED = """
resource "google_compute_network_firewall_policy_association" "main" {
  name              = "main"
  attachment_target = google_compute_network.main.id
  firewall_policy   = google_compute_network_firewall_policy.main.name
}
"""
POLICIES = {
    "everybody": _policy_rule(ANY_BAD),
    "halves in two rules": _policy_rule('src_ip_ranges = ["0.0.0.0/1"] # expect: PG201')
    + _policy_rule('src_ip_ranges = ["128.0.0.0/1"]', priority=1001),
    "other protocols": _policy_rule(ANY, protocol="udp"),
    "a denying rule first": _policy_rule(ANY) + _policy_rule(ANY, action="deny", priority=1),
    "the next level first": _policy_rule(ANY) + _policy_rule(ANY, action="goto_next", priority=1),
    "the next level afterwards": _policy_rule(ANY_BAD)
    + _policy_rule(ANY, action="goto_next", priority=2000),
    "disabled": _policy_rule(ANY, more="disabled = true"),
    "secure tags": _policy_rule('src_secure_tags {\n      name = "tagValues/1"\n    }'),
    "names": _policy_rule('src_fqdns = ["example.com"]'),
    "countries": _policy_rule('src_region_codes = ["US"] # expect: PG902'),
    "from the network only": _policy_rule('src_network_context = "INTRA_VPC"\n' + ANY),
    "from an unknown network": _policy_rule("src_network_context = var.from # expect: PG902"),
    "a web server": _policy_rule(ANY).replace('"5432"', '"1-65535"')
    + ASSOCIATED
    + VPC
    + MACHINE % {"name": "web", "tag": "web", "access": ""},
    "rules in one resource": """
resource "google_compute_network_firewall_policy_with_rules" "main" {
  name = "main"
  rule {
    priority = 1000
    action   = "allow"
    match {
      src_ip_ranges = ["0.0.0.0/0"] # expect: PG201
      layer4_config {
        ip_protocol = "all"
      }
    }
  }
}
""",
}


@pytest.mark.parametrize("rules", POLICIES.values(), ids=POLICIES.keys())
def test_firewall_policies_of_google(tmp_path: Path, rules: str) -> None:
    """What the rules of one firewall policy let through together."""
    _check(tmp_path, POLICY + rules)


# --- Google: managed databases --------------------------------------------------------------------


def _sql(configuration: str, more: str = "", version: str = "POSTGRES_16") -> str:
    return f"""
resource "google_sql_database_instance" "main" {{
  database_version = "{version}"
  settings {{
    {more}
    ip_configuration {{
      {configuration}
    }}
  }}
}}
"""


TLS = '\n      ssl_mode = "ENCRYPTED_ONLY"'
IPV4 = "ipv4_enabled = true # expect: PG203" + TLS
NETWORK = '\n      authorized_networks {\n        value = "%s"%s\n      }'
INSTANCES = {
    "edge 17: halves in two authorized networks": _sql(
        IPV4 + NETWORK % ("0.0.0.0/1", " # expect: PG201") + NETWORK % ("128.0.0.0/1", "")
    ),
    "one office": _sql(IPV4 + NETWORK % ("52.1.2.0/24", "")),
    "MySQL": _sql("ipv4_enabled = true", version="MYSQL_8_0"),
    "no public address": _sql("ipv4_enabled = false" + TLS + NETWORK % ("0.0.0.0/0", "")),
    "connectors required": _sql(
        "ipv4_enabled = true # expect: PG203" + NETWORK % ("0.0.0.0/0", ""),
        'connector_enforcement = "REQUIRED"',
    ),
    "an unknown public address": _sql("ipv4_enabled = var.public # expect: PG902" + TLS),
    "an older setting for TLS": _sql("ipv4_enabled = false\n      require_ssl = true"),
    "plain connections in older words": _sql(
        "ipv4_enabled = false\n      require_ssl = false # expect: PG401"
    ),
    "plain connections": _sql(
        'ipv4_enabled = false\n      ssl_mode = "ALLOW_UNENCRYPTED_AND_ENCRYPTED" # expect: PG401'
    ),
    "an unknown mode": _sql("ipv4_enabled = false\n      ssl_mode = var.mode # expect: PG902"),
    "dynamic networks": _sql(
        IPV4
        + """
      dynamic "authorized_networks" {
        for_each = ["0.0.0.0/0", "52.1.2.0/24"]
        content {
          value = authorized_networks.value # expect: PG201
        }
      }"""
    ),
    "unknown networks": _sql(
        IPV4
        + """
      dynamic "authorized_networks" {
        for_each = var.networks
        content {
          value = authorized_networks.value # expect: PG902
        }
      }"""
    ),
    "without ip_configuration": """
resource "google_sql_database_instance" "main" { # expect: PG203, PG401
  database_version = "POSTGRES_16"
  settings {
    tier = "db-f1-micro"
  }
}
""",
    "a clone": """
resource "google_sql_database_instance" "main" { # expect: PG902
  database_version = "POSTGRES_16"
  clone {
    source_instance_name = "other"
  }
}
""",
    "AlloyDB": """
resource "google_alloydb_instance" "main" {
  network_config {
    enable_public_ip = true # expect: PG203
    authorized_external_networks {
      cidr_range = "0.0.0.0/0" # expect: PG201
    }
  }
}
""",
    "AlloyDB without a public address": """
resource "google_alloydb_instance" "main" {
  instance_type = "PRIMARY"
}
""",
    "AlloyDB with connectors": """
resource "google_alloydb_instance" "main" {
  network_config {
    enable_public_ip = true # expect: PG203
    authorized_external_networks {
      cidr_range = "0.0.0.0/0"
    }
  }
  client_connection_config {
    require_connectors = true
  }
}
""",
    "AlloyDB without TLS": """
resource "google_alloydb_instance" "main" {
  client_connection_config {
    ssl_config {
      ssl_mode = "ALLOW_UNENCRYPTED_AND_ENCRYPTED" # expect: PG401
    }
  }
}
""",
}


@pytest.mark.parametrize("text", INSTANCES.values(), ids=INSTANCES.keys())
def test_managed_databases_of_google(tmp_path: Path, text: str) -> None:
    """Public addresses, authorized networks and TLS of Cloud SQL and AlloyDB."""
    _check(tmp_path, text)


MODULE_SQL = """
module "db" {
  source           = "%s"
  database_version = "POSTGRES_16"
  %s
}
"""
SQL_SOURCE = "terraform-google-modules/sql-db/google//modules/postgresql"
OPEN_NETWORKS = """ip_configuration = { # expect: PG201, PG203
    ipv4_enabled        = true
    ssl_mode            = "ENCRYPTED_ONLY"
    authorized_networks = [{ name = "all", value = "0.0.0.0/0" }]
  }"""
ALLOYDB = """
module "db" {
  source = "GoogleCloudPlatform/alloy-db/google"
  primary_instance = { %s
    instance_id      = "primary"
    enable_public_ip = %s
    cidr_range       = ["0.0.0.0/0"]
    ssl_mode         = "%s"
  }
}
"""
MODULES = {
    "Cloud SQL": MODULE_SQL % (SQL_SOURCE, OPEN_NETWORKS),
    "Cloud SQL from git": MODULE_SQL
    % (
        "git::https://github.com/terraform-google-modules/terraform-google-sql-db.git"
        "//modules/postgresql?ref=v25.0.0",
        OPEN_NETWORKS,
    ),
    "Cloud SQL without inputs": MODULE_SQL.replace("{\n", "{ # expect: PG203, PG401\n", 1)
    % (SQL_SOURCE, ""),
    "Cloud SQL with connectors": MODULE_SQL.replace("{\n", "{ # expect: PG203\n", 1)
    % (SQL_SOURCE, "connector_enforcement = true"),
    "Cloud SQL's unknown inputs": MODULE_SQL
    % (SQL_SOURCE, "ip_configuration = var.ip # expect: PG902"),
    "Cloud SQL's replica": MODULE_SQL
    % (
        SQL_SOURCE,
        """ip_configuration = {
    ipv4_enabled = false
    ssl_mode     = "ENCRYPTED_ONLY"
  }
  read_replicas = [{ # expect: PG203
    name             = "more"
    ip_configuration = { ipv4_enabled = true, ssl_mode = "ENCRYPTED_ONLY" }
  }]""",
    ),
    "another engine": MODULE_SQL
    % (SQL_SOURCE.replace("postgresql", "mysql"), OPEN_NETWORKS.split("#")[0] + "}"),
    "AlloyDB": ALLOYDB % ("# expect: PG201, PG203", "true", "ENCRYPTED_ONLY"),
    "AlloyDB without TLS": ALLOYDB
    % ("# expect: PG401", "false", "ALLOW_UNENCRYPTED_AND_ENCRYPTED"),
}


@pytest.mark.parametrize("text", MODULES.values(), ids=MODULES.keys())
def test_calls_of_google_modules(tmp_path: Path, text: str) -> None:
    """Inputs of modules whose files are not scanned."""
    _check(tmp_path, text)
