# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of postgresql.conf agrees with pg_file_settings, pg_settings and postgres -C."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from servers import Postgres, _output, newest_postgres, oldest_postgres

from connguard.engine.reading import Context, SourceFile
from connguard.engine.settings import Settings
from connguard.engine.text import Text
from connguard.policies.model.origin import Known
from connguard.postgres.conf import ServerSettings, read_conf, read_conf_text
from connguard.postgres.setting_table import base_unit, refusal

FILES = int(os.environ.get("CONNGUARD_CONF_FILES", "15"))

# Settings that a reload may change, so that the server judges every value.
LINES = (
    *("work_mem = 4MB", "work_mem 5MB", "WORK_MEM = '6 MB'", "work_mem = 0x40", "work_mem=0100"),
    *(
        "work_mem = 64.5kB",
        "work_mem = 100.4",
        "work_mem = '1e3'",
        "work_mem = 1e3",
        "work_mem = -1",
    ),
    *("work_mem = 1.5GB", "work_mem = 70000 B", "work_mem = '70000 B'", "work_mem = 4mb"),
    *(
        "work_mem = 30.1MB",
        "work_mem = 3TB",
        "work_mem = '08'",
        "work_mem = '0x'",
        "work_mem = +64",
    ),
    *("statement_timeout = 30s", "statement_timeout = '1.5 min'", "statement_timeout = 0.7"),
    *("statement_timeout = '2 h '", "statement_timeout = 1d", "statement_timeout = 500us"),
    *("statement_timeout = 10sec", "statement_timeout = '1 s 5 ms'", "statement_timeout = 25d"),
    *("statement_timeout = .5s", "statement_timeout = '.5s'", "statement_timeout = 1500us"),
    *("tcp_keepalives_idle = 1min", "tcp_keepalives_idle = 1500ms", "tcp_keepalives_idle = 2500ms"),
    *(
        "authentication_timeout = 1h",
        "authentication_timeout = 10min",
        "authentication_timeout = 0",
    ),
    *("log_connections = on", "log_disconnections = TRUE", "log_disconnections = y"),
    *("log_disconnections = of", "log_disconnections = o", "log_disconnections = enabled"),
    *("log_disconnections = 1", "log_disconnections = 'no'", "log_disconnections = 2"),
    *("wal_compression = on", "wal_compression = PGLZ", "synchronous_commit = Remote_Write"),
    *("synchronous_commit = yes", "synchronous_commit = perhaps", "client_min_messages = debug"),
    *(
        "password_encryption = 'SCRAM-SHA-256'",
        "password_encryption = on",
        "log_min_messages = all",
    ),
    *("random_page_cost = 1.1", "random_page_cost = '1e-1'", "random_page_cost = -1"),
    *("random_page_cost = 010", "random_page_cost = 08", "random_page_cost = '0x1.8p3'"),
    *("random_page_cost = '1e-400'", "random_page_cost = '1e400'", "work_mem = '0777.5'"),
    *("work_mem = '089.5'", "work_mem = '0x1p9'", "work_mem = ' .5MB'"),
    *("autovacuum_vacuum_cost_delay = 500us", "autovacuum_vacuum_cost_delay = 2ms"),
    *("search_path = 'a, b'", "search_path = '\"$user\", public'", "search_path = a,b"),
    *("log_line_prefix = '%m [%p] ''q'' \\\\ \\101 '", "log_line_prefix = '# no comment' # one"),
    *("cluster.name = 'x'", "my.own.name = 3", "my.own = a.b", "my.own = a.b.c", "my.own = 'a.b'"),
    *("no_such_setting = 1", "work_mem == 4MB", "= 3", "work_mem", "work_mem =", "work_mem = 'x"),
    *("work_mem = 4MB 5MB", "work-mem = 4MB", "log_timezone = UTC", "log_timezone = Europe/Berlin"),
    *("# a comment", "", "   ", "\tmax_wal_size\t=\t1GB", "work_mem = 4MB;", "1work = 3"),
    *("include_if_exists 'missing.conf'", "include 'more.conf'", "include_dir 'parts'"),
    *("Include = 'more.conf'", "idle_in_transaction_session_timeout = '5min'"),
)
CLEAN = [
    line
    for line in LINES
    if not read_conf_text(Text("", line)).problems and not line.startswith("no_such")
]
MORE = {
    "more.conf": "statement_timeout = 77s\nwork_mem = 7MB\n",
    "parts/b.conf": "work_mem = 11MB\n",
    "parts/a.conf": "work_mem = 12MB\ninclude '../more.conf'\n",
    "parts/.hidden.conf": "work_mem = 13MB\n",
    "parts/a.txt": "work_mem = 14MB\n",
}


