# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small functions of the mathematics, branch by branch: values in, the whole answer out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from model_evaluator import evaluate
from verdict_words import line

from connguard.engine.symptom_registry import symptoms
from connguard.policies.model.addresses import (
    ALL_IPV4,
    ALL_IPV6,
    AddressSet,
    Breadth,
    BreadthLimits,
)
from connguard.policies.model.amount import UNBOUNDED, Amount, Standing, exactly
from connguard.policies.model.budget import solve
from connguard.policies.model.budget_model import model
from connguard.policies.model.facts import Database, RefusedLimit
from connguard.policies.model.flow import transport
from connguard.policies.model.hba import (
    CLIENT_ADDRESSES,
    AddressKind,
    Answer,
    ClientAddress,
    HbaRule,
    Memberships,
    Name,
    NameKind,
    Transport,
    matches_every_name,
    network_address,
)
from connguard.policies.model.hba_cells import (
    DatabaseCell,
    DatabaseKind,
    UserCell,
    of_database,
    of_user,
)
from connguard.policies.model.hba_coverage import cover, exposures
from connguard.policies.model.hba_difference import Change, differences
from connguard.policies.model.network import Endpoint, Rule, Target, access, behind, united_holes
from connguard.policies.model.origin import Known, Related, Unknown
from connguard.policies.model.recognition import closest, recognise, suspected
from connguard.policies.model.risks import Risk, risks
from connguard.policies.model.server_size import ServerSize
from connguard.policies.model.sessions import mode_of, session_facts
from connguard.policies.model.simple_yaml import parse
from connguard.policies.model.symptom import Place, PlaceKind, pooler, server
from connguard.policies.model.terraform_postgresql import facts as postgresql_facts
from connguard.policies.model.terraform_value import Setting
from connguard.policies.model.topology import (
    LimitedDatabase,
    LimitedRole,
    Pooler,
    PoolerEntry,
    PoolerUser,
    Server,
    Service,
    Topology,
)
from connguard.policies.model.usage import (
    LimitAgainstServer,
    PoolerUsage,
    PoolUsage,
    SessionFeature,
    Spare,
    Timeout,
    Timeouts,
    Usage,
)
from connguard.policies.model.whole_numbers import whole

SYMPTOMS = symptoms()

# --- numbers and texts ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0" * 150 + "8", 8),
        ("-" + "0" * 150 + "8", -8),
        ("+" + "0" * 150 + "80", 80),
        ("0" * 200, 0),
        (" " * 120 + "5 ", 5),
        ("9" * 100, int("9" * 100)),
        ("9" * 101, 10**100),
        ("-" + "9" * 101, -(10**100)),
        ("0" * 50 + "9" * 100, int("9" * 100)),
        ("1_" * 60 + "0", int("1_" * 60 + "0")),
        (7, 7),
    ],
)
def test_numbers_with_many_digits(written: str | int, number: int) -> None:
    """Leading zeros say nothing, and what is larger than a hundred digits is as good as that."""
    assert whole(written) == number


@pytest.mark.parametrize("written", ["1" * 101 + "x", "0" * 120 + "x", "--" + "1" * 120, "x" * 200])
def test_what_is_no_number_however_long(written: str) -> None:
    """As int() does."""
    with pytest.raises(ValueError, match=r"invalid literal|Exceeds the limit"):
        whole(written)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a: 'one' # two", {"a": "one"}),
        ("a: 'one # two' # three", {"a": "one # two"}),
        ("a: ['x', 'y'] # 'z'", {"a": ["x", "y"]}),
        ("a: [x,'y'] # 'z'", {"a": ["x", "y"]}),
        ('a: "it\'s" # more', {"a": "it's"}),
        ("a: it's # more", {"a": "it's"}),
        ("'a b': 1", {"a b": "1"}),
        ("a: X # one", {"a": "X"}),
    ],
)
def test_quotes_and_comments_of_yaml(text: str, read: dict[str, object]) -> None:
    """A quote ends where the same one comes again; a comment begins after that."""
    assert parse(text) == read


def test_places_that_decide_about_a_symptom() -> None:
    """One for each name."""
    assert server("a", "b") == (
        Place(PlaceKind.SERVER_SETTING, "a"),
        Place(PlaceKind.SERVER_SETTING, "b"),
    )
    assert pooler("a") == (Place(PlaceKind.POOLER_SETTING, "a"),)


def test_the_line_of_a_code() -> None:
    """Counted from 1; the first code that is known counts, and those of other programs do not."""
    text = "first\nmysql said SQLSTATE[53300]\n" + "-" * 4000 + "\nSQLSTATE[53300] in psql\n"
    found = recognise(text, SYMPTOMS)
    assert {(one.line, one.code, one.start, one.end) for one in found} == {
        (4, "53300", text.rindex("SQLSTATE"), text.rindex("]"))
    }
    assert recognise("mysql said SQLSTATE[53300]", SYMPTOMS) == ()


