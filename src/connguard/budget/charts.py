# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of Helm charts: replicas and environment from values.yaml, where the templates say so.

Templates are not run. A value counts where a template of the chart takes it plainly
(`replicas: {{ .Values.replicaCount }}`); what is computed is not known. Other files of values that
stand beside values.yaml may be used as well: a number that differs between them is a range.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from connguard.budget import applications, rollout
from connguard.budget.discovered import ServiceFound
from connguard.engine import disk, yaml_source
from connguard.engine.reading import Context
from connguard.engine.text import Text
from connguard.engine.yaml_source import Node
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.whole_numbers import whole

_TAKEN = r"\{\{-?\s*\.Values\.([\w.]+)\s*(?:\|\s*(?:quote|squote|int|toString|toYaml)\s*)*-?\}\}"
_WORKLOAD = lazily(r"^kind:[ \t]*(Deployment|StatefulSet)\b", re.MULTILINE)
_SCALER = lazily(r"^kind:[ \t]*HorizontalPodAutoscaler\b", re.MULTILINE)
_REPLICAS = lazily(r"^[ \t]*replicas:[ \t]*([^ \t\n](?:.*[^ \t\n])?)[ \t]*$", re.MULTILINE)
_MOST = lazily(rf"^[ \t]*maxReplicas:[ \t]*{_TAKEN}", re.MULTILINE)
_VARIABLE = lazily(
    r"^[ \t]*-[ \t]*name:[ \t]*[\"']?(\w+)[\"']?[ \t]*\n"
    r"[ \t]*value:[ \t]*([^ \t\n](?:.*[^ \t\n])?)[ \t]*$",
    re.MULTILINE,
)
_ENVIRONMENT = lazily(
    r"\.Values\.((?:(?!Values\.)\w++\.)*(?:env|envs|extraEnv|extraEnvs|environment))\b"
)
_SURGE = lazily(r"maxSurge|Recreate|\.Values\.(?:(?!Values\.)\w++\.)*(?:strategy|updateStrategy)\b")
_OTHER_VALUES = lazily(r"values[-._].+\.ya?ml|.+[-._]values\.ya?ml")

Variables = dict[str, tuple[str, Origin, bool]]


@dataclass(frozen=True, slots=True)
class _Chart:
    """A chart: its templates by file, and every file of values, values.yaml first."""

    name: str
    templates: list[Text]
    values: list[Node]

    def at(self, path: str) -> list[Node]:
        """The value of a path in each file of values that has it."""
        found = (one.get(*path.split(".")) for one in self.values)
        return [node for node in found if node is not None]


def read(chart: Text, folder: Path, context: Context) -> Iterator[ServiceFound]:
    """The services of the chart whose Chart.yaml this is."""
    names = [document.get("name") for document in yaml_source.parse(chart).documents]
    name = next((one.string for one in names if one is not None and one.string), None)
    if name is None:
        return
    found = _Chart(name, _texts(folder / "templates", context), _values(folder, context))
    if not found.values:
        return
    workloads = [text for text in found.templates if _WORKLOAD.search(text.string)]
    for text in workloads:
        own = name if len(workloads) == 1 else f"{name}-{Path(text.path).stem}"
        service = _service(found, text, own)
        if service is not None:
            yield service


def _service(chart: _Chart, template: Text, name: str) -> ServiceFound | None:
    match = _WORKLOAD.search(template.string)
    place = template.origin(*match.span(1)) if match is not None else template.line_origin(1)
    environment = _environment(chart, template)
    found = applications.of_environment(name, place, environment)
    if found is None:
        return None
    service, host, port = found
    instances = _replicas(chart, template, name, place)
    surge = _surge(template, instances, name, place)
    service = applications.replicated(service, instances, surge)
    return ServiceFound(service, host, port, environment=environment)


def _replicas(chart: _Chart, template: Text, name: str, place: Origin) -> Amount:
    """The autoscaler's maximum where the chart has one that may be on, and the replicas."""
    label = f"replicas of {name}"
    found = _REPLICAS.search(template.string)
    taken = re.fullmatch(_TAKEN, found[1]) if found is not None else None
    prefix = taken[1].rpartition(".")[0] if taken is not None else ""
    most = _scaled(chart, prefix, label)
    if most is not None:
        return most
    if found is None:
        return exactly(1, label, place)
    own = template.origin(*found.span(1))
    if found[1].isdecimal():
        return exactly(whole(found[1]), label, own)
    if taken is None:
        return unknown_amount(label, f"{found[1]} is filled in by Helm", own)
    return _number(chart.at(taken[1]), label, own)


