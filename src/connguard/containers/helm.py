# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helm: values of Bitnami's PostgreSQL charts, and templates that hide what they expose.

https://github.com/bitnami/charts/blob/main/bitnami/postgresql/values.yaml (tls.enabled is false by
default); the Services of the charts are those of helm_release in Terraform.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePath

from connguard.containers.helm_templates import Template
from connguard.containers.service_exposure import Exposure, entries, facts
from connguard.engine import yaml_source
from connguard.engine.reading import Context, SourceFile
from connguard.engine.yaml_source import Node
from connguard.policies.model.addresses import BreadthLimits
from connguard.policies.model.database_facts import TlsRequirement
from connguard.policies.model.network import Endpoint, Target
from connguard.policies.model.origin import Known
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.providers.helm_releases import CHARTS

_VALUES = lazily(r"(?:^|[._-])values(?:[._-]|$)|^values")
Purpose = Callable[[Path], str | None]
"""Gives the word in a file's path that tells what it is for."""


@dataclass(frozen=True, slots=True)
class _Release:
    """A mapping of values for a chart."""

    chart: str
    title: str
    node: Node


def is_values(path: PurePath) -> bool:
    return path.suffix in (".yaml", ".yml") and _VALUES.search(path.stem) is not None


def read(files: Sequence[SourceFile], context: Context, purpose: Purpose) -> Iterator[object]:
    """What values for PostgreSQL charts expose, and what templates leave open."""
    for file in files:
        text = context.text(file)
        if text is None:
            continue
        if is_values(file.path):
            if "service" in text.string or "primary" in text.string:
                yield from _values(file, context, purpose)
        elif "templates" in file.path.parts and "{{" in text.string:
            yield from Template(file, text, context, purpose).facts()


def _values(file: SourceFile, context: Context, purpose: Purpose) -> Iterator[object]:
    stream = yaml_source.stream(file, context)
    if stream is not None and stream.gaps and _is_for_postgresql(file, context):
        yield from stream.gaps
    for document in stream.documents if stream else ():
        for release in _releases(document, file, context):
            yield from _release(release, context.settings.addresses.limits(), purpose(file.path))


def _releases(document: Node, file: SourceFile, context: Context) -> Iterator[_Release]:
    """The parts of a values file that are for a PostgreSQL chart."""
    chart = _chart(file.path.parent, context)
    name = chart.get("name") if chart is not None else None
    if chart is not None and name is not None and name.string in CHARTS:
        yield _Release(name.string, name.string, document)
        return
    dependencies = chart.get("dependencies") if chart is not None else None
    keys = {}
    for one in dependencies.elements() if dependencies is not None else []:
        kind, alias = one.get("name"), one.get("alias")
        if kind is not None and kind.string in CHARTS:
            keys[(alias or kind).string or ""] = kind.string
    if chart is None and all(
        (part := document.get(key)) is not None and part.is_mapping
        for key in ("pgpool", "postgresql", "service")
    ):
        yield _Release("postgresql-ha", "PostgreSQL", document)
        return
    if chart is None and _looks_like_postgresql(document):
        yield _Release("postgresql", "PostgreSQL", document)
        return
    for key, value in document.items():
        text = key.string or ""
        kind_name = keys.get(text)
        if kind_name is None and chart is None and text in CHARTS and value.is_mapping:
            kind_name = text
        if kind_name is not None and value.is_mapping:
            enabled = value.get("enabled")
            if enabled is None or enabled.boolean is not False:
                yield _Release(kind_name, text, value)


def _is_for_postgresql(file: SourceFile, context: Context) -> bool:
    """Whether the chart of a values file is one for PostgreSQL, or holds one."""
    chart = _chart(file.path.parent, context)
    if chart is None:
        return False
    dependencies = chart.get("dependencies")
    charts = [chart, *(dependencies.elements() if dependencies is not None else ())]
    names = [one.get("name") for one in charts]
    return any(name is not None and name.string in CHARTS for name in names)


def _looks_like_postgresql(document: Node) -> bool:
    """Values of the chart itself: `auth.postgresPassword`, `primary` and `architecture`."""
    auth = document.get("auth")
    if auth is None or document.get("primary") is None:
        return False
    return any(
        auth.get(name) is not None
        for name in ("postgresPassword", "enablePostgresUser", "replicationUsername")
    )


def _chart(folder: Path, context: Context) -> Node | None:
    """The Chart.yaml of a values file: beside it, or in the folder above."""
    for place in (folder, folder.parent):
        file = context.file(place / "Chart.yaml")
        stream = yaml_source.stream(file, context) if file is not None else None
        if stream is not None and stream.documents:
            return stream.documents[0]
    return None


def _release(release: _Release, limits: BreadthLimits, purpose: str | None) -> Iterator[object]:
    default, paths = CHARTS[release.chart]
    for path in paths:
        body = release.node.get(*path.split("."))
        kind = body.get("type") if body is not None else None
        if body is None or kind is None:
            continue
        ports = body.get("ports", "postgresql") or body.get("port")
        port = ports.integer if ports is not None and ports.integer else None
        node_port = body.get("nodePorts", "postgresql") or body.get("nodePort")
        exposed = Exposure(
            f"{path} of {release.title}",
            entries(body),
            entries(body.get("annotations")),
            ((port or default, node_port.integer if node_port is not None else None),),
            kind.origin,
            Target(f"the release of {release.title}", kind.origin),
            purpose=purpose,
            limits=limits,
        )
        found = list(facts(exposed))
        yield from found
        if any(isinstance(one, Endpoint) for one in found) and release.chart == "postgresql":
            tls = release.node.get("tls", "enabled")
            if tls is None or tls.boolean is False:
                place = tls.origin if tls is not None else kind.origin
                because = "tls.enabled is false" if tls else "tls.enabled is false by default"
                yield TlsRequirement(exposed.title, Known(False, place), because, place)
