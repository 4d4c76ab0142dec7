# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Values in Checkov's graph: what is a value, and what is an expression that was left as text.

Checkov replaces references that it can resolve, and leaves the rest as text: "var.cidrs",
"${aws_eip.nat.public_ip}/32", 'cidrsubnet("10.0.0.0/8",8,1)'. Nothing but the text tells them
from literals.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from connguard.policies.model.patterns import lazily

_SCOPED = r"(?:var|local|each|count|self|path|terraform)\.[\w-]+"
_MODULE = r"module\.[\w-]+"
_TYPED = r"(?:data\.)?[a-z][a-z0-9]*_[a-z0-9_]+\.[A-Za-z_][\w-]*"
_START = lazily(rf"(?<![\w.\"/-])(?:{_SCOPED}|{_MODULE}|{_TYPED})")
_CALL = lazily(r"[a-z][a-z0-9_]*\(")
_ITERATOR = lazily(r"[A-Za-z_]\w*\.(?:value|key)(?:$|[.\[])")
_OPERATOR = lazily(r"\s(?:\?|==|!=|&&|\|\||>=?|<=?)\s")
_REFERENCE = lazily(
    r"(?<![\w.\"/-])(?P<kind>data\.[a-z]\w*|[a-z][a-z0-9]*_[a-z0-9_]+)\.(?P<name>[A-Za-z_][\w-]*)"
    r"(?P<key>\[[^\]]{0,300}+\])?(?:\.\*)?(?:\[\*\])?(?:\.(?P<attribute>[a-z]\w*))?"
)
_OUTPUT = lazily(
    r"(?<![\w.\"-])module\.(?P<name>[\w-]+)(?:\[[^\]]{0,300}+\])?\.(?P<output>[a-z]\w*)"
)
_NUMBER = lazily(r"\$\{\s*(-?[0-9]+)\s*\}")
_KEY = lazily(r"\[(?:\d+|\"[^\"]*\"|'[^']*')\]")
_TAIL = lazily(r"\}([^${}\"]+)$")


@dataclass(frozen=True, slots=True)
class Reference:
    """A resource or data source in an expression.

    `key` is `[0]`, `["a"]` or empty. With `is_own` it is that of the resource that refers:
    `[each.key]`, `[count.index]`.
    """

    kind: str
    name: str
    key: str = ""
    attribute: str | None = None
    is_own: bool = False


def plain(value: object) -> object:
    """A value without the list of one element into which Checkov wraps every value and block.

    A list that was put in for a reference has lost these brackets: one of a single element comes
    out as that element.
    """
    return _item(value[0] if isinstance(value, list) and len(value) == 1 else value)


def _item(value: object) -> object:
    if isinstance(value, list):
        return [_item(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    number = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    return number[1] if number else value


def is_expression(text: str) -> bool:
    """Whether a text is what Checkov left of an expression."""
    return (
        "${" in text
        or _START.match(text) is not None
        or _CALL.match(text) is not None
        or _ITERATOR.match(text) is not None
        or (_OPERATOR.search(text) is not None and _START.search(text) is not None)
    )


def references(text: str) -> Iterator[Reference]:
    """The resources and data sources that an expression names."""
    for found in _REFERENCE.finditer(text):
        key = (found["key"] or "").replace("'", '"')
        yield Reference(
            found["kind"],
            found["name"],
            key if _KEY.fullmatch(key) else "",
            found["attribute"],
            is_own=key in ("[each.key]", "[each.value]", "[count.index]"),
        )


def is_reference(text: str) -> bool:
    """Whether an expression is one reference and nothing else, perhaps with a literal end."""
    inner = re.fullmatch(r"\$\{([^{}]*)\}[^${}\"]*", text)
    written = (inner[1] if inner else text).strip()
    return any(pattern.fullmatch(written) for pattern in (_REFERENCE, _OUTPUT))


def outputs(text: str) -> Iterator[tuple[str, str]]:
    """The outputs of modules that an expression names: the call, and the output."""
    for found in _OUTPUT.finditer(text):
        yield found["name"], found["output"]


def variable(text: str) -> str | None:
    """The name of the variable, if an expression is one and nothing else."""
    found = re.fullmatch(r"var\.([\w-]+)|\$\{\s*var\.([\w-]+)\s*\}", text)
    return (found[1] or found[2]) if found else None


def holds_expression(value: object) -> bool:
    """Whether any part of a value is what Checkov left of an expression."""
    if isinstance(value, list):
        return any(map(holds_expression, value))
    if isinstance(value, dict):
        return any(map(holds_expression, value.values()))
    return isinstance(value, str) and is_expression(value)


def names_more(text: str) -> bool:
    """Whether an expression names variables, local values or outputs."""
    return re.search(rf"(?<![\w.\"-])(?:{_SCOPED}|{_MODULE})", text) is not None


def tail(text: str) -> str:
    """The literal end of a template: "/32" of "${aws_eip.nat.public_ip}/32"."""
    found = _TAIL.search(text)
    return found[1] if found else ""


def substituted(value: object, iterator: str, key: object, item: object) -> object:
    """The content of a dynamic block with the iterator's key and value put in where they stand.

    An expression that does more with them stays as it is.
    """
    if isinstance(value, list):
        return [substituted(one, iterator, key, item) for one in value]
    if isinstance(value, dict):
        return {name: substituted(one, iterator, key, item) for name, one in value.items()}
    if not isinstance(value, str):
        return value
    text = value.removeprefix("${").removesuffix("}") if value.count("${") == 1 else value
    if text == f"{iterator}.key":
        return key
    own = rf"{re.escape(iterator)}\.value"
    asked = re.fullmatch(
        rf'(?:lookup\({own},\s*"(\w+)"|try\({own}\.(\w+))(?:,\s*(.*))?\)', text, re.DOTALL
    )
    if asked is not None and isinstance(item, dict):
        name = asked[1] or asked[2]
        return item[name] if name in item else _literal(asked[3], value)
    path = re.fullmatch(rf"{own}((?:\.\w+|\[[^\]]+\])*)", text)
    if path is None:
        return value
    found: object = item
    for name in re.findall(r"[\w-]+", path[1]):
        if not isinstance(found, dict) or name not in found:
            return value
        found = found[name]
    return found


def takes_parts(content: object, iterator: str) -> bool:
    """Whether the content of a dynamic block asks the iterator's value for attributes."""
    if isinstance(content, list):
        return any(takes_parts(one, iterator) for one in content)
    if isinstance(content, dict):
        return any(takes_parts(one, iterator) for one in content.values())
    pattern = rf"(?<![\w.\"-]){re.escape(iterator)}\.value(?:\.|\[|,)"
    return isinstance(content, str) and re.search(pattern, content) is not None


def _literal(text: str | None, otherwise: object) -> object:
    """The value of a literal, in which Checkov writes lists and maps as Python does."""
    try:
        found: object = ast.literal_eval(text or "")
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return otherwise
    return found


def mentions(value: object, iterator: str) -> bool:
    """Whether a value still holds the iterator of a dynamic block."""
    if isinstance(value, list):
        return any(mentions(one, iterator) for one in value)
    if isinstance(value, dict):
        return any(mentions(one, iterator) for one in value.values())
    pattern = rf"(?<![\w.\"-]){re.escape(iterator)}\.(?:value|key)\b"
    return isinstance(value, str) and re.search(pattern, value) is not None
