# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard explain` with error messages: what is shown, what is named, and what never is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

import connguard
from connguard.commands.explain import MOST_INPUT
from connguard.engine.cli import main
from connguard.engine.symptom_registry import symptoms

SCHEMAS = Path(connguard.__file__).parent / "schemas"
SCHEMA = json.loads((SCHEMAS / "explanation-1.json").read_text("utf-8"))
ROLE_LIMIT = 'FATAL:  too many connections for role "app"'


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["explain", *arguments], input=stdin, prog_name="connguard")


def document(*arguments: str, stdin: str | None = None) -> dict[str, Any]:
    result = run(*arguments, "--format", "json", stdin=stdin)
    assert result.exit_code in (0, 1, 3), result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    return found


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two roles with limits, one of which locks its role out, and a pooler with a wide pool."""
    write(
        tmp_path,
        "migrations/V1__roles.sql",
        "CREATE ROLE app LOGIN CONNECTION LIMIT 5;\n"
        "CREATE ROLE jobs LOGIN CONNECTION LIMIT 0;\n"
        "CREATE ROLE app_ro LOGIN CONNECTION LIMIT 9;\n",
    )
    write(
        tmp_path,
        "pgbouncer.ini",
        "[databases]\nshop = host=db dbname=shop user=app\n"
        "[pgbouncer]\nauth_type = trust\nlisten_addr = *\ndefault_pool_size = 20\n",
    )
    return tmp_path


def places(lines: list[dict[str, Any]]) -> set[tuple[str, int]]:
    return {(Path(one["location"]["path"]).name, one["location"]["line"]) for one in lines}


@pytest.mark.parametrize("symptom", symptoms(), ids=lambda one: one.id)
@pytest.mark.parametrize("output_format", ["text", "markdown"])
def test_all_that_is_known_is_shown(symptom: Any, output_format: str) -> None:
    result = run(symptom.id, "--format", output_format)
    shown = " ".join(re.sub(r"\\([<*])", r"\1", result.stdout).split())

    assert result.exit_code == 0
    assert "FAILS HERE" in shown
    for text in (symptom.title, symptom.proves, symptom.rules_out, *symptom.avoid):
        assert " ".join(text.split()) in shown
    for cause in symptom.causes:
        assert " ".join(cause.text.split()) in shown
    for check in symptom.triage:
        assert " ".join(check.run.split()) in shown


@pytest.mark.parametrize("symptom", symptoms(), ids=lambda one: one.id)
def test_json_follows_the_schema(symptom: Any) -> None:
    found = document(symptom.id)

    assert found["code"] is None
    assert [one["id"] for one in found["symptoms"]] == [symptom.id]
    assert "lines" not in found["symptoms"][0]
    assert "scanned" not in found


def test_schema_covers_policies_and_lines(repository: Path) -> None:
    """The document about a policy is the one that it always was, with lines where a path is."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert "lines" not in document("PG002")
    assert places(document("PG002", str(repository))["lines"]["findings"]) == {("V1__roles.sql", 2)}
    found = document(ROLE_LIMIT, str(repository))
    assert set(found["symptoms"][0]["lines"]) == {"deciding", "findings", "others", "undecided"}


def test_the_failing_layer_is_marked() -> None:
    lines = run(ROLE_LIMIT).stdout.splitlines()

    start = lines.index("application")
    diagram = lines[start : lines.index("database", start) + 1]
    assert len(diagram) == 12
    assert [line for line in diagram if "FAILS HERE" in line] == [
        "  X  slots             FAILS HERE  connection limits of role and database, max_connections"
    ]
    assert "  |  authentication    passed" in diagram
    assert "  .  session lifetime  not reached" in diagram


def test_lines_that_can_cause_it(repository: Path) -> None:
    """The limit itself, the pool that exceeds it; another role's finding is told apart."""
    result = run(ROLE_LIMIT, str(repository))

    assert result.exit_code == 1
    here = result.stdout.split("Lines here that can cause it")[1]
    guilty, others = here.split("other findings of these policies")
    assert 'V1__roles.sql:1:1: the connection limit of role "app" is 5' in guilty
    assert "pgbouncer.ini:6:" in guilty
    assert "PG101[pool-exceeds-role-limit]" in guilty
    assert "jobs" not in guilty
    assert 'PG002[role-connection-limit-zero] role "jobs"' in others


