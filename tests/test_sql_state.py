# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role and database statements: the effective state decides, at the statement that caused it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from connguard.engine.text import Text
from connguard.policies.model.facts import Role
from connguard.policies.model.origin import Known
from connguard.policies.model.verdict import Severity
from connguard.sql_rules.script import Chunk, Direction, Script

sys.path.insert(0, str(Path(__file__).parent))
from sql_findings import findings, ids, judged, lines, reading, script

from connguard.sql_rules.replay import replay


def test_groups_users_mixed_case_and_comments() -> None:
    """edge 35: every spelling of CREATE is one statement, and CREATE USER means LOGIN."""
    text = """\
    CREATE GROUP g CONNECTION LIMIT -1;
    CREATE USER a IN ROLE g;
    create /* x */ Role "B" -- y
      Login
      CONNECTION /*x*/ LIMIT -1;
    """
    assert lines(text) == {(2, "PG001"), (3, "PG001")}


def test_a_role_without_the_clause_is_unlimited_from_login_on() -> None:
    """edge 36: no clause is -1; NOLOGIN is no finding, and ALTER … LOGIN makes it one."""
    assert lines("CREATE ROLE r;\nCREATE ROLE s NOLOGIN CONNECTION LIMIT -1;") == set()
    found = findings("CREATE ROLE r;", "ALTER ROLE r LOGIN;")
    assert [(each.origin.path, each.severity) for each in found] == [("V2.sql", Severity.WARNING)]
    assert [(each.message, each.origin.path) for each in found[0].related] == [
        ('role "r" is created here', "V1.sql")
    ]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("CREATE USER r CONNECTION LIMIT 5;", "ALTER ROLE r CONNECTION LIMIT -1;"), {"V2.sql"}),
        (("CREATE USER r CONNECTION LIMIT -1;", "ALTER ROLE r CONNECTION LIMIT 5;"), set()),
        (("CREATE USER r CONNECTION LIMIT 5;", "ALTER USER r RENAME TO s;"), set()),
        (("CREATE USER r;", "ALTER USER r RENAME TO s; ALTER ROLE s CONNECTION LIMIT 3;"), set()),
        (("CREATE USER r CONNECTION LIMIT 5;", "DROP ROLE r; CREATE USER r;"), {"V2.sql"}),
        (("CREATE USER r;", "DROP USER IF EXISTS q, r;"), set()),
        (("CREATE USER r CONNECTION LIMIT 5; ALTER ROLE r RESET ALL;",), set()),
        (("CREATE USER r; ALTER ROLE r SET work_mem = '1MB';",), {"V1.sql"}),
    ],
)
def test_the_last_state_counts(texts: tuple[str, ...], expected: set[str]) -> None:
    """edge 37: replay in order; RENAME and RESET ALL keep the limit, DROP and CREATE resets it."""
    assert ids(*texts) == {(path, 1, "PG001") for path in expected}


def test_the_history_of_a_renamed_role_is_related() -> None:
    """edge 37: the finding names the role as it is called in the end, and the way there."""
    found = findings(
        "CREATE USER r CONNECTION LIMIT 5;",
        "ALTER USER r RENAME TO s;",
        "ALTER USER s CONNECTION LIMIT -1;",
    )
    assert [each.message for each in found] == ['role "s" has no connection limit: it is set to -1']
    assert [(each.message, str(each.origin)) for each in found[0].related] == [
        ('role "r" is created here', "V1.sql:1"),
        ('it is renamed from "r" here', "V2.sql:1"),
    ]


def test_one_script_or_several_is_the_same() -> None:
    """A file on its own behaves as a directory of one."""
    whole = "CREATE USER r CONNECTION LIMIT 5;\nALTER USER r CONNECTION LIMIT -1;\n"
    assert lines(whole) == {(2, "PG001")}
    assert ids(*whole.splitlines()) == {("V2.sql", 1, "PG001")}


def test_down_sections_do_not_run() -> None:
    """edge 38: a rollback's -1 is not the state that production gets, but a note of its own."""
    up = "CREATE USER r CONNECTION LIMIT 5;\n"
    down = "ALTER USER r CONNECTION LIMIT -1;\n"
    text = Text("a.sql", up + down)
    chunks = (
        Chunk(up, text.origin),
        Chunk(down, lambda a, b: text.origin(len(up) + a, len(up) + b), Direction.DOWN),
    )
    found = judged(replay([Script("a.sql", chunks)]))
    assert [(each.policy.id, each.origin.line) for each in found] == [("PG009", 2)]


