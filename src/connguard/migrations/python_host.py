# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL that Python migrations run: follows the code as far as it is constant.

Statements are walked in order, helper functions of the same file are entered, loops over constant
lists are unrolled. Both branches of an `if` may run, except where it asks for the database
product.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from connguard.engine.text import Text
from connguard.migrations.fragment import Fragment, placeholder, written
from connguard.migrations.history import History
from connguard.migrations.host import HostMigration, is_open
from connguard.migrations.names import other_product
from connguard.migrations.pool import too_deep, unreadable
from connguard.migrations.python_strings import (
    SAME_BASE,
    SAME_TEXT,
    PythonSource,
    Strings,
    called_name,
    parse_python,
    resolve,
)
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import mentions_suppression
from connguard.sql_rules.script import Direction

_EXECUTES = frozenset(("execute", "exec_driver_sql", "executemany", "executescript"))
_QUERY_BUILDERS = frozenset(("insert", "update", "delete", "select", "values", "where", "table"))
_SCHEMA_CONSTRUCT = lazily(r"^(?:Create|Drop|Add|Set)(?!Role|User|Group|Database)[A-Z]\w*$")
_PARAMETER = lazily(r"%(?:\((?P<name>\w+)\))?s|%%")
_COLON_ESCAPE = lazily(r"\\:")
_PRODUCT_QUESTION = lazily(r"^_*is_?(?P<product>[a-z0-9]+)(?:_dialect|_db)?$", re.IGNORECASE)
_HIDDEN = "either "
_MAX_CALLS = 5000
_MAX_DEPTH = 12
_MAX_ROUNDS = 200

Names = dict[str, Fragment | ast.expr]


class PythonCode:
    """One Python file: its tree, its module-level constants and functions.

    Raises SyntaxError when the file cannot be parsed, and RecursionError when it is nested deeper
    than Python itself can follow.
    """

    def __init__(self, text: Text) -> None:
        try:
            self.tree = parse_python(text.string)
        except (ValueError, MemoryError) as error:
            raise SyntaxError(str(error)) from error
        self.text = text
        self.strings = Strings(PythonSource(text))
        self.functions = self.strings.functions
        self.constants: Names = {}
        for node in _module_statements(self.tree.body):
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    self.functions[name] = node
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self._bind(name, value)
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    self._bind(name, value)

    def _bind(self, name: str, value: ast.expr) -> None:
        if name in self.constants:  # assigned twice: the walk cannot tell which one holds
            self.constants[name] = ast.Name(id="", lineno=0, col_offset=0)
        else:
            self.constants[name] = self.strings.binding(value, self.constants)

    def literal(self, name: str) -> object:
        """The value of a module-level constant, if it is a literal."""
        for node in _module_statements(self.tree.body):
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=found)], value=value)
                    | ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as value)
                ) if found == name:
                    try:
                        return ast.literal_eval(value)
                    except (ValueError, TypeError, SyntaxError, RecursionError):
                        return None
        return None

    def assigns(self, name: str) -> bool:
        return name in self.constants


def parsed(history: History, text: Text, *, has_sql: bool) -> PythonCode | None:
    """A file's code; what cannot be parsed is recorded if it may run SQL."""
    try:
        return PythonCode(text)
    except SyntaxError as error:
        if has_sql:
            line = min(max(error.lineno or 1, 1), text.line_count)
            unreadable(history, f"not Python: {error.msg}", text.line_origin(line))
    except RecursionError:
        too_deep(history, text)
    return None


