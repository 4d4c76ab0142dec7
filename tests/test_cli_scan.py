# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard scan` as CI calls it: one test per row of the exit code table, and its options."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BAD = "CREATE ROLE app LOGIN CONNECTION LIMIT -1;\n"
WARNING = "CREATE ROLE app LOGIN;\n"
GOOD = "CREATE ROLE app LOGIN CONNECTION LIMIT 5;\n"


def _run(
    folder: Path, *arguments: str, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("CI", "NO_COLOR", "FORCE_COLOR") and not name.startswith("GITHUB_")
    }
    return subprocess.run(
        [sys.executable, "-m", "connguard", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**inherited, **environment},
    )


def _json(run: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(run.stdout)


def _ids(run: subprocess.CompletedProcess[str]) -> list[str]:
    return [finding["id"] for finding in _json(run)["findings"]]


def test_exit_0_when_there_is_nothing_to_say(tmp_path: Path) -> None:
    """A clean repository."""
    (tmp_path / "a.sql").write_text(GOOD)

    assert _run(tmp_path, "scan").returncode == 0


def test_exit_1_when_a_finding_reaches_the_threshold(tmp_path: Path) -> None:
    """--fail-on moves the threshold."""
    (tmp_path / "a.sql").write_text(BAD)
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "w.sql").write_text(WARNING)

    assert _run(tmp_path, "scan", ".").returncode == 1
    assert _run(tmp_path, "scan", "w").returncode == 0
    assert _run(tmp_path, "scan", "--fail-on", "warning", "w").returncode == 1
    assert _run(tmp_path, "scan", "--fail-on", "never", ".").returncode == 0


def test_a_policy_has_a_threshold_of_its_own(tmp_path: Path) -> None:
    """--fail-on ID=LEVEL and the table in the settings; the option wins, ids before the default."""
    (tmp_path / "a.sql").write_text(BAD)
    settings = tmp_path / "connguard.toml"

    assert _run(tmp_path, "scan", "--fail-on", "PG001=never").returncode == 0
    assert _run(tmp_path, "scan", "--fail-on", "PG0=never,").returncode == 2
    settings.write_text('[fail-on]\ndefault = "never"\nPG0 = "error"\n')
    assert _run(tmp_path, "scan").returncode == 1
    assert _run(tmp_path, "scan", "--fail-on", "PG001=never").returncode == 0
    settings.write_text('[fail-on]\nPG777 = "error"\n')
    assert "PG777" in _run(tmp_path, "scan").stderr
    settings.write_text('[fail-on]\nPG001 = "often"\n')
    assert "connguard.toml:2: PG001: must be one of" in _run(tmp_path, "scan").stderr


def test_several_reports_of_one_scan(tmp_path: Path) -> None:
    """--report writes other formats beside the one that is printed."""
    (tmp_path / "a.sql").write_text(BAD)
    arguments = ["--report", "json=r.json", "--report", "markdown=r.md"]

    run = _run(tmp_path, "scan", "--quiet", *arguments)
    assert run.returncode == 1
    assert run.stdout.startswith("a.sql:1:1: error PG001")
    assert json.loads((tmp_path / "r.json").read_text())["summary"]["errors"] == 1
    assert "PG001" in (tmp_path / "r.md").read_text()
    for wrong in ("json", "nonsense=x", "json="):
        assert _run(tmp_path, "scan", "--report", wrong).returncode == 2


def test_statistics_count_the_findings_of_each_policy(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text(BAD + WARNING.replace("app", "b") + "CREATE ROLE c LOGIN;\n")

    text = _run(tmp_path, "scan", "--statistics")
    assert text.stdout.splitlines() == [
        "3  PG001  role-without-connection-limit  1 file",
        "Found 1 error and 2 warnings in 1 file.",
    ]
    assert text.returncode == 1
    assert _json(_run(tmp_path, "scan", "--statistics", "--format", "json"))["policies"] == [
        {
            "id": "PG001",
            "name": "role-without-connection-limit",
            "findings": 3,
            "error": 1,
            "warning": 2,
            "note": 0,
            "files": 1,
        }
    ]
    assert _run(tmp_path, "scan", "--statistics", "--format", "sarif").returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--format", "nonsense"],
        ["--select", "PG777"],
        ["--ignore", "nonsense"],
        ["--config", "missing.toml"],
        ["--nonsense"],
        ["--stdin", "a.sql"],
        ["--output", "no/such/folder/report.txt"],
    ],
)
def test_exit_2_for_usage(tmp_path: Path, arguments: list[str]) -> None:
    """A gate must never turn green because of a typing mistake."""
    (tmp_path / "a.sql").write_text(GOOD)

    run = _run(tmp_path, "scan", *arguments)

    assert run.returncode == 2
    assert run.stderr.strip() != ""
    assert "Traceback" not in run.stderr


