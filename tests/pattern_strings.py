# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All regular expressions of the package, and texts on which they would backtrack.

The texts follow from the parse tree of a pattern: what leads to a repetition, and then what is
repeated, many times. A character that nothing matches is put behind it, so that every way to split
the text is tried. `re._parser` is internal to Python; it has been there, as `sre_parse`, since 2.
"""

from __future__ import annotations

import ast
import os
import re
import re._constants as op  # type: ignore[import-not-found]  # typeshed leaves them out
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import connguard

_METHODS = frozenset(
    ("search", "match", "fullmatch", "sub", "subn", "finditer", "findall", "split")
)
_ANYWHERE = _METHODS - {"match", "fullmatch"}
_AGAIN = _ANYWHERE - {"search"}
_CHARACTERS = " a0_\n{"
_FEW = 3


class Written(NamedTuple):
    """A pattern in the source.

    `anywhere` tells that it is looked for at every place of a text, `again` that this is done
    until nothing is found any more, and `whole` that it has to match all of a text.
    """

    place: str
    pattern: str
    flags: int
    anywhere: bool
    again: bool = False
    whole: bool = False


def patterns() -> list[Written]:
    """The patterns that are written as constants, wherever they are compiled or used."""
    root = Path(connguard.__file__).parent
    found: list[Written] = []
    # policies/ and others are links in a checkout, which a glob does not follow.
    folders = [root / name for name in sorted(os.listdir(root))]
    for path in sorted(path for folder in folders for path in folder.glob("**/*.py")):
        if "examples" not in path.parts:
            found.extend(of_module(path, str(path.relative_to(root))))
    return found


def of_module(path: Path, name: str) -> Iterator[Written]:
    """The patterns of one module, in the order of a walk of its tree."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts: dict[str, str] = {}
    used: dict[str, set[str]] = {}
    used_at_once: dict[int, AbstractSet[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _METHODS:
            if isinstance(node.value, ast.Name):
                used.setdefault(node.value.id, set()).add(node.attr)
            elif isinstance(node.value, ast.Call):
                used_at_once[id(node.value)] = {node.attr}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in _METHODS and node.args and isinstance(node.args[0], ast.Name):
                used.setdefault(node.args[0].id, set()).add(node.func.attr)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = _text(node.value, texts)
            if text is not None:
                texts[node.targets[0].id] = text
    names = {
        id(node.value): node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = _called(node.func)
        pattern = _text(node.args[0], texts)
        if called is None or pattern is None:
            continue
        target = names.get(id(node))
        # A pattern that is used elsewhere may be looked for at every place.
        methods: AbstractSet[str] = used_at_once.get(id(node), used.get(target or "", _METHODS))
        if called in _METHODS:
            methods = {called}
        yield Written(
            f"{name}:{node.lineno}",
            pattern,
            _flags(node),
            bool(methods & _ANYWHERE),
            bool(methods & _AGAIN),
            "fullmatch" in methods,
        )


def _called(function: ast.expr) -> str | None:
    if isinstance(function, ast.Name) and function.id == "lazily":
        return "compile"
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
        return None
    is_known = function.value.id == "re" and function.attr in _METHODS | {"compile"}
    return function.attr if is_known else None


def _text(node: ast.expr, texts: dict[str, str]) -> str | None:
    """A constant text, also one that is put together of constants."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        return texts.get(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left, texts), _text(node.right, texts)
        return None if left is None or right is None else left + right
    if isinstance(node, ast.JoinedStr):
        parts = [
            _text(part.value if isinstance(part, ast.FormattedValue) else part, texts)
            for part in node.values
        ]
        return None if None in parts else "".join(part for part in parts if part is not None)
    return None


def _flags(call: ast.Call) -> int:
    given = [*call.args[1:], *(one.value for one in call.keywords if one.arg == "flags")]
    names = {
        node.attr for one in given for node in ast.walk(one) if isinstance(node, ast.Attribute)
    }
    return sum(int(getattr(re, name)) for name in names if hasattr(re.RegexFlag, name))


def hostile(pattern: str, flags: int) -> Iterator[tuple[str, str]]:
    """What to write once and what to repeat behind it, for each repetition of a pattern."""
    tree = parser.parse(pattern, flags)
    seen = set()
    for preferred in _CHARACTERS:
        for case in _repetitions(tree, "", preferred):
            if case[1] and case not in seen:
                seen.add(case)
                yield case


def _repetitions(items: Iterable[Any], before: str, preferred: str) -> Iterator[tuple[str, str]]:
    for kind, value in items:
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            _, most, body = value
            if most > 1000:
                yield from ((before, one) for one in _alternatives(body, preferred))
            yield from _repetitions(body, before, preferred)
        elif kind is op.SUBPATTERN:
            yield from _repetitions(value[3], before, preferred)
        elif kind is op.ATOMIC_GROUP:
            yield from _repetitions(value, before, preferred)
        elif kind is op.BRANCH:
            for branch in value[1]:
                yield from _repetitions(branch, before, preferred)
        elif kind in (op.ASSERT, op.ASSERT_NOT):
            yield from _repetitions(value[1], before, preferred)
        before += _witness([(kind, value)], preferred)


def _alternatives(items: Iterable[Any], preferred: str) -> Iterator[str]:
    """Short texts that the items match: one for each branch, if they are nothing but branches."""
    match list(items):
        case [(op.SUBPATTERN, (*_, body))]:
            yield from _alternatives(body, preferred)
        case [(op.BRANCH, (_, branches))]:
            for branch in branches:
                yield from _alternatives(branch, preferred)
        case listed:
            yield _witness(listed, preferred)


def _witness(items: Iterable[Any], preferred: str) -> str:
    """A short text that the items match."""
    text = ""
    for kind, value in items:
        if kind is op.LITERAL:
            text += chr(value)
        elif kind in (op.ANY, op.NOT_LITERAL):
            text += "b" if kind is op.NOT_LITERAL and chr(value) == preferred else preferred
        elif kind is op.IN:
            text += _member(tuple(value), preferred)
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            text += _witness(value[2], preferred) * min(value[0], _FEW)
        elif kind is op.SUBPATTERN:
            text += _witness(value[3], preferred)
        elif kind is op.ATOMIC_GROUP:
            text += _witness(value, preferred)
        elif kind is op.BRANCH:
            choices = [_witness(branch, preferred) for branch in value[1]]
            text += next((one for one in choices if set(one) == {preferred}), choices[0])
    return text


@cache
def _member(members: tuple[Any, ...], preferred: str) -> str:
    """A character of a class, the preferred one if it is in it."""
    compiled = re.compile(_class(members))
    choices = (preferred, *_CHARACTERS, *map(chr, range(33, 127)), "\t", "é")
    return next((one for one in choices if compiled.fullmatch(one)), "")


def _class(members: tuple[Any, ...]) -> str:
    categories = {
        op.CATEGORY_DIGIT: r"\d",
        op.CATEGORY_NOT_DIGIT: r"\D",
        op.CATEGORY_SPACE: r"\s",
        op.CATEGORY_NOT_SPACE: r"\S",
        op.CATEGORY_WORD: r"\w",
        op.CATEGORY_NOT_WORD: r"\W",
    }
    text = ""
    for kind, value in members:
        if kind is op.NEGATE:
            text += "^"
        elif kind is op.LITERAL:
            text += re.escape(chr(value))
        elif kind is op.RANGE:
            text += f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
        else:
            text += categories[value]
    return f"[{text}]"
