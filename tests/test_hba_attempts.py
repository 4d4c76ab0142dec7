# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The harness that asks real servers about pg_hba.conf, on facts that are known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hba_attempts import Attempt, HbaServer, with_password_method
from servers import Installation, newest_postgres, oldest_postgres


def _installation(name: str) -> Installation:
    return oldest_postgres() if name == "oldest" else newest_postgres(tls=True)


@pytest.fixture(scope="module", params=["oldest", "newest"])
def hba(request: pytest.FixtureRequest) -> Iterator[HbaServer]:
    with HbaServer(_installation(request.param)) as server:
        server.server.execute("CREATE ROLE app LOGIN", "CREATE ROLE other LOGIN")
        yield server


def _told(server: HbaServer, *attempts: Attempt) -> list[tuple[str, int | None]]:
    return [(outcome.result, outcome.line) for outcome in server.attempt(attempts)]


def test_the_first_matching_line_decides(hba: HbaServer) -> None:
    """A narrow reject above a wide trust decides for its address only."""
    loaded = hba.load(
        "# who may\n"
        "host all app 127.0.0.1/32 reject\n"
        "host all app 127.0.0.0/8 trust\n"
        "hostssl all other ::1/128 scram-sha-256\n"
        "local all app peer map=x\n"
    )
    assert loaded.taken
    assert [rule["line_number"] for rule in loaded.rules] == [2, 3, 4, 5]
    assert _told(
        hba,
        Attempt("app", "postgres"),
        Attempt("app", "postgres", "127.0.0.9"),
        Attempt("other", "postgres", "127.0.0.9"),
        Attempt("other", "postgres", "::1"),
        Attempt("other", "postgres", "::1", tls=True),
        Attempt("app", "postgres", "local"),
        Attempt("other", "postgres", "local"),
    ) == [
        ("reject", 2),
        ("match", 3),
        ("no-entry", None),
        ("no-entry", None),
        ("match", 4),
        ("match", 5),
        ("no-entry", None),
    ]


def test_replication_is_matched_by_its_keyword(hba: HbaServer) -> None:
    """Physical replication needs the keyword; logical replication is an ordinary database."""
    hba.load("host replication app 127.0.0.0/8 trust\nhost all app 127.0.0.0/8 reject\n")
    assert _told(
        hba,
        Attempt("app", "postgres", replication="physical"),
        Attempt("app", "postgres", replication="logical"),
    ) == [("match", 1), ("reject", 2)]


def test_one_bad_line_leaves_the_whole_file_unread(hba: HbaServer) -> None:
    """The server keeps its old rules, and says which line is wrong."""
    loaded = hba.load("host all all all trust\nHOST all all all trust\n")
    assert not loaded.taken
    assert loaded.errors == {2: 'invalid connection type "HOST"'}
    with pytest.raises(ValueError, match="did not take"):
        hba.attempt([Attempt("app", "postgres")])


def test_lists_and_continued_lines(hba: HbaServer) -> None:
    """Names from a file are matched, and a continued rule is known by its first line."""
    hba.load(
        "host all @names 127.0.0.1 \\\n  255.255.255.255 \\\n  trust\nhost all all all reject\n",
        lists={"names": "app\n"},
    )
    assert _told(hba, Attempt("app", "postgres"), Attempt("other", "postgres")) == [
        ("match", 1),
        ("reject", 4),
    ]


def test_rules_of_included_files_are_named_with_their_file() -> None:
    """From version 16 on a rule can stand in another file."""
    with HbaServer(newest_postgres(tls=True)) as server:
        server.server.execute("CREATE ROLE app LOGIN")
        loaded = server.load(
            "include more.conf\nhost all all all reject\n",
            includes={"more.conf": "\nhost all app all trust\n"},
        )
        assert loaded.taken
        outcome = server.attempt([Attempt("app", "postgres")])[0]
        assert (outcome.file, outcome.line, outcome.result) == ("more.conf", 2, "match")


def test_every_method_is_replaced_and_every_line_kept() -> None:
    """The copy that makes the server name its lines differs in the methods only."""
    text = (
        'local all "a b", c peer map=x # comment\n'
        "host db1, db2 all 10.0.0.1 255.0.0.0 ldap ldapserver=x \\\n ldapport=1\n"
        "hostssl all all samenet cert\n"
        "\n# host all all all trust\nhost all all .example.org md5"
    )
    assert with_password_method(text) == (
        'local all "a b", c password \n'
        "host db1, db2 all 10.0.0.1 255.0.0.0 password \\\n\n"
        "hostssl all all samenet password \n"
        "\n# host all all all trust\nhost all all .example.org password "
    )
