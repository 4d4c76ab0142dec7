# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The front end for what containers expose: Docker Compose files and Kubernetes manifests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any

from connguard.budget.claims import is_compose
from connguard.containers import compose_facts
from connguard.containers.compose_files import applications
from connguard.engine import yaml_source
from connguard.engine.reading import Context, SourceFile
from connguard.policies.model.reading import Reading, mentions_suppression


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
    if any(_may_be_of_kubernetes(file) for file in files):
        # These are many modules, which Compose files do not need.
        from connguard.containers import kubernetes_objects

        _add(kubernetes_objects.facts(files, context, reading), reading)
    places = _places(reading)
    reading.files |= places
    _add_notes(files, context, places, reading)
    return reading


def _may_be_of_kubernetes(file: SourceFile) -> bool:
    """Whether a file may be a manifest, or values or a template of a chart."""
    path = file.path
    return not is_compose(PurePath(path)) or "values" in path.name or "templates" in path.parts


def _add(facts: Iterable[object], reading: Reading) -> None:
    known = {subject.alternatives for subject in reading.subjects}
    for fact in facts:
        if (fact,) not in known:
            known.add((fact,))
            reading.add(fact)


def _places(reading: Reading) -> set[str]:
    """The files that say something here."""
    facts = [fact for subject in reading.subjects for fact in subject.alternatives]
    placed: list[Any] = [getattr(fact, "rule", fact) for fact in facts]
    return {one.origin.path for one in placed if hasattr(one, "origin")}


def _add_notes(
    files: Sequence[SourceFile], context: Context, places: set[str], reading: Reading
) -> None:
    """The comments of these files."""
    for file in files:
        text = context.text(file)
        stream = yaml_source.stream(file, context)
        if file.name in places and text and stream and mentions_suppression(text.string):
            reading.notes.append(yaml_source.notes(text, stream))
