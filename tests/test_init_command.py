# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard init`: a green gate on an old repository, that stops what is new."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from connguard.adopting.contents import GITHUB_WORKFLOW, GITLAB_JOB, with_hook

SHOP = Path(__file__).resolve().parent.parent / "examples" / "shop" / "broken"


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "connguard", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository with findings and without connguard."""
    folder = tmp_path / "shop"
    shutil.copytree(SHOP, folder)
    (folder / "connguard.toml").unlink()
    (folder / ".github").mkdir()
    (folder / ".pre-commit-config.yaml").write_text(
        "repos:\n  - repo: https://example.org/x\n    rev: v1\n    hooks: [{id: a}]\n"
    )
    return folder


def test_the_gate_is_green_at_once_and_stops_what_is_new(shop: Path) -> None:
    before = _run(shop, "scan", "-q")
    assert before.returncode == 1

    done = _run(shop, "init")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:4] == [
        "created connguard-baseline.json",
        "created connguard.toml",
        "created .github/workflows/connguard.yml",
        "changed .pre-commit-config.yaml",
    ]
    assert _run(shop, "scan", "-q").stdout == ""
    assert _run(shop, "scan").returncode == 0
    assert _run(shop, "scan", "-q", "--no-baseline").stdout == before.stdout

    (shop / "migrations" / "V99__late.sql").write_text(
        "CREATE ROLE late LOGIN CONNECTION LIMIT -1;\n"
    )
    late = _run(shop, "scan", "-q")
    assert late.returncode == 1
    assert late.stdout.startswith("migrations/V99__late.sql:1:1: error PG001")


def test_the_topology_can_be_uncommented(shop: Path) -> None:
    """A declaration of what was found is valid; that these are all clients is then known, too."""
    found = json.loads(_run(shop, "budget", "--format", "json").stdout)
    assert _run(shop, "init", "--no-baseline").returncode == 0
    settings = shop / "connguard.toml"
    _, *lines = settings.read_text().splitlines()
    marked = [line for line in lines if line.startswith("#")]
    declared = [line.removeprefix("#").removeprefix(" ") for line in marked[2:]]
    settings.write_text("\n".join(declared) + "\n")
    assert "[[service]]" in declared

    again = json.loads(_run(shop, "budget", "--format", "json").stdout)
    assert again["server"]["slots"] == found["server"]["slots"]
    assert 0 < again["server"]["demand_max"] <= found["server"]["demand_max"]
    assert again["verdict"] == "unsafe"


def test_nothing_is_replaced(shop: Path) -> None:
    assert _run(shop, "init").returncode == 0
    files = {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()}
    again = _run(shop, "init")
    assert again.returncode == 0
    assert "stays as it is" in again.stdout
    assert {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()} == files


def test_a_dry_run_writes_nothing(shop: Path) -> None:
    files = {path for path in shop.rglob("*") if path.is_file()}
    done = _run(shop, "init", "--dry-run")
    assert {path for path in shop.rglob("*") if path.is_file()} == files
    assert "+++ b/.github/workflows/connguard.yml" in done.stdout
    assert "+      - id: connguard" in done.stdout


def test_gitlab(shop: Path) -> None:
    (shop / ".gitlab-ci.yml").write_text("stages: [test]\n")
    done = _run(shop, "init")
    assert (shop / ".gitlab" / "connguard.yml").read_text() == GITLAB_JOB
    assert "include: [{ local: .gitlab/connguard.yml }]" in done.stdout


def test_exit_codes(tmp_path: Path) -> None:
    assert _run(tmp_path, "init", "missing").returncode == 2
    assert _run(tmp_path, "init").returncode == 3
    (tmp_path / "connguard.toml").write_text("nonsense = 1\n")
    assert _run(tmp_path, "init").returncode == 2


@pytest.mark.parametrize(
    "config",
    [
        "repos:\n- repo: https://example.org/x\n  rev: v1\n  hooks: [{id: a}]",
        "# top\nrepos:\n    -   repo: https://example.org/x\n        rev: v1\n"
        "        hooks:\n        -   id: a\n",
    ],
)
def test_the_hook_fits_the_indentation(config: str) -> None:
    added = with_hook(config)
    assert added is not None
    assert added.startswith(config)
    first, second = yaml.safe_load(added)["repos"]
    assert first["repo"] == "https://example.org/x"
    assert second["hooks"][0]["entry"] == "connguard scan"


@pytest.mark.parametrize(
    "config",
    ["", "repos: []\n", "repos: [{repo: x}]\n", "a: [", "repos:\n  - repo: x\nci: {}\n", "- 1\n"],
)
def test_a_configuration_that_cannot_be_extended_safely_is_left_alone(config: str) -> None:
    assert with_hook(config) is None


@pytest.mark.parametrize(
    ("schema", "name", "text"),
    [
        ("vendor.github-workflows", "workflow.yml", GITHUB_WORKFLOW),
        ("vendor.gitlab-ci", "gitlab.yml", GITLAB_JOB),
    ],
)
def test_ci_jobs_follow_the_schema_of_their_server(
    tmp_path: Path, schema: str, name: str, text: str
) -> None:
    """The schemas that check-jsonschema carries."""
    (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_many_services_are_not_listed_in_the_settings(tmp_path: Path) -> None:
    """A file that somebody is to read stays short; the command prints the rest."""
    services = "".join(
        f"  web{number}:\n    image: app\n    environment:\n"
        "      DATABASE_URL: postgres://app@db/shop\n"
        for number in range(20)
    )
    (tmp_path / "compose.yaml").write_text(
        f"services:\n  db:\n    image: postgres:17\n{services}", encoding="utf-8"
    )
    assert _run(tmp_path, "init", "--no-baseline").returncode == 0
    settings = (tmp_path / "connguard.toml").read_text()
    assert "connguard budget --init" in settings
    assert len(settings.splitlines()) < 12
    assert _run(tmp_path, "budget", "--init").stdout.count("[[service]]") == 20
