# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""pg_hba.conf and postgresql.conf written by shell scripts and Dockerfiles.

Heredocs and `echo` or `printf` whose output goes to such a file, replaced or appended to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connguard.engine.text import Text
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.postgres.hba_lines import SourceLine, line_at, lines_between

_HBA = r"[^\s;|&<>]*(?:pg_?hba|hba_?(?:file|conf|path))[^\s;|&<>]*"
_CONF = r"[^\s;|&<>]*(?:postgres(?:ql)?(?:\.auto)?\.conf|(?:PG|POSTGRES(?:QL)?)_CONF\w*)[^\s;|&<>]*"
_TO = rf"(?:>>?\s*|\btee\b(?:\s+(?:-a|--append))*\s+)(?:(?P<hba>{_HBA})|(?P<conf>{_CONF}))"
_TARGET = lazily(_TO, re.IGNORECASE)
_HEREDOC = lazily(r"<<(?P<dash>-?)\s*(?P<quote>['\"\\]?)(?P<word>\w+)['\"]?")
_ECHO = lazily(
    r"(?:\b(?P<command>echo|printf)(?:\s+-[neE]+)*\s+|(?<=[\"'])\s+)"
    r"(?P<quote>\"|(?P<raw>'))(?P<text>(?:(?(raw)[^']|(?:\\.|[^\"\\])))*+)(?P=quote)",
    re.DOTALL,
)
_ONLY_FORMAT = lazily(r"(?:%s|\\n|\s)*")
_CONTINUED = lazily(r"\\\r?\n")


@dataclass(frozen=True, slots=True)
class Written:
    """Lines that a script writes. `expanded` tells that the shell puts variables into them."""

    kind: str
    lines: tuple[SourceLine, ...]
    whole: Origin
    expanded: bool


def written_lines(text: Text) -> Iterator[Written]:
    """What a script writes to an access list ("hba") or a server's configuration ("conf")."""
    position = 0
    for start, line in _commands(text.string):
        if start < position:
            continue  # within a heredoc
        targets = list(_TARGET.finditer(line))
        heredoc = _HEREDOC.search(line)
        if heredoc:
            body_start, body_end, position = _body(text.string, start + len(line), heredoc)
            if targets:
                yield Written(
                    _kind(targets[0]),
                    tuple(lines_between(text, body_start, body_end)),
                    text.origin(start, start + len(line)),
                    not heredoc["quote"],
                )
            continue
        end = 0
        for target in targets:
            yield from _printed(text, start, line, end, target)
            end = target.end()


def _kind(target: re.Match[str]) -> str:
    return "hba" if target["hba"] else "conf"


def _printed(
    text: Text, start: int, line: str, begin: int, target: re.Match[str]
) -> Iterator[Written]:
    """What echo and printf write to one target; `begin` is where its commands begin."""
    arguments = False  # of a printf that only prints them
    for echo in _ECHO.finditer(line[: target.start()] + " ", begin):
        if echo["command"]:
            arguments = echo["command"] == "printf" and bool(_ONLY_FORMAT.fullmatch(echo["text"]))
            if arguments:
                continue
        elif not arguments:
            continue
        yield Written(
            _kind(target),
            tuple(_echoed(text, start, echo)),
            text.origin(start + echo.start(), start + echo.end()),
            echo["quote"] == '"',
        )


def _commands(string: str) -> Iterator[tuple[int, str]]:
    """The lines of a script, with continued ones in one piece."""
    start = 0
    while start < len(string):
        end = string.find("\n", start)
        end = len(string) if end < 0 else end
        while end < len(string) and string[start:end].rstrip("\r").endswith("\\"):
            following = string.find("\n", end + 1)
            end = len(string) if following < 0 else following
        if not string[start:end].lstrip().startswith("#"):
            yield start, string[start:end]
        start = end + 1


def _body(string: str, line_end: int, heredoc: re.Match[str]) -> tuple[int, int, int]:
    """Start and end of a heredoc's body, and where the script goes on."""
    start = line_end + 1
    position = start
    while position < len(string):
        end = string.find("\n", position)
        end = len(string) if end < 0 else end
        line = string[position:end].rstrip("\r")
        if (line.lstrip("\t") if heredoc["dash"] else line) == heredoc["word"]:
            return start, position, end + 1
        position = end + 1
    return start, len(string), len(string)


def _echoed(text: Text, start: int, echo: re.Match[str]) -> Iterator[SourceLine]:
    """The lines of an echo or printf; those with escapes stand for the whole text."""
    content = echo["text"]
    first = start + echo.start("text")
    if "\\" not in content:
        yield from lines_between(text, first, first + len(content))
        return
    whole = text.origin(first, first + len(content))
    plain = _CONTINUED.sub("", content).replace("%s", "${printf}")
    if echo["quote"] == '"':
        plain = re.sub(r'\\(["$`\\])', r"\1", plain)
    for line in re.split(r"\\n|\n", plain.replace("\\t", "\t")):
        yield line_at(line, whole)