def test_a_message_is_judged_to_the_end_of_its_line() -> None:
    """Its last letter may tell that it is about another database."""
    refused = "Error: connect ECONNREFUSED 127.0.0.1:"
    assert suspected(f"{refused}3306", SYMPTOMS) == ()
    assert suspected(f"{refused}3306\n", SYMPTOMS) == ()
    assert [one.symptom.id for one in suspected(f"{refused}5432", SYMPTOMS)] == [
        one.symptom.id for one in suspected(f"{refused}5432\n", SYMPTOMS)
    ]
    assert suspected(f"{refused}5432", SYMPTOMS) != ()


def test_the_next_line_is_about_something_else() -> None:
    """Another program that is named there does not make the message its own."""
    refused = "Error: connect ECONNREFUSED 127.0.0.1:5432"
    assert suspected(f"{refused} redis", SYMPTOMS) == ()
    assert suspected(f"ready\n{refused} redis\n", SYMPTOMS) == ()
    (found,) = suspected(f"{refused}\nredis: ready\n", SYMPTOMS)
    assert found.symptom.id == "connection-refused"


def test_nothing_is_close_to_words_that_no_symptom_has() -> None:
    """A symptom is suggested for two common words, not for one."""
    assert closest("zebra giraffe", SYMPTOMS) == ()
    assert [one.id for one in closest("too many clients already", SYMPTOMS, 1)] == [
        "too-many-clients"
    ]


# --- access rules ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("regex", "every"),
    [
        ("", True),
        ("^", True),
        (".*", True),
        ("^.*", True),
        (".+", True),
        ("^.*$", True),
        (".+$", True),
        ("^.+$", True),
        ("^$", False),
        ("$", False),
        (".$", False),
        ("^*$", False),
        ("a.*", False),
        ("^a+$", False),
    ],
)
def test_expressions_that_match_every_name(regex: str, every: bool) -> None:
    """With an anchor at the end only where something is repeated before it."""
    assert matches_every_name(regex) is every


def test_masks_that_are_no_prefix() -> None:
    """Where they cannot be written out, the whole family is possible, and nothing is sure."""
    mask = int("01" * 16, 2)
    assert network_address("a", 4, 0xFFFFFFFF, mask) == ClientAddress(
        AddressKind.NETWORK, "a", AddressSet(), ALL_IPV4, 4, mask, mask
    )
    wide = int("01" * 64, 2)
    assert network_address("b", 6, (1 << 128) - 1, wide) == ClientAddress(
        AddressKind.NETWORK, "b", AddressSet(), CLIENT_ADDRESSES & ALL_IPV6, 6, wide, wide
    )
    plain = AddressSet.of("10.0.0.0/8")
    assert network_address("c", 4, 0x0A010203, 0xFF000000) == ClientAddress(
        AddressKind.NETWORK, "c", plain, plain, 4, 0x0A000000, 0xFF000000
    )


_N, _M, _Y = Answer.NO, Answer.MAYBE, Answer.YES
_OTHER_USER = UserCell(None, frozenset(("ops",)))
_NAMES = [
    Name(NameKind.ALL, "all"),
    Name(NameKind.NAME, "app"),
    Name(NameKind.REGEX, "^app"),
    Name(NameKind.REGEX, ".*"),
    Name(NameKind.MEMBER, "ops"),
    Name(NameKind.MEMBER, "staff"),
    Name(NameKind.SAMEUSER, "sameuser"),
    Name(NameKind.SAMEROLE, "samerole"),
    Name(NameKind.REPLICATION, "replication"),
    Name(NameKind.UNKNOWN, "x"),
]


@pytest.mark.parametrize(
    ("user", "database", "answers"),
    [
        (UserCell("app"), DatabaseCell(DatabaseKind.NAMED, "app"), "YYYYMMYNNM"),
        (UserCell("web"), DatabaseCell(DatabaseKind.NAMED, "app"), "YNNYMMNNNM"),
        (_OTHER_USER, DatabaseCell(DatabaseKind.SAME), "YNMYYNYNNM"),
        (_OTHER_USER, DatabaseCell(DatabaseKind.NAMED, "app"), "YNMYYNNNNM"),
        (_OTHER_USER, DatabaseCell(DatabaseKind.OTHER), "YNMYYNNNNM"),
    ],
)
def test_elements_of_the_user_field(user: UserCell, database: DatabaseCell, answers: str) -> None:
    """For users that the file names, and for any other one."""
    found = [of_user(name, user, database, Memberships()) for name in _NAMES]
    assert "".join(one.name[0] for one in found) == answers


