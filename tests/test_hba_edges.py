# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases of access rules that naive checks get wrong. The numbers are those of the case list."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from connguard.engine.reading import Context, SourceFile
from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.engine.text import Text
from connguard.policies.model.hba import Connection, Memberships, Transport
from connguard.postgres.hba_answer import answer
from connguard.postgres.hba_reader import HbaFile, read_hba, read_hba_text


def _file(*lines: str, version: int = 17) -> HbaFile:
    return read_hba_text(Text("pg_hba.conf", "\n".join(lines)), version)


def _login(
    file: HbaFile,
    source: str,
    user: str = "app",
    database: str = "shop",
    *,
    tls: bool = False,
    replication: bool = False,
    memberships: Memberships | None = None,
) -> tuple[str, int | None]:
    local = source == "local"
    transport = Transport.LOCAL if local else Transport.TLS if tls else Transport.PLAIN
    connection = Connection(
        transport,
        database,
        user,
        None if local else ipaddress.ip_address(source),
        replication,
    )
    found = answer(file, connection, memberships or Memberships())
    return found.result, found.line


def _findings(tmp_path: Path, *lines: str, name: str = "pg_hba.conf") -> set[tuple[int, str]]:
    (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = scan([tmp_path], Settings())
    assert report.failures == []
    return {(finding.origin.line, finding.policy.id) for finding in report.findings}


def test_edge_45_address_all_is_the_internet(tmp_path: Path) -> None:
    """The keyword all means both address families, and is as broad as both."""
    file = _file("hostssl all all all scram-sha-256")
    assert _login(file, "8.8.8.8", tls=True) == ("match", 1)
    assert _login(file, "2a00::1", tls=True) == ("match", 1)
    assert (1, "PG301") in _findings(tmp_path, "hostssl all all all scram-sha-256")


def test_edge_46_address_and_mask_in_two_fields(tmp_path: Path) -> None:
    """0.0.0.0 0.0.0.0 is everything, not the one address 0.0.0.0."""
    line = "hostssl all all 0.0.0.0 0.0.0.0 scram-sha-256"
    assert _login(_file(line), "8.8.8.8", tls=True) == ("match", 1)
    assert _findings(tmp_path, line) == {(1, "PG301")}


def test_edge_47_two_halves_are_the_internet(tmp_path: Path) -> None:
    """0.0.0.0/1 and 128.0.0.0/1 on two lines are one finding, with the other line related."""
    lines = ("hostssl all all 0.0.0.0/1 cert", "hostssl all all 128.0.0.0/1 cert")
    assert _findings(tmp_path, *lines) == {(1, "PG301")}
    report = scan([tmp_path], Settings())
    assert [one.origin.line for one in report.findings[0].related] == [2]


@pytest.mark.parametrize(
    ("address", "inside", "outside"),
    [
        ("10/8", "0.1.2.3", "10.1.2.3"),
        ("010.0.0.0/8", "8.1.2.3", "10.1.2.3"),
        ("10.0.0.1/0", "200.1.1.1", "2a00::1"),
        ("10.1.0.3 255.255.0.255", "10.1.77.3", "10.1.0.4"),
        ("127.0.1.7/24", "127.0.1.200", "127.0.2.7"),
    ],
)
def test_edge_48_misread_addresses(address: str, inside: str, outside: str, tmp_path: Path) -> None:
    """Short, octal, unmasked and holey addresses are read as the C library reads them."""
    line = f"hostssl all all {address} scram-sha-256"
    assert _login(_file(line), inside, tls=True) == ("match", 1)
    assert _login(_file(line), outside, tls=True) == ("no-entry", None)
    assert (1, "PG307") in _findings(tmp_path, line)


def test_edge_49_quoted_keyword_is_a_name() -> None:
    """ "all" in quotes is a database, or a user, of that name."""
    file = _file('host "all" app 10.0.0.1/32 trust')
    assert _login(file, "10.0.0.1") == ("no-entry", None)
    assert _login(file, "10.0.0.1", database="all") == ("match", 1)


def test_edge_50_all_does_not_match_replication(tmp_path: Path) -> None:
    """A replication line below an all line is no dead line, and all lets no standby in."""
    lines = (
        "hostssl all repl 10.0.0.0/24 scram-sha-256",
        "hostssl replication repl 10.0.0.0/24 scram-sha-256",
    )
    file = _file(*lines)
    assert _login(file, "10.0.0.9", "repl", tls=True, replication=True) == ("match", 2)
    assert _login(_file(lines[0]), "10.0.0.9", "repl", tls=True, replication=True) == (
        "no-entry",
        None,
    )
    assert _findings(tmp_path, *lines) == set()


def test_edge_51_dead_by_the_union_of_two_lines(tmp_path: Path) -> None:
    """Two rejecting halves hide an accepting whole; both are related locations."""
    lines = (
        "host all all 0.0.0.0/1 reject",
        "host all all 128.0.0.0/1 reject",
        "host all all 0.0.0.0/0 scram-sha-256",
    )
    assert _findings(tmp_path, *lines) == {(3, "PG302")}
    report = scan([tmp_path], Settings())
    assert [one.origin.line for one in report.findings[0].related] == [1, 2]


def test_edge_52_order_decides_whether_trust_is_an_exposure(tmp_path: Path) -> None:
    """Below the reject the trust line is dead; above it, it is open to the internet."""
    reject, trust = "host all all all reject", "hostssl all all all trust"
    assert _findings(tmp_path, reject, trust) == {(2, "PG302")}
    assert _findings(tmp_path, trust, reject) == {(1, "PG301"), (1, "PG303")}


def test_edge_53_hostssl_with_ssl_off(tmp_path: Path) -> None:
    """The cert line never matches, and the trust line below decides."""
    (tmp_path / "postgresql.conf").write_text("ssl = off\nlisten_addresses = '10.0.0.5'\n")
    lines = ("hostssl all all 10.0.0.0/24 cert", "host all all 10.0.0.0/24 trust")
    found = _findings(tmp_path, *lines)
    assert {(1, "PG302"), (2, "PG303"), (1, "PG401")} <= found


def test_edge_54_lines_of_other_files(tmp_path: Path) -> None:
    """include, include_dir, @lists and continued lines are read where they stand."""
    (tmp_path / "more.conf").write_text("host shop @users 10.0.0.0/24 \\\n reject\n")
    (tmp_path / "users").write_text("app, web\n")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "b.conf").write_text("host shop b 10.0.0.0/24 md5\n")
    (tmp_path / "parts" / "a.conf").write_text("host shop a,b 10.0.0.0/24 reject\n")
    path = tmp_path / "pg_hba.conf"
    path.write_text(
        "include more.conf\ninclude_dir parts\nhost all all all trust\ninclude gone.conf\n"
    )
    context = Context(roots=(tmp_path,), settings=Settings(), name_of=lambda one: one.name)
    file = read_hba(SourceFile(path, "pg_hba.conf"), context, 16)
    assert file is not None
    assert file.loads
    found = [
        answer(file, Connection(Transport.PLAIN, "shop", user, ipaddress.ip_address("10.0.0.1")))
        for user in ("web", "b", "c")
    ]
    assert [(one.result, one.file, one.line) for one in found] == [
        ("reject", "more.conf", 1),
        ("reject", "a.conf", 1),
        ("match", "pg_hba.conf", 3),
    ]
    assert [gap.origin.line for gap in file.gaps] == [4]


