# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of plans in JSON: real plans of AWS, and what the configuration in them refers to."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from network_scans import Said, said

from connguard.engine.text import Text, decode
from connguard.policies.model.terraform_value import Unresolved
from connguard.terraform.plan_references import References, split
from connguard.terraform.planned import PlannedResource, planned_resources

PLANS = Path(__file__).resolve().parent / "data" / "plans_aws"
GROUP = "aws_security_group"
TYPES = frozenset({"aws_db_instance", "aws_security_group", "aws_security_group_rule"})

ONLY_SOURCE: dict[str, set[Said]] = {
    # One element of a set that is known later makes all of it known later: the plan does not show
    # the 0.0.0.0/0 beside it.
    "unknown": {
        ("PG201", "FAIL", "the security group aws_security_group.both"),
        ("PG201", "FAIL", "the security group aws_security_group.mixed"),
    },
    "references": {
        # A sensitive value is not judged, since findings would show it.
        ("PG201", "FAIL", 'aws_db_instance.each["green"]'),
        # Local values are not in a plan: it shows one of the two databases behind the rule.
        (
            "PG202",
            "FAIL",
            'aws_db_instance.local, module.network["one"].aws_db_instance.inside',
        ),
    },
}
ONLY_PLAN: dict[str, set[Said]] = {
    "unknown": {
        ("PG201", "UNKNOWN", "the security group aws_security_group.both"),
        ("PG201", "UNKNOWN", "the security group aws_security_group.mixed"),
        ("PG201", "UNKNOWN", "the security group aws_security_group.narrow"),
    },
    "references": {
        ("PG201", "UNKNOWN", 'aws_db_instance.each["green"]'),
        ("PG201", "UNKNOWN", "aws_db_instance.local"),
        ("PG202", "FAIL", 'module.network["one"].aws_db_instance.inside'),
    },
}


def resources(text: Text) -> dict[str, PlannedResource]:
    return {found.address: found for found in planned_resources(text, TYPES)}


def text_of(document: Any) -> Text:
    return decode("plan.json", json.dumps(document, indent=1).encode())[0]


@pytest.mark.parametrize("name", sorted(path.name for path in PLANS.iterdir()))
def test_source_and_plan_say_the_same(tmp_path: Path, name: str) -> None:
    """But for what a plan does not show, with a reason for each difference."""
    source = tmp_path / name
    shutil.copytree(PLANS / name, source)
    (source / "plan.json").unlink()

    in_source, in_plan = said(source), said(PLANS / name / "plan.json")

    assert in_source & in_plan
    assert in_source - in_plan == ONLY_SOURCE.get(name, set())
    assert in_plan - in_source == ONLY_PLAN.get(name, set())


def test_places_are_those_of_the_plan() -> None:
    """An attribute stands where its name does, a resource where its address does."""
    text = decode("plan.json", (PLANS / "references" / "plan.json").read_bytes())[0]
    lines = text.string.splitlines()
    for found in resources(text).values():
        assert json.dumps(found.address) in lines[found.origin.line - 1]
        for block in found.body.blocks("ingress"):
            setting = block.setting("from_port")
            assert setting is not None
            assert lines[setting.origin.line - 1].strip() == f'"from_port": {setting.value},'


@pytest.mark.parametrize(
    ("database", "groups"),
    [
        (
            'aws_db_instance.each["blue"]',
            ['aws_security_group.each["blue"]', 'module.network["one"].aws_security_group.inside'],
        ),
        (
            "aws_db_instance.splat",
            ['aws_security_group.each["blue"]', 'aws_security_group.each["green"]'],
        ),
        ("aws_db_instance.local", [None]),
        (
            'module.network["two"].aws_db_instance.inside',
            ["aws_security_group.plain", 'module.network["two"].aws_security_group.inside'],
        ),
    ],
)
def test_references_of_unknown_ids(database: str, groups: list[str | None]) -> None:
    """Outputs, inputs, keys and splats are followed to the instances; local values cannot be."""
    text = decode("plan.json", (PLANS / "references" / "plan.json").read_bytes())[0]
    setting = resources(text)[database].body.setting("vpc_security_group_ids")

    assert setting is not None
    assert isinstance(setting.value, list)
    assert [one.refers for one in setting.value] == groups


def test_a_single_value_refers_to_one_resource() -> None:
    """An attribute that is no list is no list here either."""
    text = decode("plan.json", (PLANS / "references" / "plan.json").read_bytes())[0]
    setting = resources(text)["aws_security_group_rule.secret"].body.setting("security_group_id")

    assert setting is not None
    assert isinstance(setting.value, Unresolved)
    assert (setting.value.refers, setting.value.attribute) == (
        'aws_security_group.each["green"]',
        "id",
    )


def test_sensitive_values_are_not_read() -> None:
    """What is marked as sensitive is not known, so that no finding can show it."""
    text = decode("plan.json", (PLANS / "references" / "plan.json").read_bytes())[0]
    setting = resources(text)["aws_security_group_rule.secret"].body.setting("cidr_blocks")

    assert setting is not None
    assert setting.value == Unresolved("cidr_blocks is marked as sensitive")


def test_what_the_provider_chooses_is_not_set() -> None:
    """A port that nobody wrote is not unknown: the default holds, as in the configuration."""
    text = decode("plan.json", (PLANS / "references" / "plan.json").read_bytes())[0]
    database = resources(text)["aws_db_instance.splat"].body

    assert database.setting("port") is None
    assert database.setting("engine_version") is None


