# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers, ports, addresses and names of the mathematics: what they are at their boundaries."""

from __future__ import annotations

from fractions import Fraction

import pytest
from verdict_words import line

from connguard.policies.model.addresses import AddressSet, GrowingSet, masked, share
from connguard.policies.model.amount import (
    UNBOUNDED,
    Amount,
    Standing,
    exactly,
    named,
    plus,
    related,
    standing,
    times,
    unknown_amount,
    worst_standing,
)
from connguard.policies.model.explain import enough, sentence
from connguard.policies.model.facts import Role
from connguard.policies.model.formula import Formula, choose, fits, least, most
from connguard.policies.model.hba import (
    Answer,
    Memberships,
    Name,
    NameKind,
    gap,
    host_name,
    matches_every_name,
    parse_address,
    regex_answer,
    written,
)
from connguard.policies.model.origin import Known, Related, Unknown
from connguard.policies.model.ports import ALL_PORTS, NO_PORTS, Ports, parse_ports
from connguard.policies.model.server_values import parse_integer, parse_number, split_list
from connguard.policies.model.simple_yaml import parse
from connguard.policies.model.usage import Use
from connguard.policies.model.verdict import PASS, Severity, fail, undecided, unknown, worst
from connguard.policies.model.whole_numbers import whole


def test_amounts_add_and_multiply_at_both_ends() -> None:
    """The first reason for not knowing is kept; 0 times unbounded is 0, and nothing exceeds it."""
    some, other = unknown_amount("a", "var.a", None, 2, 5), unknown_amount("b", "var.b", None, 1, 3)

    assert plus(some, other) == Amount(3, 8, reason="var.a")
    assert plus(exactly(1), other) == Amount(2, 4, reason="var.b")
    assert plus() == Amount(0, 0)
    assert times(some, other) == Amount(2, 15, reason="var.a")
    assert times(exactly(3), exactly(4)) == Amount(12, 12)
    assert times() == Amount(1, 1)
    assert times(unknown_amount("a", ""), exactly(0)) == Amount(0, 0)
    assert plus(unknown_amount("a", "x"), exactly(1)) == Amount(1, UNBOUNDED, reason="x")
    assert named(exactly(3, "a", line(1)), "b") == exactly(3, "b", line(1))
    assert named(exactly(3, "a", line(1)), "b", line(2)) == exactly(3, "b", line(2))


@pytest.mark.parametrize(
    ("demand", "capacity", "expected"),
    [
        ((5, 5), (5, 5), Standing.SAFE),
        ((6, 6), (5, 5), Standing.UNSAFE),
        ((5, 6), (5, 5), Standing.UNKNOWN),
        ((1, 5), (5, 9), Standing.SAFE),
        ((5, 6), (5, 9), Standing.UNKNOWN),
        ((9, 20), (5, 9), Standing.UNKNOWN),
        ((10, 20), (5, 9), Standing.UNSAFE),
    ],
)
def test_standing(demand: tuple[int, int], capacity: tuple[int, int], expected: Standing) -> None:
    """Safe if it always fits, unsafe if it never does."""
    assert standing(Amount(*demand), Amount(*capacity)) is expected


def test_the_worst_standing() -> None:
    """Unsafe before unknown before safe; nothing to judge is safe."""
    assert worst_standing(()) is Standing.SAFE
    assert worst_standing((Standing.SAFE, Standing.UNKNOWN)) is Standing.UNKNOWN
    assert worst_standing((Standing.UNSAFE, Standing.UNKNOWN)) is Standing.UNSAFE


def test_amounts_in_words() -> None:
    """A number, a range, or no bound; each place once, with its name."""
    assert [str(one) for one in (exactly(3), Amount(1, 2), Amount(1, UNBOUNDED))] == [
        "3",
        "1 to 2",
        "1 or more",
    ]
    assert str(exactly(UNBOUNDED)) == "any number"
    assert exactly(3).at(True) == 3
    assert (Amount(1, 2).at(False), Amount(1, 2).at(True)) == (1, 2)
    places = (
        exactly(3, "a", line(1)),
        exactly(4, "b", line(1)),
        exactly(5),
        exactly(6, "", line(2)),
    )
    assert related(places) == (Related("a is 3", line(1)), Related("6", line(2)))