def test_without_a_name_every_role_is_meant(repository: Path) -> None:
    found = document("too-many-connections-for-role", str(repository))["symptoms"][0]["lines"]

    assert {("V1__roles.sql", 1), ("V1__roles.sql", 2), ("V1__roles.sql", 3)} <= places(
        found["deciding"]
    )
    assert ("V1__roles.sql", 2) in places(found["findings"])
    assert found["others"] == []


def test_only_policies_that_prevent_it_are_shown(repository: Path) -> None:
    """A role without a limit does not cause that another one reaches its own."""
    write(repository, "migrations/V2__more.sql", "CREATE ROLE free LOGIN;\n")

    found = document(ROLE_LIMIT, str(repository))["symptoms"][0]
    shown = {one["id"] for one in (*found["lines"]["findings"], *found["lines"]["others"])}
    assert shown <= set(found["policies"])
    assert "PG001" not in shown


def test_accepted_findings_count_here(repository: Path) -> None:
    """A comment, the settings or a baseline silence a scan, but they do not prevent an outage."""
    write(
        repository,
        "migrations/V1__roles.sql",
        "-- connguard: ignore PG002 locked on purpose\n"
        "CREATE ROLE jobs LOGIN CONNECTION LIMIT 0;\n",
    )
    write(repository, "connguard.toml", 'ignore = ["PG101", "PG002"]\nbaseline = "gone.json"\n')

    found = document('too many connections for role "jobs"', str(repository))["symptoms"][0]
    (guilty,) = [one for one in found["lines"]["findings"] if one["id"] == "PG002"]
    assert guilty["accepted"] == "locked on purpose"
    assert guilty["location"]["line"] == 2
    text = run('too many connections for role "jobs"', str(repository)).stdout
    assert "(accepted: locked on purpose)" in text


def test_undecided_lines_could_be(tmp_path: Path) -> None:
    write(
        tmp_path,
        "roles.tf",
        'variable "n" {}\n'
        'resource "postgresql_role" "app" {\n  name = "app"\n  login = true\n'
        "  connection_limit = var.n\n}\n",
    )
    role = document(ROLE_LIMIT, str(tmp_path))["symptoms"][0]["lines"]
    server = document("too-many-clients", str(tmp_path))["symptoms"][0]["lines"]

    assert [(one["certain"], one["location"]["line"]) for one in role["deciding"]] == [(False, 5)]
    assert [(gap["id"], gap["location"]["line"]) for gap in server["undecided"]] == [("PG001", 5)]
    assert "could be, undecided:" in run("too-many-clients", str(tmp_path)).stdout


def test_nothing_here_explains_it(repository: Path) -> None:
    """Then it is said, with what lies outside."""
    message = "FATAL: terminating connection due to administrator command"
    result = run(message, str(repository))

    assert result.exit_code == 0
    assert "Nothing in 2 files explains it." in result.stdout
    outside = result.stdout.split("What lies outside of the repository:")[1]
    assert "The server was restarted or failed over" in outside
    assert (
        "Nothing in the repository explains it."
        in run(message, str(repository), "--format", "markdown").stdout
    )


def test_nothing_to_scan(tmp_path: Path) -> None:
    write(tmp_path, "readme.txt", "nothing")
    result = run(ROLE_LIMIT, str(tmp_path))

    assert result.exit_code == 3
    assert "nothing to scan was found" in result.stderr


def test_a_path_that_is_not_there_fails(tmp_path: Path) -> None:
    assert run(ROLE_LIMIT, str(tmp_path / "gone")).exit_code == 2


def test_a_code_lists_candidates_and_their_lines(repository: Path) -> None:
    text = run("53300", str(repository)).stdout

    assert text.startswith("53300 alone can mean 6 things\n")
    for identifier in ("too-many-connections-for-role", "too-many-clients", "slots-are-reserved"):
        assert f"connguard explain {identifier}" in text
    assert "V1__roles.sql:1:1: the connection limit of role" in text
    found = document("53300", str(repository))
    assert found["code"] == "53300"
    assert len(found["symptoms"]) == 6


