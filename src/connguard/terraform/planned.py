# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resources that a Terraform plan in JSON leaves behind, with exact places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import Any

from connguard.engine.text import Text
from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_value import Setting, Unresolved
from connguard.terraform.json_cursor import JsonCursor
from connguard.terraform.plan_references import References

_LATER = "is known only after apply"
_SECRET = "is marked as sensitive"


@dataclass(frozen=True, slots=True)
class Marks:
    """What a plan says besides the values of a resource or block.

    `unknown` and `secret` have the shape of the values, with true for what is known only after
    apply, or sensitive. `written` are the expressions of the configuration, None where the plan
    does not have them. `silent` is True where an absent value may be an unknown one.
    """

    unknown: object = None
    secret: object = None
    written: object = None
    silent: bool = False

    def within(self, name: str) -> Marks:
        """The marks of an attribute or of the blocks of a type."""
        return Marks(
            _part(self.unknown, name),
            _part(self.secret, name),
            self.written.get(name) if isinstance(self.written, Mapping) else None,
        )

    def item(self, index: int) -> Marks:
        """The marks of an element; an expression for all of them stands for each."""
        return Marks(
            _part(self.unknown, index),
            _part(self.secret, index),
            _part(self.written, index) if isinstance(self.written, list) else self.written,
        )


@dataclass(frozen=True)
class PlannedBody:
    """Planned values; blocks are arrays of objects.

    `refer` resolves the references of an expression to what an unknown value may be.
    """

    values: JsonCursor
    text: Text
    origin: Origin
    marks: Marks = field(default_factory=Marks, repr=False)
    refer: Callable[[object], list[Unresolved]] | None = field(default=None, repr=False)
    certain: bool = True

    @cached_property
    def _members(self) -> dict[str, tuple[int, JsonCursor]]:
        return {name: (start, value) for name, start, value in self.values.members()}

    def setting(self, name: str) -> Setting | None:
        marks = self.marks.within(name)
        start, value = self._members.get(name, (0, None))
        if value is not None and value.plain() is not None:
            place = self.text.origin(start, value.end)
            return Setting(self._known(name, value.plain(), marks), place)
        if marks.unknown is True and self._is_written(name):
            return Setting(self._later(name, marks), self.origin)
        if value is None and self.marks.silent and self._is_written(name):
            return Setting(Unresolved(f"the plan does not say {name}"), self.origin)
        return None

    def settings(self, *names: str) -> dict[str, Setting]:
        wanted = names or tuple(self._members)
        found = {name: self.setting(name) for name in wanted}
        return {name: setting for name, setting in found.items() if setting is not None}

    def blocks(self, name: str) -> Sequence[PlannedBody | UnknownBlocks]:
        marks = self.marks.within(name)
        _, listed = self._members.get(name, (0, None))
        if listed is None or listed.plain() is None:
            if marks.unknown is True and self._is_written(name):
                return [UnknownBlocks(Unresolved(f"{name} {_LATER}"), self.origin)]
            return []
        items = [listed] if isinstance(listed.plain(), dict) else list(listed.items())
        return [self._block(name, each, marks.item(index)) for index, each in enumerate(items)]

    def _block(self, name: str, each: JsonCursor, marks: Marks) -> PlannedBody | UnknownBlocks:
        place = self.text.origin(each.start, each.start + 1)
        if not isinstance(each.plain(), dict):
            return UnknownBlocks(Unresolved(f"{name} {_LATER}"), place)
        if isinstance(marks.written, Mapping) and _is_expression(marks.written):
            # One expression gives all attributes of the block: each may be what it refers to.
            written = dict.fromkeys(_keys(marks.unknown), marks.written)
            marks = Marks(marks.unknown, marks.secret, written)
        return PlannedBody(each, self.text, place, marks, self.refer)

    def _is_written(self, name: str) -> bool:
        """Whether the configuration sets an attribute, as far as the plan says.

        What is not written and known only after apply is the provider's choice. A dynamic block
        does not stand in the configuration that a plan has.
        """
        if not isinstance(self.marks.written, Mapping):
            return True
        return name in self.marks.written

    def _known(self, name: str, value: object, marks: Marks) -> object:
        if _any(marks.secret):
            return Unresolved(f"{name} {_SECRET}")
        if not _any(marks.unknown):
            return value
        if isinstance(value, list):
            known = [item for item in value if item is not None]
            return [*known, *self._referred(name, marks)]
        return _with_marks(value, marks.unknown, name)

    def _later(self, name: str, marks: Marks) -> object:
        found = self._referred(name, marks)
        return found[0] if len(found) == 1 and not _is_plural(name) else found

    def _referred(self, name: str, marks: Marks) -> list[Unresolved]:
        found = self.refer(marks.written) if self.refer and marks.written else []
        return found or [Unresolved(f"{name} {_LATER}")]


@dataclass(frozen=True, slots=True)
class UnknownBlocks:
    """Blocks of which nothing is known, not even their number."""

    value: Unresolved
    origin: Origin
    certain: bool = False

    def setting(self, name: str) -> Setting:
        return Setting(self.value, self.origin)

    def settings(self, *names: str) -> dict[str, Setting]:
        return {name: self.setting(name) for name in names}

    def blocks(self, name: str) -> Sequence[UnknownBlocks]:
        return [self]


@dataclass(frozen=True, slots=True)
class PlannedResource:
    """A resource as the plan leaves it."""

    type: str
    name: str
    address: str
    origin: Origin
    body: PlannedBody = field(repr=False)
    calls: tuple[Related, ...] = ()


