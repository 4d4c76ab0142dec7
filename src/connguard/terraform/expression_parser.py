# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parses one HCL expression or template into the nodes of `syntax`.

The readers find where expressions stand; this module is shared by all of them, and by the places
where an expression is not part of an HCL file: strings in JSON syntax and template files. The
grammar is that of the HCL native syntax specification
(https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md).
"""

from __future__ import annotations

import re
from fractions import Fraction

from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.terraform.syntax import (
    Binary,
    Call,
    Conditional,
    Expression,
    For,
    GetAttr,
    Index,
    Literal,
    Malformed,
    ObjectItems,
    Splat,
    SplatItem,
    Template,
    TemplateFor,
    TupleItems,
    Unary,
    Variable,
)

_MAX_DEPTH = 60
_MAX_OPERATORS = 200

_BLANK = lazily(r"(?:[ \t\r]|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.S)
_BLANK_OR_NEWLINE = lazily(r"(?:[ \t\r\n]|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.S)
_IDENTIFIER = lazily(r"[^\W\d][\w-]*")
_FUNCTION = lazily(r"[^\W\d][\w-]*(?:::[^\W\d][\w-]*)*(?=[ \t]*\()")
_NUMBER = lazily(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_OPERATOR = lazily(r"\|\||&&|==|!=|<=|>=|[<>+\-*/%]")
_HEREDOC = lazily(r"<<(-?)([^\W\d][\w-]*)[ \t]*\r?\n")
_ESCAPE = lazily(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.S)
_SIMPLE_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_PRECEDENCE = {
    "||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "%": 6,
}  # fmt: skip
_CONSTANTS = {"true": True, "false": False, "null": None}


def parse_expression(source: str, start: int = 0, end: int | None = None) -> Expression:
    """The expression in `source[start:end]`, or a Malformed node. Never raises."""
    end = len(source) if end is None else end
    parser = _Parser(source, start, end)
    try:
        parsed = parser.expression()
        parser.blank()
        if parser.at != end:
            parser.fail("unexpected text after the expression")
    except _SyntaxError as error:
        return Malformed(start, end, str(error))
    except RecursionError:  # templates in templates
        return Malformed(start, end, "it is nested too deeply")
    return parsed


def expression_end(source: str, start: int) -> int | None:
    """Where the expression that begins at `start` ends; None when it cannot be read."""
    parser = _Parser(source, start, len(source))
    parser.line_sensitive = True
    try:
        parser.expression()
        return parser.blank_start if parser.at == parser.blank_end else parser.at
    except (_SyntaxError, RecursionError):
        return None


def without_comments(blank: str) -> str:
    """What is left of a text between two expressions when blanks and comments are taken away."""
    found = _BLANK_OR_NEWLINE.match(blank)
    return blank[found.end() :] if found else blank


def parse_template(source: str) -> Expression:
    """A whole string as a template without escapes: JSON syntax, and template files."""
    parser = _Parser(source, 0, len(source))
    try:
        return parser.template(_tokens_of(parser, None, len(source)), 0, len(source))
    except _SyntaxError as error:
        return Malformed(0, len(source), str(error))
    except RecursionError:
        return Malformed(0, len(source), "it is nested too deeply")


class _SyntaxError(Exception):
    pass


@dataclass(slots=True)
class _Text:
    """Literal text of a template; in templates of several lines, at most one line."""

    start: int
    end: int
    value: str


@dataclass(slots=True)
class _Sequence:
    """`${ … }` (kind "") or `%{ … }` (kind: the directive's keyword)."""

    start: int
    end: int
    kind: str
    expression: Expression | None
    names: tuple[str | None, str]
    strip_before: bool
    strip_after: bool


_Token = _Text | _Sequence


class _Parser:
    def __init__(self, source: str, start: int, end: int) -> None:
        self.source = source
        self.at = start
        self.end = end
        self.depth = 0
        self.line_sensitive = False
        self.blank_start = self.blank_end = -1

    def fail(self, reason: str) -> _SyntaxError:
        raise _SyntaxError(reason)

    def blank(self) -> None:
        pattern = _BLANK if self.line_sensitive else _BLANK_OR_NEWLINE
        match = pattern.match(self.source, self.at, self.end)
        if match and match.end() > self.at:
            self.blank_start, self.blank_end = self.at, match.end()
            self.at = match.end()

    def peek(self, mark: str) -> bool:
        self.blank()
        return self.source.startswith(mark, self.at, self.end)

    def take(self, mark: str) -> bool:
        if self.peek(mark):
            self.at += len(mark)
            return True
        return False

    def expect(self, mark: str) -> None:
        if not self.take(mark):
            self.fail(f"expected {mark}")

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self.blank()
        return pattern.match(self.source, self.at, self.end)

    def keyword(self, word: str) -> bool:
        found = self.match(_IDENTIFIER)
        if found and found[0] == word:
            self.at = found.end()
            return True
        return False

    def identifier(self) -> str:
        found = self.match(_IDENTIFIER)
        if not found:
            raise _SyntaxError("expected a name")
        self.at = found.end()
        return found[0]

    # --- expressions ---------------------------------------------------------------------------

    def expression(self) -> Expression:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            self.fail("nested too deeply")
        self.blank()
        start = self.at
        parsed = self.operation(1)
        if self.take("?"):
            then = self.expression()
            self.expect(":")
            otherwise = self.expression()
            parsed = Conditional(start, self.at, parsed, then, otherwise)
        self.depth -= 1
        return parsed

    def within_brackets(self) -> Expression:
        """An expression between brackets of any kind, where line ends mean nothing."""
        saved, self.line_sensitive = self.line_sensitive, False
        parsed = self.expression()
        self.blank()
        self.line_sensitive = saved
        return parsed

    def operation(self, lowest: int) -> Expression:
        self.blank()
        start = self.at
        left = self.unary()
        count = 0
        while found := self.match(_OPERATOR):
            operator = found[0]
            precedence = _PRECEDENCE[operator]
            if precedence < lowest:
                break
            count += 1
            if count > _MAX_OPERATORS:
                self.fail("too many operators")
            self.at = found.end()
            right = self.operation(precedence + 1)
            left = Binary(start, self.at, operator, left, right)
        return left

    def unary(self) -> Expression:
        self.blank()
        start = self.at
        if self.source.startswith(("!", "-"), start, self.end):
            self.at += 1
            self.depth += 1
            if self.depth > _MAX_DEPTH:
                self.fail("nested too deeply")
            operand = self.unary()
            self.depth -= 1
            return Unary(start, self.at, self.source[start], operand)
        return self.postfix(self.term(), start)

    def postfix(self, parsed: Expression, start: int) -> Expression:
        count = 0
        while True:
            count += 1
            if count > _MAX_OPERATORS:
                self.fail("too many steps in a reference")
            if self.peek("."):
                if self.source.startswith("...", self.at):
                    return parsed
                self.at += 1
                if self.take("*"):
                    each = self.attributes_only(SplatItem(self.at, self.at), self.at)
                    parsed = Splat(start, self.at, parsed, each)
                else:
                    parsed = self.member(parsed, start)
            elif self.peek("["):
                self.at += 1
                if self.full_splat():
                    each = self.postfix(SplatItem(self.at, self.at), self.at)
                    return Splat(start, self.at, parsed, each)
                key = self.within_brackets()
                self.expect("]")
                parsed = Index(start, self.at, parsed, key)
            else:
                return parsed

    def full_splat(self) -> bool:
        """Take `*]` if it stands here."""
        found = re.compile(r"[ \t\r\n]*\*[ \t\r\n]*\]").match(self.source, self.at, self.end)
        if found:
            self.at = found.end()
        return bool(found)

    def attributes_only(self, parsed: Expression, start: int) -> Expression:
        while self.peek(".") and not self.source.startswith(("...", ".*"), self.at):
            self.at += 1
            parsed = self.member(parsed, start)
        return parsed

    def member(self, parsed: Expression, start: int) -> Expression:
        """What follows a dot: a name, or a number (the old index syntax)."""
        number = re.compile(r"\d+").match(self.source, self.at, self.end)
        if number:
            key = Literal(self.at, number.end(), int(number[0][:18]))
            self.at = number.end()
            return Index(start, self.at, parsed, key)
        name = self.identifier()
        return GetAttr(start, self.at, parsed, name)

    def term(self) -> Expression:
        self.blank()
        start = self.at
        mark = self.source[start : start + 1] if start < self.end else ""
        if mark == "(":
            self.at += 1
            parsed = self.within_brackets()
            self.expect(")")
            return parsed
        if mark == '"':
            return self.quoted()
        if mark == "[":
            return self.for_or_tuple()
        if mark == "{":
            return self.for_or_object()
        if mark == "<":
            return self.heredoc()
        if number := self.match(_NUMBER):
            self.at = number.end()
            return Literal(start, self.at, number_of(number[0]))
        if function := self.match(_FUNCTION):
            return self.call(function)
        if name := self.match(_IDENTIFIER):
            self.at = name.end()
            if name[0] in _CONSTANTS:
                return Literal(start, self.at, _CONSTANTS[name[0]])
            return Variable(start, self.at, name[0])
        raise _SyntaxError("expected an expression")

    def call(self, function: re.Match[str]) -> Expression:
        start = self.at
        self.at = function.end()
        self.expect("(")
        saved, self.line_sensitive = self.line_sensitive, False
        arguments: list[Expression] = []
        expand = False
        while not self.take(")"):
            arguments.append(self.expression())
            expand = self.take("...")
            if not self.take(","):
                self.expect(")")
                break
        self.line_sensitive = saved
        return Call(start, self.at, function[0], tuple(arguments), expand)

    def for_or_tuple(self) -> Expression:
        start = self.at
        self.at += 1
        saved, self.line_sensitive = self.line_sensitive, False
        if self.for_keyword():
            parsed: Expression = self.for_rest(start, "]")
        else:
            items: list[Expression] = []
            while not self.take("]"):
                items.append(self.expression())
                if not self.take(","):
                    self.expect("]")
                    break
            parsed = TupleItems(start, self.at, tuple(items))
        self.line_sensitive = saved
        return parsed

    def for_keyword(self) -> bool:
        """Take `for` when a `for` expression follows, and not an attribute called "for"."""
        found = self.match(re.compile(r"for[ \t\r\n]+[^\W\d]"))
        if found:
            self.at += 3
        return bool(found)

    def for_rest(self, start: int, closing: str) -> Expression:
        key_name: str | None = None
        value_name = self.identifier()
        if self.take(","):
            key_name, value_name = value_name, self.identifier()
        if not self.keyword("in"):
            self.fail("expected in")
        collection = self.expression()
        self.expect(":")
        key: Expression | None = None
        value = self.expression()
        if closing == "}":
            self.expect("=>")
            key, value = value, self.expression()
        group = self.take("...")
        condition = self.expression() if self.keyword("if") else None
        self.expect(closing)
        return For(start, self.at, key_name, value_name, collection, key, value, condition, group)

    def for_or_object(self) -> Expression:
        start = self.at
        self.at += 1
        saved, self.line_sensitive = self.line_sensitive, False
        if self.for_keyword():
            parsed: Expression = self.for_rest(start, "}")
        else:
            items: list[tuple[Expression, Expression]] = []
            while not self.take("}"):
                items.append(self.object_item())
                self.line_sensitive = False
                self.take(",")
            parsed = ObjectItems(start, self.at, tuple(items))
        self.line_sensitive = saved
        return parsed

    def object_item(self) -> tuple[Expression, Expression]:
        self.blank()
        start = self.at
        name = self.match(_IDENTIFIER)
        bare = name and re.compile(r"[ \t]*(?:=(?!=)|:)").match(self.source, name.end(), self.end)
        if name and bare:
            self.at = name.end()
            key: Expression = Literal(start, self.at, name[0])
        else:
            key = self.operation(1)
        if not self.take("="):
            self.expect(":")
        self.blank()
        self.line_sensitive = True
        return key, self.expression()

    # --- templates -----------------------------------------------------------------------------

    def quoted(self) -> Expression:
        start = self.at
        self.at += 1
        tokens = _tokens_of(self, '"', self.end)
        self.expect_here('"')
        return self.template(tokens, start, self.at)

    def expect_here(self, mark: str) -> None:
        if not self.source.startswith(mark, self.at, self.end):
            self.fail(f"expected {mark}")
        self.at += len(mark)

    def heredoc(self) -> Expression:
        start = self.at
        opening = _HEREDOC.match(self.source, self.at, self.end)
        if not opening:
            raise _SyntaxError("expected an expression")
        closing = re.compile(rf"^[ \t]*{re.escape(opening[2])}[ \t]*\r?$", re.M).search(
            self.source, opening.end(), self.end
        )
        if not closing:
            raise _SyntaxError(f"the heredoc {opening[2]} does not end")
        self.at = opening.end()
        saved, self.line_sensitive = self.line_sensitive, False
        tokens = _tokens_of(self, None, closing.start())
        self.line_sensitive = saved
        if opening[1]:
            _remove_indentation(tokens)
        self.at = closing.end()
        return self.template(tokens, start, self.at)

    def template(self, tokens: list[_Token], start: int, end: int) -> Expression:
        parts, rest = self.template_parts(tokens, 0, ())
        if rest != len(tokens):
            self.fail("a template directive ends that did not begin")
        return _joined(parts, start, end)

    def template_parts(
        self, tokens: list[_Token], index: int, stops: tuple[str, ...]
    ) -> tuple[list[Expression], int]:
        """The parts up to a directive in `stops`, and the index of that directive."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            self.fail("nested too deeply")
        parts: list[Expression] = []
        while index < len(tokens):
            token = tokens[index]
            if isinstance(token, _Text):
                if token.value:
                    parts.append(Literal(token.start, token.end, token.value))
            elif not token.kind and token.expression is not None:
                parts.append(token.expression)
            elif token.kind in stops:
                break
            elif token.kind == "if":
                part, index = self.template_if(tokens, index, token)
                parts.append(part)
            elif token.kind == "for":
                part, index = self.template_for(tokens, index, token)
                parts.append(part)
            else:
                self.fail(f"misplaced template directive {token.kind}")
            index += 1
        self.depth -= 1
        return parts, index

    def template_if(
        self, tokens: list[_Token], index: int, opening: _Sequence
    ) -> tuple[Expression, int]:
        then, index = self.template_parts(tokens, index + 1, ("else", "endif"))
        otherwise: list[Expression] = []
        if self.kind_at(tokens, index) == "else":
            otherwise, index = self.template_parts(tokens, index + 1, ("endif",))
        if self.kind_at(tokens, index) != "endif" or opening.expression is None:
            self.fail("a template directive does not end")
        end = tokens[index].end
        return (
            Conditional(
                opening.start,
                end,
                opening.expression or Malformed(opening.start, end, ""),
                Template(opening.start, end, tuple(then)),
                Template(opening.start, end, tuple(otherwise)),
            ),
            index,
        )

    def template_for(
        self, tokens: list[_Token], index: int, opening: _Sequence
    ) -> tuple[Expression, int]:
        body, index = self.template_parts(tokens, index + 1, ("endfor",))
        if index >= len(tokens) or opening.expression is None:
            raise _SyntaxError("a template directive does not end")
        end = tokens[index].end
        return (
            TemplateFor(
                opening.start,
                end,
                opening.names[0],
                opening.names[1],
                opening.expression,
                Template(opening.start, end, tuple(body)),
            ),
            index,
        )

    @staticmethod
    def kind_at(tokens: list[_Token], index: int) -> str:
        token = tokens[index] if index < len(tokens) else None
        return token.kind if isinstance(token, _Sequence) else ""

    def sequence(self) -> _Sequence:
        """`${ … }` or `%{ … }` at the current position."""
        start = self.at
        directive = self.source[self.at] == "%"
        self.at += 2
        strip_before = self.source.startswith("~", self.at, self.end)
        self.at += strip_before
        saved, self.line_sensitive = self.line_sensitive, False
        kind = self.identifier() if directive else ""
        names: tuple[str | None, str] = (None, "")
        expression: Expression | None = None
        if kind == "for":
            first = self.identifier()
            names = (first, self.identifier()) if self.take(",") else (None, first)
            if not self.keyword("in"):
                self.fail("expected in")
        if kind in ("", "if", "for"):
            expression = self.expression()
        strip_after = self.take("~")
        self.expect("}")
        self.line_sensitive = saved
        return _Sequence(start, self.at, kind, expression, names, strip_before, strip_after)


def number_of(digits: str) -> int | Fraction:
    """A number as written. Raises a syntax error for exponents that no computer should expand."""
    exponent = re.search(r"[eE]([+-]?\d+)$", digits)
    if len(digits) > 400 or (exponent and abs(int(exponent[1])) > 400):
        raise _SyntaxError("the number is too large")
    value = Fraction(digits)
    return value.numerator if value.denominator == 1 else value


def _joined(parts: list[Expression], start: int, end: int) -> Expression:
    """A template of one part is that part: `"${x}"` has the type of x."""
    if not parts:
        return Literal(start, end, "")
    if all(isinstance(part, Literal) and isinstance(part.value, str) for part in parts):
        texts = [part.value for part in parts if isinstance(part, Literal)]
        return Literal(start, end, "".join(str(text) for text in texts))
    if len(parts) == 1 and not isinstance(parts[0], TemplateFor):
        return parts[0]
    return Template(start, end, tuple(parts))


def _tokens_of(parser: _Parser, closing: str | None, end: int) -> list[_Token]:
    """The tokens of a template up to `closing` (a quote, with escapes) or `end` (no escapes)."""
    source = parser.source
    tokens: list[_Token] = []
    literal: list[str] = []
    literal_start = parser.at
    special = re.compile(r'\\.|\$+\{|%+\{|"|\n' if closing else r"\$+\{|%+\{|\n", re.S)

    def finish(at: int) -> None:
        nonlocal literal_start
        if literal:
            tokens.append(_Text(literal_start, at, "".join(literal)))
            literal.clear()

    while parser.at < end:
        found = special.search(source, parser.at, end)
        stop = found.start() if found else end
        if not literal:
            literal_start = parser.at
        if stop > parser.at:
            literal.append(source[parser.at : stop])
        parser.at = stop
        if not found:
            break
        mark = found[0]
        if mark == closing:
            break
        if mark == "\n":
            if closing:
                parser.fail("a quoted string does not end on its line")
            literal.append("\n")
            parser.at = found.end()
            finish(parser.at)
        elif mark.startswith("\\"):
            literal.append(_unescaped(parser))
        elif len(mark) > 2:
            # `$${` is a literal `${`; further dollars before it stay as they are.
            literal.append(mark[:-3] + mark[-2:])
            parser.at = found.end()
        else:
            finish(parser.at)
            outer, parser.end = parser.end, end
            tokens.append(parser.sequence())
            parser.end = outer
    finish(parser.at)
    _strip(tokens)
    return tokens


def _unescaped(parser: _Parser) -> str:
    found = _ESCAPE.match(parser.source, parser.at, parser.end)
    if not found:
        raise _SyntaxError("an escape sequence does not end")
    parser.at = found.end()
    if code := found[1] or found[2]:
        number = int(code, 16)
        if number > 0x10FFFF:
            raise _SyntaxError("no such character")
        return "\ufffd" if 0xD800 <= number <= 0xDFFF else chr(number)
    if found[3] not in _SIMPLE_ESCAPES:
        raise _SyntaxError(f"unknown escape sequence \\{found[3]}")
    return _SIMPLE_ESCAPES[found[3]]


def _strip(tokens: list[_Token]) -> None:
    """Apply the `~` marks to the text next to them."""
    for index, token in enumerate(tokens):
        if not isinstance(token, _Sequence):
            continue
        before = tokens[index - 1] if index else None
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.strip_before and isinstance(before, _Text):
            before.value = before.value.rstrip()
        if token.strip_after and isinstance(after, _Text):
            after.value = after.value.lstrip()


def _remove_indentation(tokens: list[_Token]) -> None:
    """What `<<-` does: the smallest indentation is removed from all lines."""
    starts: list[_Text] = []
    indentations: list[int] = []
    line_start = True
    for token in tokens:
        if line_start:
            line_start = False
            if not isinstance(token, _Text):
                indentations.append(0)
            elif token.value.strip() or not token.value.endswith("\n"):
                starts.append(token)
                indentations.append(len(token.value) - len(token.value.lstrip()))
        if isinstance(token, _Text) and token.value.endswith("\n"):
            line_start = True
    smallest = min(indentations, default=0)
    for text in starts:
        text.value = text.value[smallest:]
