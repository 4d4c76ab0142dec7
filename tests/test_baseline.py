# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Baseline files: what is accepted, what is new, and files that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connguard.engine.cli import main
from connguard.engine.text import Text

APP = "CREATE ROLE app LOGIN CONNECTION LIMIT -1;\n"
JOB = "CREATE ROLE job LOGIN CONNECTION LIMIT -1;\n"
ODD = "ALTER ROLE app CONNEXION 5;\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one finding, which its baseline holds."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "V1__app.sql").write_text(APP)
    monkeypatch.chdir(tmp_path)
    assert run("--write-baseline", "base.json").exit_code == 0
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["scan", *arguments])


def new(*arguments: str) -> list[tuple[str, str, int]]:
    """The findings that the baseline does not hold: path, id and line."""
    result = run("--baseline", "base.json", "--format", "json", *arguments)
    return [
        (one["location"]["path"], one["id"], one["location"]["line"])
        for one in json.loads(result.stdout)["findings"]
    ]


def test_what_the_baseline_holds_is_suppressed(project: Path) -> None:
    """The finding is still in the report, as suppressed by the baseline, and does not fail it."""
    result = run("--baseline", "base.json", "--format", "json")
    (one,) = json.loads(result.stdout)["suppressed"]
    assert (one["id"], one["reason"], one["by"]["kind"]) == ("PG001", "baseline", "baseline")
    assert result.exit_code == 0
    assert run().exit_code == 1