@pytest.fixture(scope="module", params=["oldest", "newest"])
def server(request: pytest.FixtureRequest) -> Iterator[Postgres]:
    with Postgres(newest_postgres() if request.param == "newest" else oldest_postgres()) as one:
        for name, content in MORE.items():
            one.write_file(name, content)
        yield one


def _read(folder: Path, text: str) -> ServerSettings:
    for name, content in {**MORE, "postgresql.conf": text}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    context = Context(roots=(folder,), settings=Settings(), name_of=lambda path: path.name)
    return read_conf(SourceFile(folder / "postgresql.conf", "postgresql.conf"), context)


def test_generated_files_are_read_as_pg_file_settings_reads_them(
    server: Postgres, tmp_path: Path
) -> None:
    """Names, values, lines and order of all settings; the lines with errors, and applied ones."""
    version = server.installation.major
    with server.connect() as connection:
        for seed in range(FILES):
            chance = random.Random(f"conf {version} {seed}")
            pool = LINES if seed % 3 == 0 else CLEAN
            lines = [chance.choice(pool) for _ in range(chance.randint(3, 25))]
            text = "\n".join(lines) + chance.choice(("", "\n"))
            server.write_file("postgresql.conf", text)
            rows = connection.execute(
                "SELECT regexp_replace(sourcefile, '.*/', ''), sourceline, name, setting, applied,"
                " error FROM pg_file_settings ORDER BY seqno"
            ).fetchall()
            ours = _read(tmp_path, text)
            if ours.problems:  # a backend gives the file up at the first one
                first = min(one.origin.line for one in ours.problems)
                ours = _read(tmp_path, "\n".join(lines[:first]) + "\n")
            theirs = [
                (file, line, name.lower(), value) for file, line, name, value, *_ in rows if name
            ]
            assert [
                (one.origin.path, one.origin.line, one.name, one.value.value)
                for one in ours.settings
                if isinstance(one.value, Known)
            ] == theirs, text
            broken = {
                (file, line) for file, line, name, *_, error in rows if file and not name and error
            }
            assert {(one.origin.path, one.origin.line) for one in ours.problems} == broken, text
            refused = {(file, line) for file, line, name, *_, error in rows if name and error}
            if not ours.problems:
                assert refused == _refused(ours, version), text


def _refused(settings: ServerSettings, version: int) -> set[tuple[str, int]]:
    """The lines that the server refuses; it looks at values only when it knows all names."""
    reasons = [
        (one, refusal(one.name, one.value.value, version) or "")
        for one in settings.settings
        if isinstance(one.value, Known)
    ]
    unknown = [one for one, reason in reasons if reason.startswith("unrecognized")]
    last = {one.written: one for one in settings.settings}
    invalid = [one for one, reason in reasons if reason and last[one.written] is one]
    return {(one.origin.path, one.origin.line) for one in unknown or invalid}


def test_values_in_units_are_those_of_pg_settings(server: Postgres, tmp_path: Path) -> None:
    """Integers, reals, booleans and choices, converted to the setting's own unit."""
    good = [
        line
        for line in LINES
        if "=" in line and not line.startswith(("=", "#", "Include", "my.", "cluster."))
    ]
    with server.connect() as connection:
        for line in good:
            ours = _read(tmp_path, line + "\n")
            if not ours.settings or ours.problems:
                continue
            name = ours.settings[0].name
            value = ours.get(name)
            assert isinstance(value, Known)
            if refusal(name, value.value, server.installation.major):
                continue
            row = connection.execute(
                "SELECT vartype FROM pg_settings WHERE lower(name) = %s", (name,)
            ).fetchone()
            assert row
            if row[0] not in ("integer", "real", "bool"):
                continue
            server.write_file("postgresql.conf", line + "\n")
            shown = _output(
                [
                    str(server.installation.bindir / "postgres"),
                    *("-D", str(server.data), "-C", name),
                ]
            ).strip()
            number = ours.number(name, base_unit(name))
            if row[0] == "bool":
                assert ours.boolean(name) == Known(shown == "on", value.origin), line
            elif row[0] == "integer":
                assert ours.integer(name, base_unit(name)) == Known(int(shown), value.origin), line
            else:
                assert isinstance(number, Known)
                assert float(number.value) == pytest.approx(float(shown)), line
