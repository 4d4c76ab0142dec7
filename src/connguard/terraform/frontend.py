# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform source: configuration in native and JSON syntax."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connguard.policies.model.facts import NotParsed
from connguard.policies.model.reading import Comment, Notes, Reading, Span, mentions_suppression
from connguard.policies.model.terraform_postgresql import ATTRIBUTES, RESOURCE_TYPES, facts
from connguard.reading import Context, SourceFile
from connguard.terraform.configuration import Configuration, load
from connguard.terraform.readers import ReaderUnavailable, hcl_reader, read_document
from connguard.terraform.syntax import Block, Document
from connguard.text import Text


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """Roles and databases that the configuration declares. See `connguard.reading.FrontEnd`."""
    reading = Reading()
    try:
        hcl = hcl_reader(context.settings.terraform_reader)
    except ReaderUnavailable as error:
        context.unreadable.extend((file.name, str(error)) for file in files)
        return reading
    for file in files:
        text = context.text(file)
        if text is None:
            continue
        reading.files.add(file.name)
        wants_notes = mentions_suppression(text.string)
        document = read_document(text, hcl, with_comments=wants_notes)
        for problem in document.problems:
            reading.add(NotParsed(problem.reason, text.origin(problem.start, problem.end)))
        if wants_notes:
            reading.notes.append(_notes(document))
    _add_resources(load(files, context), reading)
    return reading


def _add_resources(configuration: Configuration, reading: Reading) -> None:
    for resource in configuration.resources(*RESOURCE_TYPES):
        settings = resource.body.settings(*ATTRIBUTES[resource.type])
        for fact in facts(
            resource.type, resource.address, settings, resource.origin, resource.calls
        ):
            reading.add(fact)
    reading.log.extend(configuration.log)


def _notes(document: Document) -> Notes:
    text = document.text
    spans = tuple(span for block in document.blocks for span in _spans(block, text))
    return Notes(text.path, tuple(_comments(document)), spans)


def _spans(block: Block, text: Text) -> Iterator[Span]:
    pending = [block]
    while pending:
        found = pending.pop()
        yield _span(text, found.start, found.end)
        for attribute in found.attributes:
            yield _span(text, attribute.start, attribute.end)
        pending.extend(found.blocks)


def _span(text: Text, start: int, end: int) -> Span:
    return Span(text.position(start)[0], text.position(max(start, end - 1))[0])


def _comments(document: Document) -> Iterator[Comment]:
    text = document.text
    for start, end in document.comments:
        line, column = text.position(start)
        before = text.string[text.offset(line) : start]
        marked = text.string[start:end]
        if marked.startswith("/*"):
            content = marked.removeprefix("/*").removesuffix("*/")
        else:
            content = marked.lstrip("#/")
        yield Comment(line, column, content.strip(), not before.strip())
