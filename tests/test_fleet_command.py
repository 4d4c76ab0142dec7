# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard fleet`: repositories, isolation, outputs and exit codes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result
from fleet_repositories import write

import connguard
from connguard.engine.cli import main
from connguard.fleet.inventory import repositories

EXAMPLES = Path(__file__).parent.parent / "examples" / "fleet"
SCHEMA = json.loads(
    (Path(connguard.__file__).parent / "schemas" / "fleet-row-1.json").read_text("utf-8")
)
BAD = "CREATE ROLE app LOGIN CONNECTION LIMIT -1;\n"
GOOD = "CREATE ROLE app LOGIN CONNECTION LIMIT 5;\n"


def fleet(*arguments: str | Path, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["fleet", *map(str, arguments)], input=stdin)


def rows(*arguments: str | Path, stdin: str | None = None) -> list[dict[str, Any]]:
    result = fleet(*arguments, "--format", "ndjson", "--workers", "1", stdin=stdin)
    found = [json.loads(line) for line in result.stdout.splitlines()]
    for row in found:
        jsonschema.validate(row, SCHEMA)
    return found


def of(found: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [row for row in found if row["type"] == kind]


def by_name(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["repository"]: row for row in of(found, "repository")}


def test_the_example_exhausts_its_server_together() -> None:
    """2 × (20 + 5) pooled + (8 + 2) × (5 + 5) + 3 × 20 = 210 of 200 - 3 - (2 to 8)."""
    found = rows(EXAMPLES / "exhausted")

    (server,) = of(found, "server")
    assert (server["connections_min"], server["connections_max"]) == (210, 210)
    assert (server["slots_min"], server["slots_max"]) == (189, 195)
    assert server["headroom"] == 189 - 210
    assert server["verdict"] == "unsafe"
    shares = [
        (one["repository"], one["connections_max"], one["path"], one["line"])
        for one in server["shares"]
    ]
    assert shares == [
        ("billing", 100, "billing/billing/database.py", 5),
        ("reports", 60, "reports/src/main/resources/application.yml", 6),
        ("storefront", 50, "infra/pgbouncer/pgbouncer.ini", 9),
    ]
    limits = {(one["kind"], one["name"]): one for one in server["limits"]}
    assert limits["role", "orders_reports"]["limit"] == 40
    assert limits["role", "orders_reports"]["connections_max"] == 60
    assert limits["pooler", "infra/pgbouncer"]["connections_max"] == 60
    findings = {
        (row["id"], row["repository"], row["path"], row["line"]): row
        for row in of(found, "finding")
    }
    assert sorted(findings) == [
        ("PG101", "reports", "src/main/resources/application.yml", 6),
        ("PG103", "billing", "billing/database.py", 5),
    ]
    related = findings["PG103", "billing", "billing/database.py", 5]["related"]
    assert [one["message"] for one in related[:3]] == [
        "billing contributes 100 of 210",
        "reports contributes 60 of 210",
        "storefront contributes 50 of 210",
    ]
    attributed = {row["service"]: row["attributed_by"] for row in of(found, "connection")}
    assert attributed == {"billing": "secret", "reports": "host", "storefront": "host"}
    assert of(found, "unattributed") == []
    assert found[-1]["exit_code"] == 1


def test_each_repository_of_the_example_is_fine_alone() -> None:
    """Without the fleet file nothing is known to be shared."""
    for state in ("exhausted", "repaired"):
        everything = rows(f"{EXAMPLES / state}/*")
        assert of(everything, "server") == []
        found = by_name(everything)
        assert {row["exit_code"] for row in found.values()} == {0}
        assert sorted(found) == ["billing", "db-migrations", "infra", "reports", "storefront"]


def test_the_repaired_example_is_safe() -> None:
    """50 + (8 + 2) × (4 + 4) + 3 × 10 = 160 of at least 189."""
    result = fleet(EXAMPLES / "repaired")

    assert result.exit_code == 0
    assert "server orders: safe" in result.output
    assert "160 of 189 to 195 connections at worst, headroom 29" in result.output


def test_settings_and_baseline_are_those_of_each_repository(tmp_path: Path) -> None:
    """What stands above a repository is not its own."""
    migration = "migrations/V1__roles.sql"
    write(
        tmp_path,
        {
            "connguard.toml": 'ignore = ["PG001"]\n',
            f"fleet/bad/{migration}": BAD,
            f"fleet/ignoring/{migration}": BAD,
            "fleet/ignoring/connguard.toml": 'ignore = ["PG001"]\n',
            f"fleet/lenient/{migration}": BAD,
            "fleet/lenient/pyproject.toml": '[tool.connguard]\nfail-on = "never"\n',
            "fleet/empty/README.md": "nothing\n",
        },
    )
    found = by_name(rows(tmp_path / "fleet"))

    assert {name: row["exit_code"] for name, row in found.items()} == {
        "bad": 1,
        "empty": 3,
        "ignoring": 0,
        "lenient": 0,
    }
    assert found["bad"]["policies"] == {"PG001": 1}
    assert found["empty"]["status"] == "nothing-to-scan"
    strict = by_name(rows(tmp_path / "fleet", "--fail-on", "warning"))
    assert strict["lenient"]["exit_code"] == 1
    general = tmp_path / "general.toml"
    general.write_text('ignore = ["PG001"]\n')
    assert by_name(rows(tmp_path / "fleet", "--config", general))["bad"]["exit_code"] == 0


def test_a_broken_repository_costs_only_its_row(tmp_path: Path) -> None:
    """Missing, misconfigured, and one that is read in part."""
    write(
        tmp_path,
        {
            "a/migrations/V1__a.sql": BAD,
            "b/connguard.toml": "ignore = 5\n",
            "b/migrations/V1__a.sql": BAD,
            "c/connguard.toml": 'baseline = "gone.json"\n',
            "d/migrations/V1__a.sql": GOOD,
        },
    )
    listed = "\n".join(["# all of them", *(str(tmp_path / name) for name in "abcde"), ""])
    found = rows("--list", "-", stdin=listed)

    names = by_name(found)
    assert [row["repository"] for row in of(found, "repository")] == ["a", "b", "c", "d", "e"]
    assert {name: row["status"] for name, row in names.items()} == {
        "a": "scanned",
        "b": "failed",
        "c": "failed",
        "d": "scanned",
        "e": "failed",
    }
    assert "ignore" in names["b"]["reason"]
    assert names["e"]["reason"] == "No such file or directory"
    assert found[-1]["exit_code"] == 2
    assert found[-1]["errors"] == 1


def test_time_is_limited_for_each_repository(tmp_path: Path) -> None:
    """A repository that takes too long ends its process and nothing else."""
    many = "".join(f"CREATE ROLE r{number} LOGIN;\n" for number in range(40_000))
    write(tmp_path, {"big/V1__a.sql": many, "small/connguard.toml": "="})
    slow = by_name(rows(tmp_path, "--timeout", "2", "--memory", "0"))

    assert slow["big"]["status"] == "timed-out"
    assert slow["big"]["reason"] == "took more than 2 s (--timeout)"
    assert slow["big"]["exit_code"] == 2
    assert "connguard.toml" in slow["small"]["reason"]


def test_the_order_is_that_of_the_names_whatever_runs_first(tmp_path: Path) -> None:
    """Two runs with different numbers of processes write the same bytes."""
    many = "".join(f"CREATE ROLE r{number} LOGIN;\n" for number in range(200))
    for number in range(5):
        write(tmp_path / f"r{number}", {"V1__a.sql": many if number == 0 else BAD})
    first = tmp_path / "1.ndjson"
    second = tmp_path / "2.ndjson"
    pattern = str(tmp_path / "r*")
    assert fleet(pattern, "--workers", "1", "--report", f"ndjson={first}").exit_code == 1
    assert fleet(pattern, "--workers", "2", "--report", f"ndjson={second}").exit_code == 1

    assert first.read_bytes() == second.read_bytes()
    written = [json.loads(line) for line in first.read_text().splitlines()]
    assert [row["repository"] for row in of(written, "repository")] == [
        "r0",
        "r1",
        "r2",
        "r3",
        "r4",
    ]
    assert [row["type"] for row in (written[0], written[-1])] == ["run", "end"]


def test_parquet_holds_the_rows_of_ndjson(tmp_path: Path) -> None:
    """The same values; lists of objects are JSON."""
    target = tmp_path / "tables"
    found = rows(EXAMPLES / "exhausted", "--report", f"parquet={target}", "--timings")

    tables = {
        "finding": "findings",
        "repository": "repositories",
        "connection": "connections",
        "server": "servers",
        "unattributed": "unattributed",
    }
    assert sorted(path.name for path in target.iterdir()) == sorted(
        f"{name}.parquet" for name in tables.values()
    )
    for kind, name in tables.items():
        stored = pyarrow.parquet.read_table(target / f"{name}.parquet").to_pylist()
        expected = []
        for row in of(found, kind):
            own = {key: value for key, value in row.items() if key != "type"}
            for key in ("related", "policies", "failures", "shares", "limits"):
                if key in own:
                    own[key] = json.dumps(own[key])
            expected.append(own)
        assert stored == expected


def test_an_output_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """Exit code 2, and no part of a file."""
    write(tmp_path, {"a/V1__a.sql": GOOD})
    (tmp_path / "out").mkdir()
    result = fleet(tmp_path / "a", "--report", f"ndjson={tmp_path}/gone/x.ndjson")
    assert result.exit_code == 2
    result = fleet(tmp_path / "a", "--report", f"ndjson={tmp_path}/out/x", "--select", "PG999")
    assert result.exit_code == 2
    assert "PG999" in result.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    """What the journal holds is not scanned again, and half a line counts for nothing."""
    for name in "abc":
        write(tmp_path / "fleet" / name, {"V1__a.sql": BAD})
    journal = tmp_path / "journal"
    whole = rows(tmp_path / "fleet")
    done = rows(tmp_path / "fleet", "--resume", journal)
    assert done == whole
    assert not journal.exists()

    write(tmp_path / "fleet" / "broken", {"connguard.toml": "="})
    arguments = [str(tmp_path / "fleet"), "--format", "ndjson", "--resume", str(journal)]
    runner = CliRunner()
    from connguard.fleet import run as fleet_run

    kept = fleet_run._Journal.remove
    try:
        fleet_run._Journal.remove = lambda self: None  # type: ignore[method-assign]
        first = runner.invoke(main, ["fleet", *arguments])
    finally:
        fleet_run._Journal.remove = kept  # type: ignore[method-assign]
    lines = journal.read_bytes().splitlines(keepends=True)
    assert len(lines) == 5
    journal.write_bytes(b"".join(lines[:3]) + lines[3][:10])
    write(tmp_path / "fleet" / "a", {"V1__a.sql": GOOD})  # too late: its result is taken over
    second = runner.invoke(main, ["fleet", *arguments])
    assert second.stdout == first.stdout
    assert not journal.exists()

    journal.write_bytes(lines[0])
    other = runner.invoke(main, ["fleet", *arguments, "--ignore", "PG001"])
    assert other.exit_code == 2
    assert "not of a run with these repositories, options and version" in other.stderr


def test_commits_are_read_from_git_without_a_checkout(tmp_path: Path) -> None:
    """A bare repository is read as it is; --ref reads another commit than is checked out."""
    work = write(tmp_path / "work" / "app", {"V1__a.sql": BAD})

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
        done = subprocess.run(
            ["git", "-C", str(work), *who, *arguments], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "first")
    first = git("rev-parse", "HEAD")
    git("tag", "v1")
    write(work, {"V1__a.sql": GOOD})
    git("commit", "-qam", "second")
    second = git("rev-parse", "HEAD")
    git("clone", "-q", "--bare", str(work), str(tmp_path / "bare" / "app"))

    now = by_name(rows(tmp_path / "work"))["app"]
    assert (now["policies"], now["commit"]) == ({}, second)
    then = by_name(rows(tmp_path / "work", "--ref", "v1"))["app"]
    assert (then["policies"], then["commit"]) == ({"PG001": 1}, first)
    bare = by_name(rows(tmp_path / "bare"))["app"]
    assert (bare["policies"], bare["commit"], bare["status"]) == ({}, second, "scanned")
    gone = by_name(rows(tmp_path / "work", "--ref", "v2"))["app"]
    assert gone["status"] == "failed"
    assert '"v2" is no commit' in gone["reason"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("repository = []", 'unknown key "repository"'),
        ("[[server]]\nhosts = []", "name is missing"),
        ('[[server]]\nname = "a"\nhosts = "b"', "hosts: must be a list of strings"),
        ('[[server]]\nname = "a"\n[[server]]\nname = "a"', 'server "a" is declared twice'),
        ('[[pooler]]\nname = "p"\nserver = "s"', 'no server is called "s"'),
        ('[[service]]\nname = "p"\nrepository = "r"\npool = -1', "pool: must be a count"),
        ('ignore = ["PG999"]', "PG999"),
        ('fail-on = "often"', "must be one of error, warning, note, never"),
        ("[[server", "connguard-fleet.toml"),
    ],
)
def test_a_wrong_fleet_file_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    """Exit code 2, with the place."""
    (tmp_path / "connguard-fleet.toml").write_text(text)
    result = fleet(tmp_path)

    assert result.exit_code == 2
    assert problem in result.stderr
    assert "connguard-fleet.toml" in result.stderr or "PG999" in text


