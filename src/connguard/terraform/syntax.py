# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain syntax tree of Terraform files, whichever reader made it.

All positions are character offsets from 0 into `Text.string`; ends are exclusive.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from fractions import Fraction

from connguard.engine.text import Text
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass

LABEL_COUNTS = {
    "resource": 2,
    "data": 2,
    "ephemeral": 2,
    "module": 1,
    "variable": 1,
    "output": 1,
    "provider": 1,
    "check": 1,
    "locals": 0,
    "terraform": 0,
}
"""How many labels the top-level blocks of Terraform have."""


class ReaderUnavailable(Exception):
    """The reader that the settings name cannot be used here; the message says what to install."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. Numbers are int or Fraction, as Terraform calculates exactly."""

    start: int
    end: int
    value: str | bool | int | Fraction | None


@dataclass(frozen=True, slots=True)
class Template:
    """A string template: its parts are evaluated, converted to text and joined."""

    start: int
    end: int
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class TemplateFor:
    """A `%{ for }` directive; only stands among the parts of a template."""

    start: int
    end: int
    key_name: str | None
    value_name: str
    collection: Expression
    body: Expression


@dataclass(frozen=True, slots=True)
class Variable:
    """The first name of a reference: `var` in `var.limit`."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class GetAttr:
    start: int
    end: int
    source: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    start: int
    end: int
    source: Expression
    key: Expression


@dataclass(frozen=True, slots=True)
class Splat:
    """`source[*].rest` or `source.*.rest`; `each` is `rest` over a `SplatItem`."""

    start: int
    end: int
    source: Expression
    each: Expression


@dataclass(frozen=True, slots=True)
class SplatItem:
    """The element that the innermost splat around it is looking at."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; `expand_last` is the `...` after the last argument."""

    start: int
    end: int
    name: str
    arguments: tuple[Expression, ...]
    expand_last: bool


@dataclass(frozen=True, slots=True)
class Unary:
    start: int
    end: int
    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    start: int
    end: int
    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Conditional:
    """`condition ? then : otherwise`; in a template, also `%{ if }`."""

    start: int
    end: int
    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class TupleItems:
    start: int
    end: int
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class ObjectItems:
    start: int
    end: int
    items: tuple[tuple[Expression, Expression], ...]


@dataclass(frozen=True, slots=True)
class For:
    """A `for` expression; it makes an object when `key` is set. `group` is the `...` after it."""

    start: int
    end: int
    key_name: str | None
    value_name: str
    collection: Expression
    key: Expression | None
    value: Expression
    condition: Expression | None
    group: bool


@dataclass(frozen=True, slots=True)
class Malformed:
    """An expression that cannot be read."""

    start: int
    end: int
    reason: str


Expression = (
    Literal
    | Template
    | TemplateFor
    | Variable
    | GetAttr
    | Index
    | Splat
    | SplatItem
    | Call
    | Unary
    | Binary
    | Conditional
    | TupleItems
    | ObjectItems
    | For
    | Malformed
)


@dataclass(slots=True)
class Attribute:
    """`name = expression`. The expression is parsed when it is first asked for.

    `start` and `end` hold the whole attribute, `expression_start` and `expression_end` its value.
    """

    text: Text
    name: str
    start: int
    end: int
    expression_start: int
    expression_end: int
    parse: Callable[[], Expression] = field(repr=False, compare=False)
    _expression: Expression | None = field(default=None, repr=False, compare=False)

    @property
    def expression(self) -> Expression:
        if self._expression is None:
            self._expression = self.parse()
        return self._expression

    @property
    def origin(self) -> Origin:
        return self.text.origin(self.start, self.end)


Content = tuple[list[Attribute], list["Block"]]
"""The attributes and the nested blocks of a block, each in file order."""


class Block:
    """`type "label" … { body }`.

    `header_end` is the end of the labels. `load` reads the content when it is first asked for.
    `from_json` marks a body of JSON syntax, where nested blocks look like attributes. `broken`
    marks a block with a syntax error inside.
    """

    __slots__ = (
        "_by_name",
        "_content",
        "_load",
        "broken",
        "end",
        "from_json",
        "header_end",
        "labels",
        "start",
        "text",
        "type",
    )

    def __init__(
        self,
        text: Text,
        kind: str,
        labels: tuple[str, ...],
        start: int,
        header_end: int,
        end: int,
        load: Callable[[], Content],
        *,
        from_json: bool = False,
        broken: bool = False,
    ) -> None:
        self.text = text
        self.type = kind
        self.labels = labels
        self.start = start
        self.header_end = header_end
        self.end = end
        self.from_json = from_json
        self.broken = broken
        self._load: Callable[[], Content] | None = load
        self._content: Content | None = None
        self._by_name: dict[str, list[Attribute]] | None = None

    def _loaded(self) -> Content:
        if self._content is None:
            assert self._load is not None
            # What loads the content may hold a syntax tree: it is let go.
            self._content, self._load = self._load(), None
        return self._content

    @property
    def attributes(self) -> list[Attribute]:
        return self._loaded()[0]

    @property
    def blocks(self) -> list[Block]:
        return self._loaded()[1]

    @property
    def origin(self) -> Origin:
        """The header of the block: what a finding about the whole block points to."""
        return self.text.origin(self.start, self.header_end)

    def attribute(self, name: str) -> Attribute | None:
        """The attribute of this name; one that is set twice, and so refused, has no value."""
        if self._by_name is None:
            self._by_name = {}
            for attribute in self.attributes:
                self._by_name.setdefault(attribute.name, []).append(attribute)
        found = self._by_name.get(name, ())
        if len(found) > 1:
            last = found[-1]
            refused = Malformed(last.start, last.end, f"{name} is set more than once")
            return replace(last, parse=lambda: refused, _expression=None)
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Problem:
    """A range that could not be parsed, and why."""

    start: int
    end: int
    reason: str


@dataclass(slots=True)
class Document:
    """One file: its top-level blocks and attributes (in .tfvars files), and what was not read."""

    text: Text
    blocks: list[Block] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