@pytest.mark.parametrize(
    ("user", "database", "answers"),
    [
        (UserCell("app"), DatabaseCell(DatabaseKind.NAMED, "app"), "YYYYNNYYNM"),
        (UserCell("web"), DatabaseCell(DatabaseKind.NAMED, "app"), "YYYYNNNMNM"),
        (UserCell("web"), DatabaseCell(DatabaseKind.OTHER), "YNMYNNNMNM"),
        (_OTHER_USER, DatabaseCell(DatabaseKind.SAME), "YNMYNNYYNM"),
        (_OTHER_USER, DatabaseCell(DatabaseKind.NAMED, "ops"), "YNNYNNNYNM"),
        (_OTHER_USER, DatabaseCell(DatabaseKind.NAMED, "app"), "YYYYNNNNNM"),
        (_OTHER_USER, DatabaseCell(DatabaseKind.OTHER), "YNMYNNNMNM"),
        (UserCell("app"), DatabaseCell(DatabaseKind.REPLICATION), "NNNNNNNNYM"),
    ],
)
def test_elements_of_the_database_field(
    user: UserCell, database: DatabaseCell, answers: str
) -> None:
    """For databases that the file names, for any other one, and for replication."""
    found = [of_database(name, user, database, Memberships()) for name in _NAMES]
    assert "".join(one.name[0] for one in found) == answers


def _hba(number: int, method: str, database: str = "shop", *options: tuple[str, str]) -> HbaRule:
    network = AddressSet.of("10.0.0.0/8")
    return HbaRule(
        "hostssl",
        (Name(NameKind.NAME, database),),
        (Name(NameKind.NAME, "app"),),
        ClientAddress(AddressKind.NETWORK, "10.0.0.0/8", network, network, 4, 10 << 24, 255 << 24),
        method,
        options,
        line(number),
    )


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ([_hba(1, "md5")], [_hba(2, "md5")], []),
        ([_hba(1, "md5")], [_hba(2, "trust")], [(Change.METHOD, 1, 2)]),
        ([_hba(1, "md5")], [_hba(2, "reject")], [(Change.CLOSED, 1, 2)]),
        ([_hba(1, "reject")], [_hba(2, "md5")], [(Change.OPENED, 1, 2)]),
        ([_hba(1, "reject")], [], []),
        ([], [_hba(2, "reject")], []),
        ([], [_hba(2, "md5")], [(Change.OPENED, None, 2)]),
        ([_hba(1, "md5")], [], [(Change.CLOSED, 1, None)]),
        ([_hba(1, "reject")], [_hba(2, "reject")], []),
        (
            [_hba(1, "cert", "shop", ("map", "a"))],
            [_hba(2, "cert", "shop", ("map", "b"))],
            [(Change.METHOD, 1, 2)],
        ),
    ],
)
def test_differences_of_one_line(
    before: list[HbaRule], after: list[HbaRule], changes: list[tuple[Change, Any, Any]]
) -> None:
    """To be rejected by a line or by the end of the file is the same."""
    found = [
        (
            one.change,
            one.first.origin.line if one.first else None,
            one.second.origin.line if one.second else None,
        )
        for one in differences(before, after)
    ]
    assert found == changes
    for one in differences(before, after):
        assert (one.user, one.database, one.addresses, one.transport, one.depends) == (
            'user "app"',
            'database "shop"',
            "10.0.0.0/8",
            Transport.TLS,
            "",
        )


# --- packet filters -------------------------------------------------------------------------------

_ALL = AddressSet.of("0.0.0.0/0")
_HALF, _OTHER_HALF = AddressSet.of("0.0.0.0/1"), AddressSet.of("128.0.0.0/1")
_OFFICE = AddressSet.of("52.1.2.3")


def _endpoint(*rules: Rule, ports: tuple[int, ...] = (5432,), **more: Any) -> Endpoint:
    return Endpoint("the group", ports, (rules,), line(50), **more)


def test_an_allowing_rule_with_a_known_source_leaves_no_doubt() -> None:
    """Nor does a denying one of which a part is not known."""
    found = access(_endpoint(Rule(line(1), _OFFICE)))
    assert (found.addresses, found.unknown, found.rules) == (
        _OFFICE,
        (),
        (Rule(line(1), _OFFICE),),
    )
    doubt = Unknown("var.x", line(2))
    denying = Rule(line(2), AddressSet(), unknown=(doubt,), allow=False)
    assert access(_endpoint(denying, Rule(line(1), _OFFICE))).unknown == ()
    allowing = Rule(line(2), AddressSet(), unknown=(doubt,))
    assert access(_endpoint(allowing, Rule(line(1), _OFFICE))).unknown == (doubt,)


