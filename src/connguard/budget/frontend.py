# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds poolers, servers and services in the files of a scan."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from connguard.budget import pgbouncer_ini, systemd
from connguard.budget.claims import (
    OTHER_POOLERS,
    PLATFORM_FILES,
    is_rails,
    is_supabase,
    is_unit,
    may_be_pgbouncer,
    may_be_spring,
)
from connguard.budget.discovered import PoolerFile, PoolerReady, Project, ServerFile
from connguard.engine.reading import Context, SourceFile
from connguard.engine.settings import FILE_NAME
from connguard.engine.text import Text
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Comment, Notes, Reading, Span, mentions_suppression

if TYPE_CHECKING:
    from connguard.budget.yaml_files import YamlFiles

_COMMENT = lazily(r"^[ \t]*[#;][ \t]*([^\r\n]*)", re.MULTILINE)


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """Everything found, as facts that `assemble` joins to topologies.

    What reads other files than PgBouncer's is imported for the first of them.
    """
    reading = Reading()
    configurations = []
    yaml_files: YamlFiles | None = None
    for file in files:
        path = PurePath(file.path)
        text = context.text(file)
        if text is None:
            continue
        if may_be_spring(path, text.string):
            from connguard.budget import spring

            settings = spring.read(text, file.path)
            if settings is not None:
                reading.add(settings)
                service = spring.service_of(settings)
                if service is not None:
                    reading.files.add(file.name)
                    reading.add(service)
        elif is_rails(path):
            from connguard.budget import application_files

            service = application_files.read(text, file.path)
            if service is not None:
                reading.files.add(file.name)
                reading.add(service)
        elif path.name == "Chart.yaml":
            from connguard.budget import charts

            for service in charts.read(text, file.path.parent, context):
                reading.files.add(file.name)
                reading.add(service)
        elif path.suffix in (".yml", ".yaml"):
            if yaml_files is None:
                from connguard.budget.yaml_files import YamlFiles

                yaml_files = YamlFiles(context, reading)
            yaml_files.read(file, text)
        elif may_be_pgbouncer(path) and pgbouncer_ini.looks_like_pgbouncer(text.string):
            configurations.append(pgbouncer_ini.parse(text, file, context))
        elif path.name in OTHER_POOLERS:
            from connguard.budget import other_poolers

            _add_pooler(file, other_poolers.read(text, file.path, context), reading)
        elif is_unit(path):
            unit = systemd.read(text, path)
            if unit is not None:
                reading.files.add(file.name)
                reading.add(unit)
        elif path.name in PLATFORM_FILES:
            from connguard.budget import platforms

            deployed = platforms.read(text, path, file.path.parent, context)
            if deployed is not None:
                reading.files.add(file.name)
                reading.add(deployed)
        elif is_supabase(path):
            from connguard.budget import supabase

            _add_pooler(file, supabase.read(text), reading)
        elif path.name == "postgresql.conf":
            reading.add(ServerFile(file))
        elif path.name == FILE_NAME and mentions_suppression(text.string):
            reading.notes.append(_notes(text))
    if yaml_files is not None:
        yaml_files.finish()
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


def _notes(text: Text) -> Notes:
    """Comments at the start of a line, and one span for each line."""
    comments = []
    for match in _COMMENT.finditer(text.string):
        line, column = text.position(match.start(1))
        comments.append(Comment(line, column, match[1].rstrip(), own_line=True))
    spans = tuple(Span(line, line) for line in range(1, text.line_count + 1))
    return Notes(text.path, tuple(comments), spans)
