# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From where on what SQL says about roles and address lists is a finding, and what is said."""

from __future__ import annotations

from types import ModuleType

import pytest
from verdict_words import PASSES, line, words

from connguard.policies import (
    broad_cidr_in_sql,
    connection_limit_not_enforced,
    live_database_limit_drift,
    live_role_limit_drift,
    role_connection_limit_zero,
    role_without_connection_limit,
)
from connguard.policies.model.addresses import GLOBAL, AddressSet
from connguard.policies.model.facts import Role
from connguard.policies.model.live_facts import LiveDatabaseLimit, LiveRoleLimit
from connguard.policies.model.origin import Known, Related, Unknown, Value
from connguard.policies.model.statement_facts import AllowedAddresses, AllowedRange


def _allowed(*ranges: str) -> list[str]:
    """One range on each line; several, with a space between them, share a line."""
    facts = [
        AllowedRange(AddressSet.of(network), line(number))
        for number, networks in enumerate(ranges, 1)
        for network in networks.split()
    ]
    return words(broad_cidr_in_sql.decide(AllowedAddresses('table "allowed"', tuple(facts))))


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        (["0.0.0.0/0"], 'fail a:1: table "allowed" lets the whole IPv4 internet in'),
        (["::/0"], 'fail a:1: table "allowed" lets the whole IPv6 internet in'),
        (
            ["0.0.0.0/0 ::/0"],
            'fail a:1: table "allowed" lets the whole IPv4 internet and the whole IPv6 internet in',
        ),
        (
            ["64.0.0.0/2"],
            'fail (warning) a:1: table "allowed" lets 0.28 of the IPv4 internet in',
        ),
        (["8.0.0.0/9"], 'fail (warning) a:1: table "allowed" lets 0.002 of the IPv4 internet in'),
        (
            ["2400::/16"],
            'fail (warning) a:1: table "allowed" lets 0.0001 of the IPv6 internet in',
        ),
    ],
)
def test_how_much_of_the_internet_a_list_lets_in(ranges: list[str], said: str) -> None:
    """From half of it on an error, below a warning."""
    assert _allowed(*ranges) == [said]


@pytest.mark.parametrize(
    "ranges", [[], ["10.0.0.0/8"], ["8.0.0.0/10"], ["2400::/17"], ["fd00::/8", "192.168.0.0/16"]]
)
def test_lists_that_are_no_finding(ranges: list[str]) -> None:
    """Private networks of any size, and less than an IPv4 /9 or an IPv6 /16."""
    assert _allowed(*ranges) == PASSES


def test_half_of_the_internet_is_an_error() -> None:
    """Half of one version is enough: 2000::/4 is exactly half of the IPv6 internet."""
    assert _allowed("2000::/5")[0].startswith("fail (warning)")
    assert _allowed("3000::/4") == [
        'fail (warning) a:1: table "allowed" lets 0.50 of the IPv6 internet in'
    ]
    assert _allowed("3000::/4", "2000::/4")[0].startswith("fail a:1:")
    assert _allowed("0.0.0.0/1")[0].startswith("fail a:1:")
    assert _allowed("128.0.0.0/1")[0].startswith("fail (warning) a:1:")


@pytest.mark.parametrize("version", [4, 6])
def test_exactly_half_of_the_internet(version: int) -> None:
    """To the address: one less is a warning."""
    intervals = GLOBAL.v4 if version == 4 else GLOBAL.v6
    wanted, half = GLOBAL.size(version) // 2, []
    for first, last in intervals:
        taken = min(last - first + 1, wanted)
        half.append((first, first + taken - 1))
        wanted -= taken

    def said(*taken: tuple[int, int]) -> str:
        addresses = AddressSet.intervals(version, taken)
        fact = AllowedAddresses("a list", (AllowedRange(addresses, line(1)),))
        return words(broad_cidr_in_sql.decide(fact))[0]

    (first, last), *others = half
    assert said((first, last), *others) == (
        f"fail a:1: a list lets 0.50 of the IPv{version} internet in"
    )
    assert said((first + 1, last), *others) == (
        f"fail (warning) a:1: a list lets 0.50 of the IPv{version} internet in"
    )


def test_ranges_of_several_statements_add_up() -> None:
    """The finding stands where the sum becomes the internet, with the last five that add to it."""
    tenths = [f"{first}.0.0.0/10" for first in (8, 11, 12, 13, 14, 15, 16)]
    related = [f"a:{number}: this range adds to it" for number in (1,)]

    assert _allowed(tenths[0], tenths[1]) == [
        'fail (warning) a:2: table "allowed" lets 0.002 of the IPv4 internet in',
        *related,
    ]
    assert _allowed(*tenths)[1:] == related
    assert _allowed("10.0.0.0/8", tenths[0], "10.1.0.0/16", tenths[1], tenths[2])[1:] == [
        "a:2: this range adds to it"
    ]
    sixteenth = [f"8.{16 * one}.0.0/12" for one in range(16)]
    assert _allowed(*sixteenth) == [
        'fail (warning) a:8: table "allowed" lets 0.005 of the IPv4 internet in',
        *(f"a:{number}: this range adds to it" for number in range(3, 8)),
    ]
    assert _allowed("8.0.0.0/12", " ".join(sixteenth[1:]))[1:] == ["a:1: this range adds to it"]


