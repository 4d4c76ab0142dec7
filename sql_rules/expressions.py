# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text that an expression gives, as far as it can be read without running it."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from connguard.policies.model.patterns import lazily
from connguard.sql_rules import texts
from connguard.sql_rules.syntax import Node
from connguard.sql_rules.texts import Hole, Template, Text

DEEPEST = 40
_INTEGER = lazily(r"-?[0-9]{1,18}")
_FORMAT = lazily(r"%(?:(?P<position>\d+)\$)?-?(?:\*|\d+)?(?P<kind>[sIL%])")
_ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_AGGREGATES = frozenset({"string_agg", "array_agg", "min", "max"})
_TRANSPARENT = frozenset({"unnest", "btrim", "trim", "ltrim", "rtrim"})


class Expressions:
    """Reads expressions with these variables. Names are lower case, record fields `r.field`."""

    def __init__(self, variables: Mapping[str, Text]) -> None:
        self._variables = variables

    def text(self, node: Node | None, depth: int = 0) -> Text:
        """The text of an expression; a hole where it cannot be read. Never raises."""
        if not node:
            return texts.constant("")
        if depth > DEEPEST:
            return texts.hole("a long expression", constants_in(node))
        ((kind, fields),) = node.items() if len(node) == 1 else ((("", {}),))
        match kind:
            case "A_Const":
                return _constant(fields)
            case "TypeCast":
                return self.text(fields.get("arg"), depth + 1)
            case "CollateClause" | "NamedArgExpr":
                return self.text(fields.get("arg"), depth + 1)
            case "ColumnRef" | "ParamRef":
                label = name_of(node)
                return self._variables.get(label.lower()) or texts.hole(label)
            case "A_Expr" if _operator(fields) == "||":
                return self._concatenation(node, depth)
            case "A_Expr" if _operator(fields) in _ARITHMETIC:
                number = self._arithmetic(fields, depth)
                if number is not None:
                    return texts.constant(str(number))
            case "CaseExpr":
                whens = [when["CaseWhen"].get("result") for when in fields.get("args", [])]
                results = [*whens, fields.get("defresult")]
                return texts.either(*(self.text(result, depth + 1) for result in results if result))
            case "CoalesceExpr":
                arguments = (self.text(each, depth + 1) for each in fields.get("args", []))
                return texts.either(*arguments)
            case "SubLink" if fields.get("subLinkType") in ("EXPR_SUBLINK", "ARRAY_SUBLINK"):
                columns = selected(fields.get("subselect", {}).get("SelectStmt", {}))
                if len(columns) == 1:
                    return self.text(columns[0], depth + 1)
            case "A_ArrayExpr" if len(fields.get("elements", [])) == 1:
                return self.text(fields["elements"][0], depth + 1)
            case "SQLValueFunction":
                return texts.hole(name_of(node))
            case "FuncCall":
                return self._call(node, fields, depth)
        return texts.hole(name_of(node), self._hint(node))

    def list(self, node: Node | None) -> list[Text] | None:
        """The elements of an array expression that is written out; None for any other one."""
        while node and "TypeCast" in node:
            node = node["TypeCast"].get("arg")
        if not node:
            return None
        if "A_ArrayExpr" in node:
            return [self.text(each) for each in node["A_ArrayExpr"].get("elements", [])]
        value = texts.known(self.text(node))
        if value is not None and re.fullmatch(r"\{[\w\s,.-]*\}", value):
            return [texts.constant(item.strip()) for item in value[1:-1].split(",") if item.strip()]
        if "FuncCall" in node and function_name(node["FuncCall"]) == "string_to_array":
            arguments = [texts.known(self.text(each)) for each in node["FuncCall"].get("args", [])]
            if len(arguments) == 2 and arguments[0] is not None and arguments[1]:
                return [texts.constant(item) for item in arguments[0].split(arguments[1])]
        return None

    def _arithmetic(self, expression: Node, depth: int) -> int | None:
        sign = _operator(expression)
        right = self._number(expression.get("rexpr"), depth + 1)
        if right is None:
            return None
        if "lexpr" not in expression:
            return -right if sign == "-" else None
        left = self._number(expression["lexpr"], depth + 1)
        return None if left is None else _ARITHMETIC[sign](left, right)

    def _number(self, node: Node | None, depth: int) -> int | None:
        """The value of a part of an expression, of which no hole is made where it has none."""
        expression = node.get("A_Expr") if node else None
        if expression and _operator(expression) in _ARITHMETIC and depth <= DEEPEST:
            number = self._arithmetic(expression, depth)
            return as_integer(None if number is None else str(number))
        return as_integer(texts.known(self.text(node, depth)))

    def _concatenation(self, node: Node, depth: int) -> Text:
        operands: list[Text] = []
        while "A_Expr" in node and _operator(node["A_Expr"]) == "||":
            operands.append(self.text(node["A_Expr"].get("rexpr"), depth + 1))
            node = node["A_Expr"].get("lexpr", {})
        operands.append(self.text(node, depth + 1))
        return texts.concatenate(*reversed(operands))

    def _call(self, node: Node, call: Node, depth: int) -> Text:
        name = function_name(call)
        nodes = call.get("args", [])
        if call.get("func_variadic") and nodes and "A_ArrayExpr" in nodes[-1]:
            nodes = [*nodes[:-1], *nodes[-1]["A_ArrayExpr"].get("elements", [])]
        arguments = [self.text(each, depth + 1) for each in nodes]
        match name, arguments:
            case "format", [pattern, *rest]:
                return _format(pattern, rest)
            case "quote_ident", [argument]:
                return texts.combine(lambda chosen: texts.quoted_name(chosen[0]), argument)
            case (("quote_literal" | "quote_nullable"), [argument]):
                return texts.combine(lambda chosen: texts.literal(chosen[0]), argument)
            case (("concat" | "textcat"), [_, *_]):
                return texts.concatenate(*arguments)
            case "concat_ws", [separator, first, *rest]:
                pieces = [piece for each in rest for piece in (separator, each)]
                return texts.concatenate(first, *pieces)
            case (("lower" | "upper"), [argument]):
                value = texts.known(argument)
                if value is not None:
                    return texts.constant(value.lower() if name == "lower" else value.upper())
            case "replace", [subject, old, new]:
                return self._replace(node, subject, old, new)
            case "chr", [argument]:
                code = texts.known(argument)
                if code and code.isdecimal() and 0 < int(code) < 0xD800:
                    return texts.constant(chr(int(code)))
            case _, [first, *_] if name in _AGGREGATES or (
                name in _TRANSPARENT and len(arguments) == 1
            ):
                return first
        return texts.hole(name_of(node), self._hint(node))

    def _replace(self, node: Node, subject: Text, old: Text, new: Text) -> Text:
        target = texts.known(old)
        if not target or len(subject) != 1 or len(new) != 1:
            return texts.hole(name_of(node), self._hint(node))
        parts: list[str | Hole] = []
        for part in subject[0]:
            if isinstance(part, Hole):
                parts.append(part)
                continue
            first, *others = part.split(target)
            parts.append(first)
            for other in others:
                parts += [*new[0], other]
        return (texts.join(parts),)

    def _hint(self, node: Node) -> str:
        """Constants in an expression that is not followed, and in the variables it reads."""
        names = {name_of(each).lower(): None for each in walk(node) if "ColumnRef" in each}
        values = [self._variables[name] for name in names if self._variables.get(name)]
        return " ".join([constants_in(node), *map(texts.constants, values)])[:10_000]