def test_limits_zero_superuser_and_databases() -> None:
    """edges 41 and 42: a lock-out, a limit that binds nobody, a database whose limit is lifted."""
    text = """\
    CREATE USER a CONNECTION LIMIT 0;
    CREATE USER b SUPERUSER CONNECTION LIMIT 5;
    CREATE DATABASE d CONNECTION LIMIT 9; ALTER DATABASE d CONNECTION LIMIT -1;
    ALTER SYSTEM SET max_connections = 500;
    CREATE DATABASE e;
    CREATE DATABASE f TEMPLATE d;
    """
    assert lines(text) == {(1, "PG002"), (2, "PG003"), (3, "PG004")}


@pytest.mark.parametrize("name", ["pgbouncer", "pgadmin", "pgapp", "_x"])
def test_names_that_look_like_system_roles_are_judged(name: str) -> None:
    """edge 43: only pg_ starts a reserved name; pgbouncer is an ordinary role."""
    assert lines(f"CREATE USER {name};") == {(1, "PG001")}


def test_text_in_strings_and_comments_is_no_statement() -> None:
    """edge 44: seed data and comments may hold any SQL."""
    text = """\
    -- ALTER ROLE app CONNECTION LIMIT -1;
    INSERT INTO notes VALUES ('ALTER ROLE app CONNECTION LIMIT -1; 0.0.0.0/0');
    COMMENT ON TABLE notes IS 'CREATE USER app;';
    """
    assert lines(text) == set()


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("CREATE USER r CONNECTION LIMIT 5 CONNECTION LIMIT -1;", "conflicting or redundant"),
        ("CREATE USER r CONNECTION LIMIT -2;", "invalid connection limit: -2"),
        ("ALTER DATABASE d CONNECTION LIMIT 'x';", "it is not an integer"),
    ],
)
def test_refused_limits(statement: str, reason: str) -> None:
    """edge 33: what the server refuses is a finding, and leaves the state as it was."""
    found = findings(statement)
    assert [each.policy.id for each in found] == ["PG008"]
    assert reason in found[0].message


def test_a_refused_statement_changes_nothing() -> None:
    """edge 33: neither the first nor the last of two limits holds."""
    text = """\
    CREATE USER r CONNECTION LIMIT 5;
    ALTER USER r CONNECTION LIMIT -1 CONNECTION LIMIT 3;
    CREATE USER r;
    ALTER USER r LOGIN NOLOGIN;
    """
    assert lines(text) == {(2, "PG008"), (3, "PG902"), (4, "PG902")}
    messages = {each.origin.line: each.message for each in findings(text)}
    assert 'role "r" already exists since V1.sql:1' in messages[3]


def test_transactions_undo() -> None:
    """ROLLBACK, ROLLBACK TO and an error inside a transaction undo what came before."""
    text = """\
    CREATE USER r CONNECTION LIMIT 5;
    BEGIN; ALTER USER r CONNECTION LIMIT -1; ROLLBACK;
    BEGIN; SAVEPOINT s; ALTER USER r CONNECTION LIMIT -1; ROLLBACK TO s; COMMIT;
    BEGIN; ALTER USER r CONNECTION LIMIT -1; CREATE USER r; COMMIT;
    """
    assert lines(text) == {(4, "PG902")}
    assert lines("BEGIN;\nCREATE USER r;\nCOMMIT;") == {(2, "PG001")}


def test_what_a_failed_transaction_skips_is_undecided() -> None:
    """Statements behind a refused one do not run, and are not passed over in silence."""
    text = "CREATE ROLE r;\nBEGIN;\nCREATE ROLE r;\nALTER ROLE s CONNECTION LIMIT -1;\nCOMMIT;"
    assert lines(text) == {(3, "PG902"), (4, "PG902")}


def test_roles_from_elsewhere() -> None:
    """An explicit -1 is a finding on a role that other files make; other changes are none."""
    text = """\
    ALTER ROLE ext CONNECTION LIMIT -1;
    ALTER ROLE ext2 SET work_mem = '1MB';
    ALTER ROLE ext3 CONNECTION LIMIT 5;
    ALTER ROLE CURRENT_USER CONNECTION LIMIT -1;
    ALTER ROLE postgres CONNECTION LIMIT -1;
    """
    assert lines(text) == {(1, "PG001"), (4, "PG001"), (5, "PG902")}


