# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes a text at random, in ways in which files get broken and in which readers break."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from random import Random
from typing import Any

LARGEST = 4096
"""Bytes of a mutated file. What takes long on so little is a bug."""

_TOKEN = re.compile(r"[^\W\d][\w-]*|\d+|[ \t]+|\r\n|.", re.DOTALL)
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_OPEN = {"(": ")", "[": "]", "{": "}", "<": ">"}

CHARACTERS = (
    *(
        "\0",
        "\ufeff",
        "\u2028",
        "\u2029",
        "\x85",
        "\x0b",
        "\x0c",
        "\x1c",
        "\x1b[2J",
        "\x7f",
        "\x9b",
    ),
    *("\u202e", "\u2066", "\u200b", "\u00a0", "\u0130", "\u017f", "\u212a", "ß", "é", "日本", "😀"),
    *("\udcff", "\udcc3", "\udced\udca0\udc80", "e\u0301", "١٢", "０", "²", "½", "Ⅷ"),
    *("\r", "\r\n", "\n", "\t", "\n\n\n", " " * 40, "\\", "\\\n", "\\x", "\\u0041", "\\U00110000"),
    *("'", '"', "`", "''", '""', "'''", '"""', "$$", "$a$", "/*", "*/", "--", "#", "//", ";", ","),
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "<",
        ">",
        "${",
        "#{",
        "%{",
        "{{",
        "}}",
        "{%",
        "%}",
        "<<",
        "<<-",
    ),
    *(
        "=",
        "==",
        ":=",
        "=>",
        ":",
        "::",
        "|",
        "||",
        "&",
        "*",
        "**",
        "?",
        "!",
        "@",
        "~",
        "^",
        "%",
        ".",
    ),
    *(
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?xml",
        "&a;",
        "&#0;",
        "---",
        "...",
        "- ",
        "? ",
        "&a ",
        "*a",
    ),
)
"""What may mean something to one of the readers; \\udcXX stands for the byte XX."""

NUMBERS = (
    *("0", "-0", "-1", "1", "2", "00", "007", "0x1F", "0b1", "1_000", "1e9", "1e400", "-1e400"),
    *("2147483647", "2147483648", "-2147483649", "9223372036854775808", "9" * 40, "9" * 500),
    *(
        "1.5",
        ".5",
        "5.",
        "1e",
        "NaN",
        "Infinity",
        "null",
        "true",
        "0/0",
        "33",
        "/33",
        "::/0",
        "256",
    ),
)