@pytest.mark.parametrize("kept", ["resource_changes", "planned_values"])
def test_a_plan_that_was_cut_down(tmp_path: Path, kept: str) -> None:
    """Without the configuration it is not known which group a new rule belongs to."""
    whole = json.loads((PLANS / "groups" / "plan.json").read_text())
    cut = {key: whole[key] for key in ("format_version", kept)}
    (tmp_path / "plan.json").write_text(json.dumps(cut, indent=1))
    by_rules = {
        f"the security group aws_security_group.{name}" for name in ("listed", "modern", "rules")
    }

    wide = {name for _, status, name in said(PLANS / "groups" / "plan.json") if status == "FAIL"}
    found = {name for _, status, name in said(tmp_path / "plan.json") if status == "FAIL"}

    assert by_rules < wide
    assert found == wide - by_rules | {"the security group that is not known"}


def test_deleted_and_deposed_resources_are_gone() -> None:
    """What the plan takes away opens nothing."""
    group = {"address": "aws_security_group.a", "mode": "managed", "type": "aws_security_group"}
    after: dict[str, Any] = {"ingress": []}
    deposed = {"address": "aws_security_group.b", "deposed": "1", "change": {"after": after}}
    document = {
        "format_version": "1.2",
        "resource_changes": [
            {**group, "change": {"actions": ["delete"], "after": None, "after_unknown": {}}},
            {**group, **deposed},
            {**group, "address": "aws_security_group.c", "change": {"after": after}},
            {**group, "address": "data.aws_security_group.d", "mode": "data"},
        ],
    }

    assert list(resources(text_of(document))) == ["aws_security_group.c"]


def test_known_ids_name_resources(tmp_path: Path) -> None:
    """In a plan of what exists, a database names its group by the group's id."""
    rule = {"from_port": 5432, "to_port": 5432, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"]}
    values: dict[str, dict[str, Any]] = {
        "aws_security_group": {"id": "sg-1", "ingress": [rule]},
        "aws_db_instance": {"engine": "postgres", "vpc_security_group_ids": ["sg-1"]},
    }
    listed = [
        {"address": f"{kind}.a", "mode": "managed", "type": kind, "name": "a", "values": content}
        for kind, content in values.items()
    ]
    document = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": listed}},
    }
    (tmp_path / "plan.json").write_text(json.dumps(document))

    assert ("PG201", "FAIL", "aws_db_instance.a") in said(tmp_path / "plan.json")


def test_blocks_that_are_known_later_are_not_missed() -> None:
    """Rules over a collection that is known only after apply may be any rules."""
    group = {"address": "aws_security_group.a", "mode": "managed", "type": "aws_security_group"}
    change = {"after": {"name": "a"}, "after_unknown": {"ingress": True}}
    document = {"format_version": "1.2", "resource_changes": [{**group, "change": change}]}
    (block,) = resources(text_of(document))["aws_security_group.a"].body.blocks("ingress")
    setting = block.setting("cidr_blocks")

    assert not block.certain
    assert setting is not None
    assert isinstance(setting.value, Unresolved)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("aws_x.a", ((), "aws_x", "a", "")),
        ('aws_x.a["b.c"]', ((), "aws_x", "a", '["b.c"]')),
        ('module.m["x.y"].aws_x.a[0]', ((("m", '["x.y"]'),), "aws_x", "a", "[0]")),
        ("module.m.module.n[1].aws_x.a", ((("m", ""), ("n", "[1]")), "aws_x", "a", "")),
        ("data.aws_x.a", ((), "data.aws_x", "a", "")),
        ("", ((), "", "", "")),
    ],
)
def test_addresses_are_taken_apart(address: str, parts: tuple[object, ...]) -> None:
    """Keys may hold dots and brackets."""
    assert split(address) == parts


@pytest.mark.parametrize("strange", [[], {}, None, 5, [[]], {"a": [None]}])
@pytest.mark.parametrize(
    "place",
    ["address", "type", "name", "change", "values", "after", "after_unknown", "after_sensitive"],
)
def test_plans_of_another_shape_are_no_error(place: str, strange: object) -> None:
    """Whatever stands in a plan: resources are read as far as they can be."""
    change: dict[str, Any] = {"after": {"ingress": [{}]}}
    change |= {"after_unknown": {}, "after_sensitive": {}}
    group = {"address": f"{GROUP}.a", "mode": "managed", "type": GROUP, "name": "a"}
    resource: dict[str, Any] = {**group, "values": {"ingress": [{}]}, "change": change}
    (resource if place in resource else change)[place] = strange
    document = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [resource]}},
        "resource_changes": [resource],
        "configuration": {"root_module": {"resources": [resource]}},
    }

    for found in resources(text_of(document)).values():
        for block in found.body.blocks("ingress"):
            assert block.setting("cidr_blocks") is None or not block.certain


@pytest.mark.parametrize(
    "root",
    [
        None,
        [],
        {"resources": 1, "module_calls": []},
        {"resources": [{"type": "aws_x", "name": "a", "expressions": []}]},
        {"module_calls": {"m": {"module": {"outputs": {"o": 1}}}}},
    ],
)
def test_broken_configurations_refer_to_nothing(root: Any) -> None:
    """A configuration of another shape is no error."""
    references = References(root, frozenset({"aws_x.a", "module.m.aws_x.b"}))

    expressions: list[Any] = [
        None,
        [],
        {"references": ["module.m.o", "var.x", "each.value", "a_x"]},
    ]
    for address in ("aws_x.a", "module.m.aws_x.b"):
        for written in expressions:
            assert all(one.refers is None for one in references.resolve(address, written))