def test_the_catalogs_written_directly() -> None:
    """edge 34: the write is a finding, and what it does to the roles as well."""
    text = """\
    CREATE USER a CONNECTION LIMIT 5;
    CREATE USER b CONNECTION LIMIT 5;
    UPDATE pg_authid SET rolconnlimit = 7 WHERE rolname ~ '^b';
    UPDATE pg_authid SET rolconnlimit = -1 WHERE rolname = 'a';
    UPDATE pg_catalog.pg_database SET datconnlimit = -1 WHERE datname IN ('x', 'y');
    """
    assert lines(text) == {
        (3, "PG005"),
        (3, "PG902"),
        (4, "PG001"),
        (4, "PG005"),
        (5, "PG004"),
        (5, "PG005"),
    }


def test_places_are_characters_from_the_first_token_to_the_last() -> None:
    """Columns count characters; comments before and after a statement are no part of it."""
    text = '-- é\r\n/* 😀 */ CREATE USER "ü" /* x */ ; -- y\r\nCREATE USER z -- end'
    places = [each.origin for each in judged(replay([script("a.sql", text)]))]
    assert [(o.line, o.column, o.end_line, o.end_column) for o in places] == [
        (2, 9, 2, 24),
        (3, 1, 3, 14),
    ]


def test_facts_carry_their_origins() -> None:
    """A role's limit and login point to the statements that set them."""
    (subject,) = reading(
        "CREATE ROLE r;\nALTER ROLE r LOGIN;\nALTER ROLE r CONNECTION LIMIT 4;"
    ).subjects
    (role,) = subject.alternatives
    assert isinstance(role, Role)
    assert isinstance(role.can_login, Known)
    assert isinstance(role.connection_limit, Known)
    assert (role.origin.line, role.can_login.origin.line, role.connection_limit.origin.line) == (
        1,
        2,
        3,
    )
    assert [related.origin.line for related in role.history] == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CREATE ROLE r CONNECTION LIMIT -1;\nALTER ROLE r LOGIN;", (2, "PG001")),
        ("CREATE USER r CONNECTION LIMIT -1;\nALTER ROLE r LOGIN NOSUPERUSER;", (1, "PG001")),
        ("CREATE USER r SUPERUSER;\nALTER ROLE r NOSUPERUSER;", (2, "PG001")),
        ("CREATE ROLE r CONNECTION LIMIT 0;\nALTER ROLE r LOGIN;", (2, "PG002")),
        ("CREATE USER r CONNECTION LIMIT 5;\nALTER ROLE r SUPERUSER;", (2, "PG003")),
    ],
)
def test_a_finding_stands_where_the_harm_begins(text: str, expected: tuple[int, str]) -> None:
    """edge 36: a role made LOGIN later is unlimited only from then."""
    assert lines(text) == {expected}
    (found,) = findings(text)
    assert {related.origin.line for related in found.related} == {3 - expected[0]}


def test_passwords_are_in_no_message() -> None:
    """Neither a finding nor a parser's message repeats a password."""
    text = """\
    CREATE USER a PASSWORD 'hunter2';
    CREATE USER b PASSWORD "hunter2";
    CREATE USER c PASSWORD hunter2 CONNECTION LIMIT 5;
    SELECT 'x' 'postgres://u:hunter2@h';
    DO $$ BEGIN EXECUTE 'ALTER ROLE x PASSWORD ''hunter2'' ' || opts; END $$;
    """
    for each in findings(text):
        assert "hunter2" not in each.message + each.fix + str(each.related)


def test_default_as_a_limit() -> None:
    """The server takes DEFAULT for a database: it is no limit, which is PG004 and not refused."""
    assert (
        lines("CREATE DATABASE d CONNECTION LIMIT 5;\nALTER DATABASE d CONNECTION LIMIT 7;")
        == set()
    )
    assert lines("CREATE DATABASE d CONNECTION LIMIT DEFAULT;") == {(1, "PG004")}
    text = "CREATE DATABASE d CONNECTION LIMIT 5;\nALTER DATABASE d CONNECTION LIMIT DEFAULT;"
    assert lines(text) == {(2, "PG004")}
    assert lines("ALTER DATABASE d CONNECTION LIMIT 'many';") == {(1, "PG008")}


def test_default_as_is_template() -> None:
    """IS_TEMPLATE DEFAULT makes no template: the database can be dropped."""
    text = "CREATE DATABASE d IS_TEMPLATE DEFAULT CONNECTION LIMIT -1;\nDROP DATABASE d;"
    assert lines(text) == set()
