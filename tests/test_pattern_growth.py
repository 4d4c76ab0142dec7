# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No regular expression takes time that grows with more than the length of the text."""

from __future__ import annotations

import re
import time

from pattern_strings import Written, hostile, patterns

SIZES = (16, 20, 200, 600, 3000)
MOST = 0.01
"""Seconds. On 3,000 characters a linear pattern takes a thirtieth of a millisecond, one that tries
all pairs of places twenty milliseconds and more, one that tries all splits does not end."""

# Quadratic where no match follows: the file, and how the pattern begins. Nothing is to be added.
KNOWN = {
    # Look at one line, name or value, or at the place where the reader stands.
    ("budget/application_files.py", "<%=.*?(?:\\{\\s*|,\\s*|\\|\\|"),
    ("budget/built_from.py", '(\\w+)=(\\"[^\\"]*\\"|\'[^\']*'),
    ("budget/charts.py", "^[ \\t]*replicas:[ \\t]*(."),
    ("budget/charts.py", "^[ \\t]*-[ \\t]*name:[ \\t]"),
    ("budget/commands.py", "[\\w./-]+\\.(?:json|c?js|m"),
    ("budget/commands.py", "^workers[ \\t]*=[ \\t]*([^"),
    ("budget/declared.py", "\\s*(\\d+(?:\\.\\d+)?)\\s*([k"),
    ("budget/dsn.py", "\\$\\{(\\w+)[^}]*\\}"),
    ("budget/dsn.py", "(\\w[\\w ]*?)\\s*=\\s*('(?:["),
    ("budget/managed.py", "db\\.([a-z]+)\\d*\\w*\\.(?:("),
    ("budget/toml_places.py", '((?:[A-Za-z0-9_-]+|"(?:['),
    ("containers/compose_connections.py", "(?:.*[-_])?(?P<service>."),
    ("containers/interpolation.py", "\\s*(?:export\\s+)?(?P<key"),
    ("fixing/numbering.py", "^(?P<separator>\\.do\\.|(?"),
    ("migrations/flyway.py", "^(?:before|after)[A-Z]\\w"),
    ("migrations/flyway.py", "(?:[._]0+)+$"),
    # The name of a file.
    ("migrations/names.py", "^U\\d[\\d._]*__.+\\.sql$"),
    ("migrations/python_strings.py", "%(?:\\((?P<name>[^)]*)\\))"),
    ("migrations/python_strings.py", "\\{\\{|\\}\\}|\\{(?P<field>[^"),
    ("migrations/sections.py", "^[ \\t]*(?:\n        --[ \\"),
    ("migrations/settings_text.py", "^[ \\t]*([^#!;=\\s][^=:\\n]"),
    ("migrations/tree_host.py", "%(?:(?P<index>\\d+)\\$)?[-"),
    ("postgres/hba_reader.py", "\\s*[+-]?[0-9]{1,20}"),
    ("terraform/expression_parser.py", "[^\\W\\d][\\w-]*(?:::[^\\W\\d"),
    ("terraform/expression_parser.py", "[ \\t\\r\\n]*\\*[ \\t\\r\\n]*\\]"),
    ("terraform/expression_parser.py", "[ \\t]*(?:=(?!=)|:)"),
    ("terraform/functions.py", "(?:\\r?\\n)+\\Z"),
    ("policies/model/simple_yaml.py", '(?P<key>"[^"\\\\]*"|\'[^\']*'),
    ("sql_rules/placeholders.py", "\\blimit\\s*=?\\s*[-+]?\\s*\\"),
    ("sql_rules/plpgsql.py", "\\A\\s*[^:=]*?(?::=|=)\\s*"),
    # Look at a whole file: runs of spaces or empty lines, long names, unclosed braces.
    ("budget/sessions_hosts.py", "^config\\s*\\(?\\s*:\\w+,\\s*"),
    ("budget/sessions_hosts.py", "\\bnotifier:\\s*\\{?\\s*Oban"),
    ("budget/terraform_services.py", "[\"']?name[\"']?\\s*[=:]\\s*"),
    ("containers/helm.py", "\\{\\{-?\\s*(?:\\$|\\.\\w+)?\\."),
}


def growing(written: Written) -> str | None:
    """A text on which a pattern takes too long, in words."""
    compiled = re.compile(written.pattern, written.flags)
    look = compiled.search if written.anywhere else compiled.match
    for before, again in hostile(written.pattern, written.flags):
        for size in SIZES:
            text = f"{before}{again * max(1, size // len(again))}\0"
            if all(_time(look, text) > MOST for _ in range(6)):
                return f"{written.place}: {before!r}, then {again!r} up to {size} characters"
    return None


def _time(look: object, text: str) -> float:
    assert callable(look)
    started = time.process_time()
    look(text)
    return time.process_time() - started


def key(written: Written) -> tuple[str, str]:
    return written.place.partition(":")[0], written.pattern[:24]


def test_patterns_are_linear() -> None:
    """But for those that are known."""
    every = patterns()
    assert len(every) > 300

    found = [why for one in every if key(one) not in KNOWN and (why := growing(one)) is not None]

    assert found == []
    assert {one for one in KNOWN if one not in {key(each) for each in every}} == set()


def test_what_backtracks_is_found() -> None:
    for pattern in (r"\s*=?\s*x", r"\w+;", r"x\s*\s*y"):
        assert growing(Written("here:1", pattern, 0, anywhere=True)) is not None
    assert growing(Written("here:1", r"x\s*=\s*(\d+)", 0, anywhere=True)) is None
