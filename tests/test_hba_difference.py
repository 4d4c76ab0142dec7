# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two lists of access rules differ exactly where a login meets another fate."""

from __future__ import annotations

import ipaddress
import random
import re

import hba_generator
import pytest

from connguard.engine.text import Text
from connguard.policies.model.hba import Connection, HbaRule, Transport, decide
from connguard.policies.model.hba_difference import Change, Difference, differences
from connguard.postgres.hba_reader import read_hba_text

PAIRS = 100
LOGINS = 60


def rules(text: str, name: str = "pg_hba.conf") -> list[HbaRule]:
    return read_hba_text(Text(name, text), 17).rules


def fate(list_of_rules: list[HbaRule], connection: Connection) -> str | None:
    """The method, "refused", or None where it is not certain."""
    decision = decide(list_of_rules, connection)
    if decision.doubt is not None:
        return None
    if decision.rule is None or decision.rule.rejects:
        return "refused"
    return decision.rule.method


def random_login(chance: random.Random) -> Connection:
    source = chance.choice(hba_generator.SOURCES)
    local = source == "local"
    network = chance.choice((Transport.PLAIN, Transport.TLS, Transport.GSS))
    return Connection(
        Transport.LOCAL if local else network,
        chance.choice(hba_generator.DATABASES),
        chance.choice(hba_generator.USERS),
        None if local else ipaddress.ip_address(source),
        chance.random() < 0.1,
    )


def random_rules(chance: random.Random) -> str:
    """A valid file without lists in other files."""
    while True:
        text = hba_generator.rules(chance, 17)
        if "@" not in text and "\\" not in text and rules(text):
            return text


def test_no_login_that_is_decided_otherwise_is_missed() -> None:
    """Random lists: wherever a login certainly meets another fate, there is a difference."""
    chance = random.Random(7)
    differing = 0
    for _ in range(PAIRS):
        first = random_rules(chance)
        lines = first.splitlines()
        if chance.random() < 0.5:
            chance.shuffle(lines)
            second = "\n".join(lines[: max(1, len(lines) - chance.randint(0, 2))]) + "\n"
        else:
            second = random_rules(chance)
        one, other = rules(first), rules(second, "live")
        found = differences(one, other)
        for _ in range(LOGINS):
            connection = random_login(chance)
            fates = fate(one, connection), fate(other, connection)
            if None not in fates and fates[0] != fates[1]:
                differing += 1
                assert found, f"{connection}: {fates}\n{first}\n---\n{second}"

    assert differing > 200


def test_every_certain_difference_is_one() -> None:
    """Random lists: the example of a difference is decided otherwise by the two lists."""
    chance = random.Random(11)
    checked = 0
    for _ in range(PAIRS):
        one, other = rules(random_rules(chance)), rules(random_rules(chance), "live")
        for difference in differences(one, other):
            connection = example(difference)
            if connection is None or difference.depends:
                continue
            fates = fate(one, connection), fate(other, connection)
            if None in fates:
                continue
            checked += 1
            if difference.change is not Change.METHOD:
                assert fates[0] != fates[1], difference
                assert (fates[1] == "refused") is (difference.change is Change.CLOSED)

    assert checked > 100


def example(difference: Difference) -> Connection | None:
    """The login that a difference names, where it names one."""
    user = re.fullmatch(r'user "(.*)"', difference.user)
    database = re.fullmatch(r'database "(.*)"', difference.database)
    replication = difference.database == "replication"
    if user is None or not (database or replication):
        return None
    source = difference.addresses.partition(",")[0]
    address = ipaddress.ip_network(source, strict=False)[0] if source else None
    name = database[1] if database else ""
    return Connection(difference.transport, name, user[1], address, replication)


def test_a_list_does_not_differ_from_itself() -> None:
    """Nor from itself with other line breaks and comments."""
    chance = random.Random(3)
    for _ in range(60):
        text = random_rules(chance)
        spaced = "# a comment\n" + text.replace("\n", "\n\n# another\n")
        assert differences(rules(text), rules(spaced, "live")) == []


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (
            "host all all 0.0.0.0/0 md5",
            "host all all 0.0.0.0/1 md5\nhost all all 128.0.0.0/1 md5",
            [],
        ),
        ("host all all 0.0.0.0/0 reject", "local all nobody reject", []),
        ("host all +a all md5", "host all +b all md5", [Change.CLOSED, Change.OPENED]),
        (
            "host all all db1.example md5",
            "host all all db2.example md5",
            [Change.CLOSED, Change.OPENED],
        ),
        ("host all all db1.example md5", "host all all db1.example md5", []),
        ("host all all samenet md5", "host all all samenet trust", [Change.METHOD]),
        (
            "host all all all ldap ldapserver=a ldapprefix=x ldapbindpasswd=y".replace(
                " ldapbindpasswd=y", ""
            ),
            "host all all all ldap ldapserver=b ldapprefix=x",
            [Change.METHOD],
        ),
        ("host a,b all all md5", "host b all all md5\nhost a all all md5", []),
        ("hostssl all all all md5", "host all all all md5", [Change.OPENED]),
        ("host all /^app all md5", "host all /^web all md5", [Change.CLOSED, Change.OPENED]),
    ],
)
def test_what_is_a_difference(first: str, second: str, expected: list[Change]) -> None:
    """Members, host names and regular expressions are tried both ways."""
    found = differences(rules(f"{first}\n"), rules(f"{second}\n", "live"))

    assert sorted({one.change for one in found}, key=lambda one: one.name) == expected
