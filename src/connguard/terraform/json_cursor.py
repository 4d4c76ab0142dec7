# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Walks through large JSON texts with positions, decoding only one value at a time."""

from __future__ import annotations

from collections.abc import Iterator
from json import JSONDecoder
from typing import Any

from connguard.policies.model.patterns import lazily

_BLANK = lazily(r"[ \t\n\r]*")
_DECODER = JSONDecoder(strict=False)
_CHECKER = JSONDecoder(strict=False, object_pairs_hook=lambda _: None)


class JsonError(ValueError):
    """A text that is no JSON, or nested too deeply. `offset` is where."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.offset = offset


class JsonCursor:
    """A value in a JSON text; `start` is its character offset. Methods raise JsonError."""

    def __init__(self, string: str, start: int = 0) -> None:
        self._string = string
        self.start = self._skip(start)
        self._decoded: tuple[Any, int] | None = None

    @property
    def end(self) -> int:
        """The offset behind the value."""
        return self._decode()[1]

    def plain(self) -> Any:
        """The value as Python data."""
        return self._decode()[0]

    def check(self) -> None:
        """Read all of the value, and keep nothing of it. Raises JsonError where it is no JSON."""
        self._read(_CHECKER)

    def members(self) -> Iterator[tuple[str, int, JsonCursor]]:
        """Name, offset of the name, and value of each member; none if this is no object."""
        at = self._enter("{")
        while at is not None:
            at = self._skip(at)
            name, behind = self._name(at)
            colon = self._skip(behind)
            self._expect(":", colon)
            value = JsonCursor(self._string, colon + 1)
            yield name, at, value
            at = self._next(value.end, "}")

    def items(self) -> Iterator[JsonCursor]:
        """The elements; none if this is no array."""
        at = self._enter("[")
        while at is not None:
            value = JsonCursor(self._string, at)
            yield value
            at = self._next(value.end, "]")

    def get(self, *names: str) -> JsonCursor | None:
        """The value at the end of a path of names; what stands behind it is not looked at."""
        found: JsonCursor | None = self
        for name in names:
            if found is None:
                return None
            found = next((value for key, _, value in found.members() if key == name), None)
        return found

    def _decode(self) -> tuple[Any, int]:
        if self._decoded is None:
            self._decoded = self._read(_DECODER)
        return self._decoded

    def _read(self, decoder: JSONDecoder) -> tuple[Any, int]:
        try:
            return decoder.raw_decode(self._string, self.start)
        except (ValueError, RecursionError) as error:
            offset = getattr(error, "pos", self.start)
            raise JsonError(str(error) or "nested too deeply", offset) from error

    def _skip(self, at: int) -> int:
        found = _BLANK.match(self._string, at)
        return found.end() if found else at

    def _enter(self, mark: str) -> int | None:
        """Where the content of an object or array begins; None when it has none."""
        if not self._string.startswith(mark, self.start):
            return None
        at = self._skip(self.start + 1)
        return None if self._string.startswith(("}", "]"), at) else at

    def _next(self, at: int, closing: str) -> int | None:
        at = self._skip(at)
        if self._string.startswith(closing, at):
            return None
        self._expect(",", at)
        return at + 1

    def _name(self, at: int) -> tuple[str, int]:
        self._expect('"', at)
        name = JsonCursor(self._string, at)
        return str(name.plain()), name.end

    def _expect(self, mark: str, at: int) -> None:
        if not self._string.startswith(mark, at):
            raise JsonError(f"expected {mark}", min(at, len(self._string)))
