# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From where on a line of pg_hba.conf is a finding, and what is said then."""

from __future__ import annotations

from types import ModuleType

import pytest
from verdict_words import PASSES, line, words

from connguard.engine.text import Text
from connguard.policies import (
    hba_broad_address,
    hba_misread_address,
    hba_misread_name,
    hba_no_tls,
    hba_rule_never_matches,
    hba_trust,
    hba_weak_method,
    live_hba_drift,
)
from connguard.policies.model.addresses import NOWHERE, AddressSet, Breadth
from connguard.policies.model.hba import (
    ALL_ADDRESSES,
    AddressKind,
    ClientAddress,
    HbaRule,
    Memberships,
    Name,
    NameKind,
    Transport,
    network_address,
)
from connguard.policies.model.hba_coverage import Exposure, cover
from connguard.policies.model.hba_difference import Change, Difference
from connguard.policies.model.hba_facts import Dialect, EffectiveRule
from connguard.policies.model.live_facts import LiveHbaDifference
from connguard.postgres.hba_reader import read_hba_text


def _facts(
    lines: str, dialect: Dialect = Dialect.POSTGRESQL, version: int = 17
) -> list[EffectiveRule]:
    rules = read_hba_text(Text("hba", lines), version).rules
    reaches = cover(rules, Memberships()).reaches
    return [EffectiveRule(reach.rule, reach, dialect, version) for reach in reaches]


def _said(
    policy: ModuleType, lines: str, dialect: Dialect = Dialect.POSTGRESQL, version: int = 17
) -> list[str]:
    """What is said about the last line."""
    return words(policy.decide(_facts(lines, dialect, version)[-1]))


def _of_address(address: str, dialect: Dialect = Dialect.POSTGRESQL) -> list[str]:
    return _said(hba_misread_address, f"host all all {address} scram-sha-256", dialect=dialect)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("10/8", "(error) hba:1: 10/8 is read as 0.0.0.0/8"),
        ("10.1/32", "(error) hba:1: 10.1/32 is read as 10.0.0.1/32"),
        ("010.0.0.0/8", "(error) hba:1: 010.0.0.0/8 is read as 8.0.0.0/8"),
        ("10.0.0.01/32", "(error) hba:1: 10.0.0.01/32 is read as 10.0.0.1/32"),
        ("0x0a.0.0.0/8", "(error) hba:1: 0x0a.0.0.0/8 is read as 10.0.0.0/8"),
        ("10.0.0.1/0", "(error) hba:1: 10.0.0.1/0 is read as 0.0.0.0/0"),
        ("10.0.0.1/8", "(warning) hba:1: 10.0.0.1/8 is read as 10.0.0.0/8"),
        ("10.0.0.1/31", "(warning) hba:1: 10.0.0.1/31 is read as 10.0.0.0/31"),
        ("2001:db8::1/32", "(warning) hba:1: 2001:db8::1/32 is read as 2001:db8::/32"),
        ("::1/0", "(error) hba:1: ::1/0 is read as ::/0"),
        (
            "::ffff:10.0.0.0/104",
            "(error) hba:1: ::ffff:10.0.0.0/104 never matches: the server sees these clients with"
            " IPv4 addresses",
        ),
        ("::ffff:0:0/95", "(warning) hba:1: ::ffff:0:0/95 is read as ::fffe:0:0/95"),
        (
            "::ffff:0:0/96",
            "(error) hba:1: ::ffff:0:0/96 never matches: the server sees these clients with IPv4"
            " addresses",
        ),
        (
            "127.0.0.300",
            '(error) hba:1: "127.0.0.300" is no address and is taken as a host name, which never'
            " matches",
        ),
        (
            "ALL",
            "(error) hba:1: ALL is taken as the name of a host: the keyword is all, in lower case"
            " and without quotes",
        ),
        (
            '"samenet"',
            "(error) hba:1: samenet is taken as the name of a host: the keyword is samenet, in"
            " lower case and without quotes",
        ),
        (
            "SameHost",
            "(error) hba:1: SameHost is taken as the name of a host: the keyword is samehost, in"
            " lower case and without quotes",
        ),
    ],
)
def test_an_address_that_is_read_as_another_one(address: str, message: str) -> None:
    """The finding says what the server makes of it."""
    assert _of_address(address) == [f"fail {message}"]


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.0/8",
        "10.0.0.1/32",
        "0.0.0.0/0",
        "255.255.255.255/32",
        "100.20.3.0/24",
        "10.0.0.0 255.0.0.0",
        "2001:db8::/32",
        "::/0",
        "::fffe:0:0/95",
        "::fffe:0:0/96",
        "::1:0:0:0/80",
        "all",
        "samehost",
        "samenet",
        "db.example.com",
        ".example.com",
        "allhosts",
    ],
)
def test_an_address_that_says_what_it_means(address: str) -> None:
    """Also the widest ones, and those next to a pitfall."""
    assert _of_address(address) == PASSES


