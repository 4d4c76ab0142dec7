# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How shell scripts hand SQL to psql, and what of it cannot be followed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from connguard.engine.scan import scan
from connguard.engine.settings import Settings

MADE = "CREATE ROLE app LOGIN;"


def found(folder: Path, script: str, files: Mapping[str, str] | None = None) -> list[str]:
    """The policies and lines of the findings of a script, beside some other files."""
    for name, text in {"postgres/init.sh": script, **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    report = scan([folder], Settings())
    assert report.failures == []
    return [f"{one.policy.id}:{one.origin.line}" for one in report.findings]


@pytest.mark.parametrize(
    ("script", "line"),
    [
        (f'"${{psql[@]}}" --dbname="$POSTGRES_DB" <<-\'EOSQL\'\n\t{MADE}\nEOSQL\n', 2),
        (f"\"${{psql[@]}}\" -c '{MADE}'\n", 1),
        (f"PSQL=(psql -U app)\n${{PSQL[@]}} <<EOF\n{MADE}\nEOF\n", 3),
        (f"PSQL=(sudo -u postgres psql)\n\"${{PSQL[@]}}\" -c '{MADE}'\n", 2),
    ],
)
def test_psql_in_an_array(tmp_path: Path, script: str, line: int) -> None:
    """The image's own scripts start psql as "${psql[@]}"."""
    assert found(tmp_path, script) == [f"PG001:{line}"]


@pytest.mark.parametrize(
    "script",
    [
        f"cat > /tmp/roles.sql <<EOT\n{MADE}\nEOT\npsql -f /tmp/roles.sql\n",
        f"cat <<EOT > /tmp/roles.sql\n{MADE}\nEOT\npsql < /tmp/roles.sql\n",
        f'F=$(mktemp)\ncat > "$F" <<\'EOT\'\n{MADE}\nEOT\npsql -f "$F"\n',
        f"echo 'SELECT 1;' > /tmp/a.sql\necho '{MADE}' >> /tmp/a.sql\npsql </tmp/a.sql\n",
        f"tee /tmp/a.sql <<EOT\n{MADE}\nEOT\ncat /tmp/a.sql | psql\n",
    ],
)
def test_a_file_that_the_script_writes(tmp_path: Path, script: str) -> None:
    """What cat, tee, echo and printf write into a file is what psql reads from it."""
    line = next(n for n, text in enumerate(script.splitlines(), start=1) if MADE in text)
    assert found(tmp_path, script) == [f"PG001:{line}"]


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("psql -f /opt/roles.sql\n", 1),
        ("psql --file=/opt/roles.sql\n", 1),
        ("psql -qf roles/gone.sql\n", 1),
        ('psql -f "$1"\n', 1),
        ('psql < "$BACKUP"\n', 1),
        ("./generate_roles.py | psql\n", 1),
        ("gunzip -c x.sql.gz | psql -U app\n", 1),
        ("curl -s https://example.org/r.sql | sudo -u postgres psql\n", 1),
        ("pg_dump a | psql b\n", 1),
        ("sed s/x/y/ roles.sql.tmpl | psql\n", 1),
        ("python3 - <<EOF | psql\nprint(1)\nEOF\n", 1),
        ("psql < <(./roles.py)\n", 1),
        ("psql -1 -f - <&3\n", 1),
        ("{\necho 'SELECT 1;'\n./roles.py\n} | psql\n", 3),
        ("su postgres -c 'psql -f /opt/roles.sql'\n", 1),
        ("echo 'SELECT 1;' | sed s/1/2/ | psql\n", 1),
    ],
)
def test_input_that_is_not_followed(tmp_path: Path, script: str, line: int) -> None:
    """What psql reads from elsewhere is reported where it is handed over."""
    assert found(tmp_path, script) == [f"PG901:{line}"]


@pytest.mark.parametrize(
    "script",
    [
        "psql -f roles.sql\n",
        'psql -f "$(dirname "$0")/roles.sql"\n',
        "psql -f /docker-entrypoint-initdb.d/roles.sql\n",
        'for f in /migrations/*.sql; do psql -f "$f"; done\n',
        'for f in "$DIR"/*.sql; do psql -f "$DIR/$f"; done\n',
        'ls *.sql | while read -r f; do psql < "$f"; done\n',
        "cat *.sql | psql\n",
        "ls *.sql | xargs -n1 psql -f\n",
        "find . -name '*.sql' | xargs -I{} psql -f {}\n",
        "cat roles.sql | psql\n",
        "envsubst < roles.sql | psql\n",
        "envsubst < roles.sql | tee log | psql -v a=1 2>&1 | grep x\n",
        "ps aux | grep psql\n",
        "command -v psql > /dev/null || exit 1\npsql -c 'SELECT 1'\n",
        "cat data.csv | psql -c '\\copy t from stdin'\n",
        "zcat d.gz | docker compose -f compose.yml exec -T db psql -c 'COPY t FROM stdin'\n",
        "docker compose -f compose.yml exec db psql -c 'SELECT 1'\n",
        "psql < /dev/null\n",
        "psql -c 'SELECT 1' < list.txt\n",
        "psql --version | cut -d' ' -f3\n",
        "grep -q psql < list.txt\n",
        "{ echo '\\set a 1'; cat roles.sql; } | psql\n",
        'run() { psql "$@"; }\nrun -d app -f roles.sql\n',
    ],
)
def test_input_that_is_read_or_no_sql(tmp_path: Path, script: str) -> None:
    """Files of the scan are read, in place or on their own, and data is no SQL."""
    files = {"postgres/roles.sql": "CREATE ROLE app LOGIN CONNECTION LIMIT 5;\n"}
    assert found(tmp_path, script, files) == []


