# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates of Helm: what they expose by themselves, and what the values of their chart decide.

A template is no YAML. What a template writes itself is read with the expressions of Go masked, at
the places where they stand; what depends on them is undecided.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from connguard.containers import kubernetes_facts
from connguard.containers.kubernetes_facts import POSTGRES_PORTS
from connguard.containers.manifests import Manifest, Objects, manifests
from connguard.engine import disk, yaml_source
from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text
from connguard.engine.yaml_source import Node
from connguard.policies.model.database_facts import PublishedPort
from connguard.policies.model.facts import Undecided
from connguard.policies.model.network import Endpoint
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass

_SERVICE = lazily(r"(?m)^kind:[ \t]*[\"']?Service[\"']?\s*$")
_WORKLOAD = lazily(
    r"(?m)^kind:[ \t]*[\"']?(?:StatefulSet|Deployment|DaemonSet|ReplicaSet|Pod)[\"']?\s*$"
)
_FILLED_IN = lazily(r"(?m)^ {2,4}type:[ \t]*(?P<text>\S*\{\{[^\n]*)$")
_OPEN = lazily(r"(?:^[ ]+|[{,][ ]*)type:[ \t]*[\"']?(?:LoadBalancer|NodePort)\b", re.M)
_ON_HOST = lazily(r"(?:^[ -]*|[{,][ ]*)(?:hostPort:[ \t]*\S|hostNetwork:[ \t]*[\"']?true\b)", re.M)
_DATABASE = lazily(r"(?i)\b5432\b|\b6432\b|postgres|pgbouncer")
_DOCUMENT = lazily(r"(?m)^---(?=\s|$)")
_PATH = lazily(
    r"\{\{-?\s*(?:\$|\.\w+)?\.Values\.([\w.]++)(?:\s*+\|(?:[^{}]|\{(?!\{))*+)?\s*+-?\}\}"
)
_EXPRESSION = lazily(r"\{\{(?:[^{}]|\{(?!\{)|\}(?!\}))*+\}\}")
_BLOCK = lazily(
    r"\{\{-?\s*(?P<word>if|with|range|define|block|end)\b(?P<about>(?:[^{}]|\{(?!\{)|\}(?!\}))*+)\}\}"
)
_ONE_VALUE = lazily(r"\s*(?:\$|\.\w+)?\.Values\.([\w.]+)\s*-?")
_HARMLESS = lazily(
    r"\s*\{\{-?\s*(?:/\*|\$\w+\s*:?=|end\b|(?:include|template|toYaml|with|if)\b[^}]*[lL]abels)|\s*#"
    r"|\s*(?:-\s*)?[\"']?(?:[\w./-]*(?:name|namespace|instance|version|component|part-of|managed-by"
    r"|release|chart|heritage|app)|port|targetPort|nodePort|loadBalancerIP|clusterIP"
    r"|externalTrafficPolicy|sessionAffinity)[\"']?:"
)
"""Lines with expressions that do not say who reaches a Service."""


@dataclass(frozen=True, slots=True)
class _Values:
    """One file of values for a chart."""

    name: str
    node: Node


