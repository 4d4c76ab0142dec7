# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No regular expression takes time that grows with more than the length of the text."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pattern_strings import Written, hostile, of_module, patterns

# How often something is repeated at first. A pattern that tries all splits of a text is found
# before it takes longer than a second: from one to the next its time is raised to the 1.25th power.
REPEATED = (8, 10, 12, 15, 19, 24, 30, 37, 46, 58, 72, 90, 112, 140)
SIZES = (800, 3000, 12_000)
"""Characters."""

PAUSES = (0, 0.01, 0.05, 0.1)
Look = Callable[[str], object]

SUSPECT = 0.006
"""Seconds of processor time. On 12,000 characters linear patterns take half a millisecond at most,
those that try all pairs of places 70 milliseconds and more. More than this is looked at again."""

GROWTH = 9
"""How many times longer a text of four times the length may take: 4 is linear, 16 is quadratic."""


# Quadratic on some text: the file, and how the pattern begins. Nothing is to be added.
KNOWN = {
    # The name of a file, of at most 255 bytes.
    ("fixing/numbering.py", "^(?P<separator>\\.do\\.|(?"),
    ("migrations/flyway.py", "^(?:before|after)[A-Z]\\w"),
    ("migrations/flyway.py", "(?:[._]0+)+$"),
    ("migrations/names.py", "^U\\d[\\d._]*__.+\\.sql$"),
    # Where a comment is not closed, a parser stops: it is looked for once.
    ("terraform/expression_parser.py", "(?:[ \\t\\r]|#[^\\n]*|//[^\\"),
    # One line, name or value, or the place where the reader stands.
    # What begins again and again in a whole file, and never ends.
    ("migrations/liquibase.py", "<!--(.*?)-->"),
    ("sql_rules/assignments.py", "[$#]\\{[^{}]*\\}|\\{\\{[^{}]"),
    ("sql_rules/bearing.py", "\\b(?:create|alter|drop)("),
    ("sql_rules/bodies.py", "\\bdeclare\\b.*?\\bbegin\\b"),
}


def growing(written: Written) -> str | None:
    """A text on which a pattern takes too long, in words."""
    compiled = re.compile(written.pattern, written.flags)
    looks: list[Look] = [compiled.search if written.anywhere else compiled.match]
    looks += [compiled.fullmatch] if written.whole else []
    looks += [lambda text: sum(1 for _ in compiled.finditer(text))] if written.again else []
    cases = list(hostile(written.pattern, written.flags))
    if written.anywhere:
        # What begins again and again, and never ends.
        cases += [("", text) for text in dict.fromkeys(before + again for before, again in cases)]
    for before, again in cases:
        counts = [*REPEATED, *(size // len(again) for size in SIZES)]
        for look, count in itertools.product(looks, sorted(counts)):
            if _grows(look, before, again, count):
                return f"{written.place}: {before!r}, then {again!r} {count} times"
    return None


def _grows(look: Look, before: str, again: str, count: int) -> bool:
    """Whether a text takes long, and far longer than a fourth of it does.

    The least of several tries is taken, with pauses, so that a busy machine changes nothing. What
    takes twenty times too long needs no second one.
    """
    if _time(look, before, again, count) < SUSPECT:
        return False
    long: list[float] = []
    short: list[float] = []
    for pause in PAUSES:
        time.sleep(pause)
        long.append(_time(look, before, again, count))
        short.extend(_time(look, before, again, count // 4) for _ in range(3))
        if min(long) < SUSPECT:
            return False
        if min(long) > 20 * SUSPECT:
            break
    return min(long) > GROWTH * min(short)


def _time(look: Look, before: str, again: str, count: int) -> float:
    text = f"{before}{again * count}\0"
    started = time.thread_time()
    look(text)
    return time.thread_time() - started


def key(written: Written) -> tuple[str, str]:
    return written.place.partition(":")[0], written.pattern[:24]


def test_patterns_are_linear() -> None:
    """But for those that are known."""
    every = patterns()
    assert len(every) > 300

    found = [why for one in every if key(one) not in KNOWN and (why := growing(one)) is not None]

    assert found == []
    assert {one for one in KNOWN if one not in {key(each) for each in every}} == set()


@pytest.mark.parametrize(
    "pattern",
    [
        r"\s*=?\s*x",
        r"\w+;",
        r"x\s*\s*y",
        r"(?:\r?\n)+\Z",
        r"x\w*\w*\w*;",
        r"(?:a|a\b|aa)+;",
        r"(?:\w+\s?)*;",
        r"(?:[a-z]+)*;",
        r"\"(?:\\.|(?!\").)*\"",
    ],
)
def test_what_backtracks_is_found(pattern: str) -> None:
    """Quadratic, cubic and exponential patterns."""
    assert growing(Written("here:1", pattern, 0, anywhere=True)) is not None


@pytest.mark.parametrize("pattern", [r"x\s*=\s*(\d+)", r"(?<!\s)\s+x", r"\b(?>\w+);"])
def test_what_does_not_backtrack_is_not(pattern: str) -> None:
    """Linear patterns, wherever they are looked for: nothing is found by noise."""
    assert growing(Written("here:1", pattern, 0, anywhere=True)) is None


def test_the_method_decides_where_a_pattern_is_looked_for(tmp_path: Path) -> None:
    """A result of `re.match` is no pattern: that its name has no methods says nothing."""
    module = tmp_path / "module.py"
    module.write_text(
        'found = re.match(r"a+b", text)\n'
        'seen = re.search(r"c+d", text)\n'
        'line = re.compile(r"e+f")\n'
        'word = re.compile(r"g+h")\n'
        "line.fullmatch(text)\n"
    )

    assert [(one.pattern, one.anywhere) for one in of_module(module, "module.py")] == [
        ("a+b", False),
        ("c+d", True),
        ("e+f", False),
        ("g+h", True),
    ]