def test_edge_54_a_missing_include_leaves_the_answer_open() -> None:
    """What an included file elsewhere holds may decide first."""
    file = _file("include elsewhere.conf", "host all all all trust")
    assert _login(file, "10.0.0.1") == ("unknown", 1)


def test_edge_55_regular_expressions_depend_on_the_version() -> None:
    """/^app_ is a regular expression from version 16 on, and a plain name before."""
    line = "host all /^app_ 10.0.0.0/24 trust"
    assert _login(_file(line, version=16), "10.0.0.1", "app_ro") == ("match", 1)
    assert _login(_file(line, version=15), "10.0.0.1", "app_ro") == ("no-entry", None)
    assert _login(_file(line, version=15), "10.0.0.1", "/^app_") == ("match", 1)
    include = _file("include more.conf", version=15)
    assert [problem.reason for problem in include.problems] == ['invalid connection type "include"']


def test_edge_56_groups_and_host_names() -> None:
    """Membership counts when it is known, indirectly too; else, and with DNS, it is unknown."""
    file = _file("host all +staff 10.0.0.0/24 trust", "host all all db.example.com md5")
    known = Memberships(
        {"alice": frozenset(("ops",)), "ops": frozenset(("staff",))},
        frozenset(("alice", "bob", "ops", "staff")),
    )
    assert _login(file, "10.0.0.1", "alice", memberships=known) == ("match", 1)
    assert _login(file, "10.0.0.1", "staff", memberships=known) == ("match", 1)
    assert _login(file, "10.0.0.1", "bob", memberships=known) == ("unknown", 2)
    assert _login(file, "10.0.0.1", "alice") == ("unknown", 1)


