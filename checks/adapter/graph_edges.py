# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Checkov's graph of a Terraform configuration or plan, whichever library holds it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_CROSS = "[cross-variable] "


@dataclass(frozen=True, slots=True)
class Rest:
    """What an attribute rests on, through local values, variables, inputs and outputs.

    `nodes` are resources, data sources and module calls. `unset` are variables without a value.
    """

    nodes: tuple[int, ...]
    unset: tuple[str, ...]


@dataclass(slots=True)
class Edges:
    """The nodes of a graph by number, and from each the labelled edges to others."""

    nodes: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    leaving: dict[int, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))

    def of_attribute(self, node: int, path: str) -> Rest:
        """What the attribute at a path ("ingress.1.cidr_blocks") of a node rests on."""
        found: dict[int, None] = {}
        unset: dict[str, None] = {}
        seen: set[int] = set()
        pending = [target for label, target in self.leaving[node] if _is_part(label, path)]
        while pending:
            target = pending.pop()
            if target in seen:
                continue
            seen.add(target)
            kind = str(self.nodes[target].get("block_type_"))
            if kind == "variable":
                pending.extend(self._inputs(target, unset))
            elif kind in ("locals", "output", "tfvariable"):
                pending.extend(there for _, there in self.leaving[target])
            else:
                found[target] = None
        return Rest(tuple(found), tuple(unset))

    def variable(self, node: int, path: str, name: str) -> object:
        """The value of a variable that an attribute names: from the call, or its default.

        Checkov does not always put it in. None where there is no value.
        """
        for label, target in self.leaving[node]:
            found = self.nodes[target]
            same = (found.get("block_type_"), found.get("block_name_")) == ("variable", name)
            if not same or not _is_part(label, path):
                continue
            for _, source in self.leaving[target]:
                if self.nodes[source].get("block_type_") in ("module", "tfvariable"):
                    return self.nodes[source].get(name, self.nodes[source].get("default"))
            return found.get("default")
        return None

    def _inputs(self, variable: int, unset: dict[str, None]) -> list[int]:
        """Where the value of a variable comes from; it is noted as unset when from nowhere."""
        node = self.nodes[variable]
        name = str(node.get("block_name_"))
        sources = [target for _, target in self.leaving[variable]]
        if not sources and "default" not in node:
            unset[name] = None
        found: list[int] = []
        for source in sources:
            if self.nodes[source].get("block_type_") == "module":
                found.extend(
                    there for label, there in self.leaving[source] if _is_part(label, name)
                )
        return found


def edges_of(graph: Any) -> Edges:
    """The edges of a graph of rustworkx or networkx, with Checkov's nodes."""
    edges = Edges()
    if hasattr(graph, "weighted_edge_list"):
        for index in graph.node_indices():
            edges.nodes[index] = _attributes(graph[index])
        for source, target, data in graph.weighted_edge_list():
            edges.leaving[source].append((_label(data), target))
        return edges
    numbers = {key: number for number, key in enumerate(graph.nodes)}
    for key, data in graph.nodes(data=True):
        edges.nodes[numbers[key]] = data
    for start, end, data in graph.edges(data=True):
        edges.leaving[numbers[start]].append((_label(data), numbers[end]))
    return edges


def _attributes(node: Any) -> Mapping[str, Any]:
    found = node[1] if isinstance(node, tuple) else node
    return found if isinstance(found, Mapping) else {}


def _label(data: Any) -> str:
    return str(data.get("label", "")).removeprefix(_CROSS) if isinstance(data, Mapping) else ""


def _is_part(label: str, path: str) -> bool:
    return label == path or label.startswith(f"{path}.") or path.startswith(f"{label}.")


def callers(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The module calls that lead to a node, innermost first: `path` of the file, and `name`."""
    call = node.get("source_module_object_")
    while call is not None:
        found = call if isinstance(call, Mapping) else dict(call)
        yield found
        call = found.get("nested_tf_module")