MADE, LIMITED, LOGIN, SUPER = (line(number) for number in (1, 2, 3, 4))
YES, NO = True, False


def _role(
    limit: Value[int] | None,
    login: Value[bool] | None,
    superuser: Value[bool] | None,
    order: str = "1234",
) -> Role:
    history = tuple(Related(f"statement {number}", line(int(number))) for number in order)
    return Role("app", MADE, login, superuser, limit, False, history)


@pytest.mark.parametrize(
    ("order", "place"),
    [("1234", 4), ("1243", 3), ("1342", 2), ("2341", 4)],
)
def test_the_last_statement_that_makes_a_role_what_it_is_is_at_fault(
    order: str, place: int
) -> None:
    """The limit, the login or the end of being a superuser, whichever comes last; all are shown."""
    others = [f"a:{one}: statement {one}" for one in order if int(one) != place]
    login, ordinary = Known(YES, LOGIN), Known(NO, SUPER)

    zero = role_connection_limit_zero.decide(_role(Known(0, LIMITED), login, ordinary, order))
    assert words(zero) == [
        f'fail a:{place}: role "app" has a connection limit of 0: nobody can log in as it',
        *others,
    ]
    none = role_without_connection_limit.decide(_role(Known(-1, LIMITED), login, ordinary, order))
    assert words(none)[:-1] == [
        f'fail a:{place}: role "app" has no connection limit: it is set to -1',
        *others,
    ]


@pytest.mark.parametrize(("order", "place"), [("134", 4), ("143", 3)])
def test_a_role_without_a_limit_is_the_fault_of_what_lets_it_log_in(order: str, place: int) -> None:
    """LOGIN, or NOSUPERUSER after it."""
    role = _role(None, Known(YES, LOGIN), Known(NO, SUPER), order)

    assert words(role_without_connection_limit.decide(role)) == [
        f'fail (warning) a:{place}: role "app" can log in and has no connection limit',
        *[f"a:{one}: statement {one}" for one in order if int(one) != place],
        'fix: ALTER ROLE "app" CONNECTION LIMIT <pools + reserve + headroom>;',
    ]


@pytest.mark.parametrize(("order", "place"), [("124", 4), ("142", 2)])
def test_a_limit_of_a_superuser_is_not_enforced(order: str, place: int) -> None:
    """At the limit, or where the role becomes a superuser, whichever is later."""
    role = _role(Known(5, LIMITED), None, Known(YES, SUPER), order)

    assert words(connection_limit_not_enforced.decide(role)) == [
        f'fail a:{place}: the connection limit 5 of superuser "app" is not enforced',
        *[f"a:{one}: statement {one}" for one in order if int(one) != place],
    ]


@pytest.mark.parametrize(("limit", "asked"), [(-1, False), (0, False), (1, True), (2, True)])
def test_whether_a_role_is_a_superuser_matters_for_a_limit(limit: int, asked: bool) -> None:
    """No limit need not be enforced, and 0 is a finding of its own."""
    role = _role(Known(limit, LIMITED), None, Unknown("var.admin", SUPER))

    assert words(connection_limit_not_enforced.decide(role)) == (
        ['unknown a:4: whether role "app" is a superuser is not known: var.admin']
        if asked
        else PASSES
    )


@pytest.mark.parametrize(
    ("policy", "limit"), [(role_connection_limit_zero, 0), (role_without_connection_limit, -1)]
)
def test_what_has_to_be_known_about_a_role(policy: ModuleType, limit: int) -> None:
    """Whether it can log in, then whether it is a superuser."""
    login, ordinary = Known(YES, LOGIN), Known(NO, SUPER)
    unread_login: Value[bool] = Unknown("var.login", LOGIN)
    unread_super: Value[bool] = Unknown("var.admin", SUPER)

    def said(login: Value[bool], superuser: Value[bool]) -> list[str]:
        return words(policy.decide(_role(Known(limit, LIMITED), login, superuser)))

    assert said(unread_login, ordinary) == [
        'unknown a:3: whether role "app" can log in is not known: var.login'
    ]
    assert said(login, unread_super) == [
        'unknown a:4: whether role "app" is a superuser is not known: var.admin'
    ]
    assert said(Known(NO, LOGIN), unread_super) == PASSES
    assert said(unread_login, Known(YES, SUPER)) == PASSES


@pytest.mark.parametrize(
    ("written", "live", "severity"),
    [
        ("10", "20", ""),
        ("20", "10", " (error)"),
        ("10", "-1", " (error)"),
        ("-1", "10", " (error)"),
        ("0", "1", ""),
        ("1", "0", " (error)"),
    ],
)
def test_limits_of_a_server_that_are_not_those_of_the_files(
    written: str, live: str, severity: str
) -> None:
    """Less than the files say, or no limit at all, is an error; 0 is a limit."""
    what = (
        "the limit",
        (Known(written, line(2)),),
        Known(live, line(9)),
        line(9),
        "the view",
        "db",
    )
    said = [
        f"fail{severity} a:2: the limit is {written} here and {live} on db",
        f"a:9: the view says {live}",
    ]

    assert words(live_role_limit_drift.decide(LiveRoleLimit(*what))) == said
    assert words(live_database_limit_drift.decide(LiveDatabaseLimit(*what))) == said
