# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform plans in JSON, as `terraform show -json` writes them.

A plan is exact: modules, variables and expressions are resolved. What is known only after apply
is left out of the values and named by `after_unknown`.
https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.reading import Reading
from connguard.policies.model.terraform_postgresql import ATTRIBUTES, RESOURCE_TYPES, facts
from connguard.policies.model.terraform_value import Setting, Unresolved
from connguard.reading import Context, SourceFile
from connguard.terraform.json_tree import JsonError, JsonValue, parse
from connguard.text import Text

_HEAD = 4096
# The top-level keys that may stand first, as Terraform writes them or sorted by name.
_FIRST_KEY = re.compile(
    r'\s*\{\s*"(?:format_version|terraform_version|applyable|checks|complete|configuration|errored'
    r'|planned_values|prior_state|output_changes|resource_changes)"'
)
_MAX_MODULE_DEPTH = 100


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """Roles and databases that a plan creates, changes or leaves as they are.

    Other JSON files are left alone after a look at their first bytes. See
    `connguard.reading.FrontEnd`.
    """
    reading = Reading()
    for file in files:
        if file.path not in context.texts and not _may_be_plan(file):
            continue
        text = context.text(file)
        if text is not None and _is_plan(text.string):
            reading.files.add(file.name)
            _read_plan(text, reading)
    return reading


def _may_be_plan(file: SourceFile) -> bool:
    try:
        with file.path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return True  # reading it as a text records why it cannot be read
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    return bool(_FIRST_KEY.match(head.decode(encoding, "ignore")))


def _is_plan(string: str) -> bool:
    return (
        '"format_version"' in string
        and ('"planned_values"' in string or '"resource_changes"' in string)
        and string.lstrip().startswith("{")
    )


def _read_plan(text: Text, reading: Reading) -> None:
    plan, problems = parse(text)
    for problem in problems:
        reading.add(NotParsed(problem.reason, text.origin(problem.start, problem.end)))
    if plan is None:
        return
    try:
        _read_resources(plan, text, reading)
    except JsonError as error:
        reading.add(NotParsed(f"the plan cannot be read: {error}", text.origin(0, 1)))


def _read_resources(plan: JsonValue, text: Text, reading: Reading) -> None:
    if not any(f'"{kind}"' in text.string for kind in RESOURCE_TYPES):
        return
    changes = _changes(plan)
    for resource in _resources(plan):
        kind = _text(resource, "type")
        address = _text(resource, "address") or kind
        values = resource.get("values")
        if kind not in RESOURCE_TYPES or _text(resource, "mode") == "data" or values is None:
            continue
        if resource.has_error:
            continue  # the syntax error in it is reported
        settings = {
            name: setting
            for name in ATTRIBUTES[kind]
            if (setting := _setting(name, values, changes.get(address), resource, text))
        }
        for fact in facts(kind, address, settings, _header(resource, text)):
            reading.add(fact)


def _resources(plan: JsonValue) -> Iterator[JsonValue]:
    """The resources of the root module and of all modules below it."""
    root = plan.get("planned_values", "root_module")
    pending = [(root, 0)] if root else []
    while pending:
        module, depth = pending.pop()
        if depth > _MAX_MODULE_DEPTH:
            raise JsonError("modules are nested too deeply")
        resources, children = module.get("resources"), module.get("child_modules")
        if resources is not None:
            yield from resources.items()
        if children is not None:
            pending.extend((child, depth + 1) for child in children.items())


def _changes(plan: JsonValue) -> dict[str, JsonValue]:
    """What is planned for each of our resources, by address; data and deletions are left out."""
    changes: dict[str, JsonValue] = {}
    listed = plan.get("resource_changes")
    for resource in listed.items() if listed else ():
        if _text(resource, "type") not in RESOURCE_TYPES or _text(resource, "mode") == "data":
            continue
        change = resource.get("change")
        # A deposed object is what is left of an earlier one, and goes away.
        if change is not None and resource.get("deposed") is None:
            changes[_text(resource, "address")] = change
    return changes


def _setting(
    name: str, values: JsonValue, change: JsonValue | None, resource: JsonValue, text: Text
) -> Setting | None:
    entry = values.member(name)
    unknown = change.get("after_unknown", name) if change else None
    if unknown is not None and unknown.kind == "true":
        return Setting(Unresolved(f"{name} is known only after apply"), _header(resource, text))
    if entry is None:
        if change is not None:
            return None
        # Without its change, an absent value may be one that is not known yet.
        return Setting(Unresolved(f"the plan does not say {name}"), _header(resource, text))
    key, value = entry
    if name == "name" and _is_sensitive(name, change, resource):
        return None  # the address stands in for it
    return Setting(value.plain(), text.origin(key.start, value.end))


def _is_sensitive(name: str, change: JsonValue | None, resource: JsonValue) -> bool:
    marks = (
        change.get("after_sensitive", name) if change else None,
        resource.get("sensitive_values", name),
        change.get("after_sensitive") if change else None,
    )
    return any(mark is not None and mark.kind == "true" for mark in marks)


def _text(value: JsonValue, name: str) -> str:
    found = value.get(name)
    return found.text() if found is not None and found.kind == "string" else ""


def _header(resource: JsonValue, text: Text) -> Origin:
    """The address of the resource: what a finding about the whole resource points to."""
    entry = resource.member("address")
    if entry is None:
        return text.origin(resource.start, resource.start + 1)
    return text.origin(entry[0].start, entry[1].end)
