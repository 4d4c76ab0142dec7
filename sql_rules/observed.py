# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements wherever they stand: plainly, in bodies of code, in texts that code runs.

Unlike the replay this follows no branches and no calls: every statement is seen once, whether it
runs or not.
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass
from connguard.sql_rules import bodies, syntax
from connguard.sql_rules.expressions import Expressions, selected, walk
from connguard.sql_rules.interpreter import place
from connguard.sql_rules.placeholders import Blanks, Source
from connguard.sql_rules.syntax import Node, NotReadable, Parsed
from connguard.sql_rules.texts import Hole, Template, Text

_STATIC = {
    "PLpgSQL_stmt_execsql": "sqlstmt",
    "PLpgSQL_stmt_perform": "expr",
    "PLpgSQL_stmt_call": "expr",
    "PLpgSQL_stmt_return_query": "query",
    "PLpgSQL_stmt_fors": "query",
}
_DYNAMIC = {
    "PLpgSQL_stmt_dynexecute": "query",
    "PLpgSQL_stmt_return_query": "dynquery",
    "PLpgSQL_stmt_dynfors": "query",
}


@dataclass(frozen=True, slots=True)
class Observed:
    """A statement: its tree, its place, and the blanks that its names may hold.

    `source` is the text that holds it when its tree has positions in that text.
    """

    kind: str
    node: Node
    origin: Origin
    blanks: Blanks
    source: Source | None = None


def observe(source: Source, parsed: Parsed) -> Iterator[Observed]:
    """The statement itself, and those in its body."""
    yield Observed(parsed.kind, parsed.node, place(source, parsed), source.blanks, source)
    if parsed.kind not in ("DoStmt", "CreateFunctionStmt"):
        return
    key = "args" if parsed.kind == "DoStmt" else "options"
    options = {
        each["DefElem"].get("defname", ""): each["DefElem"].get("arg", {})
        for each in parsed.node.get(key, [])
        if "DefElem" in each
    }
    default = "plpgsql" if parsed.kind == "DoStmt" else "sql"
    language = options.get("language", {}).get("String", {}).get("sval", default).lower()
    content = _content(options.get("as", {}))
    if content is None:
        return
    body = bodies.find_body(source, parsed.start, parsed.end, content)
    if body is None:
        body = bodies.Body(source, parsed.start, parsed.end, dollar=True)
    if language == "sql":
        inner = body.inner(content)
        for each in _read(inner.text):
            yield Observed(each.kind, each.node, place(inner, each), inner.blanks, inner)
    elif language == "plpgsql":
        yield from _in_code(source.text[parsed.start : parsed.end], body, source)


def _in_code(statement: str, body: bodies.Body, source: Source) -> Iterator[Observed]:
    try:
        functions = syntax.parse_body(statement)
    except NotReadable:
        return
    variables = _constants(functions)
    for each in walk(functions):
        for kind, fields in each.items():
            if kind in _STATIC:
                query = _query(fields.get(_STATIC[kind]))
                word = query.split(maxsplit=1)[:1]
                origin = body.place(fields.get("lineno", 1), word[0] if word else "")
                for found in _read(query):
                    yield Observed(found.kind, found.node, origin, source.blanks)
            if kind in _DYNAMIC:
                origin = body.place(fields.get("lineno", 1), "execute")
                text = Expressions(variables).text(_expression(_query(fields.get(_DYNAMIC[kind]))))
                yield from _computed(text, origin)


def _computed(text: Text, origin: Origin) -> Iterator[Observed]:
    for version in text:
        blanks = Blanks()
        for found in _read(_rendered(version, blanks)):
            yield Observed(found.kind, found.node, origin, blanks)


def _rendered(version: Template, blanks: Blanks) -> str:
    text = ""
    for part in version:
        text += blanks.marker(f"<{part.label}>", text) if isinstance(part, Hole) else part
    return text


def _constants(functions: list[Node]) -> dict[str, Text]:
    """Variables that are declared with a value."""
    found = {}
    for function in functions:
        for datum in function.get("datums", []):
            fields = datum.get("PLpgSQL_var", {})
            if "default_val" in fields:
                expression = _expression(_query(fields["default_val"]))
                found[str(fields.get("refname", "")).lower()] = Expressions({}).text(expression)
    return found


def _content(argument: Node) -> str | None:
    if "List" in argument:
        items = argument["List"].get("items", [])
        argument = items[0] if len(items) == 1 else {}
    content: str | None = argument.get("String", {}).get("sval")
    return content


def _query(expression: object) -> str:
    if not isinstance(expression, dict):
        return ""
    return str(expression.get("PLpgSQL_expr", {}).get("query", ""))


def _expression(query: str) -> Node | None:
    statements = _read(f"SELECT {query}") if query else []
    columns = selected(statements[0].node) if len(statements) == 1 else []
    return columns[0] if len(columns) == 1 else None


def _read(text: str) -> list[Parsed]:
    try:
        return syntax.parse(text)
    except NotReadable:
        return []
