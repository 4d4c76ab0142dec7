# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of YAML that values of charts are written in: what is read, and what is not understood.

`yaml.safe_load` says the same of every text that is understood, but for scalars, which are strings.
"""

from __future__ import annotations

import pytest
import yaml

from connguard.policies.model.simple_yaml import OPAQUE, parse

READ: dict[str, dict[str, object]] = {
    # scalars
    "": {},
    "\n  \n": {},
    "# nothing": {},
    "---\na: b": {"a": "b"},
    "\n# one\n---\na: b": {"a": "b"},
    "a: b": {"a": "b"},
    "a: b\r\nc: d": {"a": "b", "c": "d"},
    "a: b\na: c": {"a": "c"},
    "a:    b   ": {"a": "b"},
    "a : b": {"a": "b"},
    "a b: c d": {"a b": "c d"},
    "a: x:y": {"a": "x:y"},
    "a: x, y": {"a": "x, y"},
    "a: null": {"a": None},
    "a: ~": {"a": None},
    "a:": {"a": None},
    "a:\nb: c": {"a": None, "b": "c"},
    "a: ''": {"a": ""},
    'a: ""': {"a": ""},
    "'a': 'b'": {"a": "b"},
    '"a": "b"': {"a": "b"},
    '"a: b": c': {"a: b": "c"},
    "a: 'null'": {"a": "null"},
    'a: "it\'s"': {"a": "it's"},
    "a: 'say \"x\"'": {"a": 'say "x"'},
    "a: b|c>": {"a": "b|c>"},
    # comments
    "a: b # c": {"a": "b"},
    "a: b #": {"a": "b"},
    "a: b#c": {"a": "b#c"},
    "a: # c": {"a": None},
    "a: 'b # c' # d": {"a": "b # c"},
    'a: "b # c" # d': {"a": "b # c"},
    "a: ['b # c'] # d": {"a": ["b # c"]},
    "a: [b,'c # d'] # e": {"a": ["b", "c # d"]},
    "a: b's # c": {"a": "b's"},
    "a: X'b # c": {"a": "X'b"},
    "a: b:'c # d": {"a": "b:'c"},
    "a: b\n  # c\nd: e": {"a": "b", "d": "e"},
    "a: b\n# {{ c }}\nd: e": {"a": "b", "d": "e"},
    # block scalars
    "a: |\n  b: c\n\n  {{ d }}\n  \te\nf: g": {"a": "", "f": "g"},
    "a: >\n  b\nc: d": {"a": "", "c": "d"},
    "a: |-\n  b\nc: d": {"a": "", "c": "d"},
    "a: >+\n  b\nc: d": {"a": "", "c": "d"},
    "a: |2\n  b\nc: d": {"a": "", "c": "d"},
    "a: >-1\n b\nc: d": {"a": "", "c": "d"},
    "a:   |\n  b\nc: d": {"a": "", "c": "d"},
    "a: | # b\n  c\nd: e": {"a": "", "d": "e"},
    "a:\n  b: |\n    c\n  d: e\nf: g": {"a": {"b": "", "d": "e"}, "f": "g"},
    "a:\n  b: |\n    c\nd: e": {"a": {"b": ""}, "d": "e"},
    "a: b |\nc: d": {"a": "b |", "c": "d"},
    "a: b >\nc: d": {"a": "b >", "c": "d"},
    # mappings
    "a:\n  b: c": {"a": {"b": "c"}},
    "a:\n  b: c\n  d: e\nf: g": {"a": {"b": "c", "d": "e"}, "f": "g"},
    "a:\n b:\n   c:\n    d: e\n   f: g": {"a": {"b": {"c": {"d": "e"}, "f": "g"}}},
    "a: {}": {"a": {}},
    "a: { }": {"a": {}},
    # lists
    "a: []": {"a": []},
    "a: [b]": {"a": ["b"]},
    "a: [ b , 'c', \"d\", ~ ]": {"a": ["b", "c", "d", None]},
    "a:\n- b\n- 'c'\nd: e": {"a": ["b", "c"], "d": "e"},
    "a:\n  - b\n  - c\nd: e": {"a": ["b", "c"], "d": "e"},
    "a:\n  b:\n  - c\n  d: e": {"a": {"b": ["c"], "d": "e"}},
    "a:\n- [b, c]": {"a": [["b", "c"]]},
}
"""Texts, and what they hold."""

PARTLY: dict[str, dict[str, object]] = {
    "a: {b: c}\nd: e": {"a": OPAQUE, "d": "e"},
    "a:\n- b: c\n  d: e\n- f\n-\n- {g: h}\n- - i\n- j": {
        "a": [OPAQUE, "f", OPAQUE, OPAQUE, OPAQUE, "j"]
    },
    "a:\n-\n  b: c\n- d\ne: f": {"a": [OPAQUE, "d"], "e": "f"},
}
"""Texts with parts that are left out."""

BEYOND = [
    "- a",
    "a",
    "a:b",
    "a b c",
    "a: b\nc",
    "a: b\n  c: d",
    "a: b\n  c",
    "a: b\n c\nd: e",
    "a:\n    b: c\n  d: e",
    "a:\n  b: c\n d: e",
    "a:\n- b\n  c",
    "a:\n- b\n-c",
    "a:\n- b\n  - c",
    "a: b\n---\nc: d",
    "a: {{ b }}",
    "{{ a }}",
    "a:\n\tb: c",
    "a:\n \t b: c",
    "a: &b c",
    "a: *b",
    "a: !b c",
    "a: !!str |\n  b",
    "a: %b",
    "a: @b",
    "a: `b",
    "a: |b",
    "a: >b",
    "a:\n- |\n  b",
    "a:\n  |\n  b",
    "&a b: c",
    "? a",
    "%YAML 1.2",
    "a: [b",
    "a: [b]c",
    "a: [{b: c}]",
    "a: [[b]]",
    "a: [b, [c]]",
    "a: ['b,c']",
    "a: ['b]",
    "a: '",
    'a: "',
    "a: 'b",
    "a: 'b\"",
    "a: 'b'c",
    "a: 'b'c'",
    "a: 'it''s'",
    'a: "b\\n"',
    'a: "b\\""',
    '"a\\b": c',
]
"""Texts that are not understood, or that are not YAML."""


@pytest.mark.parametrize("text", READ)
def test_values_that_are_read(text: str) -> None:
    """As YAML has it, with every scalar as it is written."""
    assert parse(text) == READ[text]
    assert parse(text) == (yaml.load(text, Loader=yaml.BaseLoader) or {}) or _is_special(text)


def _is_special(text: str) -> bool:
    """Nothing and the texts of block scalars are not kept as the library keeps them."""
    return any(part in text for part in ("~", "null", "|", ">")) or None in READ[text].values()


@pytest.mark.parametrize("text", PARTLY)
def test_values_that_are_read_in_part(text: str) -> None:
    """A mapping in a list or in flow style is left out, and what follows is read."""
    assert parse(text) == PARTLY[text]


@pytest.mark.parametrize("text", BEYOND)
def test_values_that_are_not_understood(text: str) -> None:
    """The whole text is unknown, never half of it."""
    assert parse(text) is None


def test_depth() -> None:
    """Forty levels below the first one, however they are written."""

    def nested(levels: int) -> str:
        return "".join(f"{' ' * level}a:\n" for level in range(levels)) + " " * levels + "b: c"

    value: object = parse(nested(40))
    for _ in range(40):
        assert isinstance(value, dict)
        value = value["a"]
    assert value == {"b": "c"}
    assert parse(nested(41)) is None
    assert parse("a: " + "[" * 50_000 + "]" * 50_000) is None