def decode(data: bytes) -> str:
    """The text of bytes; those that are no UTF-8 stay as lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The bytes of a text; surrogates other than those of `decode` are written as they are."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


class Mutator:
    """Mutates texts of one kind: with the words of its language and parts of other texts."""

    def __init__(self, words: Sequence[str], others: Sequence[str]) -> None:
        self._words = words
        self._others = others
        self._tokens_of: dict[str, list[str]] = {}
        self._lines_of = {text: _LINES.findall(text) for text in others}

    def mutate(self, random: Random, data: bytes) -> bytes:
        """The bytes with one or several changes, at most LARGEST."""
        text = decode(data)
        operations = _OPERATIONS if text[:1] not in ("{", "[") else _JSON_OPERATIONS
        while True:
            text = random.choice(operations)(self, random, text)[: 2 * LARGEST]
            if random.random() < 0.6:
                break
        data = encode(text)
        if random.random() < 0.04:
            data = random.choice(_ENCODINGS)(data, random)
        return data[:LARGEST]

    def _tokens(self, text: str) -> list[str]:
        """The words and marks of a text, in a list of the caller's own."""
        known = self._tokens_of.get(text)
        if known is None:
            known = _TOKEN.findall(text)
            if text in self._lines_of:  # comes again and again
                self._tokens_of[text] = known
        return known.copy()

    def _delete(self, random: Random, text: str) -> str:
        tokens = self._tokens(text)
        start, end = _range(random, len(tokens))
        return "".join((*tokens[:start], *tokens[end:]))

    def _repeat(self, random: Random, text: str) -> str:
        tokens = self._tokens(text)
        start, end = _range(random, len(tokens))
        times = random.choice((2, 2, 2, 3, 10, 50))
        return "".join((*tokens[:start], *tokens[start:end] * times, *tokens[end:]))

    def _swap(self, random: Random, text: str) -> str:
        tokens = self._tokens(text)
        if len(tokens) > 1:
            first, second = random.randrange(len(tokens)), random.randrange(len(tokens))
            tokens[first], tokens[second] = tokens[second], tokens[first]
        return "".join(tokens)

    def _replace(self, random: Random, text: str) -> str:
        tokens = self._tokens(text)
        if tokens:
            tokens[random.randrange(len(tokens))] = self._piece(random)
        return "".join(tokens)

    def _insert(self, random: Random, text: str) -> str:
        place = random.randint(0, len(text))
        return text[:place] + self._piece(random) + text[place:]

    def _number(self, random: Random, text: str) -> str:
        found = list(re.finditer(r"-?\d[\w.]*", text))
        if not found:
            return self._insert(random, text)
        match = random.choice(found)
        return text[: match.start()] + random.choice(NUMBERS) + text[match.end() :]

    def _delete_lines(self, random: Random, text: str) -> str:
        lines = _LINES.findall(text)
        start, end = _range(random, len(lines))
        return "".join((*lines[:start], *lines[end:]))

    def _move_lines(self, random: Random, text: str) -> str:
        lines = _LINES.findall(text)
        start, end = _range(random, len(lines))
        moved, lines[start:end] = lines[start:end], []
        place = random.randint(0, len(lines))
        return "".join((*lines[:place], *moved, *lines[place:]))

    def _repeat_lines(self, random: Random, text: str) -> str:
        lines = _LINES.findall(text)
        start, end = _range(random, len(lines))
        place = random.randint(0, len(lines))
        indent = random.choice(("", "", "", " ", "  ", "\t"))
        copied = [indent + line for line in lines[start:end]] * random.choice((1, 1, 1, 2, 20))
        return "".join((*lines[:place], *copied, *lines[place:]))

    def _cut(self, random: Random, text: str) -> str:
        place = random.randint(0, len(text))
        return text[:place] if random.random() < 0.7 else text[place:]

    def _splice(self, random: Random, text: str) -> str:
        other = random.choice(self._others) if self._others else text
        lines, more = _LINES.findall(text), self._lines_of.get(other) or _LINES.findall(other)
        place, (start, end) = random.randint(0, len(lines)), _range(random, len(more))
        kept = lines[place:] if random.random() < 0.7 else lines[place + end - start :]
        return "".join((*lines[:place], *more[start:end], *kept))

    def _nest(self, random: Random, text: str) -> str:
        """Put a bracketed part into itself or in another place."""
        opened = [place for place, char in enumerate(text) if char in _OPEN]
        if not opened:
            return self._repeat(random, text)
        start = random.choice(opened)
        end = _closing(text, start)
        block = text[start : end + 1]
        if random.random() < 0.5:
            depth = random.choice((1, 2, 5, 30))
            head, tail = block[:1] * depth, block[-1:] * depth
            return text[:start] + head + block + tail + text[end + 1 :]
        inside = random.randint(start, end)
        return text[:inside] + block + text[inside:]

    def _rename(self, random: Random, text: str) -> str:
        """Call every place of one word something else, such as another word of the text."""
        words = re.findall(r"[^\W\d]\w+", text)
        if not words:
            return self._insert(random, text)
        name = random.choice(words)
        other = random.choice(words) if random.random() < 0.6 else self._piece(random)
        return re.sub(rf"\b{name}\b", lambda _: other, text)

    def _case(self, random: Random, text: str) -> str:
        start, end = _range(random, len(text))
        change: Callable[[str], str] = random.choice((str.upper, str.lower, str.swapcase))
        return text[:start] + change(text[start:end]) + text[end:]

    def _quote(self, random: Random, text: str) -> str:
        tokens = self._tokens(text)
        start, end = _range(random, len(tokens))
        mark = random.choice(("'", '"', "`", "$$", "'''", '"""'))
        return "".join((*tokens[:start], mark, *tokens[start:end], mark, *tokens[end:]))

    def _bytes(self, random: Random, text: str) -> str:
        data = bytearray(encode(text))
        for _ in range(random.choice((1, 1, 2, 8))):
            if data:
                data[random.randrange(len(data))] = random.randrange(256)
        return decode(bytes(data))

    def _json(self, random: Random, text: str) -> str:
        """Change the values of a JSON document, which stays one."""
        try:
            return self._changed(random, [json.loads(text)])
        except (ValueError, RecursionError):  # no JSON, or one that would contain itself
            return self._replace(random, text)

    def _changed(self, random: Random, whole: list[Any]) -> str:
        for _ in range(random.choice((1, 1, 2, 4))):
            places = list(_places(whole))
            holder, key = random.choice(places)
            other, at = random.choice(places)
            kind = random.randrange(8)
            if kind == 0 and holder is not whole:
                del holder[key]
            elif kind == 1:
                holder[key] = other[at] if random.random() < 0.5 else deepcopy(other[at])
                json.dumps(whole)
            elif kind == 2 and isinstance(holder, dict):
                holder[self._piece(random).strip() or "x"] = holder.pop(key)
            elif kind == 3:
                holder[key] = random.choice(([holder[key]], {"a": holder[key]}))
            elif kind == 4 and isinstance(holder[key], list | dict) and holder[key]:
                inner = holder[key]
                holder[key] = random.choice(
                    list(inner.values() if isinstance(inner, dict) else inner)
                )
            elif kind == 5 and isinstance(holder[key], list) and len(places) < 300:
                holder[key] = holder[key] * random.choice((2, 2, 20))
            elif kind == 6:
                holder[key] = self._piece(random)
            else:
                holder[key] = deepcopy(random.choice(_VALUES))
        return json.dumps(whole[0], indent=random.choice((None, None, 1, 2)))

    def _piece(self, random: Random) -> str:
        kind = random.random()
        if kind < 0.55 and self._words:
            piece = random.choice(self._words)
            return piece if random.random() < 0.5 else f" {piece} "
        if kind < 0.85:
            return random.choice(CHARACTERS) * random.choice((1, 1, 1, 1, 2, 60))
        return random.choice(NUMBERS)


