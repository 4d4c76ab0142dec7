# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard rules` and `connguard explain`."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner, Result

from connguard.engine.cli import main
from connguard.engine.registry import policies
from connguard.policies.model.policy import Policy

ALL = [registered.policy for registered in policies()]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="connguard")


def test_rules_lists_every_policy() -> None:
    lines = run("rules").stdout.splitlines()

    heads = [line.split() for line in lines if not line.startswith(" ")]
    assert heads == [[one.id, one.severity.value, one.name] for one in ALL]
    assert max(len(line) for line in lines) <= 88


def test_rules_as_json() -> None:
    document = json.loads(run("rules", "--format", "json").stdout)

    assert document["version"] == 1
    assert [one["id"] for one in document["policies"]] == [one.id for one in ALL]
    assert document["policies"][0]["checkov_id"] == "CKV_CUSTOM_PG_001"
    assert document["policies"][0]["prevents"] == [one.value for one in ALL[0].prevents]


def test_rules_as_markdown() -> None:
    lines = run("rules", "--format", "markdown").stdout.splitlines()

    assert lines[0] == "| id | name | severity | fails when |"
    assert [line.split(" | ")[0] for line in lines[2:]] == [f"| {one.id}" for one in ALL]
    for line in lines:
        assert line.replace(r"\|", "").count("|") == 5


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.id)
@pytest.mark.parametrize("output_format", ["text", "markdown"])
def test_explain_tells_all(policy: Policy, output_format: str) -> None:
    """Everything that is known of a policy is in its explanation."""
    shown = " ".join(run("explain", policy.id, "--format", output_format).stdout.split())
    shown = re.sub(r"\\([<*])", r"\1", shown)

    for text in (policy.name, policy.checkov_id, policy.condition, policy.effect, policy.fix):
        assert text in shown
    for text in (*policy.references, *(failure.value for failure in policy.prevents)):
        assert text in shown


@pytest.mark.parametrize(
    "name", ["PG001", "pg001", "role-without-connection-limit", "CKV_CUSTOM_PG_001"]
)
def test_explain_takes_every_name_of_a_policy(name: str) -> None:
    assert run("explain", name).stdout.startswith("PG001 role-without-connection-limit\n")


def test_explain_shows_bad_examples_before_good_ones() -> None:
    text = run("explain", "PG001").stdout

    assert 0 < text.index("\nBad: PG001/bad") < text.index("\nGood: PG001/good")


def test_explain_as_json() -> None:
    document = json.loads(run("explain", "PG001", "--format", "json").stdout)

    assert document["policy"]["id"] == "PG001"
    assert {one["kind"] for one in document["examples"]} == {"bad", "good"}
    for example in document["examples"]:
        assert example["path"].startswith(f"PG001/{example['kind']}")
    announcing = [one["kind"] for one in document["examples"] if "expect" in one["text"]]
    assert set(announcing) == {"bad"}


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("PG0001", "PG001"),
        ("role-without-conection-limit", "role-without-connection-limit"),
        ("role-limit-zero", "role-connection-limit-zero"),
    ],
)
def test_explain_suggests_what_was_meant(name: str, suggestion: str) -> None:
    result = run("explain", name)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"no policy is called '{name}'; did you mean" in result.stderr
    assert suggestion in result.stderr.split("did you mean")[1]


def test_explain_of_nonsense_points_to_the_list() -> None:
    result = run("explain", "xyzzy")

    assert result.exit_code == 2
    assert "`connguard rules` lists them" in result.stderr
