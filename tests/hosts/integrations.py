# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The GitHub Action, the GitLab job and the pre-commit hooks, run as their hosts run them.

Needs pip's and pre-commit's access to PyPI.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BAD = "CREATE ROLE late LOGIN CONNECTION LIMIT -1;\n"


def _git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose first commit has an old finding, and whose second adds one."""
    folder = tmp_path / "repository"
    migrations = folder / "migrations"
    migrations.mkdir(parents=True)
    _git(folder, "init", "-q", "-b", "main")
    (migrations / "V1__old.sql").write_text("CREATE ROLE old LOGIN CONNECTION LIMIT -1;\n")
    _git(folder, "add", ".")
    _git(folder, "commit", "-q", "-m", "old")
    (migrations / "V2__late.sql").write_text(BAD)
    _git(folder, "add", ".")
    _git(folder, "commit", "-q", "-m", "late")
    return folder


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of this repository: what hosts check out."""
    folder = tmp_path_factory.mktemp("source") / "connguard"
    _git(ROOT, "clone", "-q", str(ROOT), str(folder))
    return folder


def _bash(
    script: str, folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={**_clean(), **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def _clean() -> dict[str, str]:
    """The environment without what tells programs that they run in CI, or in our own."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GITHUB_", "CI", "VIRTUAL_ENV", "PYTHON"))
    }


class Action:
    """Runs the steps of action.yml that are scripts, as the runner of GitHub does."""

    def __init__(self, source: Path, repository: Path, temporary: Path) -> None:
        self.repository = repository
        self.files = {name: temporary / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in self.files.values():
            file.touch()
        (temporary / "runner").mkdir(exist_ok=True)
        self.environment = {
            **{name: str(file) for name, file in self.files.items()},
            "GITHUB_ACTION_PATH": str(source),
            "RUNNER_TEMP": str(temporary / "runner"),
        }
        self.steps: list[dict[str, Any]] = yaml.safe_load((source / "action.yml").read_text())[
            "runs"
        ]["steps"]

    def run(self, step_name: str, values: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a step; `values` are those of the expressions in its environment."""
        (step,) = [one for one in self.steps if one.get("name") == step_name]
        environment = {
            name: values[re.sub(r"^\$\{\{ (.*) \}\}$", r"\1", text)]
            for name, text in step.get("env", {}).items()
        }
        return _bash(step["run"], self.repository, {**self.environment, **environment})

    @property
    def outputs(self) -> dict[str, str]:
        lines = self.files["GITHUB_OUTPUT"].read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


def test_the_github_action(source: Path, repository: Path, tmp_path: Path) -> None:
    """Annotations for what is new, SARIF, summary and comment; the last step is the verdict."""
    action = Action(source, repository, tmp_path)
    installed = action.run(
        "Install connguard", {"steps.python.outputs.python-path": sys.executable}
    )
    assert installed.returncode == 0, installed.stderr
    base = _git(repository, "rev-parse", "HEAD~1")
    scanned = action.run(
        "Scan",
        {
            "inputs.paths": ".",
            "inputs.base || github.event.pull_request.base.sha || 'none'": base,
            "inputs.fail-on": "",
            "inputs.arguments": "--exclude node_modules",
        },
    )
    assert scanned.returncode == 0, scanned.stderr
    annotations = [line for line in scanned.stdout.splitlines() if line.startswith("::")]
    assert len(annotations) == 1
    assert annotations[0].startswith("::error file=migrations/V2__late.sql,line=1,")
    sarif = json.loads(Path(action.outputs["sarif"]).read_text())
    assert [one["ruleId"] for one in sarif["runs"][0]["results"]] == ["PG001"]
    comment = Path(action.outputs["markdown"]).read_text()
    assert comment == action.files["GITHUB_STEP_SUMMARY"].read_text()
    assert "V2__late.sql:1" in comment.replace("\\", "")
    assert "V1__old" not in comment.replace("\\", "")
    verdict = action.run("Verdict", {"steps.scan.outputs.exit-code": action.outputs["exit-code"]})
    assert verdict.returncode == 1


def test_the_metadata_of_the_action_follows_its_schema() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "check_jsonschema",
            "--builtin-schema",
            "vendor.github-actions",
            "action.yml",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    uses = re.findall(r"uses: (\S+)", (ROOT / "action.yml").read_text())
    assert all(re.search(r"@[0-9a-f]{40}$", one) for one in uses), uses


def test_the_gitlab_job(source: Path, repository: Path) -> None:
    template = source / "integrations" / "gitlab" / "connguard.yml"
    job = yaml.safe_load(template.read_text())["connguard"]
    environment = {
        **{name: str(value) for name, value in job["variables"].items()},
        "CONNGUARD_REQUIREMENT": str(source),
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": _git(repository, "rev-parse", "HEAD~1"),
    }
    script = "\n".join((*job["before_script"], *job["script"]))
    done = _bash(script, repository, environment)
    assert done.returncode == 1, done.stderr
    reports = job["artifacts"]["reports"]
    (issue,) = json.loads((repository / reports["codequality"]).read_text())
    assert issue["location"]["path"] == "migrations/V2__late.sql"
    (found,) = json.loads((repository / reports["sast"]).read_text())["vulnerabilities"]
    assert found["location"]["file"] == "migrations/V2__late.sql"
    assert 'failures="1"' in (repository / reports["junit"]).read_text()

    whole = _bash(script, repository, {**environment, "CI_MERGE_REQUEST_DIFF_BASE_SHA": ""})
    assert whole.returncode == 1
    assert len(json.loads((repository / reports["codequality"]).read_text())) == 2


def test_the_gitlab_template_follows_its_schema() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci"),
            "integrations/gitlab/connguard.yml",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def _pre_commit(
    source: Path, repository: Path, hook: str, *files: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(source), hook]
    return subprocess.run(
        [*command, "--verbose", "--files", *files],
        cwd=repository,
        env={**_clean(), "PRE_COMMIT_HOME": str(source.parent / "pre-commit")},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_pre_commit_runs_the_whole_repository(source: Path, repository: Path) -> None:
    done = _pre_commit(source, repository, "connguard", "migrations/V2__late.sql")
    assert done.returncode == 1
    assert "migrations/V1__old.sql:1:1" in done.stdout
    assert "migrations/V2__late.sql:1:1" in done.stdout
    skipped = _pre_commit(source, repository, "connguard", "README.md")
    assert skipped.returncode == 0
    assert "no files to check" in skipped.stdout


def test_pre_commit_runs_a_list_of_files(source: Path, repository: Path) -> None:
    good = repository / "migrations" / "V3__good.sql"
    good.write_text("CREATE ROLE good LOGIN CONNECTION LIMIT 5;\n")
    _git(repository, "add", ".")
    done = _pre_commit(
        source, repository, "connguard-files", "migrations/V2__late.sql", "migrations/V3__good.sql"
    )
    assert done.returncode == 1
    assert "V2__late.sql:1:1" in done.stdout
    assert "V1__old" not in done.stdout
    assert (
        _pre_commit(source, repository, "connguard-files", "migrations/V3__good.sql").returncode
        == 0
    )