def test_the_rules_that_are_needed() -> None:
    """The widest first; once they are as wide as all, only those of whole public blocks besides."""
    rules = (
        Rule(line(1), _OFFICE),
        Rule(line(2), _HALF),
        Rule(line(3), _OTHER_HALF),
        Rule(line(4), AddressSet.of("9.9.9.0/24")),
    )
    found = access(_endpoint(*rules))
    assert [rule.origin.line for rule in found.rules] == [2, 3]
    private = Rule(line(5), AddressSet.of("10.0.0.0/8"))
    found = access(_endpoint(private, Rule(line(6), _ALL - AddressSet.of("10.0.0.0/8"))))
    assert [rule.origin.line for rule in found.rules] == [6]
    block = AddressSet.of("52.0.0.0/8")
    found = access(_endpoint(Rule(line(7), block), Rule(line(8), _ALL - block)))
    assert [rule.origin.line for rule in found.rules] == [8, 7]


def test_endpoints_that_one_rule_opens_are_one() -> None:
    """With the ports and the databases of all, and the filters of the others by name."""
    rule = Rule(line(1), _ALL)
    first = _endpoint(rule, targets=(Target("a", line(2)),))
    second = Endpoint("another", (6432, 5432), ((rule,),), line(60), (Target("b", line(3)),))
    closed = _endpoint(Rule(line(4), _OFFICE))
    (one, other) = united_holes([first, closed, second])
    assert isinstance(one, Endpoint)
    assert (one.guard, one.ports, one.origin) == ("the group", (5432, 6432), line(50))
    assert one.targets == (Target("a", line(2)), Target("b", line(3), guard="another"))
    assert access(one).ports == (5432, 6432)
    assert other is closed


# --- Terraform's provider for PostgreSQL ----------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "limit", "subject"),
    [
        ("postgresql_role", -2, 'role "app"'),
        ("postgresql_database", 2**31, 'database "app"'),
    ],
)
def test_limits_that_the_server_refuses(resource: str, limit: int, subject: str) -> None:
    """The resource is never made, so that nothing else is said about it."""
    settings = {"name": Setting("app", line(1)), "connection_limit": Setting(limit, line(2))}
    assert postgresql_facts(resource, "x.y", settings, line(9)) == [
        RefusedLimit(
            subject,
            f"connection_limit is {limit}; it must be -1 or from 0 to 2147483647",
            line(2),
        )
    ]


# --- budgets --------------------------------------------------------------------------------------

_CAPS = {("a", "x"): 5, ("a", "y"): 4, ("b", "x"): 3}


@pytest.mark.parametrize(
    ("rows", "columns", "most"),
    [
        ({}, {}, 12),
        ({"a": 6}, {}, 9),
        ({"a": 6, "c": 1, "d": 2, "e": 3}, {}, 9),
        ({"a": 6}, {"x": 2}, 6),
        ({"a": 6, "b": UNBOUNDED}, {"x": 2, "y": 1}, 3),
        ({"a": 0, "b": 0}, {"x": 9}, 0),
    ],
)
def test_what_caps_leave(rows: dict[str, int], columns: dict[str, int], most: int) -> None:
    """Those of other rows do not matter."""
    assert transport(_CAPS, rows, columns) == most


def _service(name: str = "web", **more: Any) -> Service:
    given: dict[str, Any] = {
        "name": name,
        "origin": line(10),
        "instances": exactly(2, "replicas", line(11)),
        "pool": exactly(5, "pool", line(12)),
        "pooler": "p",
        "database": "shop",
        "user": "app",
    }
    return Service(**{**given, **more})


def _pooler(*entries: PoolerEntry, **more: Any) -> Pooler:
    given: dict[str, Any] = {
        "name": "p",
        "origin": line(20),
        "kind": "pgbouncer",
        "instances": exactly(1, "instances", line(21)),
        "versions": ((1, 24),),
        "entries": entries or (PoolerEntry("shop", line(22)),),
        "default_pool_size": exactly(20, "default_pool_size", line(23)),
        "max_client_conn": exactly(100, "max_client_conn", line(24)),
        "login_users": frozenset(("app",)),
        "users_known": True,
        "closed": True,
    }
    return Pooler(**{**given, **more})


def _server(number: int = 100) -> Server:
    return Server(line(30), exactly(number, "max_connections", line(31)), exactly(3, "reserved"))


