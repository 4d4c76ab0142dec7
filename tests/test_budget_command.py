# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `connguard budget`: formats, exit codes, what-if questions, suggestions."""

from __future__ import annotations

import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from budget_cases import ini, service, write
from click.testing import CliRunner, Result

from connguard.engine.cli import main

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
LIMIT = '[[role]]\nname = "app"\nconnection_limit = {}\n'
SERVER = "[server]\nmax_connections = 100\n"


def budget(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["budget", *map(str, arguments)])


@pytest.fixture
def unsafe(tmp_path: Path) -> Path:
    pooler = ini("shop = host=db", "default_pool_size = 20\nreserve_pool_size = 5")
    write(tmp_path, pooler, service("web", 60) + SERVER + LIMIT.format(20))
    return tmp_path


def test_exit_codes(tmp_path: Path, unsafe: Path) -> None:
    """0 safe, 1 unsafe, 2 wrong declaration, 3 nothing to judge."""
    assert budget(unsafe).exit_code == 1
    assert budget(unsafe, "--set", "role.app.connection_limit=26").exit_code == 0
    assert budget(unsafe, "--set", "role.app.nonsense=26").exit_code == 2
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "connguard.toml").write_text("")
    nothing = budget(empty)
    assert (nothing.exit_code, nothing.stdout) == (3, "")
    assert "connguard budget --init" in nothing.stderr
    start = budget(empty, "--init").stdout
    (empty / "connguard.toml").write_text(start)
    assert "20 of 97" in budget(empty).stdout
    (empty / "connguard.toml").write_text('[[service]]\nname = "web"\n')
    wrong = budget(empty)
    assert wrong.exit_code == 2
    assert "connguard.toml:1: service web: pool is missing" in wrong.output


def test_json_has_the_documented_shape(unsafe: Path) -> None:
    """Every field by name, the place at fault first, and no number that is not finite."""
    document = json.loads(budget(unsafe, "--format", "json").output)

    assert document["version"] == 1
    assert document["verdict"] == "unsafe"
    (role,) = document["roles"]
    assert {key: role[key] for key in ("name", "limit", "demand_max", "verdict")} == {
        "name": "app",
        "limit": 20,
        "demand_max": 25,
        "verdict": "unsafe",
    }
    assert role["at_fault"][0]["path"].endswith("pgbouncer.ini")
    assert role["at_fault"][0]["line"] == 7
    assert document["databases"] == [
        {"name": "shop", "limit": None, "demand_max": 25, "verdict": "safe"}
    ]
    assert document["server"] == {"slots": 97, "demand_max": 25, "verdict": "safe"}
    assert document["poolers"] == [
        {"name": "pgbouncer", "max_client_conn": 100, "clients_max": 60, "verdict": "safe"}
    ]
    assert [finding["id"] for finding in document["findings"]] == ["PG101"]


def test_what_is_unbounded_is_null(tmp_path: Path) -> None:
    """And the verdict tells which it is."""
    write(tmp_path, ini("* = host=db"), SERVER)
    document = json.loads(budget(tmp_path, "--format", "json").output)

    assert document["server"] == {"slots": 97, "demand_max": None, "verdict": "unknown"}


@pytest.mark.parametrize(
    ("question", "demand"),
    [
        ("service.web.instances=0", 0),
        ("service.web.pool=7", 7),
        ("pooler.pgbouncer.instances=3", 75),
        ("pooler.pgbouncer.default_pool_size=2", 7),
        ("pooler.pgbouncer.reserve_pool_size=0", 20),
        ("pooler.pgbouncer.max_db_connections=4", 4),
    ],
)
def test_what_if(unsafe: Path, question: str, demand: int) -> None:
    """One number is changed, the rest stays."""
    output = budget(unsafe, "--format", "json", "--set", question).output
    assert json.loads(output)["roles"][0]["demand_max"] == demand


def test_a_suggestion_makes_the_stack_safe(tmp_path: Path) -> None:
    """The diff applies, and what it leaves is silent."""
    pooler = ini(
        "a = host=db\nb = host=db",
        "default_pool_size = 60\nreserve_pool_size = 10\nmax_client_conn = 100",
    )
    declared = service("web", 90, "a") + service("jobs", 90, "b") + SERVER + LIMIT.format(20)
    write(tmp_path, pooler, declared)
    assert budget(tmp_path).exit_code == 1

    diff = budget(tmp_path, "--suggest").output
    program = shutil.which("patch")
    assert program is not None
    subprocess.run([program, "-p1", "-d", "/"], input=diff, text=True, check=True)
    after = json.loads(budget(tmp_path, "--format", "json").output)

    assert after["verdict"] == "safe"
    assert after["findings"] == []
    assert after["roles"][0]["demand_max"] <= after["roles"][0]["limit"] - 1


def test_init_writes_a_declaration_that_reads_back(tmp_path: Path) -> None:
    """What was found in a compose file, with comments for the places."""
    (tmp_path / "compose.yml").write_text(
        "services:\n"
        "  web:\n    image: shop\n    deploy: {replicas: 3}\n    environment:\n"
        "      DATABASE_URL: postgres://app@db/shop?pool_max_conns=5\n"
        "  db:\n    image: postgres:16\n    command: postgres -c max_connections=40\n"
    )
    text = budget(tmp_path, "--init").output
    assert 'name = "web"' in text
    assert "compose.yml:8" in text

    folder = tmp_path / "declared"
    folder.mkdir()
    (folder / "connguard.toml").write_text(text)
    document = json.loads(budget(folder, "--format", "json").output)
    assert document["server"] == {"slots": 37, "demand_max": 15, "verdict": "safe"}


def test_pictures_are_well_formed_and_escape_names(tmp_path: Path) -> None:
    """SVG parses as XML, with bars for each step; names are data."""
    pooler = ini('"odd" = x\nshop = host=db'.replace('"odd" = x\n', ""), "default_pool_size = 9")
    evil = service("<script>", 60) + SERVER + LIMIT.format(5)
    write(tmp_path, pooler, evil)
    picture = budget(tmp_path, "--format", "svg").output
    root = ET.fromstring(picture)
    texts = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "9 of 5, 4 too many" in texts
    over = [
        element
        for element in root.iter("{http://www.w3.org/2000/svg}rect")
        if element.get("class") == "over"
    ]
    assert len(over) == 1
    assert budget(tmp_path, "--format", "mermaid").output.startswith("flowchart LR\n")


@pytest.mark.parametrize(("stack", "verdict"), [("broken", "unsafe"), ("repaired", "safe")])
def test_the_shop(stack: str, verdict: str) -> None:
    """The example tells its story on one screen."""
    result = budget(EXAMPLES / "shop" / stack, "--quiet")
    assert result.exit_code == (1 if verdict == "unsafe" else 0)
    assert len(result.output.splitlines()) <= 45
    document = json.loads(budget(EXAMPLES / "shop" / stack, "--format", "json").output)
    assert document["verdict"] == verdict