def test_uses_in_sentences() -> None:
    """The arithmetic is not repeated where it is the number itself."""
    direct = Use("web", "4 × 5", exactly(20), ())
    pool = Use("pool shop/app", "20", exactly(20), (), pooled=True, clients="web 4 × 10")

    assert sentence(direct) == "4 × 5 = 20 direct"
    assert sentence(Use("web", "20", exactly(20), (), clients="web")) == "20 web"
    assert sentence(Use("web", "4 × 5 = 20", exactly(20), ())) == "4 × 5 = 20 direct"
    assert sentence(pool) == "web 4 × 10 clients → pool shop/app opens 20"
    unbounded = Use("pool shop/app", "any", Amount(0, UNBOUNDED), (), pooled=True)
    assert sentence(unbounded) == "pool shop/app opens any"
    assert enough(exactly(20)) == "20"
    assert enough(exactly(20), 1) == "21"
    assert enough(Amount(0, UNBOUNDED)) == "<what the pools can open, once that is bounded>"


def test_formulas_know_where_they_come_from() -> None:
    """They count as their number, and keep operator and operands in order."""
    two, three = Formula(2, "input"), Formula(3, "input")

    def shown(number: int) -> tuple[int, str, tuple[int, ...]]:
        assert isinstance(number, Formula)
        return int(number), number.operator, number.operands

    assert shown(two + 3) == (5, "sum", (2, 3))
    assert shown(4 + two) == (6, "sum", (4, 2))
    assert 0 + two is two
    assert shown(two * 4) == (8, "product", (2, 4))
    assert shown(4 * two) == (8, "product", (4, 2))
    assert shown(two - 7) == (-5, "difference", (2, 7))
    assert shown(7 - two) == (5, "difference", (7, 2))
    assert shown(least(9, three)) == (3, "min", (9, 3))
    assert shown(most(9, three)) == (9, "max", (9, 3))
    assert shown(choose(two, 5, 6)) == (5, "choose", (2, 5, 6))
    assert shown(choose(two - 2, 5, 6)) == (6, "choose", (0, 5, 6))
    assert shown(fits(two, 2)) == (1, "fits", (2, 2))
    assert shown(fits(three, 2)) == (0, "fits", (3, 2))
    assert [least(2, 1), most(2, 1), choose(1, 5, 6), choose(0, 5, 6), fits(1, 1), fits(2, 1)] == [
        1,
        2,
        5,
        6,
        1,
        0,
    ]
    assert not isinstance(least(2, 1), Formula)
    assert not isinstance(fits(2, 1), Formula)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("5432", "port 5432"),
        (" 5000 - 6000 ", "ports 5000-6000"),
        ("5432, 6432", "ports 5432, 6432"),
        ("*", "all ports"),
        ("all", "all ports"),
        ("0-65535", "all ports"),
        ("1-65535", "all ports"),
        ("2-65535", "ports 2-65535"),
        ("1-65534", "ports 1-65534"),
        ("65535", "port 65535"),
        ("65536", None),
        ("6-5", None),
        ("5-5", "port 5"),
        ("99999", None),
        ("000080", None),
        ("", None),
        ("-5", None),
        ("5-", None),
        ("a", None),
        ("²", None),
    ],
)
def test_ports(text: str, shown: str | None) -> None:
    """Single ones, ranges, lists and all of them; None for anything else."""
    found = parse_ports(text)

    assert (None if found is None else str(found)) == shown


