# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The topology of a Terraform plan in JSON: that of its planned values, as of the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from connguard.budget.terraform_topology import TYPES, projects
from connguard.policies.model.origin import Origin
from connguard.policies.model.reading import Reading
from connguard.policies.model.terraform_value import Setting, Unresolved
from connguard.reading import Context, SourceFile
from connguard.terraform.json_cursor import JsonCursor, JsonError
from connguard.text import Text

_NOT_KNOWN = "it is known only after apply"


@dataclass(frozen=True, slots=True)
class PlannedBody:
    """Planned values; blocks are arrays of objects. `unknown` marks what comes after apply."""

    values: JsonCursor
    text: Text
    origin: Origin
    unknown: object = None

    def setting(self, name: str) -> Setting | None:
        for key, start, value in self.values.members():
            if key == name and value.plain() is not None:
                return Setting(value.plain(), self.text.origin(start, value.end))
        if isinstance(self.unknown, dict) and self.unknown.get(name) is True:
            return Setting(Unresolved(_NOT_KNOWN), self.origin)
        return None

    def settings(self, *names: str) -> dict[str, Setting]:
        wanted = names or tuple(key for key, _, _ in self.values.members())
        found = {name: self.setting(name) for name in wanted}
        return {name: setting for name, setting in found.items() if setting is not None}

    def blocks(self, name: str) -> list[PlannedBody]:
        listed = self.values.get(name)
        marks = self.unknown.get(name) if isinstance(self.unknown, dict) else None
        found = []
        for position, each in enumerate(listed.items() if listed else ()):
            known = isinstance(marks, list) and position < len(marks)
            mark = marks[position] if known and isinstance(marks, list) else None
            place = self.text.origin(each.start, each.start + 1)
            found.append(PlannedBody(each, self.text, place, mark))
        return found


@dataclass(frozen=True, slots=True)
class PlannedResource:
    """A resource as the plan leaves it."""

    type: str
    name: str
    address: str
    origin: Origin
    body: PlannedBody = field(repr=False)


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """One project for each vendor's server of a plan. See `connguard.reading.FrontEnd`.

    Only files that the front end for plans took for one are looked at; it reports syntax errors.
    """
    reading = Reading()
    for file in files:
        text = context.texts.get(file.path)
        if text is None or '"planned_values"' not in text.string:
            continue
        if not any(f'"{kind}"' in text.string for kind in TYPES):
            continue
        try:
            found = list(projects(_resources(text), file.path.parent))
        except JsonError:
            continue
        for project in found:
            reading.add(project)
            reading.files.add(file.name)
    return reading


def _resources(text: Text) -> Iterator[PlannedResource]:
    plan = JsonCursor(text.string)
    unknown = {}
    changes = plan.get("resource_changes")
    for each in changes.items() if changes else ():
        change = each.plain()
        if isinstance(change, dict) and isinstance(change.get("change"), dict):
            unknown[change.get("address")] = change["change"].get("after_unknown")
    root = plan.get("planned_values", "root_module")
    pending = [root] if root else []
    while pending:
        module = pending.pop()
        resources, children = module.get("resources"), module.get("child_modules")
        pending.extend(children.items() if children else ())
        for resource in resources.items() if resources else ():
            planned, values = resource.plain(), resource.get("values")
            if not isinstance(planned, dict) or values is None:
                continue
            if planned.get("type") not in TYPES or planned.get("mode") == "data":
                continue
            address = str(planned.get("address"))
            place = _place(resource, text)
            body = PlannedBody(values, text, place, unknown.get(address))
            yield PlannedResource(
                str(planned["type"]), str(planned.get("name")), address, place, body
            )


def _place(resource: JsonCursor, text: Text) -> Origin:
    for name, start, value in resource.members():
        if name == "address":
            return text.origin(start, value.end)
    return text.origin(resource.start, resource.start + 1)