def test_pgbouncer_does_not_mask_addresses() -> None:
    """PostgreSQL takes the bits away; PgBouncer compares with them, and no client has such."""
    assert _of_address("10.0.0.1/8", Dialect.PGBOUNCER) == [
        "fail (error) hba:1: 10.0.0.1/8 never matches in PgBouncer: bits outside the mask are set"
    ]
    assert _of_address("10.0.0.0/8", Dialect.PGBOUNCER) == PASSES


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("10.0.0.0 255.0.255.0", "hba:1: the mask of 10.0.0.0 255.0.255.0 has holes"),
        ("10.0.0.0 0.255.255.255", "hba:1: the mask of 10.0.0.0 0.255.255.255 has holes"),
        ("2001:db8:: ffff::ffff", "hba:1: the mask of 2001:db8:: ffff::ffff has holes"),
        ("10 255.0.255.0", "(error) hba:1: 10 255.0.255.0 is read as 0.0.0.0/255.0.255.0"),
        ("10.0.0.1 255.0.0.0", "(warning) hba:1: 10.0.0.1 255.0.0.0 is read as 10.0.0.0/8"),
    ],
)
def test_masks(address: str, said: str) -> None:
    """A mask in a field of its own is shown as a prefix when it is one."""
    assert _of_address(address) == [f"fail {said}"]


def _at(address: ClientAddress) -> list[str]:
    rule = HbaRule("host", (), (), address, "md5", (), line(1, "hba"))
    return words(hba_misread_address.decide(EffectiveRule(rule, cover([rule]).reaches[0])))


def test_numbers_that_no_address_has_are_not_judged() -> None:
    """One more than the last IPv4 address, and less than the first: nothing to say, no crash."""
    most = (1 << 32) - 1

    assert _at(network_address("10.0.0.0/8", 4, 10 << 24, 0xFF << 24)) == PASSES
    wrong = ClientAddress(AddressKind.NETWORK, "10/8", NOWHERE, NOWHERE, 4)
    for base, mask in ((1 << 32, most), (0, 1 << 32), (-1, most), (0, -1)):
        odd = ClientAddress(AddressKind.NETWORK, "10/8", NOWHERE, NOWHERE, 4, base, mask)
        assert _at(odd) == PASSES
    assert _at(wrong) == ["fail (error) hba:1: 10/8 is read as 0.0.0.0/0"]
    last = ClientAddress(AddressKind.NETWORK, "10/8", NOWHERE, NOWHERE, 4, most, most)
    assert _at(last) == ["fail (error) hba:1: 10/8 is read as 255.255.255.255/32"]


def test_a_text_that_does_not_fit_the_network_is_not_judged() -> None:
    """A reader that shows something else than an address, such as a variable's name."""
    for text in ("var.cidr", "::1/128"):
        assert _at(ClientAddress(AddressKind.NETWORK, text, NOWHERE, NOWHERE, 4)) == PASSES


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("ALL app", "hba:1: ALL is a database of that name: the keyword is all"),
        ("SameUser app", "hba:1: SameUser is a database of that name: the keyword is sameuser"),
        (
            '"all" app',
            '(note) hba:1: "all" in quotes is a database called all, not the keyword',
        ),
        ('shop "all"', '(note) hba:1: "all" in quotes is a user called all, not the keyword'),
        ("shop All", "hba:1: All is a user of that name: the keyword is all"),
        ("+team app", "hba:1: +team is a database of that name: + is for users"),
        ("* app", "hba:1: * is a database of that name: the keyword is all"),
        ("shop *", "hba:1: * is a user of that name: the keyword is all"),
        ("shop %", "hba:1: % is a user of that name: the keyword is all"),
        ("a,* app,%", "hba:1: * is a database of that name: the keyword is all"),
    ],
)
def test_a_name_that_looks_like_a_keyword(fields: str, said: str) -> None:
    """The finding says what it names, and how the keyword is written."""
    assert _said(hba_misread_name, f"host {fields} 10.0.0.0/8 md5") == [f"fail {said}"]