def test_sets_of_ports() -> None:
    """Both ends belong to a range."""
    assert [port in Ports.between(5, 7) for port in (4, 5, 7, 8)] == [False, True, True, False]
    assert Ports.between(7, 5) == NO_PORTS
    assert str(NO_PORTS) == "no port"
    assert Ports.union_of((Ports.of(1), Ports.of(3, 4))) == Ports(((1, 1), (3, 3), (4, 4)))
    assert ALL_PORTS.is_all
    assert not Ports.of(1).is_all


def test_the_worst_verdict() -> None:
    """Fail before unknown before pass, the more severe before the less, the first of equals."""
    note, warning = (
        fail("x", line(1), severity=severity) for severity in (Severity.NOTE, Severity.WARNING)
    )
    plain, doubt = fail("y", line(2)), unknown("z", line(3))

    assert worst(()) is PASS
    assert worst((PASS, doubt)) is doubt
    assert worst((doubt, note, PASS)) is note
    assert worst((note, warning)) is warning
    assert worst((warning, plain, note)) is plain
    assert worst((plain, fail("w", line(4)))) is plain
    assert worst((doubt, unknown("w", line(4)))) is doubt


def test_shares_of_the_internet_in_words() -> None:
    """Two digits, one where that is little, and the whole only where it is."""
    assert share(AddressSet.of("0.0.0.0/0") - AddressSet.of("8.8.8.8")) == (
        "nearly the whole IPv4 internet"
    )
    assert share(AddressSet.of("8.0.0.0/8")) == "0.005 of the IPv4 internet"
    assert share(AddressSet.of("8.0.0.0/7")) == "0.01 of the IPv4 internet"
    assert share(AddressSet.of("8.8.8.8")) == "3e-10 of the IPv4 internet"
    assert str(AddressSet.of("1.0.0.0/8", "3.0.0.0/8", "5.0.0.0/8", "7.0.0.0/8")) == (
        "1.0.0.0/8, 3.0.0.0/8, 5.0.0.0/8, 7.0.0.0/8"
    )
    assert str(AddressSet.of(*(f"{first}.0.0.0/8" for first in (1, 3, 5, 7, 9)))) == (
        "1.0.0.0/8, 3.0.0.0/8, 5.0.0.0/8, …"
    )


def test_masks_are_given_up_when_they_take_too_many_intervals() -> None:
    """2 ** 12 intervals are looked at, not more."""
    twelve, thirteen = (((1 << bits) - 1) << 8 for bits in (12, 13))
    everything = (1 << 32) - 1

    assert masked(4, 10 << 24, everything & ~twelve) is not None
    assert masked(4, 10 << 24, everything & ~thirteen) is None
    assert masked(4, 10 << 24, everything, most=1) == AddressSet.of("10.0.0.0")
    assert masked(4, 0, 0) == AddressSet.of("0.0.0.0/0")
    assert masked(6, 0, 0) == AddressSet.of("::/0")
    assert masked(4, 1, 0xFFFFFFFD) == AddressSet.of("0.0.0.1", "0.0.0.3")


def test_a_growing_set_tells_what_is_new() -> None:
    """Of what is added, whatever the order, and over the ends of what is there."""
    growing = GrowingSet()
    growing.add(AddressSet.of("10.0.0.2", "10.0.0.6/31"))

    assert growing.missing(AddressSet.of("10.0.0.0/29")) == AddressSet.of(
        "10.0.0.0/31", "10.0.0.3", "10.0.0.4/31"
    )
    assert not growing.missing(AddressSet.of("10.0.0.7"))
    growing.add(AddressSet.of("10.0.0.0/29"))
    growing.add(AddressSet.of("::1"))
    assert growing.frozen() == AddressSet.of("10.0.0.0/29", "::1")
    assert growing.missing(AddressSet.of("::/127")) == AddressSet.of("::")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.1", (4, 0x0A000001)),
        ("10.1", (4, 0x0A000001)),
        ("10.1.2", (4, 0x0A010002)),
        ("10.65535", (4, 0x0A00FFFF)),
        ("10.0.65536", None),
        ("10.16777215", (4, 0x0AFFFFFF)),
        ("10.16777216", None),
        ("4294967295", (4, 0xFFFFFFFF)),
        ("4294967296", None),
        ("0x0A.0.0.01", (4, 0x0A000001)),
        ("0", (4, 0)),
        ("256.0.0.1", None),
        ("255.0.0.255", (4, 0xFF0000FF)),
        ("1.2.3.4.5", None),
        ("1..2", None),
        ("08.0.0.1", None),
        ("::1", (6, 1)),
        ("fe80::1%eth0", (6, 0xFE80 << 112 | 1)),
        ("::x", None),
        ("localhost", None),
        ("1" * 101, None),
    ],
)
def test_addresses_as_the_c_library_reads_them(text: str, expected: tuple[int, int] | None) -> None:
    """Short, octal and hexadecimal ones, and none that does not fit."""
    assert parse_address(text) == expected