def _scaled(chart: _Chart, prefix: str, label: str) -> Amount | None:
    """The most replicas of the autoscaler whose values stand beside those of the workload."""
    for text in chart.templates:
        match = _MOST.search(text.string) if _SCALER.search(text.string) else None
        if match is None:
            continue
        owner = match[1].rpartition(".")[0]
        if owner.rpartition(".")[0] != prefix:
            continue
        enabled = chart.at(f"{owner}.enabled")
        if enabled and all(node.boolean is False for node in enabled):
            return None
        most = _number(chart.at(match[1]), label, text.origin(*match.span(1)))
        always = not enabled or all(node.boolean is True for node in enabled)
        if always:
            return most
        return Amount(1, most.high, label, most.origin, "whether the autoscaler is on")
    return None


def _number(nodes: Sequence[Node], label: str, place: Origin) -> Amount:
    numbers = [node.integer for node in nodes]
    if not nodes or any(one is None for one in numbers):
        reason = (
            "a value that is given to Helm" if not nodes else f"{nodes[0].string} in the values"
        )
        return unknown_amount(label, reason, nodes[0].origin if nodes else place)
    known = [one for one in numbers if one is not None]
    largest = nodes[known.index(max(known))].origin
    reason = "which file of values is used" if min(known) != max(known) else ""
    return Amount(min(known), max(known), label, largest, reason)


def _surge(template: Text, instances: Amount, name: str, place: Origin) -> Amount:
    """A quarter more while a Deployment is rolled out, unless the template has a say in it."""
    if "kind: StatefulSet" in template.string:
        return exactly(0)
    label = f"maxSurge of {name}"
    if _SURGE.search(template.string):
        return Amount(0, instances.high, label, place, f"the strategy of {name}")
    return rollout.share(instances, 25, label)


def _environment(chart: _Chart, template: Text) -> Variables:
    """Variables that the template writes itself, and those of a list or mapping of the values."""
    found: Variables = {}
    for path in dict.fromkeys(match[1] for match in _ENVIRONMENT.finditer(template.string)):
        for node in chart.at(path):
            for key, value in _variables(node):
                _put(found, key, value)
    for match in _VARIABLE.finditer(template.string):
        own = template.origin(*match.span(2))
        taken = re.fullmatch(_TAKEN, match[2].strip("\"'"))
        if taken is not None:
            for node in chart.at(taken[1]):
                _put(found, match[1], node)
        else:
            text = match[2].strip("\"'")
            found[match[1]] = text, own, "{{" not in text
    return found


def _variables(node: Node) -> Iterator[tuple[str, Node]]:
    """`env: {NAME: value}`, or a list of names and values as containers have it."""
    for key, value in node.items():
        if key.string:
            yield key.string, value
    for element in node.elements():
        name = element.get("name")
        if name is not None and name.string:
            yield name.string, element.get("value") or element


def _put(found: Variables, key: str, node: Node) -> None:
    """Where two files of values differ, the value is not known."""
    text = node.string
    known = text is not None and "{{" not in text
    if key in found and (found[key][0] != (text or "") or not known):
        found[key] = "", found[key][1], False
    elif key not in found:
        found[key] = text or "", node.origin, known


def _values(folder: Path, context: Context) -> list[Node]:
    names = ["values.yaml", "values.yml"]
    try:
        others = disk.names(folder)
    except OSError:
        others = []
    names += [name for name in others if _OTHER_VALUES.fullmatch(name)]
    found: list[Node] = []
    for name in names:
        file = context.file(folder / name)
        text = context.text(file) if file is not None else None
        if text is not None:
            found.extend(yaml_source.parse(text).documents[:1])
    return found


def _texts(folder: Path, context: Context) -> list[Text]:
    try:
        paths = [path for path in disk.tree(folder) if path.suffix in (".yaml", ".yml")]
    except OSError:
        return []
    files = [context.file(path) for path in paths if "tests" not in path.parts]
    texts = [context.text(file) for file in files if file is not None]
    return [text for text in texts if text is not None]
