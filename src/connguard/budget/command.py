# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command line as it stands in a file, with the places of its words."""

from __future__ import annotations

from dataclasses import replace

from connguard.engine.text import Text
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """The source of a command, with its place; `text` None where only the words are known.

    `rest` is a part of it that stands elsewhere, from the offset `split` on.
    """

    string: str
    place: Origin
    text: Text | None = None
    start: int = 0
    rest: Command | None = None
    split: int = 0

    def origin(self, span: tuple[int, int]) -> Origin:
        if self.rest is not None and span[0] >= self.split:
            return self.rest.origin((span[0] - self.split, span[1] - self.split))
        if self.text is None:
            return self.place
        return self.text.origin(self.start + span[0], self.start + span[1])

    def then(self, other: Command, between: str = " ") -> Command:
        """This command with another one behind it."""
        if self.rest is not None:
            rest = self.rest.then(other, between)
            return replace(self, string=self.string[: self.split] + rest.string, rest=rest)
        split = len(self.string) + len(between)
        string = f"{self.string}{between}{other.string}"
        return replace(self, string=string, rest=other, split=split)

    def after(self, offset: int) -> Command:
        """What stands behind an offset."""
        if self.rest is not None and offset >= self.split:
            return self.rest.after(offset - self.split)
        return replace(
            self,
            string=self.string[offset:],
            start=self.start + offset,
            split=max(0, self.split - offset),
        )


def command_at(text: Text | None, place: Origin, words: str = "") -> Command:
    """The command that stands at a place of a text."""
    if text is None:
        return Command(words, place)
    start = text.offset(place.line, place.column)
    end = text.offset(place.end_line, place.end_column)
    return Command(text.string[start:end], place, text, start)