class Walk:
    """Walks code and collects the SQL that it runs."""

    def __init__(self, code: PythonCode, host: HostMigration) -> None:
        self._code = code
        self._strings = code.strings
        self._host = host
        self._functions = dict(code.functions)
        self._calls = 0
        self._active: list[str] = []
        self._files_of: dict[str, set[str]] = {}

    def function(self, name: str, direction: Direction, names: Names | None = None) -> None:
        """Walk a function of the module as if it was called."""
        function = self._functions.get(name)
        if function is None or name in self._active:
            return
        if len(self._active) >= _MAX_DEPTH or self._calls > _MAX_CALLS:
            start, end = self._strings.source.range(function)
            self._host.opaque(start, end, direction)
            return
        self._active.append(name)
        self._block(function.body, {**self._code.constants, **(names or {})}, direction)
        self._active.pop()

    def _block(self, statements: Sequence[ast.stmt], names: Names, direction: Direction) -> None:
        for statement in statements:
            self._statement(statement, names, direction)

    def _statement(self, node: ast.stmt, names: Names, direction: Direction) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._functions[node.name] = node
                self._strings.functions[node.name] = node
            case ast.If():
                self._branch(node, names, direction)
            case ast.For() | ast.AsyncFor():
                self._loop(node, names, direction)
            case ast.While(test=test):
                self._calls_in(test, names, direction)
                self._uncertain(node.body, names)
                self._block([*node.body, *node.orelse], names, direction)
            case ast.With(items=items) | ast.AsyncWith(items=items):
                for item in items:
                    self._calls_in(item.context_expr, names, direction)
                self._block(node.body, names, direction)
            case ast.Try():
                handlers = [part for handler in node.handlers for part in handler.body]
                body = [*node.body, *handlers, *node.orelse, *node.finalbody]
                self._block(body, names, direction)
            case ast.Match(cases=cases):
                ways = [partial(self._block, case.body, dict(names), direction) for case in cases]
                if not any(_takes_all(case) for case in cases):
                    ways.append(partial(self._block, [], names, direction))
                self._host.choose(ways)
            case ast.ClassDef():
                pass
            case _:
                for expression in _expressions(node):
                    self._calls_in(expression, names, direction)
                self._assign(node, names)

    def _assign(self, node: ast.stmt, names: Names) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._bind(target, value, names)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                names[name] = self._strings.binding(value, names)
            case ast.AugAssign(target=ast.Name(id=name) as target, op=ast.Add(), value=value):
                before = self._strings.value(ast.Name(name, ast.Load()), names)
                added = self._strings.value(value, names)
                if before is not None and added is not None:
                    names[name] = before + added
                else:
                    names[name] = target

    def _bind(self, target: ast.expr, value: ast.expr, names: Names) -> None:
        if isinstance(target, ast.Name):
            names[target.id] = self._strings.binding(value, names)
        elif isinstance(target, ast.Tuple | ast.List):
            resolved = resolve(value, names)
            parts = resolved.elts if isinstance(resolved, ast.Tuple | ast.List) else []
            same = len(parts) == len(target.elts)
            for index, part in enumerate(target.elts):
                if same:
                    self._bind(part, parts[index], names)
                elif isinstance(part, ast.Name):
                    names[part.id] = part

    def _branch(self, node: ast.If, names: Names, direction: Direction) -> None:
        self._calls_in(node.test, names, direction)
        taken = _product_test(node.test)
        if taken is not None:
            self._block(node.body if taken else node.orelse, names, direction)
            return
        first, second = dict(names), dict(names)
        ways = [
            partial(self._block, node.body, first, direction),
            partial(self._block, node.orelse, second, direction),
        ]
        if is_open(ast.unparse(node.test), has_other=bool(node.orelse)):
            self._host.choose(ways)
        else:
            for way in ways:
                way()
        for name in {*first, *second}:
            self._merge(name, names, first, second)

    def _merge(self, name: str, names: Names, first: Names, second: Names) -> None:
        """What a name is after an `if` whose branches may differ."""
        one, other = first.get(name), second.get(name)
        if one is other:
            return
        if isinstance(one, Fragment) and isinstance(other, Fragment):
            names[name] = one if one.text == other.text else self._either(one, other, names)
        else:
            names[name] = ast.Name(id="", lineno=0, col_offset=0)

    def _either(self, one: Fragment, other: Fragment, names: Names) -> ast.expr:
        """Two texts of which one is run: a list, of whose elements one is taken."""
        elements: list[ast.expr] = []
        for fragment in (one, other):
            hidden = f"{_HIDDEN}{len(names)}"
            names[hidden] = fragment
            elements.append(ast.Name(id=hidden, lineno=0, col_offset=0))
        return ast.List(elements, ast.Load())

    def _uncertain(self, body: Iterable[ast.stmt], names: Names) -> None:
        """Forget what a loop assigns whose rounds are not known."""
        for statement in body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    names[node.id] = node

    def _loop(self, node: ast.For | ast.AsyncFor, names: Names, direction: Direction) -> None:
        self._calls_in(node.iter, names, direction)
        rounds = self._rounds(node.iter, names)
        if rounds is None:
            self._uncertain([node], names)
            self._block([*node.body, *node.orelse], names, direction)
            return
        for value in rounds[:_MAX_ROUNDS]:
            self._bind(node.target, value, names)
            self._block(node.body, names, direction)
        if len(rounds) > _MAX_ROUNDS:  # one stands for all others
            self._uncertain([node], names)
            self._block(node.body, names, direction)
        self._block(node.orelse, names, direction)

    def _rounds(self, iterated: ast.expr, names: Names) -> Sequence[ast.expr] | None:
        """The elements of a constant list, tuple, set or dictionary."""
        method = ""
        resolved = resolve(iterated, names)
        if isinstance(resolved, ast.Call) and not resolved.keywords:
            name, function = called_name(resolved), resolved.func
            if isinstance(function, ast.Attribute) and not resolved.args:
                method, resolved = name, resolve(function.value, names)
            elif name in ("list", "tuple", "sorted", "reversed", "set") and len(resolved.args) == 1:
                return self._rounds(resolved.args[0], names)
        if isinstance(resolved, ast.List | ast.Tuple | ast.Set) and not method:
            starred = any(isinstance(element, ast.Starred) for element in resolved.elts)
            return None if starred else resolved.elts
        if isinstance(resolved, ast.Dict) and all(resolved.keys):
            keys = [key for key in resolved.keys if key is not None]
            if method in ("", "keys"):
                return keys
            if method == "values":
                return resolved.values
            if method == "items":
                pairs = zip(keys, resolved.values, strict=True)
                return [ast.Tuple([key, value], ast.Load()) for key, value in pairs]
        return None

    def _calls_in(self, expression: ast.expr, names: Names, direction: Direction) -> None:
        """Handle the calls in an expression, the inner ones first."""
        match expression:
            case ast.Lambda():
                return
            case ast.ListComp() | ast.GeneratorExp() | ast.SetComp():
                self._comprehension(expression, names, direction)
                return
        for child in ast.iter_child_nodes(expression):
            for inner in _expressions_of_child(child):
                self._calls_in(inner, names, direction)
        if isinstance(expression, ast.Call):
            self._call(expression, names, direction)

    def _comprehension(
        self,
        node: ast.ListComp | ast.GeneratorExp | ast.SetComp,
        names: Names,
        direction: Direction,
    ) -> None:
        generator = node.generators[0]
        rounds = self._rounds(generator.iter, names) if len(node.generators) == 1 else None
        inside = dict(names)
        for value in (rounds or ())[:_MAX_ROUNDS]:
            self._bind(generator.target, value, inside)
            self._calls_in(node.elt, inside, direction)
        if rounds is None or len(rounds) > _MAX_ROUNDS:  # one stands for all others
            for each in node.generators:
                for part in ast.walk(each.target):
                    if isinstance(part, ast.Name):
                        inside[part.id] = part
            self._calls_in(node.elt, inside, direction)

    def _call(self, call: ast.Call, names: Names, direction: Direction) -> None:
        self._calls += 1
        name = called_name(call)
        if isinstance(call.func, ast.Name) and name in self._functions:
            function = self._functions[name]
            self.function(
                name, direction, {**names, **self._strings.arguments(function, call, names)}
            )
        elif name in _EXECUTES or (name == "sql" and isinstance(call.func, ast.Attribute)):
            self.execute(call, names, direction)

    def execute(self, call: ast.Call, names: Names, direction: Direction) -> None:
        """Take the SQL of a call such as `op.execute(…)` or `cursor.execute(…, parameters)`."""
        start, end = self._strings.source.range(call)
        self._host.call(start, end)
        arguments = list(call.args)
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        sql = arguments.pop(0) if arguments else keywords.get("sqltext", keywords.get("sql"))
        if sql is None:
            return
        parameters = arguments[0] if arguments else keywords.get("params")
        self.statement(sql, parameters, names, direction, (start, end))

    def statement(
        self,
        sql: ast.expr,
        parameters: ast.expr | None,
        names: Names,
        direction: Direction,
        place: tuple[int, int],
    ) -> None:
        """Take SQL with, perhaps, the values for its `%s`."""
        fragment = self._strings.value(sql, names)
        if fragment is None:
            resolved = resolve(_unwrapped(sql), names)
            if isinstance(resolved, ast.List | ast.Tuple):
                ways = [
                    partial(self.statement, element, None, names, direction, place)
                    for element in resolved.elts
                ]
                if all(map(_is_hidden, resolved.elts)):
                    self._host.choose(ways)
                else:
                    for way in ways:
                        way()
            elif not _builds_query(resolved):
                self._host.opaque(*place, direction, self._named_file(resolved))
            return
        if parameters is not None:
            fragment = self._with_parameters(fragment, parameters, names)
        fragment = fragment.substitute(_COLON_ESCAPE, lambda match, host: written(":", *host))
        self._host.sql(fragment, direction)

    def _named_file(self, expression: ast.expr) -> str | None:
        """The one SQL file that the expression names, or the function around the call."""
        names = _sql_files(expression)
        if not names and self._active:
            function = self._active[-1]
            if function not in self._files_of:
                self._files_of[function] = _sql_files(self._functions[function])
            names = self._files_of[function]
        return next(iter(names)) if len(names) == 1 else None

    def _with_parameters(self, sql: Fragment, parameters: ast.expr, names: Names) -> Fragment:
        resolved = resolve(parameters, names)
        values: Iterator[ast.expr] = iter(())
        if isinstance(resolved, ast.List | ast.Tuple):
            values = iter(resolved.elts)

        def replace(match: re.Match[str], host: tuple[int, int]) -> Fragment | None:
            if match[0] == "%%":
                return written("%", *host)
            node = next(values, None) if match["name"] is None else None
            node = node and resolve(node, names)
            if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
                return written(str(node.value), *host)
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                quoted = node.value.replace("'", "''")
                return written(f"'{quoted}'", *host)
            return placeholder(match["name"] or "value", *host)

        return sql.substitute(_PARAMETER, replace)


