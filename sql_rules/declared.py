# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables which block of a PL/pgSQL body declares."""

from __future__ import annotations

from connguard.sql_rules import lexer
from connguard.sql_rules.expressions import walk
from connguard.sql_rules.lexer import Mark
from connguard.sql_rules.syntax import Node


def declared(text: str, action: Node, datums: list[Node]) -> dict[int, list[Node]] | None:
    """The variables and records of every block, by the `id` of the block's node.

    The tree does not tell them, only the line of each: the names are those between DECLARE and
    BEGIN in the text. None where the text does not have the blocks of the tree.
    """
    blocks = [action, *inner_blocks(action)]
    if (
        "lineno" not in action
    ):  # made by the parser, for the RETURN behind the block that is written
        del blocks[0]
    headings = _headings(text)
    if len(headings) != len(blocks):
        return None
    found: dict[int, list[Node]] = {}
    position = 0
    for block, names in zip(blocks, headings, strict=True):
        mine = found.setdefault(id(block), [])
        for name in names:
            for index in range(position, len(datums)):
                fields = variable_fields(datums[index])
                if fields.get("lineno", 0) > block.get("lineno", 0):
                    break
                if fields and str(fields.get("refname", "")).lower() == name:
                    mine.append(datums[index])
                    position = index + 1
                    break
    return found


def inner_blocks(action: Node) -> list[Node]:
    """The blocks in a block, in the order in which they stand."""
    return [
        each["PLpgSQL_stmt_block"]
        for each in walk(action)
        if isinstance(each.get("PLpgSQL_stmt_block"), dict)
    ]


def variable_fields(datum: Node) -> Node:
    """The fields of a variable or record; none for another datum."""
    found: Node = datum.get("PLpgSQL_var") or datum.get("PLpgSQL_rec") or {}
    return found


def _headings(text: str) -> list[list[str]]:
    """The names that the blocks of a body declare, in the order of their BEGIN."""
    headings: list[list[str]] = []
    names: list[str] = []
    declares = first = False
    for token in lexer.tokens(text):
        if not token.matters:
            continue
        word = text[token.start : token.end].lower() if token.mark is Mark.WORD else ""
        if word == "begin":
            headings.append(names)
            names = []
            declares = first = False
        elif word == "declare":
            declares = first = True
        elif declares and token.mark is Mark.SEMICOLON:
            first = True
        elif first:
            name = text[token.start : token.end].lower()
            names.append(name[1:-1] if token.mark is Mark.QUOTED_NAME else name)
            first = False
    return headings