def test_the_modes_of_a_service() -> None:
    """That of the user, else that of the entry, else that of the pooler."""
    entry = PoolerEntry("shop", line(22), pool_mode="statement")
    assert mode_of(_pooler(pool_mode="transaction"), _service()) == "transaction"
    assert mode_of(_pooler(entry), _service()) == "statement"
    user = PoolerUser("app", line(25), pool_mode="session")
    assert mode_of(_pooler(entry, users=(user,)), _service()) == "session"
    forced = PoolerEntry("shop", line(22), user="app", pool_mode="statement")
    assert mode_of(_pooler(forced, users=(user,)), _service(user="other")) == "session"
    anything = PoolerEntry("*", line(22), pool_mode="statement")
    assert mode_of(_pooler(anything), _service(database=None)) == "statement"
    nameless = PoolerEntry("", line(22), pool_mode="transaction")
    assert mode_of(_pooler(nameless, anything), _service(database=None)) == "transaction"


def test_what_is_said_of_sessions() -> None:
    """Features with the mode and the pooler, and the times with their places."""
    service = _service(
        needs=(("listen", line(13)),),
        timeouts=(("max_lifetime", 60.0, line(14)), ("keepalive", 0.0, line(15))),
    )
    one = _pooler(
        timeouts=(("client_idle_timeout", 30.0, line(26)), ("query_wait_timeout", 5.0, None))
    )
    assert list(session_facts(Topology(line(1), (service,), (one,)))) == [
        SessionFeature("web", "listen", line(13), "p", line(20), "session", True),
        Timeouts(
            service="web",
            origin=line(10),
            pooler="p",
            connection=None,
            lifetime=Timeout(60.0, line(14)),
            keepalive=None,
            idle=Timeout(30.0, line(26)),
            dropped_by="client_idle_timeout of p",
            queue=Timeout(5.0, None),
        ),
    ]
    assert list(session_facts(Topology(line(1), (_service(pooler="q"),), (one,)))) == []


def test_the_risks_of_a_pooler() -> None:
    """Twice the largest pool in each process, and backends that nobody waits for."""
    one = _pooler(
        PoolerEntry("a", line(1), pool_size=exactly(30)),
        PoolerEntry("b", line(2)),
        instances=exactly(2),
    )
    found = risks(Topology(line(1), poolers=(one, _pooler(name="q", kind="odyssey"))))
    assert found == (
        Risk(
            "cancel-requests",
            "p",
            60,
            "cancel requests let each pool of p open up to twice its size in sockets, past all"
            " caps; they count against no limit of the server, only against open files",
        ),
        Risk(
            "abandoned-queries",
            "p",
            None,
            "a client of p that breaks off in mid-query leaves its backend running while another"
            " one is opened, unless client_connection_check_interval is set (PostgreSQL 14)",
        ),
    )


def _told(topology: Topology) -> list[str]:
    """All uses of a budget's limits, with what they are made of."""
    told = []
    budget = solve(topology)
    for usage in (*budget.roles, *budget.databases, *([budget.server] if budget.server else [])):
        told.append(f"{usage.name}: {usage.demand} of {usage.binding} at {usage.origin}")
        told += [
            f"  {use.label}: {use.how} = {use.amount}, {use.clients}; "
            + ", ".join(f"{one.name} {one} {one.origin}" for one in use.settings)
            for use in usage.uses
        ]
    return told


def test_a_pool_that_its_clients_cannot_fill() -> None:
    """Its use is that of the services, the largest first."""
    small = _service("small", instances=exactly(1, "replicas", line(41)), pool=exactly(1))
    topology = Topology(
        line(1),
        (small, _service()),
        (_pooler(),),
        (LimitedRole("app", line(2), exactly(30, "limit", line(3))),),
        (LimitedDatabase("shop", line(4)),),
        _server(),
    )
    use = (
        "  pool shop/app of p: 11 = 11, small 1 + web 2 × 5; pool 5 a:12, replicas 2 a:11,"
        " replicas 1 a:41"
    )
    assert _told(topology) == [
        "app: 11 of 30 at a:3",
        use,
        "shop: 11 of any number at a:4",
        use,
        "server: 11 of 97 at a:31",
        use,
    ]


def test_a_pool_that_its_size_limits() -> None:
    """The size and the reserve, times the processes."""
    topology = Topology(
        line(1),
        (_service(pool=exactly(50, "pool", line(12))),),
        (
            _pooler(
                instances=exactly(3, "instances", line(21)),
                reserve_pool_size=exactly(5, "reserve_pool_size", line(27)),
            ),
        ),
        server=_server(),
    )
    use = (
        "  pool shop/app of p: 3 × (20 + 5) = 75, web 2 × 50; default_pool_size 20 a:23,"
        " reserve_pool_size 5 a:27, instances 3 a:21"
    )
    assert _told(topology) == [
        "app: 75 of any number at a:23",
        use,
        "shop: 75 of any number at a:23",
        use,
        "server: 75 of 97 at a:31",
        use,
    ]