def _is_hidden(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id.startswith(_HIDDEN)


def _takes_all(case: ast.match_case) -> bool:
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and not case.pattern.pattern


def _sql_files(tree: ast.AST) -> set[str]:
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.endswith(".sql")
        and "\n" not in node.value
    }


def add_comments(host: HostMigration) -> None:
    """The comments of a file, if any of them can be a suppression."""
    if not mentions_suppression(host.text.string):
        return
    reader = io.StringIO(host.text.string).readline
    try:
        for token in tokenize.generate_tokens(reader):
            if token.type == tokenize.COMMENT:
                start = host.text.offset(token.start[0], token.start[1] + 1)
                host.comment(start, token.string.lstrip("#"))
    except (tokenize.TokenError, SyntaxError):
        return


def _module_statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run on import, also those in `if` and `try`."""
    for node in body:
        yield node
        match node:
            case ast.If() | ast.With():
                yield from _module_statements([*node.body, *getattr(node, "orelse", [])])
            case ast.Try():
                yield from _module_statements([*node.body, *node.orelse, *node.finalbody])


def _expressions(node: ast.stmt) -> Iterator[ast.expr]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child


def _expressions_of_child(child: ast.AST) -> Iterator[ast.expr]:
    if isinstance(child, ast.expr):
        yield child
    elif isinstance(child, ast.keyword):
        yield child.value


def _unwrapped(node: ast.expr) -> ast.expr:
    """The text inside `text(…)` and the calls on it, such as `.bindparams(…)`."""
    while isinstance(node, ast.Call):
        if called_name(node) in SAME_TEXT and node.args:
            node = node.args[0]
        elif called_name(node) in SAME_BASE and isinstance(node.func, ast.Attribute):
            node = node.func.value
        else:
            break
    return node


def _product_test(test: ast.expr) -> bool | None:
    """What `bind.dialect.name == "mysql"` and the like are on PostgreSQL; None if unrelated."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _product_test(operand)
            return None if inner is None else not inner
        case ast.Call() | ast.Name() | ast.Attribute():
            return _asked_product(test)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            names = _product_names(right) or _product_names(left)
            if not names:
                return None
            among = "postgresql" in names
            if isinstance(operator, ast.Eq | ast.In):
                return among
            if isinstance(operator, ast.NotEq | ast.NotIn):
                return not among
    return None


