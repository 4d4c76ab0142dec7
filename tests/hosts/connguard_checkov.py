# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard checkov`, in an environment with connguard[checkov]."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from checkov_verdicts import check_ids, copy_examples, differences, expected
from host_runs import ROOT, Outcome, environment, outcome, run
from plan_json import FINDING_IDS, FINDINGS, UNKNOWNS

ONLY_OURS = ("--check", "CKV_CUSTOM_PG_*", "--output", "json")
FOREIGN_CHECK = """
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck


class RoleHasPrefix(BaseResourceCheck):
    def __init__(self):
        super().__init__(
            name="role has a prefix",
            id="TEAM_1",
            categories=[CheckCategories.CONVENTION],
            supported_resources=["postgresql_role"],
        )

    def scan_resource_conf(self, conf):
        return CheckResult.FAILED


check = RoleHasPrefix()
"""
ROLE = 'resource "postgresql_role" "app" {\n  name  = "app"\n  login = true\n}\n'


def scan(*arguments: str | Path, cwd: Path) -> Outcome:
    return outcome(run("connguard", "checkov", *arguments, cwd=cwd))


@pytest.fixture
def installed_check() -> Iterator[Path]:
    """One of the installed checks; restored after the test."""
    (path,) = environment().glob(
        "lib/python3*/site-packages/connguard/checks/terraform/cg_tf_role_without*.py"
    )
    text = path.read_text()
    yield path
    path.write_text(text)


def test_bad_examples_fail_as_announced(tmp_path: Path) -> None:
    """The verdicts are those of plain Checkov and of the native scan."""
    announced = expected(copy_examples(tmp_path, bad=True))

    result = scan("-d", ".", *ONLY_OURS, cwd=tmp_path)

    assert differences(announced, result.failed) == []
    assert check_ids() == {failure.id for failure in result.failed}
    assert result.code == 1


def test_good_examples_pass(tmp_path: Path) -> None:
    """The exit code is Checkov's: 0 when nothing fails."""
    copy_examples(tmp_path, bad=False)

    result = scan("-d", ".", *ONLY_OURS, cwd=tmp_path)

    assert result.failed == set()
    assert check_ids() == result.checked
    assert result.code == 0


def test_nothing_is_downloaded(tmp_path: Path) -> None:
    """Checkov's platform is not asked: the run says nothing of it, even with all its checks."""
    (tmp_path / "main.tf").write_text(ROLE)

    result = scan("-d", ".", "--output", "json", cwd=tmp_path)

    assert result.code == 1
    assert "prismacloud" not in result.log
    assert "Traceback" not in result.log


def test_checks_of_the_team_run_as_well(tmp_path: Path) -> None:
    """A folder named on the command line is loaded beside ours."""
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "__init__.py").touch()
    (tmp_path / "team" / "team_role_has_prefix.py").write_text(FOREIGN_CHECK)
    (tmp_path / "main.tf").write_text(ROLE)

    result = scan(
        "-d", ".", "--external-checks-dir", "team", "--framework", "terraform", "-o", "json",
        cwd=tmp_path,
    )  # fmt: skip

    assert {failure.id for failure in result.failed} >= {"TEAM_1", "PG001"}


def test_configuration_file_of_checkov_holds(tmp_path: Path) -> None:
    """.checkov.yaml in the scanned folder works, with its own folder of checks."""
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "__init__.py").touch()
    (tmp_path / "team" / "team_role_has_prefix.py").write_text(FOREIGN_CHECK)
    (tmp_path / "main.tf").write_text(ROLE)
    (tmp_path / ".checkov.yaml").write_text(
        "external-checks-dir:\n  - team\noutput: json\nskip-check:\n  - CKV_CUSTOM_PG_001\n"
    )

    result = scan("-d", ".", cwd=tmp_path)

    assert {failure.id for failure in result.failed} == {"TEAM_1"}
    assert "PG002" in result.checked


@pytest.mark.parametrize("damage", ["raise ValueError('broken')\n", "check = None\n"])
def test_check_that_does_not_load_is_an_error(
    tmp_path: Path, installed_check: Path, damage: str
) -> None:
    """Plain Checkov stays green then; connguard exits 2, names the check and scans nothing."""
    (tmp_path / "main.tf").write_text(ROLE)
    installed_check.write_text(damage)

    result = run("connguard", "checkov", "-d", ".", *ONLY_OURS, cwd=tmp_path)

    assert result.returncode == 2
    assert f"did not register with Checkov: {installed_check.name}" in result.stderr
    assert result.stdout == ""


def test_defect_in_a_check_fails_the_resource(tmp_path: Path, installed_check: Path) -> None:
    """Checkov drops a check that raises; ours fails, so that the run is red."""
    (tmp_path / "main.tf").write_text(ROLE.replace("}", "  connection_limit = 5\n}"))
    text = installed_check.read_text()
    assert "    keys = (" in text
    installed_check.write_text(text.replace("    keys = (", "    keys = () and ("))

    result = scan("-d", ".", *ONLY_OURS, cwd=tmp_path)

    assert {"PG001"} == {failure.id for failure in result.failed}
    assert "a bug in connguard: CKV_CUSTOM_PG_001" in result.log
    assert result.code == 1


def test_usage_error_of_checkov_is_an_error(tmp_path: Path) -> None:
    """The exit code of Checkov's own argument parser comes through."""
    result = run("connguard", "checkov", "--no-such-option", cwd=tmp_path)

    assert result.returncode == 2
    assert "unrecognized arguments" in result.stderr


def test_options_of_checkov_come_through(tmp_path: Path) -> None:
    """Soft failing is Checkov's decision; the failed check is still listed."""
    (tmp_path / "main.tf").write_text(ROLE)

    result = scan("-d", ".", *ONLY_OURS, "--soft-fail", cwd=tmp_path)

    assert {"PG001"} == {failure.id for failure in result.failed}
    assert result.code == 0


def test_native_scan_does_not_import_checkov() -> None:
    """`connguard scan` reads Terraform by itself."""
    program = (
        "import sys; from connguard.engine.cli import main;"
        " main(['scan', 'examples/shop/broken'], standalone_mode=False)"
    )
    guarded = f"import sys\ntry:\n exec({program!r})\nfinally:\n print('checkov' in sys.modules)"

    result = run("python", "-c", guarded, cwd=ROOT)

    assert "PG001" in result.stdout
    assert result.stdout.splitlines()[-1] == "False"


def test_plan_states_defaults(tmp_path: Path) -> None:
    """In a plan the provider's default stands written, and is judged."""
    (tmp_path / "plan.json").write_text(FINDINGS)

    result = scan("-d", ".", *ONLY_OURS, cwd=tmp_path)

    assert {failure.id for failure in result.failed} == FINDING_IDS


def test_unknown_in_a_plan_is_not_judged(tmp_path: Path) -> None:
    """What is known only after apply is absent from a plan; that is not its default."""
    (tmp_path / "plan.json").write_text(UNKNOWNS)

    result = scan("-d", ".", *ONLY_OURS, cwd=tmp_path)

    assert result.failed == set()
    assert result.checked >= FINDING_IDS
