# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Checkov's graph as inventories for the provider mappings, one for each root module or plan.

The origin of everything in a resource is the number of its node: Checkov prints the place itself.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connguard.checks.adapter.graph_edges import Edges, callers, edges_of
from connguard.checks.adapter.graph_values import (
    Reference,
    holds_expression,
    is_expression,
    is_reference,
    mentions,
    names_more,
    outputs,
    plain,
    references,
    substituted,
    tail,
    takes_parts,
    variable,
)
from connguard.policies.model import terraform_resource
from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.patterns import lazily
from connguard.policies.model.terraform_facts import module_sources, resource_types
from connguard.policies.model.terraform_resource import MODULE, Inventory, value_bodies
from connguard.policies.model.terraform_value import Setting, Unresolved

_AFTER_APPLY = "true_after_unknown"
_LATER = Unresolved("it is known only after apply")
_CLIENTS = lazily(r"cidr|ip|source|address|range|network|group|prefix|allow")
"""Names of attributes of which a plan's silence must not be taken for the provider's default."""


Nodes = Mapping[int, Mapping[str, Any]]
Places = Mapping[tuple[str, str], list[int]]


def inventories(graph: Any) -> tuple[list[Inventory], Nodes, Places]:
    """The inventories of a graph, its nodes, and their numbers by block type and address."""
    view = _Graph(edges_of(graph))
    roots: dict[str, list[GraphResource]] = {}
    for resource in view.resources():
        roots.setdefault(_root(resource.node), []).append(resource)
    places: dict[tuple[str, str], list[int]] = {}
    for number, node in view.edges.nodes.items():
        place = str(node.get("block_type_")), str(node.get("__address__"))
        places.setdefault(place, []).append(number)
    return [Inventory(found) for found in roots.values()], view.edges.nodes, places


def place_of(number: int) -> Origin:
    return Origin(str(number), 1, 1, 1, 1)


@dataclass(frozen=True)
class GraphBody:
    """The content of a resource, or of a block in it, at a path of attribute names."""

    view: _Graph = field(repr=False)
    number: int
    values: Mapping[str, object]
    path: str = ""
    certain: bool = True
    resource: bool = False

    @property
    def origin(self) -> Origin:
        return place_of(self.number)

    def setting(self, name: str) -> Setting | None:
        if name not in self.values:
            return Setting(_LATER, self.origin) if self._is_silent(name) else None
        if self.values[name] is None and name in self.view.repeated(self.number):
            # Checkov gives null for what it cannot work out of each and count.
            return Setting(Unresolved(f"{name} depends on each or count"), self.origin)
        value = self.view.value(self.number, f"{self.path}{name}", self.values[name])
        return Setting(value, self.origin)

    def blocks(self, name: str) -> Sequence[terraform_resource.Body]:
        written = self.values.get(name)
        dynamic = list(self._dynamic(name))
        if isinstance(written, str):
            setting = self.setting(name)
            return [*dynamic, *value_bodies(setting.value if setting else None, self.origin)]
        listed = written if isinstance(written, list) else [written]
        found = [
            GraphBody(
                self.view, self.number, each, self._at(name, index, len(listed)), self.certain
            )
            for index, each in enumerate(listed)
            if isinstance(each, dict) and not (dynamic and mentions(each, name))
        ]
        return [*found, *dynamic]

    def _at(self, name: str, index: int, count: int) -> str:
        return f"{self.path}{name}.{index}." if count > 1 else f"{self.path}{name}."

    def _dynamic(self, name: str) -> Iterator[GraphBody]:
        """The dynamic blocks of a type, written out here: Checkov mixes up two of the same type."""
        listed = self.values.get("dynamic")
        if self.resource:
            # Its content is gone from there when Checkov has written out the blocks.
            listed = self.view.edges.nodes[self.number].get("dynamic")
        listed = listed if isinstance(listed, list) else [listed]
        for index, each in enumerate(listed):
            block = each.get(name) if isinstance(each, dict) else None
            if isinstance(block, dict) and isinstance(block.get("content"), dict):
                at = f"dynamic.{index}.{name}." if len(listed) > 1 else f"dynamic.{name}."
                yield from self._repeated(block, name, f"{self.path}{at}")

    def _repeated(self, block: Mapping[str, Any], name: str, at: str) -> Iterator[GraphBody]:
        content = block["content"]
        iterator = block.get("iterator")
        iterator = iterator if isinstance(iterator, str) else name
        over = self.view.value(self.number, f"{at}for_each", block.get("for_each"))
        if isinstance(over, Mapping) and not self.resource and takes_parts(content, iterator):
            pairs: list[tuple[object, object]] = [(0, over)]  # a list that lost its brackets
        elif isinstance(over, Mapping):
            pairs = list(over.items())
        elif isinstance(over, list):
            pairs = list(enumerate(over))
        elif isinstance(over, (str, int)):
            pairs = [(0, over)]
        else:
            yield GraphBody(self.view, self.number, content, f"{at}content.", certain=False)
            return
        for key, item in pairs:
            filled = {
                label: substituted(value, iterator, key, item) for label, value in content.items()
            }
            yield GraphBody(self.view, self.number, filled, f"{at}content.", self.certain)

    def _is_silent(self, name: str) -> bool:
        """Whether a plan leaves out an attribute that names clients: it may be known later."""
        return self.view.is_plan(self.number) and _CLIENTS.search(name) is not None