def test_memberships() -> None:
    """Through other roles, in circles, and where a role's memberships are not all known."""
    known = Memberships(
        {"a": frozenset("b"), "b": frozenset("c"), "c": frozenset("a")}, frozenset("abc")
    )

    assert known.roles_of("a") == frozenset("abc")
    assert known.answer("a", "c") is Answer.YES
    assert known.answer("a", "d") is Answer.NO
    assert known.answer("x", "d") is Answer.MAYBE
    assert known.answer("x", "x") is Answer.YES


def test_names_as_they_are_written() -> None:
    """With quotes where they are needed, and the sign of their kind."""
    assert [
        written(Name(kind, text))
        for kind, text in (
            (NameKind.NAME, "app"),
            (NameKind.NAME, "all"),
            (NameKind.NAME, "samegroup"),
            (NameKind.NAME, "a b"),
            (NameKind.NAME, 'a"b'),
            (NameKind.NAME, "+a"),
            (NameKind.MEMBER, "a"),
            (NameKind.REGEX, "^a"),
            (NameKind.UNKNOWN, "a file"),
            (NameKind.ALL, "all"),
        )
    ] == [
        "app",
        '"all"',
        '"samegroup"',
        '"a b"',
        '"a""b"',
        '"+a"',
        "+a",
        "/^a",
        "an unknown list",
        "all",
    ]
    hole = gap("include x", line(3))
    assert hole.is_gap
    assert hole.databases == hole.users == (Name(NameKind.UNKNOWN, "include x"),)
    assert hole.address.text == "include x"
    assert hole.method == ""


@pytest.mark.parametrize(
    ("regex", "name", "answer"),
    [
        ("^app", "app1", Answer.YES),
        ("^app$", "app1", Answer.NO),
        ("p", "app", Answer.YES),
        ("^(a|b)$", "b", Answer.YES),
        ("(a)*", "a", Answer.MAYBE),
        ("[", "a", Answer.MAYBE),
        ("(?i)a", "A", Answer.MAYBE),
        ("a", "a" * 63, Answer.YES),
        ("a", "a" * 64, Answer.MAYBE),
    ],
)
def test_regular_expressions(regex: str, name: str, answer: Answer) -> None:
    """Those that mean the same here and there; no other answer than perhaps for the rest."""
    assert regex_answer(regex, name) is answer


def test_regular_expressions_for_every_name() -> None:
    """Only where it is plain."""
    assert all(matches_every_name(one) for one in ("", "^", ".*", "^.*$", "^.+$", ".+"))
    assert not any(matches_every_name(one) for one in ("a*", "^$", ".*a", "^a.*$"))