@pytest.mark.parametrize(
    "fields",
    ["all all", "shop app", '"ALL" "ALL"', '"+team" app', "shop +team", "shop sameuser", "/x /y"],
)
def test_a_name_that_is_what_it_looks_like(fields: str) -> None:
    """Keywords as such, and names that quotes make plain."""
    assert _said(hba_misread_name, f"host {fields} 10.0.0.0/8 md5") == PASSES


def test_the_finding_stands_at_the_field_at_fault() -> None:
    """The address, the name or the method, not the line as a whole."""
    lines = "host shop +team 10.0.0.1/8 trust"
    address, trust = (
        policy.decide(_facts(lines)[0]).at for policy in (hba_misread_address, hba_trust)
    )

    assert address is not None
    assert lines[address.column - 1 : address.end_column - 1] == "10.0.0.1/8"
    assert trust is not None
    assert lines[trust.column - 1 : trust.end_column - 1] == "trust"


@pytest.mark.parametrize(
    ("text", "version", "finding"),
    [
        ("/^app", 15, True),
        ("/a", 15, True),
        ("/", 15, False),
        ("app", 15, False),
        ("/^app", 16, False),
        ("/^app", 17, False),
    ],
)
def test_regular_expressions_are_names_to_old_servers(
    text: str, version: int, finding: bool
) -> None:
    """They came with PostgreSQL 16."""
    said = [
        f"fail hba:1: {text} is a plain name to PostgreSQL {version}: regular expressions are read"
        " from version 16 on"
    ]

    assert _said(hba_misread_name, f"host shop {text} 10.0.0.0/8 md5", version=version) == (
        said if finding else PASSES
    )


def test_a_slash_that_a_reader_takes_as_a_name_is_one() -> None:
    """From version 16 on readers give it as a regular expression."""
    name = Name(NameKind.NAME, "/x")
    rule = HbaRule("host", (), (name,), ALL_ADDRESSES, "md5", (), line(1, "hba"))
    reach = cover([rule]).reaches[0]

    assert words(hba_misread_name.decide(EffectiveRule(rule, reach, version=16))) == PASSES
    assert words(hba_misread_name.decide(EffectiveRule(rule, reach, version=15))) != PASSES


def test_pgbouncer_never_reads_regular_expressions_by_this_version() -> None:
    """The version is that of PostgreSQL, and says nothing about PgBouncer."""
    rule = "host shop /^app 10.0.0.0/8 md5"

    assert _said(hba_misread_name, rule, version=15, dialect=Dialect.PGBOUNCER) == PASSES


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            "host all all 10.0.0.0/8 trust",
            "fail hba:1: clients from 10.0.0.0/8 log in without a password",
        ),
        (
            "local all all trust",
            "fail (warning) hba:1: over the Unix socket anybody logs in without a password",
        ),
        (
            "host all all 127.0.0.1/32 trust",
            "fail (warning) hba:1: over loopback anybody logs in without a password",
        ),
        ("host all all 10.0.0.0/8 md5", "pass"),
        ("hostssl all all 10.0.0.0/8 trust clientcert=verify-full", "pass"),
        (
            "hostssl all all 10.0.0.0/8 trust clientcert=verify-ca",
            "fail hba:1: clients from 10.0.0.0/8 log in without a password",
        ),
    ],
)
def test_trust(rule: str, said: str) -> None:
    """From other machines, over loopback, over the Unix socket, and with a certificate."""
    assert _said(hba_trust, rule) == [said]


def test_a_line_that_rejects_needs_no_encryption() -> None:
    """Neither does one that never lets anybody in without TLS."""
    assert _said(hba_no_tls, "host all all 10.0.0.0/8 reject") == PASSES
    assert _said(hba_no_tls, "hostssl all all 10.0.0.0/8 md5") == PASSES
    assert _said(hba_no_tls, "host all all 10.0.0.0/8 scram-sha-256") == [
        "fail hba:1: clients from 10.0.0.0/8 may connect without encryption"
    ]
    assert _said(hba_no_tls, "host all all 10.0.0.0/8 password") == [
        "fail (error) hba:1: password sends the password readably, and the connection need not be"
        " encrypted"
    ]
    assert _said(hba_weak_method, "host all all 10.0.0.0/8 reject") == PASSES