@dataclass
class Template:
    """One file of a chart's templates."""

    file: SourceFile
    text: Text
    context: Context
    purpose: Callable[[Path], str | None]

    def facts(self) -> Iterator[object]:
        """What it exposes; what is filled in is undecided, once."""
        string = self.text.string
        if not _DATABASE.search(string) and not self._has_port_by_value():
            return
        if _SERVICE.search(string):
            yield from self._filled_in()
        starts = [0, *(match.start() for match in _DOCUMENT.finditer(string)), len(string)]
        for start, end in pairwise(starts):
            if _SERVICE.search(string, start, end):
                yield from self._written(start, end, _OPEN, "PG201")
            elif _WORKLOAD.search(string, start, end):
                yield from self._written(start, end, _ON_HOST, "PG206")

    def _has_port_by_value(self) -> bool:
        """Whether a value that it fills in is a port of PostgreSQL or a pooler."""
        if not _SERVICE.search(self.text.string):
            return False
        values = (self._default(match[1]) for match in _PATH.finditer(self.text.string))
        return any(one is not None and one.integer in POSTGRES_PORTS for one in values)

    def _filled_in(self) -> Iterator[Undecided]:
        """A Service whose type the values say, and do not keep inside the cluster."""
        for match in _FILLED_IN.finditer(self.text.string):
            named = _PATH.search(match["text"])
            path = named[1] if named else None
            kinds = [
                (one.name, value.string)
                for one in (self._values if path is not None else ())
                if (value := one.node.get(*(path or "").split("."))) is not None
            ]
            opened = [one for one in kinds if one[1] not in ("ClusterIP", "None")]
            is_said = any(name == "values.yaml" for name, _ in kinds)
            if is_said and not opened:
                continue
            reason = f"the type of a Service is filled in: {match['text']}"
            if is_said and opened[0][0] != "values.yaml":
                reason += f", which {opened[0][0]} sets to {opened[0][1]}"
            origin = self.text.origin(match.start("text"), match.end("text"))
            yield Undecided("PG201", reason, origin)
            return

    def _written(
        self, start: int, end: int, pattern: re.Pattern[str], policy: str
    ) -> Iterator[object]:
        """What an object of the template exposes without any value of the chart."""
        string = self.text.string
        found = pattern.search(string, start, end)
        if found is None or "{{" not in string[start:end]:
            return  # an object without expressions is read as one
        if not yaml_source.parse(Text(self.text.path, string[start:end])).gaps:
            return
        conditions = self._conditions(found.start())
        if any(self._is_off(one) for one in conditions):
            return
        facts = [
            fact
            for manifest in self._objects(start, end)
            for fact in self._facts_of(manifest)
            if isinstance(fact, (Endpoint, PublishedPort, Undecided))
        ]
        if not facts:
            return
        before = len(found[0]) - len(found[0].lstrip())
        place = self.text.origin(found.start() + before, found.end())
        doubt = self._doubt(start, end) if policy == "PG201" and "LoadB" in found[0] else None
        if conditions:
            yield Undecided(
                policy, f"whether the template asks for it depends on {conditions[-1]}", place
            )
        elif doubt is not None:
            yield Undecided(policy, f"who reaches the Service is filled in: {doubt[0]}", doubt[1])
        else:
            yield from facts

    def _facts_of(self, manifest: Manifest) -> Iterator[object]:
        objects = Objects()
        objects.manifests.append(manifest)
        yield from kubernetes_facts.Reader(objects, self.context).facts()

    def _objects(self, start: int, end: int) -> list[Manifest]:
        """The objects of a part of the template, which starts with a line."""
        line = self.text.position(start)[0]
        part = "\n" * (line - 1) + self._masked[start:end]
        return [
            replace(one, name=self._name(one))
            for one in manifests(self.file, yaml_source.parse(Text(self.text.path, part)))
        ]

    def _name(self, manifest: Manifest) -> str:
        """The name of an object as the template writes it."""
        place = manifest.origin
        first = self.text.offset(place.line, place.column)
        last = self.text.offset(place.end_line, place.end_column)
        return self.text.string[first:last].strip("\"'")

    @cached_property
    def _masked(self) -> str:
        """The template without its expressions; every other character keeps its place."""
        lines = []
        for line in self.text.string.splitlines(keepends=True):
            if _EXPRESSION.sub("", line).strip():
                lines.append(_EXPRESSION.sub(self._mask, line))
            else:  # nothing else than expressions
                lines.append(re.sub(r"[^\r\n]", " ", line))
        return "".join(lines)

    def _mask(self, match: re.Match[str]) -> str:
        """The default of a value, or letters; as long as the expression, so that places hold."""
        named = _PATH.fullmatch(match[0])
        value = self._default(named[1]) if named else None
        text = value.string if value is not None else None
        length = len(match[0])
        if text is not None and text.isalnum() and len(text) <= length:
            return text.ljust(length)
        return "x" * length

    def _conditions(self, offset: int) -> list[str]:
        """The conditions of the blocks that are open at a place, the outermost first."""
        found: list[str] = []
        for match in _BLOCK.finditer(self.text.string, 0, offset):
            if match["word"] != "end":
                found.append(match["about"].strip(" \t-") if match["word"] != "range" else "a list")
            elif found:
                found.pop()
        return found

    def _is_off(self, condition: str) -> bool:
        """Whether no values of the chart make a condition true."""
        named = _ONE_VALUE.fullmatch(condition)
        if named is None or not self._values:
            return False
        path = named[1].split(".")
        return not any(_is_true(one.node.get(*path)) for one in self._values)

    def _doubt(self, start: int, end: int) -> tuple[str, Origin] | None:
        """A line with an expression that may say who reaches a Service."""
        offset = start
        for line in self.text.string[start:end].splitlines(keepends=True):
            if "{{" in line and not _HARMLESS.match(line):
                first = offset + len(line) - len(line.lstrip())
                last = offset + len(line.rstrip())
                return line.strip(), self.text.origin(first, last)
            offset += len(line)
        return None

    def _default(self, path: str) -> Node | None:
        """What the values of the chart say."""
        for one in self._values:
            if one.name == "values.yaml":
                return one.node.get(*path.split("."))
        return None

    @cached_property
    def _values(self) -> list[_Values]:
        """The files of values of the chart, less those for development and tests."""
        for folder in self.file.path.parents:
            found = list(_values_in(folder, self.context, self.purpose))
            if any(one.name == "values.yaml" for one in found):
                return found
            if disk.is_file(folder / "Chart.yaml"):
                return found
        return []


def _values_in(
    folder: Path, context: Context, purpose: Callable[[Path], str | None]
) -> Iterator[_Values]:
    for file in values_by_folder(context).get(folder, ()):
        name = file.path.name
        if name != "values.yaml" and purpose(file.path) is not None:
            continue
        stream = yaml_source.stream(file, context)
        for document in stream.documents[:1] if stream is not None else ():
            yield _Values(name, document)


def values_by_folder(context: Context) -> dict[Path, list[SourceFile]]:
    """The files of values of all charts, sought once in a scan."""
    key = "values by folder"
    known = context.cache.get(key)
    if isinstance(known, dict):
        return known
    found: dict[Path, list[SourceFile]] = {}
    for file in context.files:
        path = file.path
        if path.suffix in (".yaml", ".yml") and path.name.startswith("values"):
            found.setdefault(path.parent, []).append(file)
    context.cache[key] = found
    return found


def _is_true(node: Node | None) -> bool:
    """Whether Go takes a value for true."""
    if node is None or node.is_null:
        return False
    if node.is_scalar:
        return node.boolean is not False and node.string not in ("", "0", None)
    return bool(node.items() or node.elements())
