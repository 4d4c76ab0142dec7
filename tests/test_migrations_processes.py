# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Histories that are replayed in several processes give the report of one process."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from connguard.engine import disk, settings
from connguard.engine.cli import main
from connguard.engine.finding import EXIT_ERROR, Report
from connguard.engine.reading import Context, SourceFile
from connguard.engine.scan import scan
from connguard.engine.settings import Settings, SettingsError
from connguard.migrations import frontend, overview, replaying
from connguard.reporters.table import renderer
from connguard.sql_rules import isolation, syntax
from connguard.sql_rules.postgres_parser import parse_sql_json, split
from connguard.sql_rules.replay import replay
from connguard.sql_rules.script import Script

EXAMPLES = Path(__file__).parents[1] / "examples"
_STATEMENTS = (
    *("CREATE ROLE app LOGIN;", "CREATE ROLE app LOGIN CONNECTION LIMIT 5;", "DROP ROLE app;"),
    *("ALTER ROLE app CONNECTION LIMIT -1;", "CREATE TABLE t (id int);", "CREATE DATABASE d;"),
    *("ALTER ROLE app PASSWORD 'secret';", "DO $$ BEGIN EXECUTE 'DROP ROLE app'; END $$;"),
    *(
        "CREATE ROLE broken LOGIN CONNECTION",
        "-- connguard: ignore PG001 known\nCREATE ROLE b LOGIN;",
    ),
    *("ALTER SYSTEM SET max_connections = 5000;", "BEGIN;", "COMMIT;", "\\i ../shared/roles.sql"),
)

pytestmark = pytest.mark.usefixtures("threads_of_other_tests_do_not_matter")


@pytest.fixture(autouse=True)
def few_files_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a handful of files is read in several processes, too."""
    monkeypatch.setattr(overview, "_BATCH", 2)


def _projects(root: Path, seed: int) -> None:
    chance = random.Random(seed)
    (root / "shared").mkdir()
    (root / "shared" / "roles.sql").write_text("CREATE ROLE shared LOGIN;\n")
    for project in range(12):
        folder = root / f"service{project}"
        folder.mkdir()
        for number in range(chance.randint(1, 6)):
            lines = chance.choices(_STATEMENTS, k=chance.randint(0, 6))
            suffix = chance.choice(("", ".up", ".down"))
            (folder / f"{number:03}_step{suffix}.sql").write_text("\n".join(lines) + "\n")
    (root / "service0" / "latin.sql").write_bytes(b"-- caf\xe9\nCREATE ROLE latin LOGIN;\n")


def _shown(report: Report) -> tuple[str, str, list[str]]:
    json, text = renderer("json"), renderer("text")
    options = {"colour": False, "verbose": True, "quiet": False}
    return json(report, **options), text(report, **options), report.log


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("jobs", [2, 5])
def test_generated_histories(tmp_path: Path, seed: int, jobs: int) -> None:
    """Findings, log, gaps and suppressions, to the byte."""
    _projects(tmp_path, seed)

    alone = scan([tmp_path], Settings(jobs=1))
    several = scan([tmp_path], Settings(jobs=jobs))

    assert alone.findings
    assert _shown(several) == _shown(alone)


@pytest.mark.parametrize("group", ["PG00", "PG4", "PG9"])
def test_the_examples(group: str) -> None:
    """All formats that hold SQL."""
    folders = [one for one in sorted(EXAMPLES.iterdir()) if one.name.startswith(group)]

    alone = scan(folders, Settings(jobs=1))
    several = scan(folders, Settings(jobs=2))

    assert alone.findings
    assert _shown(several) == _shown(alone)


def _read(root: Path, jobs: int) -> tuple[Context, list[str]]:
    found = sorted(root.rglob("*.sql"))
    files = [SourceFile(path, path.relative_to(root).as_posix()) for path in found]
    told: list[str] = []
    context = Context((root,), Settings(jobs=jobs), files=files, progress=told.append)
    frontend.read(files, context)
    return context, told


def test_those_who_read_later_get_the_same(tmp_path: Path) -> None:
    """The scripts of all histories, and the texts of the files."""
    _projects(tmp_path, 7)

    alone, _ = _read(tmp_path, 1)
    several, told = _read(tmp_path, 2)

    def names(histories: Sequence[Sequence[Script]]) -> list[list[tuple[str, list[str]]]]:
        return [
            [(script.name, [chunk.text for chunk in script.chunks]) for script in scripts]
            for scripts in histories
        ]

    assert names(several.histories) == names(alone.histories)
    assert several.texts.keys() == alone.texts.keys()
    assert told[-1] == f"replaying migrations: {len(several.histories)} of 13 databases"


def test_what_is_left_out_by_its_name_is_read_for_nobody(tmp_path: Path) -> None:
    """Nothing is said about the text of a file that was read ahead and is not scanned."""
    _projects(tmp_path, 5)
    (tmp_path / "service0" / "900_x.redshift.sql").write_bytes(b"-- caf\xe9\n")

    alone = scan([tmp_path], Settings(jobs=1))
    several = scan([tmp_path], Settings(jobs=2))

    (said,) = [one for one in several.log if "redshift" in one]
    assert said.endswith("900_x.redshift.sql: for redshift, not PostgreSQL; left out")
    assert _shown(several) == _shown(alone)


def test_what_is_asked_of_the_disk_is_the_same(tmp_path: Path) -> None:
    """So that an unchanged tree is known again, however it was read."""
    _projects(tmp_path, 3)

    with disk.recording() as alone:
        scan([tmp_path], Settings(jobs=1))
    with disk.recording() as several:
        scan([tmp_path], Settings(jobs=2))

    assert several.answers == alone.answers


def test_a_history_that_kills_its_process_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are judged as ever, and the exit code says that something is missing."""
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.sql").write_text(f"CREATE ROLE {name} LOGIN;\n")

    def deadly(scripts: list[Script], *limits: int) -> object:
        if scripts[0].name.endswith("b/1.sql"):
            os.kill(os.getpid(), signal.SIGKILL)
        return replay(scripts)

    monkeypatch.setattr(replaying, "replay", deadly)
    monkeypatch.chdir(tmp_path)
    report = scan([tmp_path], Settings(jobs=2, select=("PG001",)))

    assert [finding.origin.path for finding in report.findings] == ["a/1.sql", "c/1.sql"]
    assert [(one.path, one.reason) for one in report.failures] == [
        ("b", "the migrations there: its process was ended by SIGKILL")
    ]
    assert report.exit_code(lambda findings: True) == EXIT_ERROR


