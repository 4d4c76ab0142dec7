# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every `$ connguard …` of README.md and docs/ is run, in the order of its page.

The outputs that the pages show are generated (see test_generated_docs); here the commands are run
in a small repository that has the files they name, and none may be a wrong use.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from connguard.engine.cli import main

ROOT = Path(__file__).resolve().parents[1]
SHOP = ROOT / "examples" / "shop" / "broken"
LOG = 'FATAL:  too many connections for role "shop_app"\n'
ELSEWHERE = {"doctor", "checkov", "fleet"}
"""They need a live server, Checkov, or a fleet: only their arguments are parsed here."""

PAGES = [
    path
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if path.parent.name != "policies"
]
_LINE = re.compile(r"^\$ ((?:.*\\\n)*.*)", re.M)


def commands(page: Path) -> list[list[str]]:
    """The arguments of each call of connguard on the page."""
    found = []
    for line in _LINE.findall(page.read_text(encoding="utf-8")):
        # A substitution of the shell stands for the commit that it prints.
        plain = re.sub(r'"\$\(git merge-base [^)]*\)"', "origin/main", line.replace("\\\n", " "))
        words = shlex.split(plain, comments=True)
        while "connguard" in words:
            start = words.index("connguard") + 1
            if start > 1 and words[start - 2] not in ("&&", "|", ";"):
                words = words[start:]
                continue
            ends = [i for i, word in enumerate(words) if i >= start and word in ("&&", "|", ";")]
            end = ends[0] if ends else len(words)
            found.append(words[start:end])
            words = words[end:]
    return found


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with what the pages name, and a branch origin/main to compare with."""
    shutil.copytree(SHOP, tmp_path / "db")
    shutil.copytree(SHOP, tmp_path / "examples" / "shop" / "broken")
    (tmp_path / "deploy").mkdir()
    (tmp_path / "pg_hba.conf").write_text("hostssl shop app 10.1.0.0/16 scram-sha-256\n")
    (tmp_path / "plan.json").write_text(
        '{"format_version": "1.2", "planned_values": {"root_module": {}}}'
    )
    (tmp_path / "userlist.txt").write_text('"app" "x"\n')
    (tmp_path / "monitoring").mkdir()
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org")
    for arguments in (
        ("init", "-q"),
        ("add", "."),
        ("commit", "-q", "-m", "all"),
        ("update-ref", "refs/remotes/origin/main", "HEAD"),
    ):
        subprocess.run([*git, *arguments], cwd=tmp_path, check=True, timeout=60)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_pages_are_read() -> None:
    assert ["scan", "--diff", "origin/main"] in commands(ROOT / "README.md")
    assert ["checkov", "-d", "infra"] in commands(ROOT / "README.md")
    assert ["explain", "-", "."] in commands(ROOT / "docs" / "symptoms" / "index.md")


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if commands(page)],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_the_commands_of_a_page_run(page: Path, repository: Path) -> None:
    for arguments in commands(page):
        if arguments and arguments[0] in ELSEWHERE:
            command = main.get_command(click.Context(main), arguments[0])
            assert command is not None
            command.make_context(arguments[0], arguments[1:])
            continue
        result = CliRunner().invoke(main, arguments, input=LOG, prog_name="connguard")
        shown = f"connguard {shlex.join(arguments)}\n{result.output}"
        assert result.exit_code in (0, 1), shown
        assert result.exception is None or isinstance(result.exception, SystemExit), shown