def test_exit_2_for_unreadable_input_keeps_the_other_findings(tmp_path: Path) -> None:
    """A missing path does not hide what the others hold."""
    (tmp_path / "a.sql").write_text(BAD)

    run = _run(tmp_path, "scan", "--format", "json", "a.sql", "missing.sql")

    assert run.returncode == 2
    assert _ids(run) == ["PG001"]
    assert "missing.sql" in run.stderr


def test_exit_3_when_nothing_to_scan_was_found(tmp_path: Path) -> None:
    """A wrong directory is not a clean one."""
    (tmp_path / "readme.txt").write_text("nothing here\n")
    (tmp_path / "data.json").write_text('{"a": 1}\n')

    run = _run(tmp_path, "scan")

    assert run.returncode == 3
    assert "nothing to scan" in run.stderr


def test_select_and_ignore_take_prefixes(tmp_path: Path) -> None:
    """`PG0` is every policy about limits."""
    (tmp_path / "a.sql").write_text(BAD + "SELEC 1;\n")

    assert _ids(_run(tmp_path, "scan", "--format", "json", "--select", "PG0")) == ["PG001"]
    assert _ids(_run(tmp_path, "scan", "--format", "json", "--ignore", "PG0")) == ["PG901"]
    assert _ids(_run(tmp_path, "scan", "--format", "json", "--ignore", "PG0,PG9")) == []


def test_settings_are_found_and_the_command_line_wins(tmp_path: Path) -> None:
    """`fail-on` in connguard.toml holds until an option says otherwise."""
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "a.sql").write_text(WARNING)
    (tmp_path / "connguard.toml").write_text('fail-on = "warning"\n')

    assert _run(tmp_path, "scan", "db").returncode == 1
    assert _run(tmp_path, "scan", "--fail-on", "error", "db").returncode == 0
    (tmp_path / "connguard.toml").write_text('fial-on = "warning"\n')
    assert _run(tmp_path, "scan", "db").returncode == 2


def test_standard_input(tmp_path: Path) -> None:
    """An editor or a hook hands over a buffer; the name says what it is."""
    run = _run(
        tmp_path,
        "scan",
        "--stdin",
        "--stdin-filename",
        "db/V1__x.sql",
        "--format",
        "json",
        stdin=BAD,
    )

    assert run.returncode == 1
    assert _json(run)["findings"][0]["location"]["path"] == "db/V1__x.sql"


def test_output_file(tmp_path: Path) -> None:
    """The report goes to the file, and nothing to standard output."""
    (tmp_path / "a.sql").write_text(BAD)

    run = _run(tmp_path, "scan", "--format", "json", "--output", "report.json")

    assert (run.returncode, run.stdout) == (1, "")
    assert json.loads((tmp_path / "report.json").read_text())["findings"][0]["id"] == "PG001"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.sql", "report.json"]


def test_colour_only_where_it_is_wanted(tmp_path: Path) -> None:
    """No escape codes in pipes; FORCE_COLOR and --no-color are obeyed."""
    (tmp_path / "a.sql").write_text(BAD)

    assert "\x1b[" not in _run(tmp_path, "scan").stdout
    assert "\x1b[" in _run(tmp_path, "scan", FORCE_COLOR="1").stdout
    assert "\x1b[" not in _run(tmp_path, "scan", "--no-color", FORCE_COLOR="1").stdout


def test_a_single_file_behaves_as_its_directory(tmp_path: Path) -> None:
    """The same findings, whichever way a file is named."""
    (tmp_path / "a.sql").write_text(BAD)

    by_file = _json(_run(tmp_path, "scan", "--format", "json", "a.sql"))
    by_folder = _json(_run(tmp_path, "scan", "--format", "json"))

    assert by_file["findings"] == by_folder["findings"] != []


def test_fingerprints_survive_line_shifts_and_renames(tmp_path: Path) -> None:
    """Baselines and code scanning recognise a finding that has only moved."""
    (tmp_path / "a.sql").write_text(BAD)
    before = _json(_run(tmp_path, "scan", "--format", "json"))["findings"]
    (tmp_path / "a.sql").rename(tmp_path / "b.sql")
    (tmp_path / "b.sql").write_text("SELECT 1;\n\n" + BAD)
    after = _json(_run(tmp_path, "scan", "--format", "json"))["findings"]

    assert [one["fingerprint"] for one in before] == [one["fingerprint"] for one in after] != []


def test_scan_does_not_import_checkov(tmp_path: Path) -> None:
    """Scanning works, and starts fast, without Checkov."""
    (tmp_path / "a.sql").write_text(GOOD)
    (tmp_path / "main.tf").write_text('resource "postgresql_role" "g" { name = "g" }\n')
    code = (
        "import sys\n"
        "from connguard.engine.cli import main\n"
        "try:\n    main(['scan'], prog_name='connguard')\n"
        "except SystemExit as end:\n    assert end.code == 0, end.code\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'checkov', 'hcl2', 'rich', 'jsonschema'}, loaded\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (run.returncode, run.stderr) == (0, "")