@pytest.mark.parametrize(
    ("text", "possible"),
    [("db", True), (".example.com", True), ("a-b_c.de", True), ("1.2.3.400", False), ("", False)],
)
def test_host_names(text: str, possible: bool) -> None:
    """What no host can be called never matches."""
    assert bool(host_name(text).possible) is possible
    assert not host_name(text).sure


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("-5", None, -5),
        ("+5", None, 5),
        ("2147483647", None, 2147483647),
        ("-2147483648", None, -2147483648),
        ("-2147483649", None, None),
        ("0.5", None, 0),
        ("1.5", None, 2),
        (".5min", "s", 30),
        ("1e400", None, None),
        ("1d", "min", 1440),
        ("1TB", "GB", 1024),
        ("1us", "ms", 0),
        ("1kB", "8kB", 0),
        ("5 s x", "s", None),
        ("5s", None, None),
        ("5 ", "s", 5),
        ("9" * 401, None, None),
    ],
)
def test_numbers_of_settings(text: str, unit: str | None, value: int | None) -> None:
    """Signs, ends of the range, rounding to even, units, and what is refused."""
    assert parse_integer(text, unit) == value


def test_real_numbers_of_settings() -> None:
    """Exactly, in every base."""
    assert [parse_number(text) for text in ("0.1", "1e-40", "0x1.8", "-0x10", "x", "inf")] == [
        Fraction(1, 10),
        Fraction(1, 10**40),
        Fraction(3, 2),
        Fraction(-16),
        None,
        None,
    ]


def test_whole_numbers() -> None:
    """As int() reads them, without its limits; ValueError for what is no number."""
    assert whole(" 12 ") == 12
    assert whole(7) == 7
    assert whole("-3") == -3
    assert whole("9" * 100) == int("9" * 100)
    assert whole("9" * 101) == 10**100
    assert whole("-" + "9" * 101) == -(10**100)
    assert whole("0" * 200) == 0
    with pytest.raises(ValueError, match="invalid literal"):
        whole("x" * 200)


def test_lists_of_addresses() -> None:
    """Quotes keep blanks and commas, and are doubled inside."""
    assert split_list('"a,b" , c') == ["a,b", "c"]
    assert split_list('"a""b"') == ['a"b']
    assert split_list(",a") is None
    assert split_list('"a"b') is None
    assert split_list("  ") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1 # one", {"a": "1"}),
        ("a: '# no' # yes", {"a": "# no"}),
        ('a: "it\'s" # x', {"a": "it's"}),
        ("a: x#y", {"a": "x#y"}),
        ("a:\n  b: 1\n  c:\n    - x\n    - y\nd: 2", {"a": {"b": "1", "c": ["x", "y"]}, "d": "2"}),
        ("a:\n- x\nb: [1, 2]", {"a": ["x"], "b": ["1", "2"]}),
        ("a:\nb: {}", {"a": None, "b": {}}),
        ("a: ~\nb: null", {"a": None, "b": None}),
        ("---\na: 1", {"a": "1"}),
        ("a: |\n  text\n  # more\nb: 1", {"a": "", "b": "1"}),
        ("", {}),
        ("# only\n", {}),
        ("a: *x", None),
        ("a: 1\n  b: 2", None),
        ("a: {{ x }}", None),
        ("a: 1\n---\nb: 2", None),
        ("- a", None),
        ("\ta: 1", None),
        ("a: 'x", None),
        ("a: [1", None),
    ],
)
def test_values_in_plain_yaml(text: str, expected: dict[str, object] | None) -> None:
    """Comments, quotes, blocks and lists; None for what YAML has besides."""
    assert parse(text) == expected


def test_what_cannot_be_read_is_said_with_its_place() -> None:
    """The subject, the reason, and where the expression stands."""
    assert undecided("the limit", Unknown("var.x", line(3))) == unknown(
        "the limit is not known: var.x", line(3)
    )


def test_the_cause_of_a_state() -> None:
    """The last of the places; in a file that states all of it, the one that decides."""
    history = tuple(Related("x", line(number)) for number in (1, 2, 3))
    login = Known(True, line(3))

    def made(declarative: bool) -> Role:
        return Role("r", line(1), login, None, None, declarative, history)

    assert made(False).cause(line(2), login, None) == line(3)
    assert made(False).cause(line(2), None) == line(2)
    assert made(False).cause(line(9), None) == line(9)
    assert made(True).cause(line(2), login) == line(2)
    assert made(False).besides(line(2)) == (history[0], history[2])
