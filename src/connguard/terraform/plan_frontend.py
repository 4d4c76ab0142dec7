# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform plans in JSON, as `terraform show -json` writes them.

A plan is exact: modules, variables and expressions are resolved. What is known only after apply
is left out of the values and named by `after_unknown`.
https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from connguard.engine import disk
from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Reading
from connguard.policies.model.terraform_postgresql import ATTRIBUTES, RESOURCE_TYPES, facts
from connguard.policies.model.terraform_value import Setting, Unresolved
from connguard.terraform import server_settings
from connguard.terraform.json_cursor import JsonCursor, JsonError

# The top-level keys that may stand first, as Terraform writes them or sorted by name.
_FIRST_KEY = lazily(
    r'\s*\{\s*"(?:format_version|terraform_version|applyable|checks|complete|configuration|errored'
    r'|planned_values|prior_state|output_changes|resource_changes)"'
)


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """Roles, databases and server settings that a plan creates, changes or leaves as they are.

    Other JSON files are left alone after a look at their first bytes. See
    `connguard.engine.reading.FrontEnd`.
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
        head = disk.read_head(file.path)
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
    """Read our resources; what is no JSON is reported whether or not it would hold any."""
    known = (*RESOURCE_TYPES, *server_settings.RESOURCE_TYPES)
    try:
        plan = JsonCursor(text.string)
        if not any(f'"{kind}"' in text.string for kind in known):
            plan.check()
            return
        changes = _changes(plan)
        planned = {
            _read_resource(each, "values", changes, text, reading) for each in _resources(plan)
        }
        for each in _resources(plan):
            _read_settings(each, text, reading)
        # A plan that was cut down to its changes, as policy tools like it, has nothing else.
        listed = plan.get("resource_changes")
        for each in listed.items() if listed else ():
            address = _address(each)
            if address in changes and address not in planned:
                _read_resource(each, "change/after", changes, text, reading)
        plan.check()
    except JsonError as error:
        place = text.origin(error.offset, error.offset)
        reading.add(NotParsed(f"JSON syntax error: {error}", place))


def _read_resource(
    resource: JsonCursor,
    where: str,
    changes: dict[str, dict[str, Any]],
    text: Text,
    reading: Reading,
) -> str | None:
    """Read a resource with its values at the path `where`; the address if it is one of ours."""
    planned = resource.plain()
    values = resource.get(*where.split("/"))
    if not isinstance(planned, dict) or values is None or values.plain() is None:
        return None
    kind = planned.get("type")
    if kind not in RESOURCE_TYPES or planned.get("mode") == "data" or "deposed" in planned:
        return None
    address = _address(resource) or kind
    header = _header(resource, text)
    change = changes.get(address)
    settings = {
        name: Setting(value.plain(), text.origin(start, value.end))
        for name, start, value in values.members()
        if name in ATTRIBUTES[kind]
    }
    for name in ATTRIBUTES[kind]:
        if _mark(change, "after_unknown", name):
            settings[name] = Setting(Unresolved(f"{name} is known only after apply"), header)
        elif change is None and name not in settings:
            # Without its change, an absent value may be one that is not known yet.
            settings[name] = Setting(Unresolved(f"the plan does not say {name}"), header)
    if _mark(change, "after_sensitive", "name") or _mark(planned, "sensitive_values", "name"):
        settings.pop("name", None)  # the address stands in for it
    for fact in facts(kind, address, settings, header):
        reading.add(fact)
    return str(address)


def _read_settings(resource: JsonCursor, text: Text, reading: Reading) -> None:
    planned = resource.plain()
    kind = planned.get("type") if isinstance(planned, dict) else None
    if kind in server_settings.RESOURCE_TYPES and planned.get("mode") != "data":
        for setting in server_settings.planned_settings(str(kind), resource, text):
            reading.add(setting)


def _address(resource: JsonCursor) -> str | None:
    planned = resource.plain()
    address = planned.get("address") if isinstance(planned, dict) else None
    return address if isinstance(address, str) else None


def _resources(plan: JsonCursor) -> Iterator[JsonCursor]:
    """The resources of the root module and of all modules below it."""
    root = plan.get("planned_values", "root_module")
    pending = [root] if root else []
    while pending:
        module = pending.pop()
        resources, children = module.get("resources"), module.get("child_modules")
        if resources is not None:
            yield from resources.items()
        if children is not None:
            pending.extend(children.items())


def _changes(plan: JsonCursor) -> dict[str, dict[str, Any]]:
    """What is planned for each of our resources, by address."""
    changes: dict[str, dict[str, Any]] = {}
    listed = plan.get("resource_changes")
    for resource in listed.items() if listed else ():
        planned = resource.plain()
        if not isinstance(planned, dict) or planned.get("type") not in RESOURCE_TYPES:
            continue
        change, address = planned.get("change"), planned.get("address")
        # A deposed object is what is left of an earlier one, and goes away.
        if isinstance(change, dict) and isinstance(address, str) and "deposed" not in planned:
            changes[address] = change
    return changes


def _mark(table: dict[str, Any] | None, key: str, name: str) -> bool:
    """Whether `table[key]` marks the attribute, or the whole resource."""
    marks = table.get(key) if table else None
    return marks is True or (isinstance(marks, dict) and marks.get(name) is True)


def _header(resource: JsonCursor, text: Text) -> Origin:
    """The address of the resource: what a finding about the whole resource points to."""
    for name, start, value in resource.members():
        if name == "address":
            return text.origin(start, value.end)
    return text.origin(resource.start, resource.start + 1)
