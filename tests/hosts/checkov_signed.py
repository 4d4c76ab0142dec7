# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain Checkov, and nothing but the signed bundle of checks."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from build_checkov_bundle import bundle as bundled
from build_checkov_bundle import modules, needed
from checkov_only import OPTIONS
from checkov_verdicts import check_ids, copy_examples, differences, expected
from host_runs import ROOT, Outcome, outcome, run
from plan_json import FINDING_IDS, FINDINGS


def new_key(folder: Path) -> Path:
    """A private key as the bundle is signed with."""
    key = folder / "k.pem"
    command = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key)]
    subprocess.run(command, check=True)
    return key


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a release holds, signed with a key of its own."""
    folder = tmp_path_factory.mktemp("bundle")
    key = new_key(folder)
    tool = ROOT / "tools" / "build_checkov_bundle.py"
    subprocess.run([sys.executable, tool, "--key", key, "-o", folder / "out"], check=True)
    return folder / "out"


def scan(folder: Path, bundle: Path, cwd: Path, public: Path | None = None) -> Outcome:
    checks = ("--external-checks-dir", bundle / "checks")
    key = ("--external-checks-public-key", public or bundle / "pub.pem")
    return outcome(run("checkov", "-d", folder, *checks, *key, *OPTIONS, cwd=cwd))


def test_signed_checks_give_the_same_verdicts(bundle: Path, tmp_path: Path) -> None:
    """Every announced finding of the bad examples, and no other; the good ones pass."""
    announced = expected(copy_examples(tmp_path / "bad", bad=True))
    copy_examples(tmp_path / "good", bad=False)

    bad = scan(tmp_path / "bad", bundle, tmp_path)
    good = scan(tmp_path / "good", bundle, tmp_path)

    for result in (bad, good):
        assert "Cannot load external check" not in result.log
        assert "Failed to run check" not in result.log
    assert differences(announced, bad.failed) == []
    assert (bad.code, good.code) == (1, 0)
    assert good.failed == set()
    assert good.checked == check_ids()


def test_signed_checks_judge_plans(bundle: Path, tmp_path: Path) -> None:
    """A plan is judged by the same checks."""
    (tmp_path / "plan.json").write_text(FINDINGS)

    result = scan(tmp_path, bundle, tmp_path)

    assert {failure.id for failure in result.failed} == FINDING_IDS


@pytest.mark.parametrize("name", ["cg_connguard.py", "__init__.py"])
def test_a_changed_file_stops_checkov(name: str, bundle: Path, tmp_path: Path) -> None:
    """One byte of a file is another than was signed: exit code 2, and nothing is scanned."""
    copy_examples(tmp_path / "scan", bad=True)
    shutil.copytree(bundle, tmp_path / "bundle")
    changed = tmp_path / "bundle" / "checks" / name
    changed.write_bytes(changed.read_bytes().replace(b"The connguard", b"No connguard", 1))

    result = scan(tmp_path / "scan", tmp_path / "bundle", tmp_path)

    assert result.code == 2
    assert result.failed == set()


def test_a_file_that_is_not_signed_stops_checkov(bundle: Path, tmp_path: Path) -> None:
    """A check that somebody adds to the folder is refused."""
    copy_examples(tmp_path / "scan", bad=True)
    shutil.copytree(bundle, tmp_path / "bundle")
    (tmp_path / "bundle" / "checks" / "added.py").write_text("print('x')\n")

    assert scan(tmp_path / "scan", tmp_path / "bundle", tmp_path).code == 2


def test_another_key_stops_checkov(bundle: Path, tmp_path: Path) -> None:
    """The signature must be that of the key which the caller trusts."""
    copy_examples(tmp_path / "scan", bad=True)
    public = tmp_path / "other.pem"
    command = ["openssl", "pkey", "-in", str(new_key(tmp_path)), "-pubout", "-out", str(public)]
    subprocess.run(command, check=True)

    assert scan(tmp_path / "scan", bundle, tmp_path, public).code == 2


def test_no_other_connguard_is_asked(bundle: Path, tmp_path: Path) -> None:
    """A package connguard beside the bundle is not signed, and none of its code runs."""
    copy_examples(tmp_path / "scan", bad=True)
    shutil.copytree(bundle, tmp_path / "bundle")
    for name in ("connguard", "signed_connguard"):
        (tmp_path / "bundle" / name).mkdir()
        stranger = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
        (tmp_path / "bundle" / name / "__init__.py").write_text(stranger)

    result = scan(tmp_path / "scan", tmp_path / "bundle", tmp_path / "bundle")

    assert {failure.id for failure in result.failed} == check_ids()
    assert not (tmp_path / "ran").exists()


def test_the_module_holds_what_the_checks_need_and_no_more() -> None:
    """All provider mappings, whose package is listed, and no policy that is no check."""
    every = modules()
    chosen = needed(every)
    providers = "signed_connguard.policies.providers."

    assert {one for one in every if one.startswith(providers)} <= set(chosen)
    assert "signed_connguard.policies.role_without_connection_limit" in chosen
    assert "signed_connguard.policies.hba_trust" not in chosen
    assert bundled() == bundled()


def test_an_import_from_elsewhere_is_refused() -> None:
    """What is not in the module would not be signed."""
    name = "signed_connguard.checks.terraform.cg_tf_x"

    with pytest.raises(ValueError, match="imports yaml"):
        needed({name: "import yaml\n", "signed_connguard.checks.terraform": ""})
