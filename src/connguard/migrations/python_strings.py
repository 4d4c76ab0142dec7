# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of Python string expressions, with the place of every character."""

from __future__ import annotations

import ast
import re
import unicodedata
import warnings
from collections.abc import Iterator, Mapping
from functools import cached_property

from connguard.engine.text import Text
from connguard.migrations.fragment import (
    EMPTY,
    Fragment,
    is_number,
    join,
    placeholder,
    verbatim,
    written,
)
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.whole_numbers import whole

_BETWEEN = lazily(r"(?:\s|\\\r?\n|#[^\n]*)+")
_OPENING = lazily(r"(?P<prefix>[A-Za-z]{0,2})(?P<quote>'''|\"\"\"|'|\")")
_ESCAPE = lazily(
    r"\\(?:(?P<newline>\r?\n)|N\{(?P<name>[^}]*)\}|x(?P<hex>[0-9a-fA-F]{2})"
    r"|u(?P<u4>[0-9a-fA-F]{4})|U(?P<u8>[0-9a-fA-F]{8})|(?P<octal>[0-7]{1,3})|(?P<char>.))",
    re.DOTALL,
)
_PLAIN_ESCAPES = dict(zip("abfnrtv\\'\"", "\a\b\f\n\r\t\v\\'\"", strict=True))
_PERCENT = lazily(r"%(?:\((?P<name>[^()]*+)\))?[#0 +-]*+[\d.]*+(?P<kind>[sdrifaxX%])")
_BRACES = lazily(r"\{\{|\}\}|\{(?P<field>[^{}!:]*+)[^{}]*+\}")
SAME_TEXT = frozenset(("text", "DDL", "SQL", "str", "literal_column", "inline_literal", "Literal"))
SAME_BASE = frozenset(("bindparams", "execution_options", "columns", "as_string", "encode"))

Environment = Mapping[str, Fragment | ast.expr]
"""Names with their text, or with the expression (a list, a query) that they are bound to."""

Function = ast.FunctionDef | ast.AsyncFunctionDef

_MAX_DEPTH = 60
_MOST_STEPS = 20_000
"""Parts of an expression and of what its names stand for; a hundred characters count as one."""