def test_a_history_that_killed_is_replayed_with_care(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each text is then parsed in a process of its own, which can die alone."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.sql").write_text(f"CREATE ROLE {name} LOGIN;\n")

    def deadly(scripts: list[Script], *limits: int) -> object:
        if scripts[0].name.endswith("b/1.sql") and not isolation.careful:
            os.kill(os.getpid(), signal.SIGKILL)
        return replay(scripts)

    monkeypatch.setattr(replaying, "replay", deadly)
    monkeypatch.chdir(tmp_path)
    report = scan([tmp_path], Settings(jobs=2, select=("PG001",)))

    assert [finding.origin.path for finding in report.findings] == ["a/1.sql", "b/1.sql"]
    assert report.failures == []
    assert not isolation.careful


@pytest.mark.parametrize("batch", [2, 64])
def test_a_text_that_kills_who_reads_it_is_read_with_care(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """It dies in a process of its own, and only its statement is lost; so among few files."""
    monkeypatch.setattr(overview, "_BATCH", batch)
    for name in ("a", "b", "c", "d"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.sql").write_text(f"CREATE ROLE {name} LOGIN;\n")

    def deadly_split(text: str) -> tuple[str, ...]:
        if "ROLE b" in text:
            os._exit(3)
        return split(text)

    def deadly_parse(text: str) -> str:
        if "ROLE b" in text:
            os._exit(3)
        return parse_sql_json(text)

    monkeypatch.setattr(syntax, "pg_split", deadly_split)
    monkeypatch.setattr(syntax, "parse_sql_json", deadly_parse)
    monkeypatch.chdir(tmp_path)
    report = scan([tmp_path], Settings(jobs=2, select=("PG001", "PG901")))

    assert [(one.policy.id, one.origin.path) for one in report.findings] == [
        ("PG001", "a/1.sql"),
        ("PG901", "b/1.sql"),
        ("PG001", "c/1.sql"),
        ("PG001", "d/1.sql"),
    ]
    assert "the parser crashed on this statement" in report.findings[1].message
    assert report.failures == []


@pytest.mark.parametrize("written", ["0", "-1", "1.5", "true", '"2"', "[]"])
def test_jobs_is_a_number_of_processes(tmp_path: Path, written: str) -> None:
    """Anything else is refused with its place."""
    file = tmp_path / "connguard.toml"
    file.write_text(f"jobs = {written}\n")

    with pytest.raises(SettingsError, match=r"connguard.toml:1: jobs: must be a number"):
        settings.load(file)
    file.write_text("jobs = 3\n")
    assert settings.load(file).jobs == 3
    assert Settings().jobs is None


def test_the_option_goes_before_the_setting(tmp_path: Path) -> None:
    """`--jobs 0` is refused; any number gives the same output."""
    _projects(tmp_path, 1)
    runner = CliRunner()

    def run(*options: str) -> tuple[int, str]:
        result = runner.invoke(
            main, ["scan", "--no-cache", "--format", "json", *options, str(tmp_path)]
        )
        return result.exit_code, result.output

    assert run("--jobs", "0")[0] == 2
    assert run("--jobs", "two")[0] == 2
    assert run("--jobs", "1") == run("-j", "2") == run()
    assert replace(Settings(), jobs=2).jobs == 2
