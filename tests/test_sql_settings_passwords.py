# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords that statements write out, and rollbacks that take limits away."""

from __future__ import annotations

from pathlib import Path

import pytest
from sql_findings import findings, ids, judged, lines, reading, script

from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.policies.model.verdict import Severity
from connguard.reporters import github_report, json_report, sarif_report, text_report
from connguard.sql_rules.replay import replay
from connguard.sql_rules.script import Direction

SECRET = "hunter2-hunter2"
MD5 = "md5" + "0123456789abcdef" * 2
SCRAM = "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0$c3RvcmVk:c2VydmVy"


@pytest.mark.parametrize(
    "statement",
    [
        f"CREATE ROLE app PASSWORD '{SECRET}'",
        f"ALTER USER app WITH ENCRYPTED PASSWORD '{SECRET}' VALID UNTIL 'infinity'",
        f"ALTER ROLE app PASSWORD E'{SECRET}'",
        f"ALTER ROLE CURRENT_USER PASSWORD $${SECRET}$$",
        f"CREATE USER MAPPING FOR app SERVER s OPTIONS (password '{SECRET}')",
        f"ALTER USER MAPPING FOR app SERVER s OPTIONS (SET password '{SECRET}')",
        f"CREATE SUBSCRIPTION s CONNECTION 'host=a password={SECRET}' PUBLICATION p",
        f"ALTER SUBSCRIPTION s CONNECTION 'password=''{SECRET}'' dbname=x'",
        f"SELECT * FROM dblink('host=a password={SECRET}', 'SELECT 1') AS t(a int)",
        f"SELECT dblink_connect('postgres://app:{SECRET}@db/shop')",
        f"DO $$ BEGIN EXECUTE 'CREATE ROLE app PASSWORD ''{SECRET}'''; END $$",
        f"DO $$ DECLARE p text := '{SECRET}'; BEGIN"
        " EXECUTE format('ALTER ROLE a PASSWORD %L', p); END $$",
        f"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ALTER ROLE a PASSWORD '{SECRET}'$$",
        f"\\set pw {SECRET}\nALTER ROLE app PASSWORD :'pw'",
        f"SELECT ${{x}}; ALTER ROLE app PASSWORD '{SECRET}'",
    ],
)
def test_a_written_password_is_a_finding_that_does_not_repeat_it(statement: str) -> None:
    """PG403 fires once, and neither its message nor its fix holds the password."""
    found = [each for each in findings(statement + ";") if each.policy.id == "PG403"]

    assert [each.origin.line for each in found] == [1 + statement.count("\n")]
    assert all(SECRET not in repr(each) for each in found)


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        (r"ALTER ROLE app PASSWORD E'esc\x41pe'", "escApe"),
        (r"CREATE ROLE app PASSWORD E'it\'s-secret'", "it's-secret"),
        (r"ALTER ROLE app PASSWORD U&'uni\0063ode'", "unicode"),
        ("ALTER ROLE app PASSWORD 'hun'\n 'ter2xx'", "hunter2xx"),
        (r"DO $$ BEGIN ALTER ROLE app PASSWORD E'esc\x41pe'; END $$", "escApe"),
        (r"SELECT ${x}; ALTER ROLE app PASSWORD E'esc\x41pe'", "escApe"),
    ],
)
def test_a_password_that_is_written_with_escapes_or_in_parts(statement: str, value: str) -> None:
    """The constant stands in the script, although its value does not."""
    found = [each for each in findings(statement + ";") if each.policy.id == "PG403"]

    assert [each.origin.line for each in found] == [1]
    assert all(value not in repr(each) for each in found)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER ROLE app PASSWORD NULL",
        "ALTER ROLE app PASSWORD ''",
        "ALTER ROLE app PASSWORD '${password}'",
        "ALTER ROLE app PASSWORD '{{ password }}'",
        "ALTER ROLE app PASSWORD ${password}",
        "ALTER ROLE app PASSWORD :'password'",
        "ALTER ROLE app PASSWORD '%(password)s'",
        "ALTER ROLE app PASSWORD '$APP_PASSWORD'",
        "ALTER ROLE app PASSWORD '<your password>'",
        "ALTER ROLE app PASSWORD '********'",
        "DO $$ BEGIN EXECUTE format('ALTER ROLE a PASSWORD %L', current_setting('x.y')); END $$",
        "INSERT INTO users (password) VALUES ('hunter2')",
        "SELECT 'host=a password=hunter2'",
        "-- ALTER ROLE app PASSWORD 'hunter2'\nSELECT 1",
        "ALTER ROLE app SET password_encryption = 'scram-sha-256'",
        "CREATE SUBSCRIPTION s CONNECTION 'host=a passfile=/run/x' PUBLICATION p",
    ],
)
def test_placeholders_and_data_are_no_passwords(statement: str) -> None:
    """What a tool fills in, what removes a password, and the data of applications are fine."""
    assert "PG403" not in {policy for _, policy in lines(statement + ";")}


@pytest.mark.parametrize(
    ("password", "severity"),
    [("secret", Severity.WARNING), (MD5, Severity.WARNING), (SCRAM, Severity.NOTE)],
)
def test_hashes_differ_in_severity(password: str, severity: Severity) -> None:
    """An MD5 hash is as good as the password, a SCRAM verifier is not."""
    (found,) = findings(f"ALTER ROLE app PASSWORD '{password}';")

    assert (found.policy.id, found.severity) == ("PG403", severity)