LOG = (
    "2026-11-21 10:00:00 INFO starting\n"
    "HikariPool-1 - Connection is not available, request timed out after 30001ms.\n"
    "\tat com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:696)\n"
    f"Caused by: org.postgresql.util.PSQLException: {ROLE_LIMIT}\n"
)


def test_a_log_from_standard_input(repository: Path) -> None:
    """The root comes first and in full; its consequences are named with their lines."""
    result = run("-", stdin=LOG)

    assert result.exit_code == 0
    assert result.stdout.startswith("too many connections for role\n  line 4, server: ")
    assert "Also here: the application's pool gave no connection in time (line 2)" in result.stdout
    found = document("-", str(repository), stdin=LOG)
    assert [one["id"] for one in found["symptoms"]] == [
        "too-many-connections-for-role",
        "client-pool-exhausted",
    ]
    assert found["symptoms"][0]["recognised"]["values"] == {"role": "app"}


def test_of_a_long_log_the_end_counts() -> None:
    """Standard input is bounded, and errors stand at the end."""
    line = "10:00:00 INFO request served in 3 ms\n"
    filler = line * (MOST_INPUT // len(line) + 1)

    assert run("-", stdin=filler + ROLE_LIMIT).stdout.startswith("too many connections for role")
    assert run("-", stdin=ROLE_LIMIT + "\n" + filler).exit_code == 2


SECRETS = (
    "DATABASE_URL=postgres://app:hunter2@db.example.org/shop",
    'psycopg.connect("host=db user=app password=hunter2")',
    "password: 'hunter2', PGPASSWORD=hunter2",
    '{"password": "hunter2"}',
    "app hunter2 -U",
)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("output_format", ["text", "json", "markdown"])
@pytest.mark.parametrize(
    "message",
    [
        ROLE_LIMIT,
        'could not translate host name "postgres://app:hunter2@db" to address',
        'could not translate host name "hunter2@db" to address: Name or service not known',
        "getaddrinfo ENOTFOUND hunter2@db postgres",
    ],
)
def test_secrets_are_not_shown_again(secret: str, output_format: str, message: str) -> None:
    """Nothing of a pasted text but the recognised words is printed, and those without passwords."""
    for text in (f"{secret}\n{message}\n{secret}", f"{secret} {message} {secret}"):
        result = run("-", "--format", output_format, stdin=text)
        assert result.exit_code == 0
        assert "hunter2" not in result.output


@pytest.mark.parametrize(
    "text",
    [*SECRETS, "postgres://app:hunter2@db", "hunter2 is what I typed", "connect hunter2 failed"],
)
def test_unknown_text_is_not_repeated(text: str) -> None:
    result = run(text)

    assert result.exit_code == 2
    assert "hunter2" not in result.output
    assert "no symptom of a connection is recognised" in result.stderr


def test_unknown_text_names_the_closest_symptoms() -> None:
    result = run("the role has too many sessions open, says the server")

    assert "the closest symptoms: " in result.stderr
    assert "too-many-connections-for-role" in result.stderr


@pytest.mark.parametrize(
    ("text", "symptom"),
    [
        ("Error: connect ECONNREFUSED 127.0.0.1:7654", "connection-refused"),
        ("read ECONNRESET\n    at TCP.onStreamRead", "server-closed-the-connection"),
        ("getaddrinfo ENOTFOUND primary.internal", "host-name-not-found"),
    ],
)
def test_what_could_be_about_any_service_is_not_claimed(text: str, symptom: str) -> None:
    result = run(text)

    assert result.exit_code == 2
    assert f"if it is, then it is {symptom}: connguard explain {symptom}" in " ".join(
        result.stderr.split()
    )


def test_ports_of_the_repository_tell_what_a_message_is_about(tmp_path: Path) -> None:
    """The same message is about PostgreSQL where the files say that it listens there."""
    write(tmp_path, "postgresql.conf", "listen_addresses = 'localhost'\nport = 7654\n")
    found = document("Error: connect ECONNREFUSED 10.0.0.4:7654", str(tmp_path))["symptoms"][0]

    assert found["id"] == "connection-refused"
    assert places(found["lines"]["deciding"]) == {("postgresql.conf", 1), ("postgresql.conf", 2)}
    assert run("Error: connect ECONNREFUSED 10.0.0.4:7655", str(tmp_path)).exit_code == 2


def test_terminal_escapes_are_harmless() -> None:
    """What a message names is printed with control characters made visible."""
    result = run('FATAL: too many connections for role "a\x1b[31mb"')

    assert "\x1b" not in result.stdout
    assert "\\x1b" in result.stdout


def test_names_are_filled_into_the_checks() -> None:
    plain = run('too many connections for role "app_1"').stdout
    odd = run('too many connections for role "a\';DROP"').stdout

    assert "WHERE rolname = 'app_1'" in plain
    assert "WHERE rolname = 'ROLE'" in odd


@pytest.mark.parametrize(
    ("rules", "line", "said"),
    [
        ("host all all 10.0.1.0/24 md5", 1, "but for its address: 10.0.0.9 is not in 10.0.1.0/24"),
        ("hostssl all all 10.0.0.0/24 md5", 1, "but for its connection type"),
        ("host stock all 10.0.0.0/24 md5", 1, "but for its database"),
        ("host all jobs 10.0.0.0/24 md5", 1, "but for its user"),
        ("host all all 10.0.0.0/24 reject", 1, "is the first that matches, and rejects"),
        ("host all all 10.0.0.0/24 md5", 1, "would let the login try (md5)"),
    ],
)
def test_what_an_access_list_says_about_the_login(
    tmp_path: Path, rules: str, line: int, said: str
) -> None:
    """The rules that nearly match are named, with what keeps them from it."""
    write(tmp_path, "pg_hba.conf", f"{rules}\n")
    login = 'host "10.0.0.9", user "app", database "shop", no encryption'
    message = f"FATAL: no pg_hba.conf entry for {login}"
    lines = document(message, str(tmp_path))["symptoms"][0]["lines"]["deciding"]

    assert [(one["location"]["line"], said in one["message"]) for one in lines] == [(line, True)]


def test_a_list_with_nothing_near_names_no_line(tmp_path: Path) -> None:
    write(tmp_path, "pg_hba.conf", "local all all peer\nhost x y 192.0.2.0/24 md5\n")
    message = 'no pg_hba.conf entry for host "10.0.0.9", user "app", database "shop", SSL off'

    assert document(message, str(tmp_path))["symptoms"][0]["lines"]["deciding"] == []


def test_settings_of_other_roles_are_not_meant(tmp_path: Path) -> None:
    """A timeout of this role and of everybody counts, one of another role does not."""
    write(
        tmp_path,
        "migrations/V1__timeouts.sql",
        "CREATE ROLE app LOGIN CONNECTION LIMIT 5;\n"
        "CREATE ROLE jobs LOGIN CONNECTION LIMIT 5;\n"
        "ALTER ROLE app SET statement_timeout = '5s';\n"
        "ALTER ROLE jobs SET statement_timeout = '9s';\n",
    )
    write(tmp_path, "postgresql.conf", "max_connections = 100\nstatement_timeout = 30s\n")
    prefix = "2026-11-21 UTC:10.0.0.9(44810):app@shop:[14233]:ERROR:  "
    log = f"{prefix}canceling statement due to statement timeout"
    found = document("-", str(tmp_path), stdin=log)["symptoms"][0]["lines"]["deciding"]

    assert places(found) == {("V1__timeouts.sql", 3), ("postgresql.conf", 2)}


def test_a_timeout_that_is_off_ends_nothing(tmp_path: Path) -> None:
    write(tmp_path, "postgresql.conf", "idle_session_timeout = 0\n")
    found = document("idle-session-timeout", str(tmp_path))["symptoms"][0]["lines"]

    assert found["deciding"] == []


def test_every_format_is_the_same_on_any_terminal() -> None:
    for output_format in ("text", "json", "markdown"):
        first = run(ROLE_LIMIT, "--format", output_format).stdout
        assert first == run(ROLE_LIMIT, "--format", output_format, "--no-color").stdout
        assert first
