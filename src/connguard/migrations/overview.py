# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the text of an SQL file shows by itself, for many files in several processes."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, cast

from connguard.engine.reading import Context, SourceFile, read_whole
from connguard.engine.text import Text
from connguard.engine.workers import BATCHES, Lost, processes_for, run_all
from connguard.migrations.includes import mentions_include
from connguard.migrations.products import has_braces, product_of
from connguard.migrations.sections import Section, divided, marks
from connguard.sql_rules import isolation
from connguard.sql_rules.script import Direction

_BATCH = 64
_COST = 5_000
"""Of a file, in bytes of text: its size is not known before it is read."""


class Overview(NamedTuple):
    """`sections` are those of a text that is no rollback as a whole; `is_marked` tells that marker
    lines divide it, and `tool` which tool they are of.

    `product` is another product that the text is for; `has_braces` tells that it may be a template.
    """

    sections: tuple[Section, ...]
    is_marked: bool
    tool: str | None
    product: str | None
    has_includes: bool
    has_braces: bool


def overview(text: str) -> Overview:
    """The overview of a text. Never raises."""
    from connguard.sql_rules.outline import outline  # what may hold SQL, such as YAML, seldom does

    is_marked, tool = marks(text)
    if is_marked:
        sections = tuple(
            each
            if each.delimiter or each.branch
            else each._replace(
                outline=outline(text[each.start : each.end], runs=each.direction is Direction.UP)
            )
            for each in divided(text)
        )
        parses = False
    else:
        seen = outline(text)
        sections = (Section(0, len(text), Direction.UP, seen),) if text else ()
        parses = seen.statements is not None
    return Overview(
        sections=sections,
        is_marked=is_marked,
        tool=tool,
        product=None if parses else product_of(text),
        has_includes=mentions_include(text),
        has_braces=has_braces(text),
    )


_Seen = tuple[Text, str | None, Overview]
"""A text, a remark on it, and what it shows."""


class Overviews:
    """The overviews of the files of a scan, each made when it is asked for, or before."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[Path, Overview | None] = {}
        self._ahead: dict[Path, Overview] = {}
        self.dangerous: set[Path] = set()
        """Files of which one has killed the process that looked at them."""

    def of(self, file: SourceFile) -> Overview | None:
        """The overview of a file; None when it cannot be read, which is recorded."""
        try:
            return self._known[file.path]
        except KeyError:
            found = self._known[file.path] = self._made(file)
        return found

    def prepare(self, files: Sequence[SourceFile]) -> None:
        """Read files in several processes, where there are so many that it pays."""
        context = self._context
        jobs = context.settings.jobs
        new = [file for file in files if file.path not in context.texts]
        size = _BATCH if jobs is None else max(1, min(_BATCH, len(new) // (jobs * BATCHES)))
        batches = [new[start : start + size] for start in range(0, len(new), size)]
        costs = [len(batch) * _COST for batch in batches]
        if processes_for(jobs, len(batches), sum(costs)) == 1:
            return
        import_module("connguard.sql_rules.outline")  # once for all processes

        def done(count: int) -> None:
            context.progress(f"reading files: {min(count * size, len(new))} of {len(new)}")

        for batch, seen in zip(
            batches, run_all(self._seen, batches, jobs=jobs, costs=costs, done=done), strict=True
        ):
            if isinstance(seen, Lost):
                self.dangerous.update(file.path for file in batch)
                continue
            for file, one in zip(batch, seen, strict=True):
                if one is not None:
                    text, remark, self._ahead[file.path] = one
                    context.ahead[file.path] = text, remark

    def _seen(self, files: Sequence[SourceFile]) -> list[_Seen | None]:
        """What files show; None for those that the context has to look at by itself."""
        return [self._seen_in(file) for file in files]

    def _seen_in(self, file: SourceFile) -> _Seen | None:
        try:
            found = read_whole(file, self._context.settings.limits)
        except OSError:
            return None
        return (*found, overview(found[0].string)) if found else None

    def _made(self, file: SourceFile) -> Overview | None:
        text = self._context.text(file)
        if text is None:
            return None
        if file.path in self._ahead:
            return self._ahead.pop(file.path)
        if file.path not in self.dangerous:
            return overview(text.string)
        with isolation.with_care():
            return overview(text.string)


def overviews(context: Context) -> Overviews:
    """The overviews of a scan."""
    found = context.cache.get(Overviews)
    if found is None:
        found = context.cache[Overviews] = Overviews(context)
    return cast(Overviews, found)