def test_unchanged_repositories_are_not_scanned_again(tmp_path: Path) -> None:
    """The same rows from the cache, facts of the budget included; what changed is new."""
    cache = tmp_path / "cache"
    folder = tmp_path / "fleet"
    shutil.copytree(EXAMPLES / "exhausted", folder)
    first = rows(folder, "--cache-dir", cache)
    assert first == rows(folder)
    assert len(list(cache.glob("*/*.entry"))) == 5
    assert rows(folder, "--cache-dir", cache) == first
    code = folder / "billing" / "billing" / "database.py"
    code.write_text(code.read_text().replace("pool_size=5", "pool_size=7"))
    (server,) = of(rows(folder, "--cache-dir", cache), "server")
    assert server["connections_max"] == 210 + 10 * 2


def test_folders_of_checkouts_are_looked_into(tmp_path: Path) -> None:
    """Repositories with git below groups; without any, the folders; names below the top."""

    def names(*paths: Path) -> list[str]:
        return [one.name for one in repositories([str(path) for path in paths])]

    for name in ("group/one", "group/sub/a/b/c/two", "three"):
        write(tmp_path / "git" / name, {".git/HEAD": "", "db/V1__a.sql": GOOD})
    write(tmp_path / "git" / "notes", {"db/V1__a.sql": BAD})
    assert names(tmp_path / "git") == ["group/one", "group/sub/a/b/c/two", "three"]
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "four").symlink_to(tmp_path / "git" / "three")
    (tmp_path / "links" / "loop").symlink_to(tmp_path / "links")
    assert names(tmp_path / "links") == ["four"]
    write(tmp_path / "plain", {"one/V1__a.sql": GOOD, "two/db/V1__a.sql": GOOD})
    assert names(tmp_path / "plain") == ["one", "two"]
    both = names(tmp_path / "git" / "three", tmp_path / "plain")
    assert both == ["git/three", "plain/one", "plain/two"]
    chosen = repositories([], patterns=["plain/*"], base=tmp_path, exclude=["t*"])
    assert [(one.name, one.path) for one in chosen] == [("one", str(tmp_path / "plain" / "one"))]


def test_nothing_to_scan_is_told(tmp_path: Path) -> None:
    """Exit code 3, as of scan."""
    write(tmp_path, {"a/README.md": "", "b/README.md": ""})
    result = fleet(tmp_path)

    assert result.exit_code == 3
    assert "nothing to scan was found" in result.stderr


def test_names_cannot_forge_output(tmp_path: Path) -> None:
    """A control character in the name of a repository is written as an escape."""
    write(tmp_path, {"a\x1b[31mb\n::error::x/V1__a.sql": BAD})
    result = fleet(tmp_path)

    assert "\x1b" not in result.output
    assert "\\x1b[31mb\\n::error::x" in result.output