def test_the_value_of_a_placeholder_is_not_in_the_migration() -> None:
    """A known value that the tool's settings hold is no literal of the script."""
    text = "ALTER ROLE app PASSWORD '${pw}';"

    assert judged(replay([script("V1.sql", text, pw="hunter2")])) == []


def test_a_password_in_a_rollback_is_written_in_the_repository_too() -> None:
    """The direction does not matter for who can read a password."""
    down = script("V1.sql", "ALTER ROLE app PASSWORD 'hunter2';", Direction.DOWN)

    assert {each.policy.id for each in judged(replay([down]))} == {"PG403"}


@pytest.mark.parametrize(
    "text",
    [
        "ALTER ROLE app CONNECTION LIMIT -1;",
        "ALTER DATABASE shop CONNECTION LIMIT = -1;",
        "DO $$ BEGIN EXECUTE 'ALTER ROLE app CONNECTION LIMIT -1'; END $$;",
        "ALTER ROLE app CONNECTION LIMIT -1; ALTER ROLE app RENAME TO old;",
        "CREATE ROLE app LOGIN CONNECTION LIMIT -1;",
    ],
)
def test_a_rollback_that_removes_a_limit_is_a_note(text: str) -> None:
    """The state is that of the forward direction; the rollback is a finding of its own."""
    up = script("V1.up.sql", "ALTER ROLE app CONNECTION LIMIT 5;")
    found = judged(replay([up, script("V1.down.sql", text, Direction.DOWN)]))

    assert [(each.policy.id, each.severity, each.origin.path) for each in found] == [
        ("PG009", Severity.NOTE, "V1.down.sql")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "DROP ROLE app; -- connection limit",
        "ALTER ROLE app CONNECTION LIMIT -1; DROP ROLE app;",
        "ALTER ROLE app CONNECTION LIMIT -1; ALTER ROLE app CONNECTION LIMIT 3;",
        "ALTER ROLE app CONNECTION LIMIT -1 NOLOGIN;",
        "-- ALTER ROLE app CONNECTION LIMIT -1;",
        "BEGIN; ALTER ROLE app CONNECTION LIMIT -1; ROLLBACK;",
        "CREATE ROLE app LOGIN; -- without a connection limit",
    ],
)
def test_other_rollbacks_are_fine(text: str) -> None:
    """Dropping what the migration made is what a rollback is for (edge 38)."""
    assert judged(replay([script("V1.down.sql", text, Direction.DOWN)])) == []


def test_set_role_changes_nothing_that_is_followed() -> None:
    """SET ROLE and SET SESSION AUTHORIZATION do not make later statements about another role."""
    assert (
        lines(
            """
        CREATE ROLE app LOGIN;
        CREATE ROLE owner NOLOGIN;
        SET ROLE owner;
        ALTER ROLE app CONNECTION LIMIT 5;
        RESET ROLE;
        SET SESSION AUTHORIZATION owner;
        RESET SESSION AUTHORIZATION;
        """
        )
        == set()
    )


def test_current_role_after_set_role_is_no_named_role() -> None:
    """ALTER ROLE CURRENT_ROLE is about a role that the script does not name for sure."""
    assert (2, "PG001") in lines(
        """
        CREATE ROLE app LOGIN;
        SET ROLE app;
        ALTER ROLE CURRENT_ROLE CONNECTION LIMIT 5;
        """
    )


def test_owned_objects_are_not_roles_or_databases() -> None:
    """DROP OWNED drops neither roles nor databases; REASSIGN OWNED moves databases (edge 37)."""
    assert ids(
        """
        CREATE ROLE app LOGIN;
        CREATE ROLE heir NOLOGIN;
        CREATE DATABASE shop OWNER app CONNECTION LIMIT -1;
        """,
        """
        DROP OWNED BY app;
        REASSIGN OWNED BY app TO heir;
        """,
    ) == {("V1.sql", 2, "PG001"), ("V1.sql", 4, "PG004")}
    assert (
        ids(
            """
        CREATE ROLE app LOGIN;
        CREATE DATABASE shop OWNER app;
        REASSIGN OWNED BY app TO postgres;
        DROP OWNED BY app;
        DROP ROLE app;
        """
        )
        == set()
    )


def test_a_role_that_still_owns_a_database_is_not_dropped() -> None:
    """DROP OWNED leaves databases, so the server refuses the DROP ROLE after it."""
    assert (2, "PG001") in lines(
        """
        CREATE ROLE app LOGIN;
        CREATE DATABASE shop OWNER app;
        DROP OWNED BY app;
        DROP ROLE app;
        """
    )


def test_nothing_leaks_through_a_statement_that_does_not_parse() -> None:
    """What the parser says about a broken statement does not hold the password either."""
    found = reading("ALTER ROLE app PASSWORD 'hunter2-hunter2' NOSUCHWORD;")

    assert SECRET not in repr(found)


def test_no_report_shows_the_source_of_a_password(tmp_path: Path) -> None:
    """A password that no pattern can tell from other text stays out of the excerpt, too."""
    (tmp_path / "V1.sql").write_text(
        "DO $$ BEGIN EXECUTE format('ALTER ROLE a PASSWORD %L', 'hunter2-hunter2'); END $$;\n"
        "SELECT dblink_connect('host=a password=''hunter2-hunter2''');\n"
    )
    report = scan([tmp_path], Settings())

    assert [each.policy.id for each in report.findings] == ["PG403", "PG403"]
    for reporter in (github_report, json_report, sarif_report, text_report):
        assert "PG403" in reporter.render(report)
        assert SECRET not in reporter.render(report)
