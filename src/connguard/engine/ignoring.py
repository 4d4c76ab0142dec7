# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns of .gitignore files, asked entry by entry as a walk comes to them.

As in git (gitignore(5)), the last pattern that matches an entry itself decides, and nothing below
an ignored folder is looked at, so that what stands above an entry need not be matched again.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterable

from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass

_LITERAL = lazily(r"[\w.+@~-]+")
_PLAIN = lazily(r"[\w.+@~*-]+")
_MOST_STARS = 5
"""A pattern of more takes forever on a name that it nearly matches, unless it can be matched in
another way."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One line. `literal` is the whole name that it is about, or `*` and the end of names."""

    ignores: bool
    folders_only: bool
    literal: str | None
    bare: bool
    matches: Callable[[str], object]

    def takes(self, name: str, path: str, is_folder: bool) -> bool:
        if self.folders_only and not is_folder:
            return False
        return bool(self.matches(name if self.bare else path))


class Ignoring:
    """The patterns of one file, which hold below the folder `base`."""

    def __init__(self, base: str, patterns: Iterable[_Pattern]) -> None:
        self._base = base.rstrip(os.sep) + os.sep
        self._last_first = tuple(patterns)[::-1]
        literals = {one.literal for one in self._last_first if one.literal is not None}
        self._names = frozenset(one for one in literals if not one.startswith("*"))
        self._endings = tuple(one[1:] for one in literals if one.startswith("*"))
        self._others = tuple(one for one in self._last_first if one.literal is None)

    def prefix(self, folder: str) -> str | None:
        """How paths in a folder start, seen from the base; None where the patterns do not hold."""
        inside = folder.rstrip(os.sep) + os.sep
        if not inside.startswith(self._base):
            return None
        return inside[len(self._base) :].replace(os.sep, "/")

    def verdict(self, name: str, prefix: str, *, is_folder: bool = False) -> bool | None:
        """Whether an entry is ignored; None when no pattern says anything about it."""
        path = prefix + name
        if not (
            name in self._names
            or name.endswith(self._endings)
            or any(other.takes(name, path, is_folder) for other in self._others)
        ):
            return None
        for pattern in self._last_first:
            if pattern.takes(name, path, is_folder):
                return pattern.ignores
        return None


def ignoring(base: str, lines: Iterable[str], *, strict: bool = False) -> Ignoring | None:
    """The patterns in `lines`; None when there are none.

    What is no pattern is passed over, as git does, or raises ValueError when `strict`.
    """
    patterns = [one for line in lines for one in _pattern(line, strict)]
    return Ignoring(base, patterns) if patterns else None


def _pattern(line: str, strict: bool) -> Iterable[_Pattern]:
    text = line if line.endswith("\\ ") else line.rstrip()
    if not text or text.startswith("#") or text == "/":
        return
    folders_only = text.endswith("/")
    bare_text = text.removeprefix("!").removesuffix("/")
    if bare_text.count("*") > _MOST_STARS:
        if _PLAIN.fullmatch(bare_text):
            without_backtracking = re.compile(fnmatch.translate(bare_text)).fullmatch
            yield _Pattern(not text.startswith("!"), folders_only, None, True, without_backtracking)
        elif strict:
            raise ValueError(f"more than {_MOST_STARS} stars")
        return
    from pathspec import GitIgnoreSpec  # takes long, and many trees have no patterns

    try:
        compiled = GitIgnoreSpec.from_lines([text.removesuffix("/")]).patterns
    except ValueError:
        if strict:
            raise
        return
    for pattern in compiled:
        regex = getattr(pattern, "regex", None)
        if pattern.include is None or regex is None:
            continue
        ending = bare_text.removeprefix("*")
        literal = bare_text if _LITERAL.fullmatch(ending) else None
        # Patterns for all that lies in a folder match its start; others match the whole path.
        whole = regex.pattern.endswith("$)")
        yield _Pattern(
            ignores=pattern.include,
            folders_only=folders_only,
            literal=literal,
            bare="/" not in bare_text,
            matches=regex.fullmatch if whole else regex.match,
        )