def test_a_pool_of_one_connection_with_many_clients() -> None:
    """What limits it is its size, not who asks."""
    topology = Topology(
        line(1),
        (_service(),),
        (_pooler(default_pool_size=exactly(1, "default_pool_size", line(23))),),
        server=_server(),
    )
    assert _told(topology)[1] == (
        "  pool shop/app of p: 1 = 1, web 2 × 5; default_pool_size 1 a:23"
    )


def test_superusers_may_use_the_reserved_slots() -> None:
    """Only where nobody else connects."""
    admin = LimitedRole("admin", line(2), superuser=True)
    direct = _service(pooler=None, user="admin")
    reserved = exactly(7, "reserved_connections")
    own = Server(line(30), exactly(100, "max_connections"), exactly(3), reserved, exactly(11))
    alone = Topology(line(1), (direct,), roles=(admin,), server=own)
    assert _told(alone)[-2:] == [
        "server: 10 of 89 at a:30",
        "  web: web 2 × 5 = 10, ; pool 5 a:12, replicas 2 a:11",
    ]
    together = Topology(line(1), (direct, _service("app", pooler=None)), roles=(admin,), server=own)
    assert [one for one in _told(together) if one.startswith("server")] == [
        "server: 20 of 79 at a:30"
    ]
    privileged = LimitedRole("app", line(2), uses_reserved=True)
    reserve = Topology(line(1), (_service(pooler=None),), roles=(privileged,), server=own)
    assert [one for one in _told(reserve) if one.startswith("server")] == [
        "server: 10 of 86 at a:30"
    ]
    nobody = Topology(line(1), server=own)
    assert [one for one in _told(nobody) if one.startswith("server")] == ["server: 0 of 79 at a:30"]


@pytest.mark.parametrize("poolers", [(), ("p", "q")])
def test_a_service_that_is_scaled_to_nothing_hides_nobody(poolers: tuple[str, ...]) -> None:
    """The limit of a database holds for its role's other services, however many superusers come."""
    busy, empty = poolers or (None, None)
    admin = LimitedRole("admin", line(2), superuser=True)
    shop = LimitedDatabase("shop", line(3), exactly(5, "connection limit", line(3)))
    services = (
        _service(pooler=busy),
        _service(name="idle", instances=exactly(0), pooler=empty),
        _service(name="tasks", user="admin", pooler=None),
    )
    known = tuple(_pooler(name=name) for name in poolers)
    topology = Topology(line(1), services, known, roles=(admin,), databases=(shop,))
    (found,) = solve(topology).databases
    assert (found.binding.high, found.ignored, found.standing) == (5, "", Standing.UNSAFE)
    superusers = replace(topology, services=services[1:])
    (found,) = solve(superusers).databases
    assert (found.binding.high, found.standing) == (UNBOUNDED, Standing.SAFE)


def test_why_amounts_are_not_known() -> None:
    """Users and names that nobody lists, by what they are."""
    anything = _pooler(PoolerEntry("*", line(22)), closed=False, login_users=frozenset(("app",)))
    demand = solve(Topology(line(1), poolers=(anything,))).roles[0].demand
    assert (demand.high, demand.reason) == (UNBOUNDED, "how many database names clients use")
    anybody = _pooler(closed=False, users_known=False)
    databases = solve(Topology(line(1), poolers=(anybody,))).databases
    assert [(one.demand.high, one.demand.reason) for one in databases] == [
        (UNBOUNDED, "how many users connect")
    ]
    sizes = _pooler(default_pool_size=Amount(1, 5, "default_pool_size", line(23), "var.size"))
    demand = solve(Topology(line(1), (_service(),), (sizes,))).roles[0].demand
    assert (demand.low, demand.high, demand.reason) == (1, 5, "var.size")


def test_the_reason_is_that_of_the_part_that_is_not_known() -> None:
    """Not of a size that matters to nobody, as its clients are fewer."""
    known = _pooler(default_pool_size=Amount(20, 50, "default_pool_size", line(23), "var.size"))
    other = _pooler(name="q", instances=Amount(1, 2, "instances", line(29), "var.processes"))
    topology = Topology(line(1), (_service(), _service("jobs", pooler="q")), poolers=(known, other))
    demand = solve(topology).roles[0].demand
    assert (demand.low, demand.high, demand.reason) == (20, 30, "var.processes")


# --- sets of addresses ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        (((0, 3),), ((0, 3),)),
        (((-5, 3),), ((0, 3),)),
        (((-5, -3),), ()),
        (((5, 3),), ()),
        (((0, 3), (4, 7)), ((0, 7),)),
        (((0, 3), (5, 7)), ((0, 3), (5, 7))),
        (((5, 7), (0, 3)), ((0, 3), (5, 7))),
        (((0, 2**32),), ((0, 2**32 - 1),)),
        (((2**32, 2**33),), ()),
        ((), ()),
    ],
)
def test_intervals_that_are_given_in_any_way(
    given: tuple[tuple[int, int], ...], normal: tuple[tuple[int, int], ...]
) -> None:
    """Those of addresses, in order, and apart from each other."""
    assert AddressSet(v4=given).v4 == normal
    assert AddressSet(v6=given).v6 == (given if given and max(given)[1] >= 2**32 else normal)


