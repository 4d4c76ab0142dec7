# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same text written in another way: what is found in both must be the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import yaml
from pglast.parser import ParseError, parse_sql_json

from connguard.policies.model.reading import Reading
from connguard.sql_rules import lexer
from connguard.sql_rules.lexer import Mark

Spelling = Callable[[str], Iterator[str]]

_PLACES = re.compile(r"\bOrigin\([^()]*\)|\b(?:line|column|start|end)=\d+")
_MARKERS = re.compile(r"connguard|checkov")


def sql(text: str) -> Iterator[str]:
    """With comments where the blanks between tokens are. What the parser refuses is left out."""
    if "\\" in text or _MARKERS.search(text) or not _is_sql(text):
        return
    written = "".join(
        part + ("/* x */ " if token.mark is Mark.BLANK and part.isascii() else "")
        for token in lexer.tokens(text)
        for part in [text[token.start : token.end]]
    )
    if _is_sql(written):  # two parts of one string may have no comment between them
        yield written


def yaml_styles(text: str) -> Iterator[str]:
    """In braces, and in blocks; scalars as the emitter quotes them. No key may stand twice."""
    if _MARKERS.search(text):
        return
    for flow in (True, False):
        try:
            documents = list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
            if not documents or any(one is None for one in documents):
                return
            seen: set[int] = set()
            for document in documents:
                _restyle(document, flow, seen)
            yield yaml.serialize_all(
                documents, Dumper=yaml.SafeDumper, width=1_000_000, allow_unicode=True
            )
        except (yaml.YAMLError, ValueError, RecursionError, AttributeError, TypeError):
            return


def found_in(result: object) -> list[str]:
    """All facts without their places."""
    assert isinstance(result, Reading)
    facts = (fact for subject in result.subjects for fact in subject.alternatives)
    return sorted(_PLACES.sub("", _PLACES.sub("", repr(fact))) for fact in facts)


def _is_sql(text: str) -> bool:
    try:
        parse_sql_json(text)
    except (ParseError, UnicodeEncodeError, ValueError):
        return False
    return True


def _restyle(node: yaml.Node, flow: bool, seen: set[int]) -> None:
    if id(node) in seen or isinstance(node, yaml.ScalarNode):
        return
    seen.add(id(node))
    assert isinstance(node, yaml.CollectionNode)
    node.flow_style = flow
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(keys)) != len(node.value):
            raise ValueError("a key stands twice, or is no scalar")
        for key, value in node.value:
            _restyle(key, flow, seen)
            _restyle(value, flow, seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _restyle(value, flow, seen)
