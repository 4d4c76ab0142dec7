# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform source: configuration in native and JSON syntax."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.reading import Comment, Notes, Reading, Span, mentions_suppression
from connguard.policies.model.terraform_postgresql import ATTRIBUTES, RESOURCE_TYPES, facts
from connguard.terraform import server_settings
from connguard.terraform.configuration import load
from connguard.terraform.syntax import Block, Document, ReaderUnavailable
from connguard.terraform.treesitter_reader import comments


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """Roles, databases and server settings that are declared. See `FrontEnd`."""
    reading = Reading()
    try:
        configuration = load(files, context)
    except ReaderUnavailable as error:
        context.unreadable.extend((file.name, str(error)) for file in files)
        return reading
    for name, document in configuration.documents.items():
        reading.files.add(name)
        text = document.text
        for problem in document.problems:
            reading.add(NotParsed(problem.reason, text.origin(problem.start, problem.end)))
        if mentions_suppression(text.string):
            reading.notes.append(_notes(document))
    for resource in configuration.resources(*RESOURCE_TYPES):
        settings = resource.body.settings(*ATTRIBUTES[resource.type])
        for fact in facts(
            resource.type, resource.address, settings, resource.origin, resource.calls
        ):
            reading.add(fact)
    for resource in configuration.resources(*server_settings.RESOURCE_TYPES):
        for setting in server_settings.server_settings(resource):
            reading.add(setting)
    reading.log.extend(configuration.log)
    return reading


def _notes(document: Document) -> Notes:
    text = document.text
    spans = tuple(span for block in document.blocks for span in _spans(block, text))
    # JSON has no comments.
    found = () if text.path.endswith(".json") else tuple(_comments(text))
    return Notes(text.path, found, spans)


def _spans(block: Block, text: Text) -> Iterator[Span]:
    """Blocks only: a comment beside an attribute covers the block, as in Checkov."""
    pending = [block]
    while pending:
        found = pending.pop()
        yield _span(text, found.start, found.end)
        pending.extend(found.blocks)


def _span(text: Text, start: int, end: int) -> Span:
    return Span(text.position(start)[0], text.position(max(start, end - 1))[0])


def _comments(text: Text) -> Iterator[Comment]:
    for start, end in comments(text):
        line, column = text.position(start)
        before = text.string[text.offset(line) : start]
        marked = text.string[start:end]
        if marked.startswith("/*"):
            content = marked.removeprefix("/*").removesuffix("*/")
        else:
            content = marked.lstrip("#/")
        yield Comment(line, column, content.strip(" \t\r"), not before.strip())