@dataclass(frozen=True)
class GraphResource:
    """A resource of the graph, or a call of a module whose files Checkov does not have."""

    type: str
    name: str
    address: str
    body: GraphBody = field(repr=False)
    node: Mapping[str, Any] = field(repr=False)
    calls: tuple[Related, ...] = ()

    @property
    def origin(self) -> Origin:
        return self.body.origin


class _Graph:
    """Resolves the values of a graph."""

    def __init__(self, edges: Edges) -> None:
        self.edges = edges
        self._named: dict[tuple[str, str, str], list[str]] = {}
        self._foreign: set[tuple[str, str]] = set()
        for node in edges.nodes.values():
            if node.get("block_type_") == MODULE and _is_foreign(node):
                name = str(node.get("block_name_"))
                self._foreign.add((_root(node), f"{_prefix(node)}module.{name}"))
            if node.get("block_type_") in ("resource", "data"):
                address = str(node.get("__address__"))
                kind, name = _kind_and_name(node)
                key = (_root(node), kind, name)
                self._named.setdefault(key, []).append(address)

    def resources(self) -> Iterator[GraphResource]:
        types, sources = resource_types(), module_sources()
        for number, node in self.edges.nodes.items():
            if node.get("block_type_") == "resource" and node.get("resource_type") in types:
                kind, name = _kind_and_name(node)
                address = str(node.get("__address__"))
                written = _written(node, kind)
            elif (
                node.get("block_type_") == MODULE
                and any(source in str(node.get("source")) for source in sources)
                and _is_foreign(node)
            ):
                kind, name = MODULE, str(node.get("block_name_"))
                address = f"{_prefix(node)}module.{name}"
                written = node["config_"][name]
            else:
                continue
            values = plain(written)
            if isinstance(values, dict):
                if self._is_none(number, values.get("count")):
                    continue
                certain = not (_is_open(values.get("count")) or _is_open(values.get("for_each")))
                body = GraphBody(self, number, values, certain=certain, resource=True)
                yield GraphResource(kind, name, address, body, node)

    def _is_none(self, number: int, count: object) -> bool:
        """Whether a `count` is certainly 0: Checkov has 0 for conditions that it does not know."""
        rest = self.edges.of_attribute(number, "count")
        return str(count) == "0" and not rest.unset and not rest.nodes

    def is_plan(self, number: int) -> bool:
        return "__change_actions__" in self.edges.nodes[number]

    def repeated(self, number: int) -> Sequence[str]:
        """The attributes that hold `each` or `count`."""
        found = self.edges.nodes[number].get("foreach_attrs_")
        return found if isinstance(found, list) else ()

    def value(self, number: int, path: str, value: object) -> object:
        """The value of an attribute as the policies take it."""
        found = self._converted(number, path, value)
        if _has_unresolved(found) or found is None:
            return found
        rest = self.edges.of_attribute(number, path)
        if rest.unset:
            # Checkov takes a condition that it does not know for false, and a value is left.
            return Unresolved(f"it depends on var.{rest.unset[0]}, which has no value")
        data = [one for one in rest.nodes if self.edges.nodes[one].get("block_type_") == "data"]
        if data:
            return Unresolved(f"it depends on {self.edges.nodes[data[0]].get('block_name_')}")
        return found

    def _converted(self, number: int, path: str, value: object) -> object:
        if isinstance(value, list):
            found: list[object] = []
            for item in value:
                one = self._converted(number, path, item)
                found.extend(one if isinstance(one, list) else [one])
            return found
        if isinstance(value, dict):
            return {key: self._converted(number, path, item) for key, item in value.items()}
        if value == _AFTER_APPLY:
            return _LATER
        if not isinstance(value, str) or not is_expression(value):
            return value
        if name := variable(value):
            given = self.edges.variable(number, path, name)
            if given is not None and not holds_expression(given):
                return given
        parts = self._parts(number, path, value)
        return parts[0] if len(parts) == 1 else parts

    def _parts(self, number: int, path: str, text: str) -> list[object]:
        """What an expression may be: a part for each resource that it names or rests on."""
        rest = self.edges.of_attribute(number, path)
        node = self.edges.nodes[number]
        reached = [
            self.edges.nodes[one]
            for one in rest.nodes
            if self.edges.nodes[one].get("block_type_") in ("resource", "data")
        ]
        reason, end = f"{text} is only known when Terraform runs", tail(text)
        parts: dict[tuple[str, str | None], object] = {}
        # What is made of a reference need not be as narrow as that.
        direct = is_reference(text)
        for call, output in outputs(text):
            if address := self._foreign_call(node, call):
                parts[address, output] = Unresolved(reason, address, output, end, direct=direct)
        for reference in references(text):
            for address in self._addresses(node, reached, reference):
                key = address, reference.attribute
                attribute = reference.attribute
                parts[key] = Unresolved(reason, address, attribute, end, direct=direct)
        if names_more(text):
            named = {(kind, name) for kind, name in map(_kind_and_name, reached)}
            named -= {(one.kind, one.name) for one in references(text)}
            for kind, name in sorted(named):
                for address in self._addresses(node, reached, Reference(kind, name)):
                    parts[address, None] = Unresolved(reason, address, None, end, direct=False)
        return list(parts.values()) or [Unresolved(reason, tail=end)]

    def _foreign_call(self, node: Mapping[str, Any], name: str) -> str | None:
        """The address of a call without files, in the module of a node or in one that calls it."""
        prefix = _prefix(node)
        while True:
            address = f"{prefix}module.{name}"
            if (_root(node), address) in self._foreign:
                return address
            if not prefix:
                return None
            prefix = _outer(prefix)

    def _addresses(
        self, node: Mapping[str, Any], reached: list[Mapping[str, Any]], reference: Reference
    ) -> list[str]:
        """The instances that a reference names.

        The text may come from a module that calls this one, or from one that it calls: the edges
        say from where.
        """
        kind, name = reference.kind, reference.name
        known = self._named.get((_root(node), kind, name), [])
        prefixes = [_prefix(one) for one in reached if _kind_and_name(one) == (kind, name)]
        prefixes = prefixes or [_prefix(node)]
        found = []
        for prefix in dict.fromkeys(prefixes):
            base = f"{prefix}{kind}.{name}"
            own = f"{base}{_key(node)}"
            if reference.key:
                found.append(f"{base}{reference.key}")
            elif reference.is_own and own in known:
                found.append(own)
            else:
                found.extend(
                    [one for one in known if one == base or one.startswith(f"{base}[")] or [base]
                )
        return found


