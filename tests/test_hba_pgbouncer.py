# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PgBouncer's dialect of pg_hba.conf, and pg_ident.conf."""

from __future__ import annotations

import ipaddress

import pytest

from connguard.engine.text import Text
from connguard.policies.model.hba import Connection, Transport, decide
from connguard.postgres.ident_reader import read_ident_text
from connguard.postgres.pgbouncer_hba import read_pgbouncer_text

RULES = """\
local all all peer
host shop "all",app 10.0.0.0/8 md5 # comment
host shop sameuser 10.0.0.0 255.0.0.0 trust
host all all 192.168.1.7/24 trust
host all +staff 0.0.0.0/0 trust
host all all 10/8 trust
host all all db.example.com trust
hostgssenc all all 0.0.0.0/0 trust
host all all 0.0.0.0/0 gss
host replication all 10.0.0.0/8 scram-sha-256
hostssl all all all cert map=m
host all all 0.0.0.0/0 trust extra
host all all 0.0.0.0/0 "trust
"""


def test_lines_that_pgbouncer_skips() -> None:
    """What PgBouncer cannot read is skipped, and the other lines hold."""
    file = read_pgbouncer_text(Text("hba", RULES))
    assert [problem.origin.line for problem in file.problems] == [5, 6, 7, 8, 9, 12, 13]
    assert [rule.origin.line for rule in file.rules] == [1, 2, 3, 4, 10, 11]


@pytest.mark.parametrize(
    ("user", "database", "source", "tls", "replication", "line"),
    [
        ("x", "y", "local", False, False, 1),
        ("app", "shop", "10.1.1.1", False, False, 2),
        ("all", "shop", "10.1.1.1", True, False, 2),
        ("shop", "shop", "10.1.1.1", False, False, 3),
        ("app", "shop", "192.168.1.7", False, False, None),
        ("app", "shop", "10.1.1.1", False, True, 10),
        ("bob", "x", "2a00::1", True, False, 11),
        ("bob", "x", "2a00::1", False, False, None),
    ],
)
def test_first_match(
    user: str, database: str, source: str, tls: bool, replication: bool, line: int | None
) -> None:
    """First match wins; bits outside the mask match nobody; sameuser is also a user."""
    local = source == "local"
    transport = Transport.LOCAL if local else Transport.TLS if tls else Transport.PLAIN
    address = None if local else ipaddress.ip_address(source)
    connection = Connection(transport, database, user, address, replication)
    decision = decide(read_pgbouncer_text(Text("hba", RULES)).rules, connection)
    assert decision.doubt is None
    assert (decision.rule.origin.line if decision.rule else None) == line


def test_pg_ident() -> None:
    """Three fields of one value each; regular expressions must compile."""
    file = read_ident_text(
        Text("pg_ident.conf", "# map\nm  ana  app\nm ana\nm a,b app\nm /^(.*)@x$ \\1\nm /( app\n"),
        16,
    )
    assert [(one.map, one.system_user, one.role) for one in file.mappings] == [
        ("m", "ana", "app"),
        ("m", "/^(.*)@x$", "\\1"),
    ]
    assert [(one.origin.line, one.reason.partition(":")[0]) for one in file.problems] == [
        (3, "missing entry at end of line"),
        (4, "multiple values in ident field"),
        (6, 'invalid regular expression "("'),
    ]
