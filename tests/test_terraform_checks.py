# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies as Terraform blocks and Sentinel policies: generated, and as the policies decide."""

from __future__ import annotations

import json
import re
from pathlib import Path

import generate_terraform_checks as generator
import pytest
from conditions import CONDITIONS, Condition, by_id, disagreements
from record_terraform_checks import RECORDED, digests
from sentinel_text import KEYWORDS, condition, holds, resource_changes, tokens

ROOT = Path(__file__).resolve().parent.parent
MADE = generator.files()
TERRAFORM = MADE[generator.TERRAFORM / "main.tf"]
POLICIES = {
    path.stem: text
    for path, text in MADE.items()
    if path.suffix == ".sentinel" and path.parent == generator.SENTINEL
}
EACH = pytest.mark.parametrize("one", CONDITIONS, ids=lambda one: one.id)


def test_no_condition_disagrees_with_its_policy() -> None:
    """Over a grid of values, each condition is true exactly where the policy passes."""
    assert disagreements() == []


@EACH
def test_the_grid_shows_both_answers(one: Condition) -> None:
    """A condition that nothing fails, or that fails always, would agree with anything."""
    assert {passes for _, passes in one.cases()} == {False, True}


def test_a_wrong_condition_is_noticed() -> None:
    """With "or" left out, the comparison would say so."""
    right = by_id("PG001")
    wrong = Condition(right.id, "limit != -1", right.grid, right.facts)

    assert [values for values, passes in wrong.cases() if wrong.holds(values) != passes]


def test_the_module_is_as_generated() -> None:
    """What stands in examples/ is what the tool makes."""
    for path in (generator.TERRAFORM / "main.tf", generator.TERRAFORM / "connections.tftest.hcl"):
        assert (ROOT / path).read_text(encoding="utf-8") == MADE[path]


def test_terraform_agrees_in_every_run() -> None:
    """The recording is of these files, and each run found just the failures that are expected."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))

    assert recorded["files"] == digests()
    assert recorded["valid"] is True
    assert recorded["formatted"] is True
    assert recorded["runs"] == dict.fromkeys((name for name, _, _ in generator.runs()), "pass")


@EACH
def test_each_policy_has_its_block(one: Condition) -> None:
    """Errors are conditions that stop a plan; warnings are checks, which do not."""
    comment = f"# {one.id} {one.policy.name}"
    block = re.search(rf"^ *{comment}\n *(\w+) \{{$", TERRAFORM, re.MULTILINE)

    assert block is not None
    assert (block[1] == "assert") is not one.is_error


@EACH
def test_the_runs_hold_a_failure_of_each_policy(one: Condition) -> None:
    """Terraform was seen failing for each of them."""
    block = generator._BLOCKS[one.id]

    assert any(
        failing == [block] and name.startswith(one.id) for name, _, failing in generator.runs()
    )


@pytest.mark.parametrize("path", [path for path in MADE if path.suffix == ".sentinel"], ids=str)
def test_sentinel_files_consist_of_its_tokens(path: Path) -> None:
    """Brackets are balanced, and a policy imports what it uses and has a main rule."""
    found = tokens(MADE[path])
    words = {token for kind, token in found if kind == "word"}

    if path.parent == generator.SENTINEL:
        assert ("word", "main") in found
        assert {"import", "tfplan", "rule", "filter"} <= words
        assert {"all", "as", "is", "not", "return"} <= words & KEYWORDS


@pytest.mark.parametrize("text", ['a = "x', "a = {", "a = )", "a = @", "if a { [ } ]"])
def test_what_is_no_sentinel_is_noticed(text: str) -> None:
    """The check of tokens can fail."""
    with pytest.raises(ValueError, match=r"token|clos"):
        tokens(text)


@pytest.mark.parametrize("name", POLICIES)
def test_sentinel_conditions_decide_their_mocks(name: str) -> None:
    """The condition as written, over each mock, comes to what the test file announces."""
    written = condition(POLICIES[name])
    folder = generator.SENTINEL / "test" / name
    tests = [path for path in MADE if path.parent == folder and path.suffix == ".hcl"]

    assert {path.stem for path in tests} >= {"pass", "fail-1"}
    for path in tests:
        source = re.search(r'source = "(.+)"', MADE[path])
        announced = re.search(r"main = (true|false)", MADE[path])
        assert source is not None
        assert announced is not None
        changes = resource_changes(MADE[folder / source[1]])
        found = [
            holds(written, change["change"]["after"])
            for change in changes.values()
            if not change["change"]["after_unknown"]
        ]
        assert found
        assert all(found) is (announced[1] == "true")


@pytest.mark.parametrize("identifier", ["PG001", "PG002", "PG003", "PG004"])
def test_sentinel_enforces_errors_and_advises_on_warnings(identifier: str) -> None:
    """As severe as the policy."""
    one = by_id(identifier)
    settings = MADE[generator.SENTINEL / "sentinel.hcl"]
    level = re.search(rf'policy "{one.policy.name}" \{{[^}}]+level = "(.+)"', settings)

    assert level is not None
    assert level[1] == ("hard-mandatory" if one.is_error else "advisory")