def as_integer(value: str | None) -> int | None:
    """The value of a short decimal integer."""
    return int(value) if value is not None and _INTEGER.fullmatch(value) else None


def walk(node: object) -> Iterator[Node]:
    """All dictionaries in a tree, parents first, without recursion."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            yield current
            waiting.extend(reversed(current.values()))
        elif isinstance(current, list):
            waiting.extend(reversed(current))


def function_calls(node: object) -> Iterator[Node]:
    """The fields of all function calls in a tree, in the order of `walk`."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, list):
            waiting.extend(reversed(current))
        elif isinstance(current, dict) and "A_Const" not in current:
            if "funcname" in current:
                yield current
            waiting.extend(reversed(current.values()))


def name_of(node: Node) -> str:
    """A short name for an expression: what a message calls it."""
    ((kind, fields),) = node.items() if len(node) == 1 else ((("", {}),))
    match kind:
        case "ColumnRef":
            return ".".join(_field(each) for each in fields.get("fields", []))
        case "ParamRef":
            return f"${fields.get('number', 0)}"
        case "FuncCall":
            return f"{function_name(fields)}({', '.join(map(_argument, fields.get('args', [])))})"
        case "TypeCast" | "CollateClause":
            return name_of(fields.get("arg", {}))
        case "SQLValueFunction":
            return str(fields.get("op", "")).removeprefix("SVFOP_").lower()
        case "SubLink":
            return "a query"
    return "an expression"