def _asked_product(test: ast.expr) -> bool | None:
    """What `is_postgres()` or `is_sqlite` is."""
    name = ""
    match test:
        case ast.Call():
            name = called_name(test)
        case ast.Name(id=found) | ast.Attribute(attr=found):
            name = found
    question = _PRODUCT_QUESTION.match(name)
    if question is None:
        return None
    if question["product"].casefold() in ("postgres", "postgresql", "pg"):
        return True
    return False if other_product(question["product"]) else None


def _product_names(node: ast.expr) -> set[str]:
    """The constants of a comparison, if all of them name database products."""
    nodes = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    names = set()
    for each in nodes:
        if not (isinstance(each, ast.Constant) and isinstance(each.value, str)):
            return set()
        name = each.value.casefold()
        if name in ("postgresql", "postgres"):
            names.add("postgresql")
        elif other_product(name):
            names.add(name)
        else:
            return set()
    return names


def _builds_query(node: ast.expr) -> bool:
    """Whether this is a query object, which only reads and writes rows, or a schema construct."""
    while isinstance(node, ast.Call | ast.Attribute):
        if isinstance(node, ast.Attribute):
            node = node.value
            continue
        name = called_name(node)
        if name in _QUERY_BUILDERS or _SCHEMA_CONSTRUCT.match(name):
            return True
        node = node.func
    return isinstance(node, ast.Constant) and not isinstance(node.value, str)
