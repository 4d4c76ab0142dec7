# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The generated pages and the generated parts of README.md."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from connguard.engine.registry import policies
from connguard.engine.symptom_registry import symptoms

ROOT = Path(__file__).resolve().parents[1]
TOOL = ROOT / "tools" / "generate_docs.py"


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The generator, at work in a copy of what it needs of the repository."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    spec = spec_from_file_location("generate_docs", TOOL)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    return module


def test_generated_files_are_fresh() -> None:
    """What is checked in is what the generator writes, whatever the terminal."""
    done = subprocess.run(
        [sys.executable, TOOL, "--check"],
        env={**os.environ, "COLUMNS": "31", "FORCE_COLOR": "1", "TERM": "dumb"},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert (done.stdout, done.returncode) == ("", 0)


def test_every_policy_has_a_page_with_its_examples_and_what_is_printed(
    tool: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "README.md").write_text("")
    assert tool.main([]) == 0

    for registered in policies():
        policy = registered.policy
        page = (tmp_path / "docs" / "policies" / f"{policy.id}.md").read_text("utf-8")
        page = re.sub(r"\\([<*])", r"\1", page)
        for text in (policy.condition, policy.effect, policy.fix, policy.checkov_id):
            assert text in page
        assert page.index("## Bad") < page.index(f"{policy.id}[{policy.name}]: ")
        assert page.index(f"{policy.id}[{policy.name}]: ") < page.index("## Good")


def test_every_symptom_has_a_page_and_a_place_in_the_tree(tool: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("")
    assert tool.main([]) == 0

    folder = tmp_path / "docs" / "symptoms"
    index = (folder / "index.md").read_text("utf-8")
    tree = index.split("```mermaid")[1].split("```")[0]
    for symptom in symptoms():
        page = re.sub(r"\\([<*])", r"\1", (folder / f"{symptom.id}.md").read_text("utf-8"))
        for text in (symptom.title, symptom.proves, symptom.rules_out, *symptom.avoid):
            assert text in page
        for identifier in symptom.policies:
            assert f"[{identifier}](../policies/{identifier}.md)" in page
        assert symptom.title in tree
        assert f"({symptom.id}.md)" in index
    (folder / "gone.md").write_text("")
    assert tool.main(["--check"]) == 1


def test_stale_and_orphaned_files_are_found(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- generated: policies -->\nout of date\n<!-- end -->\nafter\n")
    orphan = tmp_path / "docs" / "policies" / "PG777.md"
    orphan.parent.mkdir(parents=True)
    orphan.write_text("")

    assert tool.main(["--check"]) == 1
    reported = capsys.readouterr().out.splitlines()
    assert "stale: README.md" in reported
    assert f"stale: {Path('docs/policies/PG777.md')}" in reported
    assert "out of date" in readme.read_text()

    assert tool.main([]) == 0
    assert not orphan.exists()
    text = readme.read_text("utf-8")
    assert text.startswith("before\n<!-- generated: policies -->\n")
    assert text.endswith("<!-- end -->\nafter\n")
    assert "out of date" not in text
    assert "[PG001](docs/policies/PG001.md)" in text
    assert tool.main(["--check"]) == 0


def test_parts_hold_help_and_output(tool: ModuleType, tmp_path: Path) -> None:
    """Help is what --help prints; output is the command and what it prints."""
    (tmp_path / "README.md").write_text(
        "<!-- generated: help scan -->\n<!-- end -->\n"
        "<!-- generated: output explain PG001 -->\n<!-- end -->\n"
    )
    tool.main([])

    text = (tmp_path / "README.md").read_text("utf-8")
    assert "Usage: connguard scan [OPTIONS] [PATH]..." in text
    assert "$ connguard explain PG001\nPG001 role-without-connection-limit\n" in text


def test_unknown_part_is_refused(tool: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("<!-- generated: nonsense -->\n<!-- end -->\n")

    with pytest.raises(SystemExit, match="unknown generated part: nonsense"):
        tool.main([])


def test_failing_command_is_refused(tool: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("<!-- generated: output scan gone -->\n<!-- end -->\n")

    with pytest.raises(SystemExit, match="connguard scan gone failed"):
        tool.main([])


def test_addresses_that_hold_the_version_stay(tool: ModuleType) -> None:
    """The number of the version is left out, and no part of an address is."""
    version = tool.__version__
    shown = tool.without_version(f"connguard {version}. 10.2{version}/24, {version}.1, =={version}")
    assert shown == f"connguard VERSION. 10.2{version}/24, {version}.1, ==VERSION"