def planned_resources(text: Text, types: frozenset[str]) -> Iterator[PlannedResource]:
    """The resources of these types in a plan; deleted ones, and data sources, are left out.

    A plan that was cut down to its `resource_changes` has them there. Raises JsonError.
    """
    plan = JsonCursor(text.string)
    changes = _changes(plan, types)
    configuration = plan.get("configuration", "root_module")
    addresses = _addresses(plan)
    references = References(configuration.plain() if configuration else None, addresses)
    seen: set[str] = set()
    for resource in _planned(plan):
        found = _resource(resource, "values", changes, references, text, types)
        if found is not None:
            seen.add(found.address)
            yield found
    listed = plan.get("resource_changes")
    left = changes.keys() - seen
    for change in listed.items() if listed else ():
        plain = change.plain()
        if isinstance(plain, dict) and str(plain.get("address")) in left:
            found = _resource(change, "change/after", changes, references, text, types)
            if found is not None:
                yield found


def _resource(
    resource: JsonCursor,
    where: str,
    changes: dict[str, dict[str, Any]],
    references: References,
    text: Text,
    types: frozenset[str],
) -> PlannedResource | None:
    plain, values = resource.plain(), resource.get(*where.split("/"))
    if not _is_wanted(plain, types) or values is None or not isinstance(values.plain(), dict):
        return None
    address = str(plain.get("address"))
    change = changes.get(address)
    place = _place(resource, text)
    secret = [plain.get("sensitive_values"), change.get("after_sensitive") if change else None]
    marks = Marks(
        change.get("after_unknown") if change else None,
        _merged(secret),
        references.expressions(address),
        silent=change is None,
    )
    body = PlannedBody(
        values, text, place, marks, lambda written: references.resolve(address, written)
    )
    return PlannedResource(str(plain["type"]), str(plain.get("name")), address, place, body)


def _is_wanted(plain: object, types: frozenset[str]) -> bool:
    return (
        isinstance(plain, dict)
        and str(plain.get("type")) in types
        and plain.get("mode") != "data"
        and "deposed" not in plain  # what is left of an earlier object, and goes away
    )


def _planned(plan: JsonCursor) -> Iterator[JsonCursor]:
    """The resources of the root module and of all modules below it."""
    root = plan.get("planned_values", "root_module")
    pending = [root] if root else []
    while pending:
        module = pending.pop()
        resources, children = module.get("resources"), module.get("child_modules")
        pending.extend(children.items() if children else ())
        yield from resources.items() if resources else ()


def _changes(plan: JsonCursor, types: frozenset[str]) -> dict[str, dict[str, Any]]:
    """What is planned for each resource, by address."""
    found: dict[str, dict[str, Any]] = {}
    listed = plan.get("resource_changes")
    for each in listed.items() if listed else ():
        plain = each.plain()
        if _is_wanted(plain, types) and isinstance(plain.get("change"), dict):
            found[str(plain.get("address"))] = plain["change"]
    return found


def _addresses(plan: JsonCursor) -> frozenset[str]:
    """The addresses of everything that the plan has, whatever its type."""
    listed = plan.get("resource_changes")
    items = [*_planned(plan), *(listed.items() if listed else ())]
    plains = [each.plain() for each in items]
    return frozenset(str(plain.get("address")) for plain in plains if isinstance(plain, dict))


def _place(resource: JsonCursor, text: Text) -> Origin:
    """The address of the resource: what a finding about the whole resource points to."""
    for name, start, value in resource.members():
        if name == "address":
            return text.origin(start, value.end)
    return text.origin(resource.start, resource.start + 1)


def _part(marks: object, key: str | int) -> object:
    """The marks of a part; a mark of the whole holds for its parts."""
    if marks is True:
        return True
    if isinstance(key, str):
        return marks.get(key) if isinstance(marks, Mapping) else None
    return marks[key] if isinstance(marks, list) and key < len(marks) else None


def _merged(tables: list[object]) -> object:
    """Marks of the same values from two places in the plan."""
    if any(table is True for table in tables):
        return True
    maps = [table for table in tables if isinstance(table, Mapping)]
    return {
        key: _whole([table[key] for table in maps if key in table])
        for key in {key for table in maps for key in table}
    }


def _whole(marks: list[object]) -> object:
    return next((mark for mark in marks if _any(mark)), None)


def _any(marks: object) -> bool:
    """Whether anything is marked."""
    if isinstance(marks, Mapping):
        return any(map(_any, marks.values()))
    return any(map(_any, marks)) if isinstance(marks, list) else marks is True


def _with_marks(value: object, marks: object, name: str) -> object:
    """A value with Unresolved for what its marks say is unknown."""
    if marks is True:
        return Unresolved(f"{name} {_LATER}")
    if isinstance(value, dict):
        table = marks if isinstance(marks, Mapping) else {}
        keys = [*value, *(key for key in table if key not in value and _any(table[key]))]
        return {key: _with_marks(value.get(key), table.get(key), f"{name}.{key}") for key in keys}
    if isinstance(value, list):
        return [_with_marks(item, _part(marks, index), name) for index, item in enumerate(value)]
    return value


def _is_expression(written: Mapping[str, object]) -> bool:
    return not written.keys() - {"references", "constant_value"}


def _keys(marks: object) -> list[str]:
    return list(marks) if isinstance(marks, Mapping) else []


def _is_plural(name: str) -> bool:
    """Whether an attribute is, by its name, a list: the plan does not say the type."""
    return name.endswith("s") and not name.endswith(("ss", "us"))
