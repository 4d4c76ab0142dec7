# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One rule that opens several databases is one finding; filters with very many rules."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.policies.model.addresses import AddressSet, Breadth
from connguard.policies.model.network import Endpoint, Rule, Target, access, behind, united_holes
from connguard.policies.model.origin import Origin

PLACE = Origin("main.tf", 1, 1, 1, 2)
INTERNET = Rule(Origin("main.tf", 7, 1, 7, 9), AddressSet.of("0.0.0.0/0"))
NARROW = Rule(Origin("main.tf", 8, 1, 8, 9), AddressSet.of("10.0.0.0/24"))

MODULE = """\
variable "name" {}
resource "aws_security_group" "db" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_db_instance" "db" {
  identifier             = var.name
  engine                 = "postgres"
  vpc_security_group_ids = [aws_security_group.db.id]
}
"""


def endpoint(guard: str, rule: Rule, port: int, *names: str) -> Endpoint:
    targets = tuple(Target(name, PLACE, False) for name in names)
    return Endpoint(guard, (port,), ((rule,),), PLACE, targets)


def test_group_of_a_module_that_is_called_often(tmp_path: Path) -> None:
    """One finding at the rule, which names the databases of all calls in their order."""
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "main.tf").write_text(MODULE)
    calls = [f'module "{name}" {{\n  source = "./db"\n  name = "{name}"\n}}\n' for name in "abc"]
    (tmp_path / "main.tf").write_text("".join(calls))

    report = scan([tmp_path], Settings(path=tmp_path / "connguard.toml", select=("PG201",)))

    (finding,) = report.findings
    assert finding.origin.line == 7
    assert "port 5432 of module.a.aws_db_instance.db and 2 more" in finding.message
    assert [one.message for one in finding.related[1:]] == [
        f"module.{name}.aws_db_instance.db is behind"
        f" the security group module.{name}.aws_security_group.db"
        for name in "abc"
    ]


def test_what_is_united_has_all_ports_and_databases() -> None:
    """The same rule before servers on several ports; a closed endpoint stays as it is."""
    first = endpoint("the group a", INTERNET, 5432, "one")
    other = endpoint("the group b", INTERNET, 6432, "two")
    closed = endpoint("the group c", NARROW, 5432, "three")

    united, kept = united_holes([first, closed, other])

    assert isinstance(united, Endpoint)
    assert access(united).ports == (5432, 6432)
    assert access(united).rules == (INTERNET,)
    assert [one.message for one in behind(united)] == [
        "one is behind the group a",
        "two is behind the group b",
    ]
    assert kept is closed


def test_thousands_of_rules() -> None:
    """Many small networks that are together a large one: as few rules are named as make it so."""
    networks = list(IPv4Network("52.0.0.0/8").subnets(new_prefix=22))
    rules = tuple(
        Rule(Origin("main.tf", line, 1, line, 2), AddressSet.of(network))
        for line, network in enumerate(networks, 1)
    )

    found = access(Endpoint("the group", (5432,), (rules,), PLACE))

    assert found.addresses == AddressSet.of("52.0.0.0/8")
    assert found.width is Breadth.INTERNET
    assert [rule.origin.line for rule in found.rules] == [*range(1, 2**13 + 1)]
