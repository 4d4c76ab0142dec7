# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of pg_ident.conf: which users of the outside may log in as which role."""

from __future__ import annotations

import re
from dataclasses import field
from pathlib import Path

from connguard.engine.reading import Context
from connguard.engine.text import Text
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.hba import compile_regex
from connguard.policies.model.origin import Origin
from connguard.policies.model.reading import Notes
from connguard.policies.model.records import dataclass
from connguard.postgres.hba_lines import FieldLine, read_lines
from connguard.postgres.hba_reader import REGEX_SINCE, HbaProblem


@dataclass(frozen=True, slots=True)
class IdentMapping:
    """One line: in `map`, the outside user `system_user` may be the role `role`."""

    map: str
    system_user: str
    role: str
    origin: Origin


@dataclass(slots=True)
class IdentFile:
    """The maps. Any problem makes the server go on without all of them."""

    mappings: list[IdentMapping] = field(default_factory=list)
    problems: list[HbaProblem] = field(default_factory=list)
    gaps: list[NotParsed] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    notes: list[Notes] = field(default_factory=list)


def read_ident_text(
    text: Text, version: int, path: Path | None = None, context: Context | None = None
) -> IdentFile:
    """Read a pg_ident.conf as a major version does."""
    found = read_lines(text, version, path, context)
    file = IdentFile(files=found.files, notes=found.notes, gaps=found.gaps)
    for line in found.lines:
        if line.missing or any(token.missing for tokens in line.fields for token in tokens):
            continue
        reason = line.error or _problem(line, version)
        if reason:
            file.problems.append(HbaProblem(reason, line.origin))
        else:
            name, system_user, role = (tokens[0].text for tokens in line.fields[:3])
            file.mappings.append(IdentMapping(name, system_user, role, line.origin))
    return file


def _problem(line: FieldLine, version: int) -> str | None:
    for index in range(3):
        if index >= len(line.fields):
            return "missing entry at end of line"
        if len(line.fields[index]) > 1:
            return "multiple values in ident field"
    checked = line.fields[1:3] if version >= REGEX_SINCE else line.fields[1:2]
    for token in (tokens[0] for tokens in checked):
        if token.text.startswith("/"):
            try:
                compile_regex(token.text[1:])
            except (re.error, RecursionError) as error:
                return f'invalid regular expression "{token.text[1:]}": {error}'
    return None