@pytest.mark.parametrize(
    ("script", "lines"),
    [
        ('run() { psql -U postgres "$@"; }\nrun -c "CREATE ROLE bob LOGIN"\n', [2]),
        ("run() { psql; }\nrun <<EOF\nCREATE ROLE bob LOGIN;\nEOF\n", [3]),
        ('run() { psql -c "$1"; }\nrun "CREATE ROLE bob LOGIN"\n', [2]),
        ('run() {\n local sql="$1"\n psql -c "$sql"\n}\nrun "CREATE ROLE bob LOGIN"\n', [5]),
        ("run() { psql; }\necho 'CREATE ROLE bob LOGIN' | run\n", [2]),
        (
            'make() { psql -c "CREATE ROLE $1 LOGIN CONNECTION LIMIT $2"; }\n'
            "make a 5\nmake b -1\nmake c 5\n",
            [1],
        ),
        (
            'run() { psql "$@"; }\nadmin() { run -U postgres "$@"; }\nadmin -c "$1"\n'
            'admin -c "CREATE ROLE bob LOGIN"\n',
            [4],
        ),
        ("make() {\n psql -c 'CREATE ROLE bob LOGIN'\n}\nmake\nmake\n", [2]),
        ("make() {\n psql -c 'CREATE ROLE bob LOGIN'\n}\n", [2]),
        ("sql() { echo 'CREATE ROLE bob LOGIN;'; }\nsql | psql\n", [1]),
        ("{ echo 'CREATE ROLE bob LOGIN;'; } | psql\n", [1]),
        ("( echo 'CREATE ROLE bob LOGIN;' ) | psql\n", [1]),
        ("psql < <(echo 'CREATE ROLE bob LOGIN;')\n", [1]),
        ("psql -Xc'CREATE ROLE bob LOGIN'\n", [1]),
        ("psql -Xtc 'CREATE ROLE bob LOGIN'\n", [1]),
        ("psql --command='CREATE ROLE bob LOGIN'\n", [1]),
        ("while read -r x; do echo 'CREATE ROLE bob LOGIN;'; done < list | psql\n", [1]),
        ("su - postgres -c \"psql -d app -c 'CREATE ROLE bob LOGIN'\"\n", [1]),
        ("bash -lc 'psql -d application_database -c \"CREATE ROLE bob LOGIN\"'\n", [1]),
        ("su - postgres -c \"psql -d application -c 'CREATE ROLE bob NOLOGIN'\"\n", []),
        ("f() { g; }\ng() { f; psql -c 'CREATE ROLE bob LOGIN'; }\n", [2]),
    ],
)
def test_helpers_and_groups(tmp_path: Path, script: str, lines: list[int]) -> None:
    """Functions of the script are followed with their arguments and their input."""
    roles = [one for one in found(tmp_path, script) if one.startswith("PG001")]
    assert roles == [f"PG001:{line}" for line in lines]


def test_runs_of_psql_are_sessions(tmp_path: Path) -> None:
    """psql commits nothing that is left open, unless it is told to; \\q ends one run of it."""
    limited = "ALTER ROLE app CONNECTION LIMIT 5;"
    script = f"psql -c '{MADE}'\npsql {{}} <<EOF\nBEGIN;\n{limited}\nEOF\n"
    assert found(tmp_path / "a", script.format("")) == ["PG001:1"]
    assert found(tmp_path / "b", script.format("-1")) == []
    assert found(tmp_path / "c", f"psql -c '{MADE}' -c BEGIN -c '{limited}' -c COMMIT\n") == []
    script = f"psql <<EOF\n{MADE}\n\\q\nEOF\npsql <<EOF\n{limited}\n{{}}EOF\n"
    assert found(tmp_path / "d", script.format("")) == []
    files = {"postgres/r.sql": f"BEGIN;\n{limited}\n"}
    assert found(tmp_path / "e", f"psql -c '{MADE}'\npsql -f r.sql\n", files) == ["PG001:1"]
    assert found(tmp_path / "f", f"psql -c '{MADE}'\npsql -1f r.sql\n", files) == []


def test_a_file_that_is_not_there_is_reported_once(tmp_path: Path) -> None:
    """However often a script hands it to psql."""
    script = 'psql -f "$1"\npsql -c "SET a = 1" -f "$1"\npsql -f /opt/a.sql\n'
    assert found(tmp_path, script) == ["PG901:1", "PG901:3"]


@pytest.mark.parametrize(
    ("script", "policies"),
    [
        ("createuser -U postgres --login app\n", ["PG001:1"]),
        ("createuser app\n", ["PG001:1"]),
        ("sudo -u postgres createuser -p 5433 -d app > /dev/null 2>&1\n", ["PG001:1"]),
        ("docker exec db createuser -U postgres app\n", ["PG001:1"]),
        ("createuser -c 5 app\n", []),
        ("createuser app --connection-limit=5\n", []),
        ('createuser -c "$LIMIT" app\n', ["PG902:1"]),
        ("createuser -L app\n", []),
        ("createuser -s admin\n", []),
        ("createuser app\npsql -c 'ALTER ROLE app CONNECTION LIMIT 5'\n", []),
        ("psql -c 'SELECT 1'\n./manage.py createuser app\n", []),
        ("psql -c 'SELECT 1'\nwhich createuser\n", []),
    ],
)
def test_createuser(tmp_path: Path, script: str, policies: list[str]) -> None:
    """The client program makes a role that can log in, without a limit unless it is given."""
    roles = [one for one in found(tmp_path, script) if not one.startswith("PG002")]
    assert roles == policies