@pytest.mark.parametrize(
    ("before", "last", "said"),
    [
        (
            ["md5"],
            "reject",
            "(error) hba:2: this line never matches: these connections are let in before, with md5"
            " (line 1)",
        ),
        (
            ["trust"],
            "md5",
            "(error) hba:2: this line never matches: trust is enough before, not md5 (line 1)",
        ),
        (
            ["reject"],
            "md5",
            "(warning) hba:2: this line never matches: these connections are rejected before"
            " (line 1)",
        ),
        (
            ["scram-sha-256"],
            "md5",
            "(warning) hba:2: this line never matches: these connections are decided before, with"
            " scram-sha-256 (line 1)",
        ),
        (["md5"], "md5", "(note) hba:2: this line never matches: the same is said before (line 1)"),
        (
            ["reject"],
            "reject",
            "(note) hba:2: this line never matches: the same is said before (line 1)",
        ),
    ],
)
def test_a_line_that_another_one_hides(before: list[str], last: str, said: str) -> None:
    """What happens instead decides how bad it is."""
    lines = [f"host all all 10.0.0.0/8 {method}" for method in before]
    text = "\n".join([*lines, f"host all all 10.1.0.0/16 {last}"])

    assert _said(hba_rule_never_matches, text) == [
        f"fail {said}",
        "hba:1: this line decides instead",
    ]


def test_a_line_that_two_lines_hide_together() -> None:
    """Both are named, and one that rejects a part makes it a warning."""
    halves = "host all all 10.0.0.0/9 {}\nhost all all 10.128.0.0/9 {}\nhost all all 10.0.0.0/8 {}"
    related = ["hba:1: this line decides instead", "hba:2: this line decides instead"]

    assert _said(hba_rule_never_matches, halves.format("md5", "reject", "md5")) == [
        "fail (warning) hba:3: this line never matches: these connections are rejected before"
        " (lines 1, 2)",
        *related,
    ]
    assert _said(hba_rule_never_matches, halves.format("md5", "trust", "reject")) == [
        "fail (error) hba:3: this line never matches: these connections are let in before, with"
        " md5, trust (lines 1, 2)",
        *related,
    ]


def _exposure(breadth: Breadth, certain: Breadth, *networks: str) -> list[str]:
    first, other = (
        HbaRule(
            "host",
            (),
            (),
            network_address("10.0.0.0/8", 4, 10 << 24, 0xFF << 24),
            "md5",
            (),
            line(number, "hba"),
            {"address": line(number + 10, "hba")},
        )
        for number in (1, 2)
    )
    found = Exposure(first, (other,), AddressSet.of(*networks), breadth, certain, other)
    return words(hba_broad_address.decide(found))


def test_broad_addresses_stand_at_the_address() -> None:
    """The address field is at fault, in the related lines as well."""
    assert _exposure(Breadth.INTERNET, Breadth.INTERNET, "0.0.0.0/0") == [
        "fail hba:11: clients from the whole IPv4 internet may log in, through 2 lines",
        "hba:12: this line adds the rest",
    ]
    assert _exposure(Breadth.PRIVATE_CLASS, Breadth.PRIVATE_CLASS, "10.0.0.0/8") == [
        "fail (warning) hba:11: clients of a whole private range may log in: 10.0.0.0/8",
        "hba:12: this line adds the rest",
    ]
    assert _exposure(Breadth.INTERNET, Breadth.NARROW, "0.0.0.0/0") == [
        "unknown hba:11: how wide the addresses are depends on what the line at hba:2 keeps out"
    ]


def test_rules_of_a_server_that_are_not_those_of_the_file() -> None:
    """Addresses and what it depends on are named where there are some, and nothing else is."""

    def said(addresses: str, depends: str) -> str:
        found = Difference(
            Change.METHOD, None, None, Transport.PLAIN, "app", "shop", addresses, depends
        )
        fact = LiveHbaDifference(found, line(1), line(2), "the server")
        return words(live_hba_drift.decide(fact))[0]

    assert said("", "") == (
        "fail (warning) a:1: app to shop (plain): the file has no line for it, the server has no"
        " line for it"
    )
    assert said("10.0.0.0/8", "a name") == (
        "fail (warning) a:1: app to shop from 10.0.0.0/8 (plain): the file has no line for it, the"
        " server has no line for it (it depends on a name)"
    )
