# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract of `connguard hba`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connguard.engine.cli import main

LINES = """\
# TYPE  DATABASE  USER  ADDRESS  METHOD
local   all          postgres                  peer
host    all          app       10.0.0.0/8      reject
hostssl shop         app       0.0.0.0/0       scram-sha-256
host    replication  +standby  192.0.2.0/24    cert_or_not
"""
GOOD = LINES.replace("cert_or_not", "scram-sha-256")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pg_hba.conf").write_text(GOOD)
    return tmp_path


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["hba", *arguments])


def _answer(*arguments: str) -> tuple[int, dict[str, object]]:
    result = _run(*arguments, "--format", "json")
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.parametrize(
    ("arguments", "code", "result", "line", "method"),
    [
        ("--user postgres --database x --from local", 0, "match", 2, "peer"),
        ("--user app --database shop --from 10.1.1.1 --tls", 1, "reject", 3, "reject"),
        ("--user app --database shop --from 1.1.1.1 --tls", 0, "match", 4, "scram-sha-256"),
        ("--user app --database shop --from ::ffff:1.1.1.1 --tls", 0, "match", 4, "scram-sha-256"),
        ("--user app --database shop --from 1.1.1.1", 1, "no-entry", None, None),
        ("--user app --database shop --from 1.1.1.1 --gss", 1, "no-entry", None, None),
        ("--user st --replication --from 192.0.2.1", 1, "unknown", 5, "scram-sha-256"),
    ],
)
def test_answers(
    folder: Path, arguments: str, code: int, result: str, line: int | None, method: str | None
) -> None:
    """Result, file, line, method and exit code."""
    exit_code, document = _answer("pg_hba.conf", *arguments.split())
    assert exit_code == code
    assert set(document) == {"result", "file", "line", "method", "reason"}
    assert (document["result"], document["line"], document["method"]) == (result, line, method)
    assert document["file"] == "pg_hba.conf"
    assert document["reason"]


def test_a_file_that_the_server_refuses(folder: Path) -> None:
    """One bad line: not-loaded, whatever the other lines say."""
    (folder / "pg_hba.conf").write_text(LINES)
    code, document = _answer("--user", "postgres", "--database", "x", "--from", "local")
    assert (code, document["result"], document["line"]) == (1, "not-loaded", 5)
    assert 'invalid authentication method "cert_or_not"' in str(document["reason"])


def test_roles_settle_memberships(folder: Path) -> None:
    """--roles reads GRANT, CREATE ROLE … IN ROLE and ROLE, in the order of the scripts."""
    (folder / "roles").mkdir()
    (folder / "roles" / "V1__roles.sql").write_text(
        "CREATE ROLE standby; CREATE ROLE st LOGIN IN ROLE standby; CREATE ROLE old LOGIN;"
        "GRANT standby TO old;"
    )
    (folder / "roles" / "V2__less.sql").write_text("REVOKE standby FROM old;")
    arguments = ("--replication", "--from", "192.0.2.1", "--roles", "roles")
    assert _answer("--user", "st", *arguments)[1]["line"] == 5
    assert _answer("--user", "old", *arguments)[1]["result"] == "no-entry"
    assert _answer("--user", "stranger", *arguments)[1]["result"] == "unknown"


def test_the_version_changes_the_meaning(folder: Path) -> None:
    """A regular expression is one from 16 on; the default comes from the path or PG_VERSION."""
    (folder / "pg_hba.conf").write_text("host all /^app_ all trust\n")
    arguments = ("--user", "app_ro", "--database", "x", "--from", "10.0.0.1")
    assert _answer(*arguments, "--server-version", "16")[1]["result"] == "match"
    assert _answer(*arguments, "--server-version", "15")[1]["result"] == "no-entry"
    (folder / "PG_VERSION").write_text("13\n")
    assert _answer(*arguments)[1]["result"] == "no-entry"


def test_text_tells_why_earlier_lines_do_not_decide(folder: Path) -> None:
    """Every line up to the deciding one, with a reason."""
    result = _run("--user", "app", "--database", "shop", "--from", "1.1.1.1", "--tls")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("match: pg_hba.conf:4: ")
    assert "      no: local is not for TLS connections" in lines
    assert "      no: 1.1.1.1 is not in 10.0.0.0/8" in lines
    assert lines[-1] == "      decides"


def test_table(folder: Path) -> None:
    """Who can log in from where, without what earlier lines take, and without rejects."""
    code, document = _answer("--table")
    assert code == 0
    rows = document["rows"]
    assert isinstance(rows, list)
    assert [(row["line"], row["users"], row["addresses"], row["certain"]) for row in rows] == [
        (2, "postgres", "Unix socket", True),
        (4, "app", "0.0.0.0/0 except 10.0.0.0/8", True),
        (5, "postgres, app", "192.0.2.0/24", False),
        (5, "+standby", "192.0.2.0/24", True),
    ]
    text = _run("--table").stdout
    assert "0.0.0.0/0 except 10.0.0.0/8" in text


def test_names_that_look_like_keywords_in_the_table(folder: Path) -> None:
    """A user called "all" is written as in the file, with quotes."""
    (folder / "pg_hba.conf").write_text('host "replication" "all" 10.0.0.0/8 md5\n')
    rows = _answer("--table")[1]["rows"]
    assert isinstance(rows, list)
    assert [(row["users"], row["databases"]) for row in rows] == [('"all"', '"replication"')]


