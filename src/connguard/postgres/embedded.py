# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads access lists and server settings inside YAML, scripts and Dockerfiles."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence

from connguard.containers.inside import configures_container, is_of_container
from connguard.engine import yaml_source
from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.hba_facts import Dialect
from connguard.policies.model.origin import Known, Origin, Unknown
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Comment, Notes, Reading, Span, mentions_suppression
from connguard.policies.model.setting_facts import EffectiveSetting, RefusedSetting
from connguard.postgres.conf import read_conf_text
from connguard.postgres.conf_frontend import add_settings
from connguard.postgres.declared_logins import add_declared_logins
from connguard.postgres.hba_frontend import Server, add_hba
from connguard.postgres.hba_lines import SourceLine
from connguard.postgres.hba_reader import HbaFile, read_hba_lines
from connguard.postgres.named_yaml import NotOneList, read_hba_in_yaml
from connguard.postgres.setting_table import refusal
from connguard.postgres.shell_forms import written_lines
from connguard.postgres.versions import known_version, version_for
from connguard.postgres.yaml_forms import ConfText, HbaLines, Parameter, forms

_KEY = lazily(
    r"(?im)^[ \t]*(?:- )?[\"']?(?>[\w.-]*(?:pg_?hba|postgres(?:ql)?\.conf))[\w.]*+[\"']?:(?!\S)"
)
_TEMPLATE = lazily(r"\{\{|\{%|<%|\$\{\{")
_COMMENT = lazily(r"(?m)^[ \t]*#[ \t]?(.*)$")


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """Read every file, all of which mention such a list or setting; it never raises."""
    reading = Reading()
    for file in files:
        text = context.text(file)
        if text is None:
            continue
        if file.path.suffix.lower() in (".yml", ".yaml"):
            found = _read_yaml(file, text, context)
        else:
            found = _read_shell(file, text, context)
        if found.subjects:
            reading.extend(found)
    if "service" in context.settings.topology and not any(_is_hba(one) for one in context.files):
        add_declared_logins(list(_whole_lists(files, context)), context, reading)
    return reading


def _is_hba(file: SourceFile) -> bool:
    return file.path.suffix == ".conf" and "hba" in file.path.name


def _whole_lists(files: Sequence[SourceFile], context: Context) -> Iterator[HbaFile]:
    """The access lists of YAML files that hold one, with all that the server reads."""
    for file in files:
        if file.path.suffix.lower() in (".yml", ".yaml"):
            with contextlib.suppress(NotOneList):
                hba = read_hba_in_yaml(file, context, version_for(file.path, context.settings))
                if hba is not None:
                    yield hba


def _read_yaml(file: SourceFile, text: Text, context: Context) -> Reading:
    reading = Reading(files={file.name})
    stream = yaml_source.stream(file, context) or yaml_source.parse(text)
    for document in stream.documents:
        inside = is_of_container(document, file, text)
        for form in forms(document, text):
            if isinstance(form, HbaLines):
                _add_lines(file, form.lines, form.whole, context, reading)
            elif isinstance(form, ConfText):
                ranges = [(form.start, form.end)]
                _add_conf(file, form.text, ranges, context, reading, in_container=inside)
            elif not (inside and form.name.lower() == "listen_addresses"):
                _add_parameter(file, form, context, reading)
    if reading.subjects and mentions_suppression(text.string):
        reading.notes.append(yaml_source.notes(text, stream))
    # A template is not meant to be YAML before it is filled in.
    if reading.subjects or (_KEY.search(text.string) and not _TEMPLATE.search(text.string)):
        for gap in stream.gaps:
            reading.add(gap)
    return reading


def _read_shell(file: SourceFile, text: Text, context: Context) -> Reading:
    """All that a script writes to one kind of file is taken as one file."""
    reading = Reading(files={file.name})
    hba: list[SourceLine] = []
    whole: Origin | None = None
    expanded = False
    conf: list[tuple[int, int]] = []
    spans: list[Span] = []
    for written in written_lines(text):
        last = written.lines[-1].origin(0, 0).line if written.lines else written.whole.line
        spans.append(Span(written.whole.line, last))
        if written.kind == "hba":
            hba.extend(written.lines)
            whole = whole or written.whole
            expanded = expanded or written.expanded
            continue
        for line in written.lines:
            place = line.origin(0, len(line.text))
            start = text.offset(place.line, place.column)
            if text.string[start : start + len(line.text)] == line.text:
                conf.append((start, start + len(line.text)))
            elif line.text.strip():
                reading.add(NotParsed("settings with escapes are not read", place))
    if hba and whole is not None:
        _add_lines(file, hba, whole, context, reading, shell=expanded)
    if conf:
        is_image = file.path.name.startswith(("Dockerfile", "Containerfile"))
        inside = is_image or configures_container(file, context)
        _add_conf(file, text, conf, context, reading, in_container=inside)
    if reading.subjects and mentions_suppression(text.string):
        reading.notes.append(_shell_notes(text, spans))
    return reading


def _add_lines(
    file: SourceFile,
    lines: Sequence[SourceLine],
    whole: Origin,
    context: Context,
    reading: Reading,
    *,
    shell: bool = False,
) -> None:
    version = version_for(file.path, context.settings)
    hba: HbaFile = read_hba_lines(file.name, lines, version, whole, shell=shell)
    if not hba.rules and not hba.problems:
        return
    # A part of a file: what is not in it is elsewhere, so that it is never empty.
    hba.problems = [one for one in hba.problems if "contains no entries" not in one.reason]
    add_hba(hba, Server(version, Dialect.POSTGRESQL), context, reading)


def _add_conf(
    file: SourceFile,
    text: Text,
    ranges: Sequence[tuple[int, int]],
    context: Context,
    reading: Reading,
    *,
    in_container: bool = False,
) -> None:
    """Read parts of a file as a configuration: all else is left out, and places hold."""
    if len(ranges) == 1:
        settings = read_conf_text(text.until(ranges[0][1]), ranges[0][0])
    else:
        masked = [character if character in "\r\n" else " " for character in text.string]
        for start, end in ranges:
            masked[start:end] = text.string[start:end]
        settings = read_conf_text(Text(text.path, "".join(masked)))
    settings.missing = [one for one in settings.missing if "filled in" in one.reason]
    version = known_version(file.path, context.settings)
    add_settings(settings, version, reading, in_container=in_container)


def _add_parameter(
    file: SourceFile, parameter: Parameter, context: Context, reading: Reading
) -> None:
    name = parameter.name.lower()
    if parameter.value is None:
        value: Known[str] | Unknown = Unknown("it is no scalar", parameter.origin)
    elif re.search(r"\{\{|\$\{|\$\(", parameter.value):
        value = Unknown(f"{parameter.value} is filled in later", parameter.origin)
    else:
        value = Known(parameter.value, parameter.origin)
        reason = refusal(name, parameter.value, known_version(file.path, context.settings))
        if reason:
            reading.add(RefusedSetting(reason, parameter.origin))
    reading.add(EffectiveSetting(name, value, parameter.origin))


def _shell_notes(text: Text, spans: Sequence[Span]) -> Notes:
    comments = []
    for match in _COMMENT.finditer(text.string):
        line, column = text.position(match.start() + match[0].index("#"))
        comments.append(Comment(line, column, match[1].strip(), True))
    return Notes(text.path, tuple(comments), tuple(spans))