def test_the_databases_behind_a_filter() -> None:
    """The first ten, and the filter of each."""
    targets = tuple(Target(f"db{number}", line(number)) for number in range(1, 13))
    named = Target("first", line(30), guard="another")
    found = behind(_endpoint(targets=(named, *targets)))
    assert found[0] == Related("first is behind another", line(30))
    assert found[1:] == tuple(
        Related(f"db{number} is behind the group", line(number)) for number in range(1, 10)
    )


def test_names_that_only_memberships_tie() -> None:
    """A database called like a role that the user is a member of is not the user's own."""
    both = Memberships({"app": frozenset(("ops",))}, frozenset(("app", "ops")))
    network = AddressSet.of("10.0.0.0/8")
    address = ClientAddress(AddressKind.NETWORK, "10/8", network, network, 4, 10 << 24, 255 << 24)

    def rule(number: int, kind: NameKind) -> HbaRule:
        databases = (Name(kind, kind.value),)
        users = (Name(NameKind.NAME, "app"),)
        return HbaRule("hostssl", databases, users, address, "md5", (), line(number))

    named = _hba(3, "md5", "ops")
    own, role = rule(1, NameKind.SAMEUSER), rule(2, NameKind.SAMEROLE)
    for distinct in (False, True):
        assert [one.hidden_by for one in cover([own, named], both, distinct=distinct).reaches] == [
            (),
            (),
        ]
        assert [one.hidden_by for one in cover([role, named], both, distinct=distinct).reaches] == [
            (),
            (role,),
        ]
        assert [one.hidden_by for one in cover([role, own], both, distinct=distinct).reaches] == [
            (),
            (role,),
        ]
        assert [one.hidden_by for one in cover([own, role], both, distinct=distinct).reaches] == [
            (),
            (),
        ]


def test_lines_that_are_wide_together_by_the_limits_of_the_settings() -> None:
    """Two networks that are a public block only where one begins at that size."""

    def rule(number: int, text: str) -> HbaRule:
        network = AddressSet.of(text)
        address = ClientAddress(AddressKind.NETWORK, text, network, network, 4, 0, 0)
        everybody = (Name(NameKind.ALL, "all"),)
        return HbaRule("hostssl", everybody, everybody, address, "md5", (), line(number))

    coverage = cover([rule(1, "52.1.2.0/24"), rule(2, "52.1.3.0/24")])
    assert exposures(coverage) == []
    (found,) = exposures(coverage, BreadthLimits(block_v4=512))
    assert (found.rule.origin.line, [one.origin.line for one in found.others]) == (1, [2])
    assert (found.breadth, found.certain) == (Breadth.PUBLIC_BLOCK, Breadth.PUBLIC_BLOCK)
    assert (found.addresses, found.doubt) == (AddressSet.of("52.1.2.0/23"), None)


@pytest.mark.parametrize(
    "topology",
    [
        Topology(line(1)),
        Topology(line(1), server=_server()),
        Topology(line(1), (_service(pooler=None),)),
        Topology(line(1), (_service(pooler=None, pool=exactly(0)),)),
        Topology(line(1), (_service(),), (_pooler(),)),
        Topology(line(1), (_service(),), (_pooler(),), server=_server()),
        Topology(line(1), (_service(),), (_pooler(),), server=_server(8)),
    ],
)
def test_the_model_of_a_budget_without_some_of_its_parts(topology: Topology) -> None:
    """Without a server, or with nothing that connects to it, it says what the budget says."""
    assert evaluate(model(topology), {}).verdict == solve(topology).standing.value


def test_rules_after_one_whose_ports_are_not_known() -> None:
    """They still count; what may come in besides is what is not known."""
    unknown = Unknown("var.port", line(1))
    found = access(_endpoint(Rule(line(1), _OFFICE, unknown), Rule(line(2), _HALF)))
    assert ([rule.origin.line for rule in found.rules], found.addresses) == ([2], _HALF)
    assert found.unknown == ()
    alone = access(_endpoint(Rule(line(1), _ALL, unknown), Rule(line(2), _OFFICE)))
    assert (alone.addresses, alone.unknown) == (_OFFICE, (unknown,))