def test_edge_57_ipv6_beside_a_tight_ipv4_list(tmp_path: Path) -> None:
    """::/0 is the IPv6 internet; IPv4-mapped addresses never match an IPv4 client."""
    lines = ("hostssl all all 10.0.0.0/24 cert", "hostssl all all ::/0 cert")
    assert _findings(tmp_path, *lines) == {(2, "PG301")}
    mapped = "hostssl all all ::ffff:0.0.0.0/96 cert"
    assert _login(_file(mapped), "8.8.8.8", tls=True) == ("no-entry", None)
    assert _findings(tmp_path, mapped) == {(1, "PG307")}


def test_edge_58_samenet_depends_on_the_interfaces(tmp_path: Path) -> None:
    """How wide samenet is cannot be known from the file: undecided, not passed."""
    assert _login(_file("host all all samenet md5"), "203.0.113.9") == ("unknown", 1)
    _findings(tmp_path, "hostssl all all samenet scram-sha-256")
    report = scan([tmp_path], Settings())
    assert [(gap.policy_id, gap.origin.line) for gap in report.undecided] == [("PG301", 1)]


@pytest.mark.parametrize("addresses", ["*", "0.0.0.0", "::", "localhost, ::"])
def test_edge_59_every_spelling_of_all_addresses(addresses: str, tmp_path: Path) -> None:
    """listen_addresses is wide open in IPv4, IPv6 and both."""
    text = f"listen_addresses = '{addresses}'"
    assert _findings(tmp_path, text, name="postgresql.conf") == {(1, "PG205")}


@pytest.mark.parametrize("line", ["HOST all all all md5", "host all all all TRUST"])
def test_edge_60_upper_case_keywords_are_errors(line: str, tmp_path: Path) -> None:
    """Types and methods are case-sensitive; the server refuses the file."""
    file = _file("local all all peer", line)
    assert _login(file, "10.0.0.1") == ("not-loaded", 2)
    assert _findings(tmp_path, line) == {(1, "PG306")}


def test_edge_60a_samehost_is_every_address_of_the_server() -> None:
    """Surely its loopback addresses, perhaps others; 127.0.0.2 is none of its interfaces'."""
    file = _file("host all all samehost trust")
    assert _login(file, "127.0.0.1") == ("match", 1)
    assert _login(file, "::1") == ("match", 1)
    assert _login(file, "127.0.0.2") == ("no-entry", None)
    assert _login(file, "10.0.0.5") == ("unknown", 1)
