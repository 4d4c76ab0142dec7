# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts that the report of a cached run shows lines of: read again when they are asked for.

They are not kept in the cache, since they may hold secrets.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from connguard.engine import disk
from connguard.engine.cache_entry import Entry
from connguard.engine.limits import SQL, Limits
from connguard.engine.reading import largest_whole
from connguard.engine.text import Text, decode


class SourceTexts(Mapping[str, Text]):
    """The texts of the files in which a report names a place, by name of the file.

    There is none for a file that is not, or no longer, what the run has read.
    """

    def __init__(self, entry: Entry, limits: Limits) -> None:
        self._lines = entry.lines
        self._limits = limits
        self._trace = entry.trace
        self._known: dict[str, Text | None] = {}

    def __getitem__(self, name: str) -> Text:
        if name not in self._known:
            self._known[name] = self._read(name) if name in self._lines else None
        text = self._known[name]
        if text is None:
            raise KeyError(name)
        return text

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._lines if self.get(name) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _read(self, name: str) -> Text | None:
        try:
            path = os.path.abspath(name)
            most = self._limits.size_of(name)[1]
            most_whole = largest_whole(self._limits)
            if name.lower().endswith(SQL) and disk.size(Path(path)) > most_whole:
                return self._dump(name, path)
            data = disk.read_bytes(path, most)
            if disk.digest(data) != self._trace.content(path):
                return None
            if name.lower().endswith(".gz"):
                data = _unpacked(data, self._limits.unpacked_size)
                if len(data) > most_whole:
                    from connguard.engine.condensed_text import read

                    return self._whole(name, read(name, [data], self._limits))
        except (OSError, ValueError):
            return None
        return self._whole(name, decode(name, data)[0])

    def _dump(self, name: str, path: str) -> Text | None:
        from connguard.engine.condensed_text import load

        with disk.recording() as seen:
            text = load(name, path, self._limits)
        same = seen.answers.get(("read", path)) == self._trace.content(path)
        return self._whole(name, text) if same else None

    def _whole(self, name: str, text: Text) -> Text | None:
        return text if text.line_count >= self._lines[name] else None


def _unpacked(data: bytes, most: int) -> bytes:
    """Raises OSError and ValueError."""
    import gzip
    import zlib
    from io import BytesIO

    try:
        with gzip.open(BytesIO(data)) as stream:
            unpacked = stream.read(most + 1)
    except (EOFError, zlib.error) as error:
        raise ValueError("no gzip file") from error
    if len(unpacked) > most:
        raise ValueError("too large")
    return unpacked


def can_be_read_again(entry: Entry, limits: Limits) -> bool:
    """Whether the texts of a report that was just made can be had from its files."""
    again = SourceTexts(entry, limits)
    return all(
        _string(again.get(name)) == _string(entry.report.texts.get(name)) for name in entry.lines
    )


def _string(text: Text | None) -> str | None:
    return text.string if text is not None else None
