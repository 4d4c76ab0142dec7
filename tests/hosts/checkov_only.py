# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain Checkov, in an environment with nothing else, and the checks of a checkout."""

from __future__ import annotations

import subprocess
from pathlib import Path

from checkov_verdicts import check_ids, copy_examples, differences, expected
from host_runs import ROOT, Outcome, outcome, run
from plan_json import FINDING_IDS, FINDINGS, UNKNOWNS

OPTIONS = (
    "--skip-download", "--framework", "terraform", "terraform_json", "terraform_plan",
    "--check", "CKV_CUSTOM_PG_*", "--output", "json",
)  # fmt: skip


def scan(folder: Path, *checks: str | Path, cwd: Path = ROOT) -> Outcome:
    result = outcome(run("checkov", "-d", folder, *checks, *OPTIONS, cwd=cwd))
    assert "Cannot load external check" not in result.log
    assert "Failed to run check" not in result.log
    assert "bug in connguard" not in result.log
    return result


def test_only_checkov_is_installed() -> None:
    """Nothing of connguard can be imported, so that nothing of it can help."""
    listed = run("python", "-c", "import connguard", cwd=Path("/"))

    assert "No module named 'connguard'" in listed.stderr


def test_bad_examples_fail_as_announced(tmp_path: Path) -> None:
    """Each announced finding is a failed check of its block, and there are no others."""
    announced = expected(copy_examples(tmp_path, bad=True))

    result = scan(tmp_path, "--external-checks-dir", "checks")

    assert differences(announced, result.failed) == []
    assert check_ids() == {failure.id for failure in result.failed}
    assert result.code == 1


def test_good_examples_pass(tmp_path: Path) -> None:
    """All checks have run on the good examples, and none has failed."""
    copy_examples(tmp_path, bad=False)

    result = scan(tmp_path, "--external-checks-dir", "checks")

    assert result.failed == set()
    assert check_ids() == result.checked
    assert result.code == 0


def test_checks_from_git(tmp_path: Path) -> None:
    """Checkov walks the whole clone; only the checks run, and they give the same verdicts."""
    subprocess.run(["git", "clone", "--quiet", ROOT, tmp_path / "clone"], check=True)
    announced = expected(copy_examples(tmp_path / "scan", bad=True))
    (tmp_path / "empty").mkdir()

    url = f"file://{tmp_path}/clone//checks"
    result = scan(tmp_path / "scan", "--external-checks-git", url, cwd=tmp_path / "empty")

    assert differences(announced, result.failed) == []
    assert result.code == 1


def test_checks_copied_with_the_policies(tmp_path: Path) -> None:
    """The two folders under the Apache licence are enough."""
    announced = expected(copy_examples(tmp_path / "scan", bad=True))
    for folder in ("checks", "policies"):
        subprocess.run(["cp", "-r", ROOT / folder, tmp_path / folder], check=True)

    result = scan(tmp_path / "scan", "--external-checks-dir", "checks", cwd=tmp_path)

    assert differences(announced, result.failed) == []


def test_plan_states_defaults(tmp_path: Path) -> None:
    """In a plan the provider's default stands written, and is judged."""
    (tmp_path / "plan.json").write_text(FINDINGS)

    result = scan(tmp_path, "--external-checks-dir", "checks")

    assert {failure.id for failure in result.failed} == FINDING_IDS


def test_unknown_in_a_plan_is_not_judged(tmp_path: Path) -> None:
    """What is known only after apply is absent from a plan; that is not its default."""
    (tmp_path / "plan.json").write_text(UNKNOWNS)

    result = scan(tmp_path, "--external-checks-dir", "checks")

    assert result.failed == set()
    assert result.checked >= FINDING_IDS