def function_name(call: Node) -> str:
    """The name of the called function without its schema, in lower case."""
    return qualified_name(call.get("funcname", []))[1]


def qualified_name(names: list[Node]) -> tuple[str, str]:
    """The schema, empty where there is none, and the name, both in lower case."""
    parts = [str(each.get("String", {}).get("sval", "")).lower() for each in names]
    return (parts[-2] if parts[1:] else "", parts[-1] if parts else "")


def selected(select: Node) -> list[Node]:
    """The expressions that a plain SELECT gives."""
    return [each["ResTarget"].get("val", {}) for each in select.get("targetList", [])]


def _argument(node: Node) -> str:
    return "…" if "A_Const" in node else name_of(node)


def _field(node: Node) -> str:
    return str(node.get("String", {}).get("sval", "*"))


def _operator(expression: Node) -> str:
    names = expression.get("name", [])
    return str(names[-1].get("String", {}).get("sval", "")) if names else ""


def _constant(fields: Node) -> Text:
    if fields.get("isnull"):
        return texts.constant("")
    for kind, key in (("sval", "sval"), ("fval", "fval"), ("bsval", "bsval")):
        if kind in fields:
            return texts.constant(str(fields[kind].get(key, "")))
    if "boolval" in fields:
        return texts.constant("true" if fields["boolval"].get("boolval") else "false")
    return texts.constant(str(fields.get("ival", {}).get("ival", 0)))


def constants_in(node: Node) -> str:
    """The text constants in a tree."""
    found = (each["sval"] for each in walk(node) if isinstance(each.get("sval"), str))
    return " ".join(found)[:10_000]


def _format(pattern: Text, arguments: list[Text]) -> Text:
    return texts.combine(lambda chosen: _formatted(chosen[0], chosen[1:]), pattern, *arguments)


def _formatted(pattern: Template, arguments: tuple[Template, ...]) -> Iterable[str | Hole]:
    quote: dict[str, Callable[[Template], Template]] = {
        "I": texts.quoted_name,
        "L": texts.literal,
        "s": lambda template: template,
    }
    following = 0
    for part in pattern:
        if isinstance(part, Hole):
            yield part
            continue
        position = 0
        for match in _FORMAT.finditer(part):
            yield part[position : match.start()]
            position = match.end()
            if match["kind"] == "%":
                yield "%"
                continue
            following = int(match["position"]) if match["position"] else following + 1
            if 1 <= following <= len(arguments):
                yield from quote[match["kind"]](arguments[following - 1])
            else:
                yield Hole(f"argument {following} of format()")
        yield part[position:]