def test_a_database_that_is_declared() -> None:
    """It stands at its resource, and has the calls that lead to it."""
    calls = (Related("called here", line(7)),)
    settings = {"name": Setting("shop", line(1)), "connection_limit": Setting(5, line(2))}
    assert postgresql_facts("postgresql_database", "x.y", settings, line(9), calls) == [
        Database("shop", line(9), Known(5, line(2)), declarative=True, history=calls)
    ]


@pytest.mark.parametrize(
    ("versions", "setting", "prepares"),
    [
        (((1, 20),), exactly(5), False),
        (((1, 21),), exactly(0), False),
        (((1, 21),), exactly(1), True),
        (((1, 23),), None, False),
        (((1, 24),), None, True),
        (((1, 23), (1, 24)), None, None),
        (((1, 24),), Amount(0, 5), None),
        (((1, 24),), Amount(1, 5), True),
    ],
)
def test_whether_prepared_statements_are_kept(
    versions: tuple[tuple[int, int], ...], setting: Amount | None, prepares: bool | None
) -> None:
    """From 1.21 on where it is set, from 1.24 on by default."""
    one = _pooler(versions=versions, prepared_statements=setting)
    service = _service(needs=(("listen", line(13)),))
    (said,) = session_facts(Topology(line(1), (service,), (one,)))
    assert isinstance(said, SessionFeature)
    assert said.prepares is prepares


def test_a_line_before_that_may_keep_somebody_out() -> None:
    """It is the doubt about how wide the lines after it are."""

    def rule(number: int, kind: NameKind, method: str) -> HbaRule:
        everybody = (Name(NameKind.ALL, "all"),)
        users = (Name(kind, "^a"),)
        address = ClientAddress(AddressKind.ALL, "all", CLIENT_ADDRESSES, CLIENT_ADDRESSES)
        return HbaRule("hostssl", everybody, users, address, method, (), line(number))

    first, second = rule(1, NameKind.REGEX, "reject"), rule(2, NameKind.ALL, "md5")
    (found,) = exposures(cover([first, second]))
    assert (found.rule, found.breadth, found.certain, found.doubt) == (
        second,
        Breadth.INTERNET,
        Breadth.NARROW,
        first,
    )
    (sure,) = exposures(cover([second, first]))
    assert (sure.rule, sure.certain, sure.doubt) == (second, Breadth.INTERNET, None)


def test_all_that_is_said_of_a_chain() -> None:
    """Capacities with their headroom, pools, poolers, the server, and limits against it."""
    limit, idle = exactly(30, "limit", line(3)), exactly(5, "limit", line(7))
    pool = exactly(5, "pool", line(12))
    most = exactly(100, "max_connections", line(31))
    settings, slots = (most, exactly(3, "reserved")), exactly(97)
    topology = Topology(
        line(1),
        (_service(),),
        (_pooler(),),
        (LimitedRole("app", line(2), limit), LimitedRole("idle", line(6), idle)),
        (LimitedDatabase("shop", line(4), exactly(40, "limit", line(5))),),
        _server(),
    )
    facts = solve(topology).facts
    replaced = "a server connection that is being replaced still counts against it"
    assert [
        (one.of, one.usage.name, one.headroom, one.why) for one in facts if isinstance(one, Spare)
    ] == [
        ('role "app"', "app", 1, replaced),
        ('database "shop"', "shop", 1, replaced),
        ("the server", "server", 3, "people, migrations and monitoring need slots, too"),
    ]
    assert [one for one in facts if not isinstance(one, (Spare, Usage))] == [
        PoolUsage(
            label="pool shop/app of p",
            origin=line(22),
            mode="session",
            size=exactly(20, "default_pool_size", line(23)),
            reserve=exactly(0),
            minimum=exactly(0),
            clients=exactly(10),
            services=(pool,),
            name_cap=None,
            user_cap=None,
            server_slots=slots,
        ),
        PoolerUsage(
            name="p",
            origin=line(20),
            default_pool_size=exactly(20, "default_pool_size", line(23)),
            max_client_conn=exactly(100, "max_client_conn", line(24)),
            any_name=None,
            any_user=None,
            bounded=True,
            zero_is_unlimited=True,
            open_files=None,
            expected_files=exactly(112),
        ),
        ServerSize(most, line(31), pooled=True),
        LimitAgainstServer("app", limit, slots, settings),
        LimitAgainstServer("idle", idle, slots, settings),
    ]
    assert [one.name for one in facts if isinstance(one, Usage)] == [
        "app",
        "idle",
        "shop",
        "p",
        "server",
    ]
    unplaced = replace(_server(), max_connections=exactly(100))
    (size,) = (
        one
        for one in solve(Topology(line(1), server=unplaced)).facts
        if isinstance(one, ServerSize)
    )
    assert size == ServerSize(exactly(100), line(30), pooled=False)