def parse_python(string: str) -> ast.Module:
    """As ast.parse, without what Python would warn of in other people's code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(string)


@dataclass(frozen=True)
class PythonSource:
    """A parsed Python file. Converts ast's places (UTF-8 bytes in a line) to offsets."""

    text: Text

    @cached_property
    def _lines(self) -> list[tuple[int, str]]:
        # ast ends lines at LF, CRLF and CR, as Text does.
        return [
            (self.text.offset(n), self.text.line(n)) for n in range(1, self.text.line_count + 1)
        ]

    def offset(self, line: int, utf8_column: int) -> int:
        start, content = self._lines[line - 1]
        if content.isascii():
            return start + utf8_column
        return start + len(content.encode()[:utf8_column].decode(errors="replace"))

    def range(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """The offsets of a node's first character and of the one after its last."""
        start = self.offset(node.lineno, node.col_offset)
        end = self.offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
        return start, end


class Strings:
    """Evaluates string expressions of one file."""

    def __init__(self, source: PythonSource) -> None:
        self.source = source
        self.functions: dict[str, Function] = {}
        self._string = source.text.string
        self._left = _MOST_STEPS

    def value(self, node: ast.expr, names: Environment, depth: int = 0) -> Fragment | None:
        """The text of an expression, with placeholders for its unknown parts.

        None when nothing of it is known, or it is no text.
        """
        if depth == 0:
            self._left = _MOST_STEPS
        self._left -= 1
        if depth > _MAX_DEPTH or self._left < 0:
            return None
        match node:
            case ast.Constant(value=str()) | ast.JoinedStr():
                return self._literal(*self.source.range(node), names, depth)
            case ast.Constant(value=bool() | int() | float()):
                return written(str(node.value), *self.source.range(node))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return written(str(-number), *self.source.range(node))
            case ast.Name(id=name) if name in names:
                bound = names[name]
                if isinstance(bound, Fragment):
                    self._left -= len(bound.text) // 100
                    return bound if self._left >= 0 else None
                # In its own value a name stands for an earlier one.
                earlier = {other: one for other, one in names.items() if other != name}
                return self.value(bound, earlier, depth + 1)
            case ast.BinOp(op=ast.Add()):
                return self._sum(node, names, depth)
            case ast.BinOp(left=left, op=ast.Mod(), right=right):
                template = self.value(left, names, depth + 1)
                return template and self._percent(template, right, names, depth)
            case ast.Call():
                return self._call(node, names, depth)
        return None

    def known(self, node: ast.expr, names: Environment, depth: int = 0) -> Fragment:
        """As `value`, with a placeholder for what is not known at all."""
        return self.value(node, names, depth + 1) or self._unknown(node)

    def _unknown(self, node: ast.expr) -> Fragment:
        start, end = self.source.range(node)
        return placeholder(self._string[start:end], start, end)

    def _sum(self, node: ast.BinOp, names: Environment, depth: int) -> Fragment | None:
        terms: list[ast.expr] = []
        rest: ast.expr = node
        while isinstance(rest, ast.BinOp) and isinstance(rest.op, ast.Add):
            terms.append(rest.right)
            rest = rest.left
        terms.append(rest)
        if any(_is_number(resolve(term, names)) for term in terms):
            return None  # arithmetic
        values = [self.value(term, names, depth + 1) for term in reversed(terms)]
        known = [value for value in values if value is not None]
        texts = any(_is_text(term) for term in terms)
        if not known or (not texts and all(map(is_number, known))):
            return None
        return join(
            value if value is not None else self._unknown(term)
            for value, term in zip(values, reversed(terms), strict=True)
        )

    def _percent(
        self, template: Fragment, right: ast.expr, names: Environment, depth: int
    ) -> Fragment:
        resolved = resolve(right, names)
        positional = list(resolved.elts) if isinstance(resolved, ast.Tuple) else [resolved]
        named = _dictionary(resolved)
        values = iter(positional)

        def replace(match: re.Match[str], host: tuple[int, int]) -> Fragment | None:
            if match["kind"] == "%":
                return written("%", *host)
            name = match["name"]
            node = named.get(name) if name is not None else next(values, None)
            if node is None:
                return placeholder(name or "value", *host)
            return self.known(node, names, depth)

        return template.substitute(_PERCENT, replace)

    def _call(self, node: ast.Call, names: Environment, depth: int) -> Fragment | None:
        function = node.func
        name = called_name(node)
        first = node.args[0] if node.args else _keyword(node, "text", "sql", "statement")
        if name in SAME_TEXT and first is not None:
            return self.value(first, names, depth + 1)
        if name in ("dedent", "cleandoc") and first is not None:
            value = self.value(first, names, depth + 1)
            return value and value.dedented()
        if isinstance(function, ast.Name) and function.id in self.functions:
            return self._returned(self.functions[function.id], node, names, depth)
        if not isinstance(function, ast.Attribute):
            return None
        if name == "join" and len(node.args) == 1:
            return self._join(function.value, node.args[0], names, depth)
        base = self.value(function.value, names, depth + 1)
        if base is None:
            return None
        if name in SAME_BASE:
            return base
        if name in ("strip", "lstrip", "rstrip") and not node.args:
            return _stripped(base, name)
        if name == "format":
            return self._format(base, node, names, depth)
        if name == "replace" and len(node.args) == 2:
            old = self.value(node.args[0], names, depth + 1)
            if old is None or not old.text:
                return None
            new = self.known(node.args[1], names, depth)
            return base.substitute(re.compile(re.escape(old.text)), lambda match, host: new)
        return None

    def _returned(
        self, function: Function, call: ast.Call, names: Environment, depth: int
    ) -> Fragment | None:
        """What a function returns that only builds a text."""
        inside = {**names, **self.arguments(function, call, names, depth)}
        for statement in function.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    fragment = self.value(value, inside, depth + 1)
                    if fragment is None:
                        return None
                    inside[name] = fragment
                case ast.Return(value=ast.expr() as value):
                    return self.value(value, inside, depth + 1)
                case ast.Expr(value=ast.Constant()):
                    pass
                case _:
                    return None
        return None

    def arguments(
        self, function: Function, call: ast.Call, names: Environment, depth: int = 0
    ) -> dict[str, Fragment | ast.expr]:
        """The parameters of a function with what a call passes, as far as it is known."""
        parameters = [*function.args.posonlyargs, *function.args.args]
        passed: dict[str, ast.expr] = {}
        defaults = function.args.defaults
        for parameter, default in zip(
            parameters[len(parameters) - len(defaults) :], defaults, strict=True
        ):
            passed[parameter.arg] = default
        for keyword_only, value in zip(
            function.args.kwonlyargs, function.args.kw_defaults, strict=True
        ):
            if value is not None:
                passed[keyword_only.arg] = value
        for parameter, argument in zip(parameters, call.args, strict=False):
            if isinstance(argument, ast.Starred):
                break
            passed[parameter.arg] = argument
        passed.update({keyword.arg: keyword.value for keyword in call.keywords if keyword.arg})
        every = [*parameters, *function.args.kwonlyargs]
        bound: dict[str, Fragment | ast.expr] = {}
        for parameter in every:
            expression = passed.get(parameter.arg)
            if expression is None:
                bound[parameter.arg] = ast.Name(id="", lineno=0, col_offset=0)
            else:
                bound[parameter.arg] = self.binding(expression, names, depth)
        return bound

    def binding(
        self, expression: ast.expr, names: Environment, depth: int = 0
    ) -> Fragment | ast.expr:
        """What a name is bound to that this expression is assigned to."""
        value = self.value(expression, names, depth + 1)
        return value if value is not None else resolve(expression, names)

    def _join(
        self, separator: ast.expr, items: ast.expr, names: Environment, depth: int
    ) -> Fragment | None:
        between = self.value(separator, names, depth + 1)
        resolved = resolve(items, names)
        if between is None or not isinstance(resolved, ast.List | ast.Tuple):
            return None
        parts: list[Fragment] = []
        for item in resolved.elts:
            parts += [between] if parts else []
            parts.append(self.known(item, names, depth))
        return join(parts)

    def _format(
        self, template: Fragment, call: ast.Call, names: Environment, depth: int
    ) -> Fragment:
        positional = iter(call.args)
        named = {keyword.arg: keyword.value for keyword in call.keywords}

        def replace(match: re.Match[str], host: tuple[int, int]) -> Fragment | None:
            if match[0] in ("{{", "}}"):
                return written(match[0][0], *host)
            name = match["field"].strip()
            if not name:
                node = next(positional, None)
            elif name.isdecimal():
                node = call.args[whole(name)] if whole(name) < len(call.args) else None
            else:
                node = named.get(name)
            if node is None or isinstance(node, ast.Starred):
                return placeholder(name or "value", *host)
            return self.known(node, names, depth)

        return template.substitute(_BRACES, replace)

    def _literal(self, start: int, end: int, names: Environment, depth: int) -> Fragment | None:
        """String tokens side by side between two offsets."""
        parts: list[Fragment] = []
        position = start
        while position < end:
            between = _BETWEEN.match(self._string, position, end)
            if between:
                position = between.end()
                continue
            opening = _OPENING.match(self._string, position, end)
            if opening is None:
                return join(parts) if parts else None
            prefix = opening["prefix"].lower()
            if "b" in prefix:
                return None
            reader = _Token(self, opening, prefix, names, depth)
            parts.extend(reader.read(end))
            position = reader.position
        return join(parts) if parts else EMPTY

    def embedded(
        self, expression: str, start: int, end: int, names: Environment, depth: int
    ) -> Fragment:
        """The value of an f-string's braces."""
        try:
            node = ast.parse(expression.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return placeholder(expression, start, end)
        # The places inside belong to another parse: the whole braces stand for the value.
        inner = Strings(PythonSource(Text(self.source.text.path, expression.strip())))
        named = node.id if isinstance(node, ast.Name) else None
        if named is not None and named in names:
            value = self.value(node, names, depth + 1)
        elif isinstance(node, ast.Constant | ast.BinOp):
            value = inner.value(node, {}, depth + 1)
        else:
            value = None
        if value is None:
            return placeholder(expression, start, end)
        return value if named else written(value.text, start, end)


class _Token:
    """One string token: reads its body from `position` on."""

    def __init__(
        self,
        strings: Strings,
        opening: re.Match[str],
        prefix: str,
        names: Environment,
        depth: int,
    ) -> None:
        self._strings = strings
        self._source = strings.source.text.string
        self._quote = opening["quote"]
        self._raw = "r" in prefix
        self._formatted = "f" in prefix
        self._names = names
        self._depth = depth
        special = re.escape(self._quote) + r"|\\" + (r"|[{}]" if self._formatted else "")
        self._special = re.compile(special)
        self.position = opening.end()

    def read(self, end: int) -> Iterator[Fragment]:
        while self.position < end:
            found = self._special.search(self._source, self.position, end)
            stop = found.start() if found else end
            yield verbatim(self._source[self.position : stop], self.position)
            self.position = stop
            if found is None or found[0] == self._quote:
                self.position += len(self._quote)
                return
            yield self._backslash() if found[0] == "\\" else self._brace(end)

    def _backslash(self) -> Fragment:
        start = self.position
        if self._raw:
            self.position += 2
            return verbatim(self._source[start : start + 2], start)
        match = _ESCAPE.match(self._source, start)
        if match is None:
            self.position += 1
            return verbatim("\\", start)
        self.position = match.end()
        return written(_decoded(match), start, match.end())

    def _brace(self, end: int) -> Fragment:
        start = self.position
        brace = self._source[start]
        if self._source.startswith(brace * 2, start):
            self.position += 2
            return written(brace, start, start + 2)
        if brace == "}":
            self.position += 1
            return verbatim(brace, start)
        close, expression_end = _closing_brace(self._source, start, end)
        self.position = close + 1
        expression = self._source[start + 1 : expression_end]
        return self._strings.embedded(expression, start, close + 1, self._names, self._depth)


def _closing_brace(source: str, start: int, end: int) -> tuple[int, int]:
    """The offset of the brace that closes the one at `start`, and where the expression ends."""
    depth = 0
    quote = ""
    expression_end = 0
    for position in range(start + 1, end):
        char = source[position]
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "([{":
            depth += 1
        elif char == "}" and depth == 0:
            return position, expression_end or position
        elif char in ")]}":
            depth -= 1
        elif depth == 0 and not expression_end:
            conversion = char == "!" and source[position + 1] != "="
            if char == ":" or conversion:
                expression_end = position
    return end - 1, end - 1


def _decoded(match: re.Match[str]) -> str:
    if match["newline"]:
        return ""
    if match["name"] is not None:
        try:
            return unicodedata.lookup(match["name"])
        except KeyError:
            return match[0]
    digits = match["hex"] or match["u4"] or match["u8"]
    if digits:
        number = int(digits, 16)
        return chr(number) if number < 0x110000 else match[0]
    if match["octal"]:
        return chr(int(match["octal"], 8))
    return _PLAIN_ESCAPES.get(match["char"], match[0])


def _stripped(fragment: Fragment, how: str) -> Fragment:
    text = fragment.text
    first = 0 if how == "rstrip" else len(text) - len(text.lstrip())
    last = len(text) if how == "lstrip" else len(text.rstrip())
    return fragment.cut(first, max(first, last))


def resolve(node: ast.expr, names: Environment) -> ast.expr:
    """The expression that a chain of names stands for."""
    for _ in range(_MAX_DEPTH):
        bound = names.get(node.id) if isinstance(node, ast.Name) else None
        if not isinstance(bound, ast.expr):
            break
        node = bound
    return node


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def called_name(call: ast.Call) -> str:
    """The last part of the called name: `execute` for `op.execute(…)`."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _keyword(call: ast.Call, *names: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg in names), None)


def _dictionary(node: ast.expr) -> dict[str, ast.expr]:
    if isinstance(node, ast.Dict):
        return {
            key.value: value
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        }
    if isinstance(node, ast.Call) and called_name(node) == "dict":
        return {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    return {}
