# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the manifests of a cluster, operators' resources and Helm's charts expose."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath

from connguard.budget.claims import is_compose
from connguard.containers import compose_facts, helm, kubernetes_facts, operators
from connguard.containers.kubernetes_clients import Connections
from connguard.containers.manifests import Objects, manifests
from connguard.engine import yaml_source
from connguard.engine.reading import Context, SourceFile
from connguard.engine.yaml_source import Stream
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Reading

_OF_POSTGRESQL = lazily(r"postg|pgbouncer|pgpool|pgcat|\b[56]432\b", re.IGNORECASE)
_TEMPLATE = lazily(r"\{\{|\{%|<%")
"""What is filled in before the text is meant to be YAML."""

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml")


def facts(files: Sequence[SourceFile], context: Context, reading: Reading) -> Iterator[object]:
    """The facts, some of them more than once; adds the names of manifests to the reading."""
    objects = Objects()
    yield from _objects(files, context, objects, reading)
    reader = kubernetes_facts.Reader(objects, context)
    yield from reader.facts()
    yield from Connections(reader).facts()
    yield from _of_operators(objects, context)
    yield from helm.read(files, context, lambda path: compose_facts.purpose_of(path, context))
    kinds = ("Service", "NetworkPolicy", *operators.KINDS)
    reading.files |= {one.file.name for one in objects.of(*kinds)}


def _of_operators(objects: Objects, context: Context) -> Iterator[object]:
    limits = context.settings.addresses.limits()
    for manifest in objects.of(*operators.KINDS):
        purpose = compose_facts.purpose_of(manifest.file.path, context)
        yield from operators.read(manifest, limits, purpose)


def _beside(
    file: SourceFile, context: Context
) -> Callable[[str], tuple[SourceFile, Stream] | None]:
    """Finds the files that a kustomization names."""

    def find(name: str) -> tuple[SourceFile, Stream] | None:
        try:
            found = context.file(file.path.parent / name)
        except (OSError, ValueError):  # a name that no file can have
            return None
        stream = yaml_source.stream(found, context) if found is not None else None
        return (found, stream) if found is not None and stream is not None else None

    return find


def _objects(
    files: Sequence[SourceFile], context: Context, objects: Objects, reading: Reading
) -> Iterator[object]:
    """Add the objects of all manifests; files without any are not parsed.

    Gives what is to be reported as no YAML, where the file is about PostgreSQL.
    """
    for file in files:
        text = context.text(file)
        if text is None or is_compose(PurePath(file.path)):
            continue
        if file.path.name in KUSTOMIZATIONS:
            stream = yaml_source.stream(file, context)
            if stream is not None:
                objects.add_kustomization(file, stream, _beside(file, context))
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
                yield from stream.gaps
