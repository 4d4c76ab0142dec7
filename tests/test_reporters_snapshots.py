# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole output of the program, in every format, for a small tree with one of everything."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from snapshots import DATA, assert_snapshot

from connguard.engine.version import __version__

SCANNED = DATA / "reports" / "scanned"
CLEARED = ("CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program in the scanned tree, without the variables that change outputs."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in CLEARED and not name.startswith("GITHUB_")
    }
    return subprocess.run(
        [sys.executable, "-m", "connguard", *arguments],
        cwd=SCANNED,
        env={**kept, **environment},
        capture_output=True,
        timeout=120,
        check=False,
    )


def output(*arguments: str, **environment: str) -> str:
    """Standard output with paths and version scrubbed; the scan ends with exit code 1."""
    done = run("scan", *arguments, **environment)
    assert (done.returncode, done.stderr.decode()) == (1, "")
    text = done.stdout.decode("utf-8")
    return text.replace(str(SCANNED), "ROOT").replace(f'"{__version__}"', '"VERSION"')


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("text.txt", ()),
        ("quiet.txt", ("--quiet",)),
        ("report.json", ("--format", "json")),
        ("github.txt", ("--format", "github")),
    ],
)
def test_output(name: str, arguments: tuple[str, ...]) -> None:
    assert_snapshot(f"reports/expected/{name}", output(*arguments))


def test_sarif_output() -> None:
    """Only the rules that are used are compared: a new policy does not change the outcome."""
    document = json.loads(output("--format", "sarif"))
    run = document["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    used = sorted({result["ruleIndex"] for result in run["results"]})
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        result["ruleIndex"] = used.index(result["ruleIndex"])
    run["tool"]["driver"]["rules"] = [rules[index] for index in used]

    pruned = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    assert_snapshot("reports/expected/report.sarif", pruned)


def test_colour() -> None:
    assert_snapshot("reports/expected/colour.txt", output(FORCE_COLOR="1"))


@pytest.mark.parametrize("arguments", [("--no-color",), ("--format", "json")])
def test_no_colour_where_it_is_not_wanted(arguments: tuple[str, ...]) -> None:
    assert "\x1b" not in output(*arguments, FORCE_COLOR="1")


def test_no_colour_wins() -> None:
    assert output(FORCE_COLOR="1", NO_COLOR="1") == output()


def test_no_secret_is_printed() -> None:
    """Passwords in the scanned files stay there."""
    for output_format in ("text", "json", "sarif", "github"):
        assert "do-not-print" not in output("--format", output_format)


def test_verbose_lists_what_is_suppressed() -> None:
    done = run("scan", "--verbose", "--quiet")
    assert b"suppressed" not in done.stdout

    done = run("scan", "--verbose")
    assert [
        line for line in done.stdout.decode().splitlines() if line.startswith("suppressed:")
    ] == [
        "suppressed: db/V2__sale.sql:6:1 PG001[role-without-connection-limit]:"
        " nightly batch, runs alone (db/V2__sale.sql:5:1)",
        "suppressed: infra/roles.tf:21:3 PG004[database-connection-limit-removed]:"
        " the only database of this server (infra/roles.tf:21:25)",
        "suppressed: legacy/old.sql:1:1 PG001[role-without-connection-limit]:"
        " per-path-ignores: legacy/ (settings)",
    ]


def test_fingerprints_survive_moved_lines() -> None:
    """Lines above a finding do not change its fingerprint."""
    original = (SCANNED / "infra" / "roles.tf").read_bytes()

    def fingerprints(content: bytes) -> list[str]:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "connguard", "scan", "--format", "json"),
                *("--stdin", "--stdin-filename", "roles.tf"),
            ],
            cwd=SCANNED,
            input=content,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return [one["fingerprint"] for one in json.loads(done.stdout)["findings"]]

    assert fingerprints(original) == fingerprints(b"# a comment\n\n" + original) != []
