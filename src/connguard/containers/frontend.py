# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The front end for what containers expose: Docker Compose files and Kubernetes manifests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath

from connguard.budget.claims import is_compose
from connguard.containers import compose_facts, helm, kubernetes_facts, operators
from connguard.containers.compose_files import applications
from connguard.containers.kubernetes_clients import Connections
from connguard.containers.manifests import Objects, manifests
from connguard.engine import yaml_source
from connguard.engine.reading import Context, SourceFile
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Reading, mentions_suppression

_OF_POSTGRESQL = lazily(r"postg|pgbouncer|pgpool|pgcat|\b[56]432\b", re.IGNORECASE)
_TEMPLATE = lazily(r"\{\{|\{%|<%")
"""What is filled in before the text is meant to be YAML."""

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml")


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """Every fact once, though files may be part of several applications."""
    reading = Reading()
    composed = [file for file in files if is_compose(PurePath(file.path))]
    for application in applications(composed, context):
        found = compose_facts.Reader(application, context)
        _add(found.facts(), reading)
        if any(one.listening for one in found.containers.values()):
            reading.files |= {
                layer.file.name
                for service in application.services.values()
                for layer in service.layers
            }
    objects = _objects(files, context, reading)
    reader = kubernetes_facts.Reader(objects, context)
    for facts in (
        reader.facts(),
        Connections(reader).facts(),
        _of_operators(objects, context),
        helm.read(files, context, lambda path: compose_facts.purpose_of(path, context)),
    ):
        _add(facts, reading)
    kinds = ("Service", "NetworkPolicy", *operators.KINDS)
    reading.files |= {one.file.name for one in objects.of(*kinds)}
    places = _places(reading)
    reading.files |= places
    _add_notes(files, context, places, reading)
    return reading


def _of_operators(objects: Objects, context: Context) -> Iterator[object]:
    limits = context.settings.addresses.limits()
    for manifest in objects.of(*operators.KINDS):
        purpose = compose_facts.purpose_of(manifest.file.path, context)
        yield from operators.read(manifest, limits, purpose)


def _objects(files: Sequence[SourceFile], context: Context, reading: Reading) -> Objects:
    """The objects of all manifests; files without any are not parsed.

    What is no YAML is reported where the file is about PostgreSQL.
    """
    objects = Objects()
    for file in files:
        text = context.text(file)
        if text is None or is_compose(PurePath(file.path)):
            continue
        if file.path.name in KUSTOMIZATIONS:
            stream = yaml_source.stream(file, context)
            if stream is not None:
                objects.add_kustomization(file, stream)
        elif "apiVersion" in text.string and "kind" in text.string:
            stream = yaml_source.stream(file, context)
            objects.manifests.extend(manifests(file, stream) if stream else ())
            if (
                stream
                and stream.gaps
                and _OF_POSTGRESQL.search(text.string)
                and not _TEMPLATE.search(text.string)
            ):
                reading.files.add(file.name)
                _add(stream.gaps, reading)
    return objects


def _add(facts: Iterable[object], reading: Reading) -> None:
    known = {subject.alternatives for subject in reading.subjects}
    for fact in facts:
        if (fact,) not in known:
            known.add((fact,))
            reading.add(fact)


def _places(reading: Reading) -> set[str]:
    """The files that say something here."""
    return {
        getattr(fact, "origin").path  # noqa: B009 - every fact of this front end has one
        for subject in reading.subjects
        for fact in subject.alternatives
        if hasattr(fact, "origin")
    }


def _add_notes(
    files: Sequence[SourceFile], context: Context, places: set[str], reading: Reading
) -> None:
    """The comments of these files."""
    for file in files:
        text = context.text(file)
        stream = yaml_source.stream(file, context)
        if file.name in places and text and stream and mentions_suppression(text.string):
            reading.notes.append(yaml_source.notes(text, stream))
