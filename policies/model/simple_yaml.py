# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""The part of YAML that values of charts are written in, without a library.

Block mappings and lists, quoted and plain scalars, lists and empty mappings in flow style. What is
beyond that (anchors, tags, several documents, templates) makes the whole text unknown.
"""

from __future__ import annotations

from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass

_KEY = lazily(
    r"""(?P<key>"[^"\\]*"|'[^']*'|[^\s"'#\[\]{}&*!|>%@`,-](?:[^:#]*[^\s:#])?+)\s*+:(?:\s+|$)"""
)
_BLOCK_SCALAR = lazily(r"[|>][+-]?\d?")
_DEPTH = 40


class _Beyond(Exception):
    """The text uses more of YAML than is read here."""


@dataclass(frozen=True, slots=True)
class _Line:
    indent: int
    text: str


class _Opaque:
    """A part that is no scalar, list or mapping of them."""


OPAQUE = _Opaque()


def parse(text: str) -> dict[str, object] | None:
    """The mapping that a text holds; scalars are strings. None when it is not understood."""
    try:
        lines = _lines(text)
        found, rest = _block(lines, 0, 0)
    except (_Beyond, IndexError):
        return None
    return found if rest == len(lines) and isinstance(found, dict) else None


def _lines(text: str) -> list[_Line]:
    found: list[_Line] = []
    scalar: int | None = None
    for raw in text.splitlines():
        stripped = raw.strip()
        indent = len(raw) - len(raw.lstrip(" "))
        if scalar is not None and stripped and indent <= scalar:
            scalar = None
        if scalar is not None or not stripped or stripped.startswith("#"):
            continue
        if stripped == "---" and not found:
            continue
        if "\t" in raw[: len(raw) - len(raw.lstrip())] or "{{" in raw or stripped == "---":
            raise _Beyond
        content = _without_comment(stripped)
        before, _, last = content.rpartition(": ")
        if _BLOCK_SCALAR.fullmatch(last.strip()):
            scalar = indent
            content = f"{before}: ''"
        found.append(_Line(indent, content))
    return found


def _without_comment(text: str) -> str:
    quote = ""
    for index, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'" and (index == 0 or text[index - 1] in " [,"):
            quote = letter
        elif letter == "#" and index and text[index - 1] == " ":
            return text[:index].rstrip()
    return text


def _block(lines: list[_Line], start: int, depth: int) -> tuple[object, int]:
    """The mapping or list that begins at a line, and the line after it."""
    if start >= len(lines):
        return {}, start
    if depth > _DEPTH:
        raise _Beyond
    if _is_item(lines[start]):
        return _list(lines, start)
    indent = lines[start].indent
    found: dict[str, object] = {}
    while start < len(lines) and lines[start].indent == indent:
        line = lines[start]
        match = _KEY.match(line.text)
        if match is None:
            raise _Beyond
        key, rest = match["key"].strip("\"'"), line.text[match.end() :].strip()
        start += 1
        if rest:
            found[key] = _scalar(rest)
            if start < len(lines) and lines[start].indent > indent:
                raise _Beyond
        elif start < len(lines) and (
            lines[start].indent > indent
            or (lines[start].indent == indent and _is_item(lines[start]))
        ):
            found[key], start = _block(lines, start, depth + 1)
        else:
            found[key] = None
    if start < len(lines) and lines[start].indent > indent:
        raise _Beyond
    return found, start


def _is_item(line: _Line) -> bool:
    return line.text == "-" or line.text.startswith("- ")


def _list(lines: list[_Line], start: int) -> tuple[list[object], int]:
    indent = lines[start].indent
    found: list[object] = []
    while start < len(lines) and (
        lines[start].indent > indent or (lines[start].indent == indent and _is_item(lines[start]))
    ):
        line = lines[start]
        if line.indent > indent:
            if found[-1] is not OPAQUE:
                raise _Beyond  # a scalar of several lines
        else:
            item = line.text[1:].strip()
            is_scalar = bool(item) and _KEY.match(item) is None and item[:1] not in "-{"
            found.append(_scalar(item) if is_scalar else OPAQUE)
        start += 1
    return found, start


def _scalar(text: str) -> object:
    if text[0] in "&*!|>%@`":
        raise _Beyond
    if text[0] == "[":
        if not text.endswith("]") or "{" in text or "[" in text[1:]:
            raise _Beyond
        inner = text[1:-1].strip()
        return [_scalar(part.strip()) for part in inner.split(",") if part.strip()]
    if text[0] == "{":
        if text.replace(" ", "") != "{}":
            return OPAQUE
        return {}
    if text[0] in "\"'":
        inner = text[1:-1]
        if len(text) < 2 or text[-1] != text[0] or text[0] in inner or "\\" in inner:
            raise _Beyond
        return inner
    return None if text in ("null", "~") else text
