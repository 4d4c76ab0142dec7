# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans in JSON, as `terraform show -json` writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from terraform_scans import context_of, facts, findings, limits, read_plan, reasons, write

from connguard.engine.reading import SourceFile
from connguard.policies.model.facts import Database, NotParsed, Role
from connguard.policies.model.origin import Known
from connguard.terraform import plan_frontend

PLAN = Path(__file__).resolve().parent / "data" / "terraform_plans" / "roles.json"


def plan(values: dict[str, Any], change: dict[str, Any] | None = None) -> str:
    """A plan with one role, in one line as Terraform prints it."""
    resource = {
        "address": "postgresql_role.app",
        "mode": "managed",
        "type": "postgresql_role",
        "values": values,
    }
    document: dict[str, Any] = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [resource]}},
    }
    if change is not None:
        document["resource_changes"] = [{**resource, "change": change}]
    return json.dumps(document)


def test_realistic_plan(tmp_path: Path) -> None:
    """All modules are read; data sources, deletions and other resources are not."""
    reading = read_plan(tmp_path, PLAN.read_bytes())

    assert reading.files == {"plan.json"}
    assert limits(reading) == {
        "app": -1,
        "later": "unknown",
        "postgresql_role.hidden": 0,
        "admin": 5,
    }
    assert [fact.name for fact in facts(reading) if isinstance(fact, Database)] == ["größe"]
    assert findings(reading) == {
        ("PG001", "plan.json", 17),
        ("PG902", "plan.json", 26),
        ("PG002", "plan.json", 42),
        ("PG004", "plan.json", 76),
        ("PG003", "plan.json", 91),
    }


def test_unknown_after_apply_is_undecided_and_not_the_default(tmp_path: Path) -> None:
    """An attribute that is absent because it is unknown has no default."""
    reading = read_plan(tmp_path, PLAN.read_bytes())

    assert reasons(reading) == ["connection_limit is known only after apply"]


def test_a_plan_that_holds_only_its_changes(tmp_path: Path) -> None:
    """What jq '{format_version, resource_changes}' leaves is read, too; deletions are not."""

    def change(name: str, after: dict[str, Any] | None) -> dict[str, Any]:
        resource = {"mode": "managed", "type": "postgresql_role", "name": name}
        details = {"after": after, "after_unknown": {}}
        return {**resource, "address": f"module.m.postgresql_role.{name}", "change": details}

    changes = [
        change("app", {"name": "app", "login": True, "connection_limit": -1}),
        change("fine", {"name": "fine", "login": True, "connection_limit": 5}),
        change("gone", None),
    ]
    document = {"format_version": "1.2", "resource_changes": changes}
    reading = read_plan(tmp_path, json.dumps(document).encode())

    assert limits(reading) == {"app": -1, "fine": 5}


def test_sensitive_values_are_not_printed(tmp_path: Path) -> None:
    """A sensitive name is replaced by the address."""
    shown = str(read_plan(tmp_path, PLAN.read_bytes()).subjects)

    assert "secret name" not in shown
    assert "not printed" not in shown


def test_position_in_a_plan_of_one_line(tmp_path: Path) -> None:
    """The column shows the attribute, also behind non-ASCII text."""
    text = plan({"name": "é", "login": True, "connection_limit": -1}, {"after_unknown": {}})

    (role,) = facts(read_plan(tmp_path, text.replace("\\u00e9", "é")))

    limit = role.connection_limit
    assert isinstance(limit, Known)
    assert limit.origin.line == 1
    column = text.replace("\\u00e9", "é").index('"connection_limit"') + 1
    assert (limit.origin.column, limit.origin.end_column) == (column, column + 22)


@pytest.mark.parametrize(
    ("values", "change", "limit"),
    [
        ({"login": True, "connection_limit": None}, {"after_unknown": {}}, None),
        ({"login": True}, {"after_unknown": {}}, None),
        ({"login": True}, {"after_unknown": {"connection_limit": True}}, "unknown"),
        ({"login": True}, None, "unknown"),
        ({"login": True, "connection_limit": "5"}, {"after_unknown": {}}, 5),
        ({"login": True, "connection_limit": 10.0}, {"after_unknown": {}}, 10),
        ({"login": True, "connection_limit": True}, {"after_unknown": {}}, "unknown"),
        ({"login": True, "connection_limit": [1]}, {"after_unknown": {}}, "unknown"),
    ],
)
def test_values(
    tmp_path: Path, values: dict[str, Any], change: dict[str, Any] | None, limit: object
) -> None:
    """null is the default, absence is only when the plan says that nothing is unknown."""
    reading = read_plan(tmp_path, plan({"name": "app", **values}, change))

    assert limits(reading) == {"app": limit}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_encodings_of_powershell(tmp_path: Path, encoding: str) -> None:
    """A plan that PowerShell has written with `>` is read, too."""
    text = plan({"name": "app", "login": True, "connection_limit": 5}, {"after_unknown": {}})

    assert limits(read_plan(tmp_path, text.encode(encoding))) == {"app": 5}