_OPERATIONS = (
    *(Mutator._delete, Mutator._repeat, Mutator._swap, Mutator._replace, Mutator._replace),
    *(Mutator._insert, Mutator._insert, Mutator._number, Mutator._delete_lines),
    *(Mutator._move_lines, Mutator._repeat_lines, Mutator._cut, Mutator._splice, Mutator._nest),
    *(Mutator._rename, Mutator._case, Mutator._quote, Mutator._bytes),
)

_JSON_OPERATIONS = (*_OPERATIONS, *(Mutator._json,) * len(_OPERATIONS))

_VALUES: tuple[object, ...] = (
    *(None, True, False, 0, -1, 1.5, 1e300, 10**30, "", "0", "true", "5432", "0.0.0.0/0"),
    *("::/0", "\0", "a" * 300, (), {}, ((),), {"": None}),
)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every value in a document, as what holds it and under what key."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


def _range(random: Random, length: int) -> tuple[int, int]:
    """A part of something: mostly a short one."""
    if not length:
        return 0, 0
    start = random.randrange(length)
    return start, min(length, start + random.choice((1, 1, 1, 2, 3, 5, 10, 40)))


def _closing(text: str, start: int) -> int:
    depth, mark = 0, text[start]
    for place in range(start, len(text)):
        if text[place] == mark:
            depth += 1
        elif text[place] == _OPEN[mark]:
            depth -= 1
            if not depth:
                return place
    return len(text) - 1


def _utf16(data: bytes, random: Random) -> bytes:
    coding = random.choice(("utf-16", "utf-16-le", "utf-16-be"))
    marked = b"\xff\xfe" if random.random() < 0.3 else b""
    return marked + data.decode("utf-8", "replace").encode(coding)


def _latin1(data: bytes, _: Random) -> bytes:
    return data.decode("utf-8", "replace").encode("latin-1", "replace") + b"\xe9"


def _marked(data: bytes, _: Random) -> bytes:
    return b"\xef\xbb\xbf" + data


def _dos(data: bytes, _: Random) -> bytes:
    return data.replace(b"\n", b"\r\n")


def _mac(data: bytes, _: Random) -> bytes:
    return data.replace(b"\n", b"\r")


_ENCODINGS = (_utf16, _latin1, _marked, _dos, _mac)
