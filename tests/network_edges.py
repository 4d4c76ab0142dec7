# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbered edge cases of network exposure: configurations, and what both hosts say of them.

A comment `# expect: PG201` stands on each line where the native scan has a finding. Checkov fails
the resources that hold these lines, besides the cases in which `checkov` says what it does, and
`because` why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_EXPECT = re.compile(r"#\s*expect:\s*(PG\d{3}(?:\s*,\s*PG\d{3})*)")
_HEADER = re.compile(r'^(?:resource "(?P<type>\w+)" "(?P<name>\w+)"|module "(?P<call>\w+)")', re.M)
JUDGED_BY_CHECKOV = ("PG201", "PG202", "PG203", "PG401")


@dataclass(frozen=True)
class Edge:
    """One configuration. `checkov` are the resources that fail there, where it differs."""

    number: int
    title: str
    text: str
    checkov: frozenset[tuple[str, str]] | None = None
    because: str = ""

    @property
    def name(self) -> str:
        return f"edge {self.number}: {self.title}"

    @property
    def folder(self) -> str:
        return re.sub(r"\W+", "-", self.name)

    def expected(self) -> set[tuple[int, str]]:
        """Line and id of each finding of the native scan."""
        return {
            (number, identifier)
            for number, line in enumerate(self.text.splitlines(), 1)
            for found in [_EXPECT.search(line)]
            if found
            for identifier in re.split(r"\s*,\s*", found[1])
        }

    def failed(self) -> set[tuple[str, str]]:
        """Address of the resource and id of each failed check of Checkov."""
        if self.checkov is not None:
            return set(self.checkov)
        return {
            (self._resource(line), identifier)
            for line, identifier in self.expected()
            if identifier in JUDGED_BY_CHECKOV
        }

    def _resource(self, line: int) -> str:
        before = "\n".join(self.text.splitlines()[:line])
        header = list(_HEADER.finditer(before))[-1]
        return header["call"] or f"{header['type']}.{header['name']}"


def _group(*blocks: str, kind: str = "aws_security_group", name: str = "db") -> str:
    return f'resource "{kind}" "{name}" {{\n' + "\n".join(blocks) + "\n}\n"


def _ingress(*lines: str, protocol: str = '"tcp"', first: int = 5432, last: int = 5432) -> str:
    body = [f"from_port = {first}", f"to_port = {last}", f"protocol = {protocol}", *lines]
    return "  ingress {\n" + "\n".join(f"    {line}" for line in body) + "\n  }"


DATABASE = """
resource "aws_db_instance" "shop" {
  engine                 = "postgres"
  vpc_security_group_ids = [aws_security_group.db.id]
}
"""
OPEN = 'cidr_blocks = ["0.0.0.0/0"] # expect: PG201'
_NSG = """
resource "azurerm_network_security_group" "db" {
  name = "db"
%s
}
"""
_AZURE_RULE = """
  security_rule {
    name                       = "%(name)s"
    priority                   = %(priority)s
    direction                  = "Inbound"
    access                     = "%(access)s"
    protocol                   = "%(protocol)s"
    source_port_range          = "*"
    destination_port_range     = "5432"
    destination_address_prefix = "*"
    %(source)s
  }"""


def _azure(source: str, **changes: object) -> str:
    rule = {"name": "in", "priority": 100, "access": "Allow", "protocol": "Tcp", "source": source}
    return _AZURE_RULE % (rule | changes)


def _google(*lines: str, allow: str = 'protocol = "tcp"\n    ports = ["5432"]') -> str:
    body = "".join(f"  {line}\n" for line in lines)
    return (
        'resource "google_compute_firewall" "db" {\n  name = "db"\n  network = "default"\n'
        f"  allow {{\n    {allow}\n  }}\n{body}}}\n"
    )