def test_sorted_keys(tmp_path: Path) -> None:
    """jq --sort-keys changes the order of the keys."""
    document = json.loads(PLAN.read_text("utf-8"))
    text = json.dumps({**document, "configuration": {}}, sort_keys=True, indent=2)

    assert limits(read_plan(tmp_path, text))["app"] == -1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"name": "package", "version": "1"}',
        '{"format_version": "1.0", "values": {"root_module": {}}}',
        '{"version": 4, "terraform_version": "1.11.4", "resources": []}',
        '["format_version", "planned_values"]',
    ],
)
def test_other_json_is_left_alone(tmp_path: Path, text: str) -> None:
    """JSON that is no plan is not counted as read."""
    reading = read_plan(tmp_path, text)

    assert reading.files == set()
    assert reading.subjects == []


def test_other_json_is_not_read_completely(tmp_path: Path) -> None:
    """A look at its beginning is enough for a large file that is no plan."""
    write(tmp_path, {"data.json": '{"rows": [' + "1," * 500_000 + "1]}"})
    context = context_of(tmp_path)

    plan_frontend.read([SourceFile(tmp_path / "data.json", "data.json")], context)

    assert context.texts == {}


def test_missing_file_is_recorded(tmp_path: Path) -> None:
    """A file that cannot be opened leads to exit code 2."""
    context = context_of(tmp_path)

    plan_frontend.read([SourceFile(tmp_path / "none.json", "none.json")], context)

    assert [name for name, _ in context.unreadable] == ["none.json"]


def test_truncated_plan(tmp_path: Path) -> None:
    """What cannot be parsed is reported; the rest is judged as far as it goes."""
    text = PLAN.read_text("utf-8")

    reading = read_plan(tmp_path, text[: text.index('"resource_changes"') + 40])

    assert [type(fact) for fact in facts(reading)].count(NotParsed) == 1


def test_deeply_nested_plan(tmp_path: Path) -> None:
    """Modules nested beyond every bound are reported, not followed."""
    deep = '{"child_modules": [' * 3_000 + "{}" + "]}" * 3_000
    text = (
        '{"format_version": "1.2", "x": "postgresql_role",'
        f' "planned_values": {{"root_module": {deep}}}}}'
    )

    reading = read_plan(tmp_path, text)

    assert [type(fact) for fact in facts(reading)] == [NotParsed]


@pytest.mark.parametrize("kind", ["aws_security_group", "random_pet"])
def test_plan_without_roles_that_is_no_json(tmp_path: Path, kind: str) -> None:
    """Also a plan that holds nothing of ours before the place where it is cut off."""
    text = (
        '{"format_version": "1.2", "planned_values": {"root_module": {"resources": [\n'
        f'{{"type": "{kind}", "mode": "managed"'
    )

    (fact,) = facts(read_plan(tmp_path, text))

    assert isinstance(fact, NotParsed)
    assert fact.origin.line == 2


def test_group_in_deeply_nested_modules(tmp_path: Path) -> None:
    """A security group below 2,000 modules is not passed over in silence."""
    group = '{"resources": [{"type": "aws_security_group", "address": "aws_security_group.db"}]}'
    deep = '{"child_modules": [' * 2_000 + group + "]}" * 2_000
    text = f'{{"format_version": "1.2", "planned_values": {{"root_module": {deep}}}}}'

    assert [type(fact) for fact in facts(read_plan(tmp_path, text))] == [NotParsed]


def test_role_and_source_agree(tmp_path: Path) -> None:
    """A role in a plan is the same fact as in source."""
    (role,) = facts(read_plan(tmp_path, plan({"name": "a", "login": True}, {"after_unknown": {}})))

    assert isinstance(role, Role)
    assert role.declarative
    assert role.connection_limit is None
    assert findings(
        read_plan(tmp_path, plan({"name": "a", "login": True}, {"after_unknown": {}}))
    ) == {("PG001", "plan.json", 1)}
