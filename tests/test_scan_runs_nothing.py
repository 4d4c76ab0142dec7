# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scan opens no socket, starts no program, and neither imports nor runs what it scans."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import connguard

EXAMPLES = Path(__file__).parents[1] / "examples"

WATCHED = Path(__file__).with_name("watched_scan.py")

TRAP = (
    'open("connguard-was-run", "w").write("x")\nimport os; os.system("touch connguard-was-run")\n'
)


def scan_watched(folder: Path, *arguments: str) -> dict[str, object]:
    """What a scan of a folder did that it should not, its exit code, and what it imported."""
    done = subprocess.run(
        [sys.executable, str(WATCHED), str(folder), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_examples_are_only_read(tmp_path: Path) -> None:
    """All examples of all formats."""
    assert scan_watched(EXAMPLES, str(tmp_path / "out.json")) == {
        "seen": [],
        "code": 1,
        "imported": [],
    }
    assert json.loads((tmp_path / "out.json").read_text())["findings"] != []


def test_what_would_run_elsewhere_is_only_read(tmp_path: Path) -> None:
    """Python that other tools import, shells, templates, hooks and odd settings."""
    folder = tmp_path / "hostile"
    for name, text in {
        "conftest.py": TRAP,
        "sitecustomize.py": TRAP,
        "usercustomize.py": TRAP,
        "setup.py": TRAP,
        "connguard.py": TRAP,
        "orjson.py": TRAP,
        "pglast/__init__.py": TRAP,
        "connguard/__init__.py": TRAP,
        "alembic/env.py": TRAP,
        "alembic/versions/1_a.py": TRAP + "revision = '1'\ndef upgrade():\n    op.execute('x')\n",
        "shop/migrations/0001_initial.py": TRAP
        + (
            "from django.db import migrations\nclass Migration(migrations.Migration):\n"
            "    operations = [migrations.RunSQL('ALTER ROLE app CONNECTION LIMIT -1')]\n"
        ),
        "db/migrate/1_a.rb": "`touch connguard-was-run`\nexecute 'SELECT 1'\n",
        "knexfile.js": "require('child_process').execSync('touch connguard-was-run')\n",
        "docker-entrypoint-initdb.d/1.sh": 'psql -c "$(touch connguard-was-run)"\n',
        "migrations/1.sql": (
            "\\! touch connguard-was-run\n\\o |touch connguard-was-run\n"
            "COPY x TO PROGRAM 'touch connguard-was-run';\n\\i http://example.invalid/x.sql\n"
            "CREATE ROLE app LOGIN CONNECTION LIMIT -1;\n"
        ),
        "main.tf": (
            'data "external" "x" { program = ["touch", "connguard-was-run"] }\n'
            'module "m" { source = "git::https://example.invalid/x.git" }\n'
            'resource "null_resource" "x" { provisioner "local-exec" {'
            ' command = "touch connguard-was-run" } }\n'
        ),
        "values.yaml": "a: !!python/object/apply:os.system ['touch connguard-was-run']\n",
        "compose.yaml": "x: !!python/name:os.system\nservices: {db: {image: 'postgres:16'}}\n",
        ".git/config": "[core]\n\tfsmonitor = touch connguard-was-run\n\tpager = touch x\n",
        ".git/HEAD": "ref: refs/heads/main\n",
        "connguard.toml": 'exclude = ["$(touch connguard-was-run)", "`touch connguard-was-run`"]\n',
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    before = sorted(folder.rglob("*"))
    out = tmp_path / "out.json"
    assert scan_watched(folder, str(out)) == {"seen": [], "code": 1, "imported": []}
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    "deed",
    [
        "import socket; socket.socket()",
        "import subprocess; subprocess.run(['true'])",
        "compile('connguard-was-run', 'x', 'exec')",
    ],
)
def test_the_watch_sees_what_is_forbidden(tmp_path: Path, deed: str) -> None:
    """A reader that did one of these would be found out."""
    assert scan_watched(tmp_path, str(tmp_path / "out"), deed)["seen"] != []


def test_git_is_only_run_for_a_comparison() -> None:
    """Only `--diff` and `fleet` start programs, and only `doctor` opens connections."""
    source = Path(str(connguard.__file__)).parent
    starting = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if "import subprocess" in path.read_text("utf-8")
    }
    connecting = {
        path.relative_to(source).parts[0]
        for path in source.rglob("*.py")
        if "import socket" in path.read_text("utf-8")
    }
    assert starting == {"engine/git_tree.py", "fleet/child.py"}
    assert connecting == {"live"}