_FLEXIBLE = """
resource "azurerm_postgresql_flexible_server" "shop" {
  name                          = "shop"
  public_network_access_enabled = true # expect: PG203
}
resource "azurerm_postgresql_flexible_server_firewall_rule" "in" {
  name             = "in"
  server_id        = azurerm_postgresql_flexible_server.shop.id
  start_ip_address = "%s"%s
  end_ip_address   = "%s"
}
"""
_SQL = """
resource "google_sql_database_instance" "shop" {
  database_version = "POSTGRES_16"
  settings {
    tier = "db-f1-micro"
    ip_configuration {
      ipv4_enabled = true # expect: PG203
      ssl_mode     = "ENCRYPTED_ONLY"
%s
    }
  }
}
"""
_INGRESS_RULE = """
resource "aws_security_group" "db" {
  name = "db"
}
resource "aws_vpc_security_group_ingress_rule" "in" {
  security_group_id = aws_security_group.db.id
%s
}
"""

EDGES = (
    Edge(
        1,
        "halves of the internet in one rule",
        _group(_ingress('cidr_blocks = ["0.0.0.0/1", "128.0.0.0/1"] # expect: PG201')),
    ),
    Edge(
        1,
        "halves of the internet in two rules",
        _group(
            _ingress('cidr_blocks = ["0.0.0.0/1"] # expect: PG201'),
            _ingress('cidr_blocks = ["128.0.0.0/1"]'),
        ),
    ),
    Edge(
        2, "half of the internet", _group(_ingress('cidr_blocks = ["0.0.0.0/1"] # expect: PG201'))
    ),
    Edge(
        2, "a wide public block", _group(_ingress('cidr_blocks = ["52.0.0.0/8"] # expect: PG201'))
    ),
    Edge(
        2,
        "a public block that is no large part of the internet",
        _group(_ingress('cidr_blocks = ["52.16.0.0/12"] # expect: PG202')),
    ),
    Edge(3, "host bits before /0", _group(_ingress('cidr_blocks = ["1.2.3.4/0"] # expect: PG201'))),
    Edge(
        4,
        "self before an open block",
        _group(_ingress("self = true"), _ingress(OPEN)),
    ),
    Edge(4, "self after an open block", _group(_ingress(OPEN), _ingress("self = true"))),
    Edge(4, "self alone", _group(_ingress("self = true"))),
    Edge(5, "self and everybody in one block", _group(_ingress("self = true", OPEN))),
    Edge(
        6,
        "a prefix list and everybody in one rule",
        _group(_ingress('prefix_list_ids = ["pl-12345678"]', OPEN)),
    ),
    Edge(
        7,
        "a managed prefix list with everybody",
        """
resource "aws_ec2_managed_prefix_list" "clients" {
  name           = "clients"
  address_family = "IPv4"
  max_entries    = 1
  entry {
    cidr = "0.0.0.0/0"
  }
}
"""
        + _group(
            _ingress("prefix_list_ids = [aws_ec2_managed_prefix_list.clients.id] # expect: PG201")
        ),
    ),
    Edge(
        8,
        "all of IPv6 in a rule of its own",
        _INGRESS_RULE
        % """  ip_protocol = "tcp"
  from_port   = 5432
  to_port     = 5432
  cidr_ipv6   = "::/0" # expect: PG201""",
    ),
    Edge(
        9,
        "all protocols without ports",
        _INGRESS_RULE
        % """  ip_protocol = "-1"
  cidr_ipv4   = "0.0.0.0/0" # expect: PG201""",
    ),
    *(
        Edge(
            10,
            f"IPv6 written as {spelling}",
            _group(_ingress(f'ipv6_cidr_blocks = ["{spelling}"] # expect: PG201')),
        )
        for spelling in ("0::/0", "0:0:0:0:0:0:0:0/0")
    ),
    Edge(
        11,
        "all protocols with the ports of another service",
        _group()
        + """
resource "aws_security_group_rule" "in" {
  type              = "ingress"
  security_group_id = aws_security_group.db.id
  protocol          = "-1"
  from_port         = 443
  to_port           = 443
  cidr_blocks       = ["0.0.0.0/0"] # expect: PG201
}
"""
        + DATABASE,
    ),
    Edge(
        12,
        "dynamic blocks over a local map",
        """
locals {
  rules = {
    api  = { port = 5432, cidrs = ["10.1.0.0/24"] }
    else = { port = 5432, cidrs = ["0.0.0.0/0"] }
  }
}
resource "aws_security_group" "db" {
  dynamic "ingress" {
    for_each = local.rules
    content {
      from_port   = ingress.value.port
      to_port     = ingress.value.port
      protocol    = "tcp"
      cidr_blocks = ingress.value.cidrs # expect: PG201
    }
  }
}
""",
    ),
    Edge(
        12,
        "dynamic blocks over a variable with ports",
        """
variable "ports" {
  default = [443, 5432]
}
resource "aws_security_group" "db" {
  dynamic "ingress" {
    for_each = var.ports
    content {
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = ["0.0.0.0/0"] # expect: PG201
    }
  }
}
""",
    ),
    Edge(
        12,
        "concat()",
        'variable "more" {\n  default = ["0.0.0.0/0"]\n}\n'
        + _group(_ingress('cidr_blocks = concat(["10.1.0.0/24"], var.more) # expect: PG201')),
    ),
    Edge(
        12,
        "cidrsubnet()",
        _group(_ingress('cidr_blocks = [cidrsubnet("0.0.0.0/0", 1, 1)] # expect: PG201')),
        frozenset(),
        "Checkov does not evaluate cidrsubnet()",
    ),
    Edge(
        13,
        "the default security group",
        _group(
            "  vpc_id = aws_vpc.main.id",
            _ingress(OPEN),
            kind="aws_default_security_group",
        )
        + 'resource "aws_vpc" "main" {\n  cidr_block = "10.0.0.0/16"\n}\n',
    ),
    Edge(
        14,
        "Google: no ports are all ports",
        _google('source_ranges = ["0.0.0.0/0"] # expect: PG201', allow='protocol = "tcp"'),
    ),
    Edge(
        14,
        "Google: all protocols",
        _google('source_ranges = ["0.0.0.0/0"] # expect: PG201', allow='protocol = "all"'),
    ),
    Edge(14, "Google: IPv6", _google('source_ranges = ["::/0"] # expect: PG201')),
    Edge(
        14,
        "Google: no sources are everybody",
        _google().replace(
            'resource "google_compute_firewall" "db" {',
            'resource "google_compute_firewall" "db" { # expect: PG201',
        ),
    ),
    Edge(
        14,
        "Google: halves, and tags besides",
        _google(
            'source_ranges = ["0.0.0.0/1", "128.0.0.0/1"] # expect: PG201',
            'source_tags = ["web"]',
            'target_tags = ["db"]',
        ),
    ),
    *(
        Edge(15, f"Azure: {title}", _NSG % _azure(f"{source} # expect: {identifier}"))
        for title, source, identifier in (
            ("0.0.0.0/0", 'source_address_prefix = "0.0.0.0/0"', "PG201"),
            ("Internet", 'source_address_prefix = "Internet"', "PG201"),
            ("a star", 'source_address_prefix = "*"', "PG201"),
            ("IPv6", 'source_address_prefix = "::/0"', "PG201"),
            ("halves", 'source_address_prefixes = ["0.0.0.0/1", "128.0.0.0/1"]', "PG201"),
            ("AzureCloud", 'source_address_prefix = "AzureCloud"', "PG202"),
        )
    ),
    *(
        Edge(
            16,
            f"Azure: a firewall rule from {first} to {last}",
            _FLEXIBLE % (first, " # expect: PG201", last),
        )
        for first, last in (
            ("0.0.0.0", "255.255.255.255"),
            ("0.0.0.1", "255.255.255.255"),
            ("0.0.0.1", "255.255.255.254"),
        )
    ),
    Edge(
        17,
        "Cloud SQL: halves in two authorized networks",
        _SQL
        % """      authorized_networks {
        value = "0.0.0.0/1" # expect: PG201
      }
      authorized_networks {
        value = "128.0.0.0/1"
      }""",
    ),
    Edge(
        18,
        "DigitalOcean: the second rule is open",
        """
resource "digitalocean_firewall" "db" {
  name = "db"
  inbound_rule {
    protocol         = "tcp"
    port_range       = "22"
    source_addresses = ["10.1.0.0/24"]
  }
  inbound_rule {
    protocol         = "tcp"
    port_range       = "5432"
    source_addresses = ["0.0.0.0/0", "::/0"] # expect: PG201
  }
}
""",
    ),
    Edge(19, "a range of ports", _group(_ingress(OPEN, first=5000, last=6000))),
    Edge(19, "every port", _group(_ingress(OPEN, first=0, last=65535)) + DATABASE),
    Edge(19, "IPv6", _group(_ingress('ipv6_cidr_blocks = ["::/0"] # expect: PG201'))),
    Edge(
        19,
        "a rule resource for one address range",
        _INGRESS_RULE
        % """  ip_protocol = "tcp"
  from_port   = 5000
  to_port     = 6000
  cidr_ipv4   = "0.0.0.0/0" # expect: PG201""",
    ),
    *(
        Edge(
            20,
            f"Azure: TLS switched off as {value}",
            f"""
resource "azurerm_postgresql_flexible_server" "shop" {{
  name                          = "shop"
  public_network_access_enabled = false
}}
resource "azurerm_postgresql_flexible_server_configuration" "tls" {{
  name      = "require_secure_transport"
  server_id = azurerm_postgresql_flexible_server.shop.id
  value     = "{value}" # expect: PG401
}}
""",
            frozenset(),
            "settings of servers are read by the native scan only",
        )
        for value in ("OFF", "Off", "off")
    ),
    Edge(
        21,
        "Azure: the port of the built-in PgBouncer",
        _NSG
        % _azure('source_address_prefix = "*" # expect: PG201').replace('= "5432"', '= "6432"'),
    ),
    Edge(21, "the port of PgBouncer", _group(_ingress(OPEN, first=6432, last=6432))),
    Edge(21, "the port of Supavisor", _group(_ingress(OPEN, first=6543, last=6543))),
    Edge(
        21,
        "a database on a port of its own",
        _group(_ingress(OPEN, first=5433, last=5433))
        + DATABASE.replace('"postgres"', '"postgres"\n  port = 5433'),
    ),
    Edge(
        21,
        "an open 5432 before a database on another port",
        _group(_ingress('cidr_blocks = ["0.0.0.0/0"]'))
        + DATABASE.replace('"postgres"', '"postgres"\n  port = 5433'),
    ),
    Edge(
        22,
        "a list without a value",
        'variable "cidrs" {\n  type = list(string)\n}\n'
        + _group(_ingress("cidr_blocks = var.cidrs # expect: PG902")),
    ),
    Edge(23, "UDP only", _group(_ingress('cidr_blocks = ["0.0.0.0/0"]', protocol='"udp"'))),
    Edge(23, "Azure: UDP only", _NSG % _azure('source_address_prefix = "*"', protocol="Udp")),
    Edge(
        24, "Google: a disabled rule", _google('source_ranges = ["0.0.0.0/0"]', "disabled = true")
    ),
    Edge(
        25,
        "Azure: an allowing rule behind a denying one",
        _NSG
        % (
            _azure('source_address_prefix = "*"', priority=200)
            + _azure('source_address_prefix = "*"', name="no", priority=100, access="Deny")
        ),
    ),
    Edge(
        25,
        "Azure: an allowing rule before a denying one",
        _NSG
        % (
            _azure('source_address_prefix = "*" # expect: PG201', priority=100)
            + _azure('source_address_prefix = "*"', name="no", priority=200, access="Deny")
        ),
    ),
    Edge(
        26,
        "Azure: a rule that lets in all of Azure is not the internet",
        _FLEXIBLE % ("0.0.0.0", " # expect: PG202", "0.0.0.0"),
    ),
    Edge(27, "a public /29", _group(_ingress('cidr_blocks = ["52.1.2.8/29"]'))),
    Edge(
        27,
        "private ranges",
        _group(_ingress('cidr_blocks = ["10.1.0.0/16", "192.168.1.0/24"]')),
    ),
    Edge(
        27,
        "a whole private range is a warning",
        _group(_ingress('cidr_blocks = ["10.0.0.0/8"] # expect: PG202')),
    ),
)