def test_a_long_line_with_many_findings_is_looked_at_once(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its findings are told apart by what is said of them, and known again."""
    line = "".join(f"CREATE ROLE app{n} LOGIN CONNECTION LIMIT -1; " for n in range(300))
    (project / "migrations" / "V1__app.sql").write_text(line)
    looked: list[int] = []
    original = Text.line

    def line_of(text: Text, number: int) -> str:
        looked.append(number)
        return original(text, number)

    monkeypatch.setattr(Text, "line", line_of)
    assert len(new()) == 300
    assert len(looked) < 10
    assert run("--write-baseline", "base.json").exit_code == 0
    assert new() == []
    (project / "migrations" / "V1__app.sql").write_text(f"-- all\n{line}")
    assert new() == []


def test_line_shifts_blanks_and_renames_change_nothing(project: Path) -> None:
    """Neither lines above, nor blanks within, nor another name of file or folder."""
    old = project / "migrations" / "V1__app.sql"
    shifted = "-- roles\n\n" + APP.replace("LOGIN", "LOGIN   ")
    old.write_text(shifted)
    assert new() == []
    old.rename(old.with_name("V2__application.sql"))
    assert new() == []
    (project / "migrations").rename(project / "database")
    assert new() == []


def test_a_new_finding_is_reported(project: Path) -> None:
    """Only the new role, on its line."""
    (project / "migrations" / "V2__job.sql").write_text("\n" + JOB)
    assert new() == [("migrations/V2__job.sql", "PG001", 2)]
    assert run("--baseline", "base.json").exit_code == 1


def test_places_in_messages_may_shift(project: Path) -> None:
    """A message that names the line of another statement is still the same one."""
    file = project / "migrations" / "V2__broken.sql"
    broken = (
        "BEGIN;\n"
        "CREATE ROLE x CONNECTION LIMIT 1 CONNECTION LIMIT 2;\n"
        "ALTER ROLE app CONNECTION LIMIT 5;\n"
        "COMMIT;\n"
    )
    file.write_text(broken)
    result = run("--format", "json")
    messages = [one["message"] for one in json.loads(result.stdout)["findings"]]
    assert any("V2__broken.sql:2" in message for message in messages), messages
    assert run("--write-baseline", "base.json").exit_code == 0
    file.write_text("-- later\n" + broken)
    assert new() == []
    file.rename(file.with_name("V3__broken.sql"))
    assert new() == []


def test_a_second_copy_is_new(project: Path) -> None:
    """Equal findings are counted: another database's history with the same role is another one."""
    other = project / "other"
    other.mkdir()
    (other / "V1__app.sql").write_text(APP)
    assert new() == [("other/V1__app.sql", "PG001", 1)]


def test_a_copy_is_new_though_the_first_one_was_repaired(project: Path) -> None:
    """What was accepted in one file is not accepted in another."""
    (project / "migrations" / "V2__limit.sql").write_text("ALTER ROLE app CONNECTION LIMIT 5;\n")
    other = project / "other"
    other.mkdir()
    (other / "V1__app.sql").write_text(APP)
    assert new() == [("other/V1__app.sql", "PG001", 1)]


def test_a_scan_of_one_folder_does_not_use_up_what_was_accepted_in_another(project: Path) -> None:
    """The accepted finding still stands in its own, unscanned file."""
    other = project / "other"
    other.mkdir()
    (other / "V1__app.sql").write_text(APP)
    assert new("other") == [("other/V1__app.sql", "PG001", 1)]
    assert "no longer found" not in run("--baseline", "base.json", "--verbose", "other").stderr


def test_equal_lines_of_one_file_are_counted(project: Path) -> None:
    """Of two equal statements that cannot be read, the baseline holds one."""
    file = project / "migrations" / "V2__odd.sql"
    file.write_text("SELECT 1;\n" + ODD)
    assert run("--write-baseline", "base.json", "--select", "PG901").exit_code == 0
    file.write_text(ODD + "SELECT 1;\n" + ODD)
    assert new("--select", "PG901") == [("migrations/V2__odd.sql", "PG901", 3)]
    file.write_text(ODD)
    assert new("--select", "PG901") == []


def test_a_changed_line_leaves_the_state_what_it_was(project: Path) -> None:
    """A comment on the line does not make the known role a new finding."""
    (project / "migrations" / "V1__app.sql").write_text(APP.rstrip() + " -- the application\n")
    assert new() == []


def test_stale_entries_are_shown_with_verbose(project: Path) -> None:
    """An entry that nothing matches is named, and changes no exit code."""
    (project / "migrations" / "V1__app.sql").write_text(APP.replace("-1", "5"))
    result = run("--baseline", "base.json", "--verbose")
    assert "PG001 is no longer found" in result.stderr
    assert "V1__app.sql" in result.stderr
    assert result.exit_code == 0
    plain = run("--baseline", "base.json")
    assert plain.stderr == ""
    assert "1 no longer found" in plain.stdout


def test_what_is_not_looked_for_is_not_gone(project: Path) -> None:
    """Entries of policies that are not selected are still there as far as anybody knows."""
    (project / "migrations" / "V1__app.sql").write_text(APP.replace("-1", "5"))
    result = run("--baseline", "base.json", "--select", "PG2", "--verbose")
    assert "no longer found" not in result.stdout + result.stderr


def test_the_summary_tells_accepted_from_suppressed(project: Path) -> None:
    with (project / "migrations" / "V1__app.sql").open("a") as file:
        file.write("-- connguard: ignore PG001 one batch\nCREATE ROLE batch LOGIN;\n")
    accepted = len(json.loads((project / "base.json").read_text())["findings"])
    summary = run("--baseline", "base.json").stdout.splitlines()[-1]
    assert f"({accepted} accepted, 1 suppressed" in summary


def test_the_file_is_the_same_from_every_folder(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths are relative to the baseline, not to the working directory."""
    before = (project / "base.json").read_bytes()
    assert json.loads(before)["findings"][0]["path"] == "migrations/V1__app.sql"
    monkeypatch.chdir(project / "migrations")
    assert run("..", "--write-baseline", "../base.json").exit_code == 0
    assert (project / "base.json").read_bytes() == before
    monkeypatch.chdir(project)
    assert new() == []


def test_writing_again_keeps_accepted_findings(project: Path) -> None:
    """The file named in the settings is not read when a new one is written."""
    (project / "connguard.toml").write_text('baseline = "base.json"\n')
    before = (project / "base.json").read_bytes()
    assert run("--write-baseline", "base.json").exit_code == 0
    assert (project / "base.json").read_bytes() == before


def test_the_settings_name_a_baseline(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`baseline` is relative to the settings file; the option goes before it."""
    (project / "connguard.toml").write_text('baseline = "base.json"\n')
    (project / "empty.json").write_text('{"version": 1, "findings": []}')
    monkeypatch.chdir(project / "migrations")
    assert run().exit_code == 0
    assert run("--baseline", "../empty.json").exit_code == 1


def test_nothing_is_written_about_a_failed_scan(project: Path) -> None:
    """A baseline of half the findings would hide nothing, and fail the next build."""
    assert run("missing", "--write-baseline", "other.json").exit_code == 2
    assert not (project / "other.json").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "not JSON"),
        ("[]", "no baseline"),
        ('{"version": 2, "findings": []}', "version 2"),
        ('{"findings": []}', "version null"),
        ('{"version": 1, "findings": [3]}', "finding 1 is no object"),
        ('{"version": 1, "findings": [{"id": "PG001"}]}', '"path" must be a string'),
        ('{"version": 1, "findings": {}}', "no baseline"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_broken_baseline_is_an_error(project: Path, content: str, reason: str) -> None:
    """Exit code 2, with the file and the reason; never an empty baseline."""
    (project / "base.json").write_text(content)
    result = run("--baseline", "base.json")
    assert result.exit_code == 2
    assert "base.json" in result.stderr
    assert reason in result.stderr


def test_a_missing_baseline_is_an_error(project: Path) -> None:
    """Also one that the settings name."""
    assert run("--baseline", "none.json").exit_code == 2
    (project / "connguard.toml").write_text('baseline = "none.json"\n')
    assert run().exit_code == 2
    (project / "connguard.toml").write_text("baseline = 3\n")
    assert "connguard.toml:1: baseline: must be the name of a file" in run().stderr
