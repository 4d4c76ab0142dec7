# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds poolers, servers and services in the files of a scan."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePath

from connguard.budget import (
    application_files,
    charts,
    compose,
    kubernetes,
    other_poolers,
    pgbouncer_ini,
    platforms,
    supabase,
    systemd,
)
from connguard.budget.claims import (
    OTHER_POOLERS,
    PLATFORM_FILES,
    is_compose,
    is_supabase,
    is_unit,
    may_be_pgbouncer,
)
from connguard.budget.discovered import PoolerFile, PoolerReady, Project, ServerFile
from connguard.budget.kubernetes import may_have_part
from connguard.budget.server_facts import of_patroni
from connguard.engine import yaml_source
from connguard.engine.reading import Context, SourceFile
from connguard.engine.settings import FILE_NAME
from connguard.engine.text import Text
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Comment, Notes, Reading, Span, mentions_suppression

_COMMENT = lazily(r"^[ \t]*[#;][ \t]*([^\r\n]*)", re.MULTILINE)


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """Everything found, as facts that `assemble` joins to topologies."""
    reading = Reading()
    configurations = []
    folders: dict[Path, kubernetes.Folder] = {}
    for file in files:
        path = PurePath(file.path)
        text = context.text(file)
        if text is None:
            continue
        if application_files.may_be(path):
            service = application_files.read(text, file.path)
            if service is not None:
                reading.files.add(file.name)
                reading.add(service)
        elif path.name == "Chart.yaml":
            for service in charts.read(text, file.path.parent, context):
                reading.files.add(file.name)
                reading.add(service)
        elif path.suffix in (".yml", ".yaml"):
            if _read_yaml(file, text, folders, context, reading):
                reading.files.add(file.name)
        elif may_be_pgbouncer(path) and pgbouncer_ini.looks_like_pgbouncer(text.string):
            configurations.append(pgbouncer_ini.parse(text, file, context))
        elif path.name in OTHER_POOLERS:
            _add_pooler(file, other_poolers.read(text, file.path, context), reading)
        elif is_unit(path):
            unit = systemd.read(text, path)
            if unit is not None:
                reading.files.add(file.name)
                reading.add(unit)
        elif path.name in PLATFORM_FILES:
            deployed = platforms.read(text, path, file.path.parent, context)
            if deployed is not None:
                reading.files.add(file.name)
                reading.add(deployed)
        elif is_supabase(path):
            _add_pooler(file, supabase.read(text), reading)
        elif path.name == "postgresql.conf":
            reading.add(ServerFile(file))
        elif path.name == FILE_NAME and mentions_suppression(text.string):
            reading.notes.append(_notes(text))
    for folder in folders.values():
        project = kubernetes.project(folder, context)
        if project is not None:
            reading.add(project)
            reading.files |= {one.file.name for one in folder.manifests}
            for gap in folder.gaps:
                reading.add(gap)
    included = {
        file.path for found in configurations for file in found.files if file.path != found.path
    }
    for found in configurations:
        for file in found.files:
            reading.files.add(file.name)
            text = context.text(file)
            if text is not None and mentions_suppression(text.string):
                reading.notes.append(_notes(text))
        if found.path not in included:
            reading.add(PoolerFile(found))
    return reading


def _add_pooler(file: SourceFile, ready: PoolerReady | NotParsed | None, reading: Reading) -> None:
    if ready is not None:
        reading.files.add(file.name)
        if isinstance(ready, NotParsed):
            reading.add(ready)
        else:
            reading.add(Project(file.path.parent, poolers=[ready]))


def _read_yaml(
    file: SourceFile,
    text: Text,
    folders: dict[Path, kubernetes.Folder],
    context: Context,
    reading: Reading,
) -> bool:
    """Read a compose file, or keep the manifests of a folder together; whether it is the former."""
    composed = is_compose(PurePath(file.path))
    patroni = not composed and "loop_wait" in text.string and "parameters" in text.string
    manifest = "apiVersion" in text.string and may_have_part(text.string)
    if not composed and not manifest and not patroni:
        return False
    stream = yaml_source.stream(file, context)
    if stream is None:
        return False
    if "{{" in text.string and not composed:
        # Helm fills these in: what they will say is not in the repository.
        reading.log.extend(f"{gap.origin}: a template, not read" for gap in stream.gaps)
    else:
        for gap in stream.gaps:
            reading.add(gap)
    if mentions_suppression(text.string):
        reading.notes.append(yaml_source.notes(text, stream))
    settings = of_patroni(stream) if patroni else None
    if settings is not None:
        reading.add(ServerFile(file, settings))
        return True
    if not composed:
        found = kubernetes.manifests(file, stream)
        if found:
            folder = file.path.parent
            folders.setdefault(folder, kubernetes.Folder(folder)).manifests.extend(found)
        return False
    project = compose.read(file, context)
    if project is not None:
        reading.add(project)
    return project is not None


def _notes(text: Text) -> Notes:
    """Comments at the start of a line, and one span for each line."""
    comments = []
    for match in _COMMENT.finditer(text.string):
        line, column = text.position(match.start(1))
        comments.append(Comment(line, column, match[1].rstrip(), own_line=True))
    spans = tuple(Span(line, line) for line in range(1, text.line_count + 1))
    return Notes(text.path, tuple(comments), spans)