def _kind_and_name(node: Mapping[str, Any]) -> tuple[str, str]:
    """Type (`data.aws_vpc` of a data source) and name, without the key of the instance."""
    kind, _, name = str(node.get("block_name_")).partition(".")
    if node.get("block_type_") == "data":
        kind = f"data.{kind}"
    return kind, name.partition("[")[0]


def _key(node: Mapping[str, Any]) -> str:
    """`["a"]`, `[0]` or nothing: the instance that a resource node is."""
    found = re.search(r"\[[^\[\]]*\]$", str(node.get("__address__")))
    return found[0] if found else ""


def _prefix(node: Mapping[str, Any]) -> str:
    """The modules in the address of a node: `module.a["x"].module.b.`"""
    if node.get("block_type_") == MODULE:
        address = str(node.get("__address__"))
        name = str(node.get("block_name_"))
        outer = address.removesuffix(name).removesuffix("module.")
        return outer if outer.startswith("module.") else ""
    kind, name = _kind_and_name(node)
    found = re.match(
        rf"(.*?)(?:{re.escape(kind)}\.{re.escape(name)})(?:\[|$)", str(node.get("__address__"))
    )
    return found[1] if found else ""


def _outer(prefix: str) -> str:
    """The modules around the innermost one: `module.a.` of `module.a.module.b["x"].`"""
    found = re.match(r"(.*\.)?module\.[\w-]+(?:\[[^\]]*\])?\.$", prefix)
    return (found[1] or "") if found else ""


def _root(node: Mapping[str, Any]) -> str:
    """The folder of the root module, or the plan, that a node belongs to."""
    path = str(node.get("file_path_"))
    for call in callers(node):
        path = str(call.get("path"))
    return path if path.endswith(".json") else os.path.dirname(path)


def _written(node: Mapping[str, Any], kind: str) -> object:
    named = node.get("config_", {}).get(kind)
    return next(iter(named.values()), None) if isinstance(named, dict) else None


def _is_foreign(call: Mapping[str, Any]) -> bool:
    """Whether Checkov does not have the files of a called module."""
    written = call.get("config_", {}).get(call.get("block_name_"))
    return isinstance(written, dict) and not written.get("__resolved__")


def _is_open(value: object) -> bool:
    return isinstance(value, str) and is_expression(value)


def _has_unresolved(value: object) -> bool:
    if isinstance(value, list):
        return any(map(_has_unresolved, value))
    if isinstance(value, dict):
        return any(map(_has_unresolved, value.values()))
    return isinstance(value, Unresolved)