@pytest.mark.parametrize(
    "arguments",
    [
        "--user app",
        "--user app --database x --from nowhere",
        "--user app --database x --from 10.0.0.1 --tls --gss",
        "--user app --database x --from local --tls",
        "missing.conf --table",
        "--server-version 9 --table",
    ],
)
def test_usage_errors(folder: Path, arguments: str) -> None:
    """Exit code 2, and nothing on standard output."""
    result = _run(*arguments.split())
    assert result.exit_code == 2
    assert result.stdout == ""


def test_several_files_need_a_choice(folder: Path) -> None:
    """Without FILE there must be exactly one pg_hba.conf below the working directory."""
    (folder / "other").mkdir()
    (folder / "other" / "pg_hba.conf").write_text(GOOD)
    result = _run("--table")
    assert result.exit_code == 2
    assert "other/pg_hba.conf" in result.stderr


def _decides(*arguments: str) -> tuple[object, object, object]:
    document = _answer(*arguments)[1]
    return document["result"], document["line"], document["method"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql:\n  pg_hba:\n  - local all all peer\n  - host shop app 10.0.0.0/8 md5\n", 4),
        (
            "kind: ConfigMap\ndata:\n  pg_hba.conf: |\n    # comment\n"
            "    host shop bob all reject\n    host shop app samenet,10.0.0.0/8 md5\n"
            "    host shop app 10.0.0.0/8 md5\n",
            None,
        ),
        (
            "apiVersion: acid.zalan.do/v1\nkind: postgresql\nspec:\n  patroni:\n    pg_hba:\n"
            '    - hostssl all all all cert\n    - "host shop app 10.0.0.0/8 md5"\n',
            7,
        ),
    ],
)
def test_a_list_in_yaml(folder: Path, text: str, expected: int | None) -> None:
    """The line of the YAML file that decides; one that the server refuses."""
    (folder / "list.yaml").write_text(text)
    found = _decides("list.yaml", "--user", "app", "--database", "shop", "--from", "10.1.1.1")
    assert found == (("match", expected, "md5") if expected else ("not-loaded", 6, None))


CNPG = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
spec:
  postgresql:
    pg_hba:
      - host shop bob all reject
"""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("--user bob --database shop --from 10.0.0.1", ("reject", 6, "reject")),
        ("--user ann --database shop --from 10.0.0.1", ("match", 6, "scram-sha-256")),
        ("--user ann --database shop --from local", ("match", 6, "peer")),
        ("--user streaming_replica --replication --from 10.0.0.1 --tls", ("match", 6, "cert")),
        ("--user bob --database other --from 10.0.0.1 --server-version 13", ("match", 6, "md5")),
    ],
)
def test_lines_of_cloudnativepg(
    folder: Path, arguments: str, expected: tuple[object, object, object]
) -> None:
    """The operator's own lines stand around the list, at its place."""
    (folder / "cluster.yaml").write_text(CNPG)
    assert _decides("cluster.yaml", *arguments.split()) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: 1\n", "no access list"),
        (
            "pg_hba: [local all all peer]\n---\npg_hba: [local all all md5]\n",
            "several access lists",
        ),
        ("bootstrap:\n  pg_hba:\n  - local all all peer\n", "initdb"),
        (
            "apiVersion: postgres-operator.crunchydata.com/v1beta1\nspec:\n  patroni:\n"
            "    dynamicConfiguration:\n      postgresql:\n        pg_hba:\n"
            "        - local all all peer\n",
            "operator",
        ),
        (CNPG + "    ldap:\n      server: ldap.example\n", "LDAP"),
        ("- postgresql_pg_hba:\n    contype: local\n    method: peer\n", "order"),
        ("pg_hba: [\n", "line 1"),
        ("pg_hba: {{ list }}\n", "no access list"),
    ],
)
def test_yaml_without_one_whole_list(folder: Path, text: str, reason: str) -> None:
    """Exit code 2 with the reason: no answer from a part of what the server reads."""
    (folder / "list.yml").write_text(text)
    result = _run("list.yml", "--user", "app", "--database", "shop", "--from", "10.1.1.1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert reason in result.stderr


PGBOUNCER = """\
host shop +staff 10.0.0.0/8 trust
host shop app 10.0.0.1/8 trust
host shop app 10.0.0.0/8 md5
"""


def test_the_dialect_of_pgbouncer(folder: Path) -> None:
    """It skips what PostgreSQL reads otherwise, by the option, or by the name of the file."""
    login = ("--user", "app", "--database", "shop", "--from", "10.1.1.1")
    (folder / "pg_hba.conf").write_text(PGBOUNCER)
    (folder / "pgbouncer_hba.conf").write_text(PGBOUNCER)
    assert _decides("pg_hba.conf", *login) == ("unknown", 1, "trust")
    assert _decides("pg_hba.conf", *login, "--dialect", "pgbouncer") == ("match", 3, "md5")
    assert _decides("pgbouncer_hba.conf", *login) == ("match", 3, "md5")
    assert _decides("pgbouncer_hba.conf", *login, "--dialect", "postgresql")[0] == "unknown"
    lines = _run("pgbouncer_hba.conf", *login).stdout.splitlines()
    assert lines[1] == "  pgbouncer_hba.conf:1: skipped: groups are not supported"
    code, document = _answer("pgbouncer_hba.conf", "--table")
    rows = document["rows"]
    assert isinstance(rows, list)
    assert (code, document["loads"], [row["line"] for row in rows]) == (0, True, [3])
