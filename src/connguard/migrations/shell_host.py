# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL that shell scripts hand to psql: here documents, `-c`, `-f` and pipes."""

from __future__ import annotations

import re
from dataclasses import field
from itertools import pairwise

from tree_sitter import Node

from connguard.engine.text import Text
from connguard.migrations.fragment import (
    EMPTY,
    Fragment,
    join,
    placeholder,
    verbatim,
    written,
)
from connguard.migrations.host import HostMigration
from connguard.migrations.tree_host import Assignment, Call, TreeHost
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.sql_rules.script import Chunk, Direction

_PSQL = lazily(r"(?:^|[/\s\"{\[(])psql(?:[\[\]@}\")\s]|$)|^docker_process_sql$")
_COMMAND_OPTION = lazily(r"^(?:-[A-Za-z0-9]*c|--command)$")
_FILE_OPTION = lazily(r"^(?:-[A-Za-z0-9]*f|--file)$")
_VARIABLE_OPTION = lazily(r"^(?:-[A-Za-z0-9]*v|--set|--variable)$")
_ASSIGNMENT = lazily(r"^(?:-v\s*|--(?:set|variable)=)?(?P<name>\w+)=(?P<value>.*)$", re.DOTALL)
_BACKSLASH = lazily(r"\\([$`\\\"]|\n)")
_QUOTED_BACKSLASH = lazily(r"\\([$`\\]|\n)")
_ONLY_PLACEHOLDER = lazily(r"\s*\$\{\w+\}\s*$")
_TAB_INDENT = lazily(r"^\t+", re.MULTILINE)


@dataclass
class ShellMigration(HostMigration):
    """`included` are the files that psql reads, with the index of the chunk they stand before."""

    included: list[tuple[int, str]] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)


class ShellHost(TreeHost):
    module = "tree_sitter_bash"
    contents = frozenset(("string_content", "heredoc_content"))
    strings = frozenset(("string",))
    interpolations = frozenset(("simple_expansion", "expansion", "command_substitution"))
    names = frozenset(("variable_name",))
    numbers = frozenset(("number",))
    blocks = frozenset(
        (
            "if_statement",
            "elif_clause",
            "else_clause",
            "do_group",
            "case_item",
            "function_definition",
        )
    )

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.migration = ShellMigration(text)
        self.host = self.migration

    def call(self, node: Node) -> Call | None:
        return None

    def assigned(self, node: Node) -> Assignment | None:
        if node.type != "variable_assignment":
            return None
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or value is None:
            return None
        appends = any(self.source.code(child) == "+=" for child in node.children)
        return Assignment(self.source.code(name), value, appends)

    def walk(self, node: Node, direction: Direction) -> None:
        match node.type:
            case "redirected_statement":
                body = node.child_by_field_name("body")
                if body is not None and self._is_psql(body):
                    self._psql(body, direction)
                    self._redirects(node, direction)
                    return
                for redirect in node.children_by_field_name("redirect"):
                    if self._is_piped_into_psql(redirect):
                        self._heredoc(redirect, direction)
            case "pipeline":
                if any(self._is_psql(_command(child)) for child in node.named_children[1:]):
                    self._piped(node.named_children[0], direction)
            case "command":
                if self._is_psql(node):
                    self._psql(node, direction)
        for child in node.named_children:
            self.walk(child, direction)

    def _is_piped_into_psql(self, redirect: Node) -> bool:
        """`cat <<EOF | psql`: the parser puts the pipe into the here document."""
        return redirect.type == "heredoc_redirect" and any(
            self._is_psql(part)
            for pipeline in redirect.named_children
            if pipeline.type == "pipeline"
            for command in pipeline.named_children
            for part in (command, *command.named_children)
        )

    def _is_psql(self, node: Node | None) -> bool:
        """Whether a command starts psql, perhaps through sudo, gosu, docker exec or kubectl."""
        if node is None or node.type != "command":
            return False
        for child in node.named_children:
            if child.type in ("string", "raw_string") and child.end_byte - child.start_byte > 40:
                continue
            code = self.source.code(child)
            if _PSQL.search(code) and not code.startswith("-"):
                return True
            if child.type == "command_name" and _PSQL.search(self._command_text(child)):
                return True
        return False

    def _command_text(self, name: Node) -> str:
        """The command that a variable holds: `$PSQL` for PSQL="psql -U app"."""
        variable = self.source.code(name).strip('"').lstrip("$").strip("{}")
        variable = variable.partition("[")[0]
        bindings = self._bindings.get(variable, [])
        return " ".join(self.source.code(one.assignment.value).strip("\"'") for one in bindings)

    def _psql(self, command: Node, direction: Direction) -> None:
        self.host.call(*self.source.range(command))
        if self._runs_other_shell(command, direction):
            return
        arguments = iter(command.named_children)
        for argument in arguments:
            code = self.source.code(argument)
            option, _, _ = code.partition("=")
            if _COMMAND_OPTION.match(code):
                self._statement(next(arguments, None), direction)
            elif option == "--command" and "=" in code:
                value = self.word(argument)
                self.host.sql(value.cut(len("--command="), len(value.text)), direction)
            elif _FILE_OPTION.match(code):
                self._include(next(arguments, None))
            elif option == "--file" and "=" in code:
                self._include(argument)
            elif _VARIABLE_OPTION.match(code):
                self._variable(next(arguments, None))
            elif code.startswith(("-v", "--set=", "--variable=")):
                self._variable(argument)
            elif argument.type == "file_redirect":
                self._include(argument.named_children[-1] if argument.named_children else None)
            elif argument.type == "herestring_redirect" and argument.named_children:
                self._statement(argument.named_children[-1], direction)

    def _runs_other_shell(self, command: Node, direction: Direction) -> bool:
        """`su postgres -c "psql …"`: the text after -c is another shell's program."""
        arguments = list(command.named_children)
        for option, program in pairwise(arguments):
            name = self.source.code(option)
            if _PSQL.search(name) and not name.startswith("-"):
                return False
            if _COMMAND_OPTION.match(name) and _PSQL.search(self.source.code(program)):
                self._other_shell(self.word(program), direction)
                return True
        return False

    def _other_shell(self, program: Fragment, direction: Direction) -> None:
        text = Text(self.host.text.path, program.text + "\n")  # ends a here document, too
        inner = ShellHost(text)
        inner.read()
        for chunk in inner.migration.chunks:
            self.host.chunks.append(_moved(chunk, text, program, self.host.text))
        for gap in inner.migration.gaps:
            start = text.offset(gap.origin.line, gap.origin.column)
            self.host.opaque(*program.range(start, start + 1), direction)
        self.migration.included.extend(
            (len(self.host.chunks), name) for _, name in inner.migration.included
        )
        self.migration.variables.update(inner.migration.variables)

    def _statement(self, node: Node | None, direction: Direction) -> None:
        if node is None:
            return
        value = self.word(node)
        if node.type == "string" and _ONLY_PLACEHOLDER.match(value.text):
            node = node.named_children[0]
        if node.type in ("simple_expansion", "expansion", "command_substitution"):
            known = self.value(node.named_children[0]) if node.named_children else None
            if known is None:
                self.host.opaque(*self.source.range(node), direction)
                return
            value = known
        self.host.sql(value, direction)

    def _include(self, node: Node | None) -> None:
        if node is not None:
            name = self.word(node).text.removeprefix("--file=")
            self.migration.included.append((len(self.host.chunks), name))

    def _variable(self, node: Node | None) -> None:
        if node is None:
            return
        match = _ASSIGNMENT.match(self.word(node).text)
        if match and "${" not in match["value"]:
            self.migration.variables[match["name"]] = match["value"]

    def _redirects(self, statement: Node, direction: Direction) -> None:
        for redirect in statement.children_by_field_name("redirect"):
            if redirect.type == "heredoc_redirect":
                self._heredoc(redirect, direction)
                for child in redirect.children_by_field_name("right"):
                    self.walk(child, direction)
            elif redirect.type == "herestring_redirect" and redirect.named_children:
                self._statement(redirect.named_children[-1], direction)
            elif redirect.type == "file_redirect" and self.source.code(redirect)[:1] == "<":
                self._include(redirect.child_by_field_name("destination"))

    def _piped(self, source: Node, direction: Direction) -> None:
        """What `echo`, `printf` or `cat` writes into psql."""
        if source.type == "redirected_statement":
            self._redirects(source, direction)
            return
        if source.type != "command":
            return
        name = source.child_by_field_name("name")
        word = self.source.code(name) if name else ""
        arguments = source.children_by_field_name("argument")
        if word in ("echo", "printf"):
            values = [self.word(node) for node in arguments if not self._is_option(node)]
            if values:
                self.host.sql(join(part for value in values for part in (value, _SPACE)), direction)
        elif word == "cat":
            for node in arguments:
                self._include(node)

    def _is_option(self, node: Node) -> bool:
        return bool(re.fullmatch(r"-[neE]+", self.source.code(node)))

    def _heredoc(self, redirect: Node, direction: Direction) -> None:
        parts = {child.type: child for child in redirect.named_children}
        start, body = parts.get("heredoc_start"), parts.get("heredoc_body")
        if start is None or body is None:
            return
        raw = self.source.code(start)[:1] in ("'", '"', "\\")
        if raw:
            content = verbatim(self.source.code(body), self.source.range(body)[0])
        else:
            content = join(self._between(body, 0)).substitute(_QUOTED_BACKSLASH, _without_backslash)
        if self.source.code(redirect).startswith("<<-"):
            content = content.substitute(_TAB_INDENT, lambda match, host: EMPTY)
        self.host.sql(content, direction)

    def word(self, node: Node) -> Fragment:
        """The text of a shell word."""
        start, end = self.source.range(node)
        match node.type:
            case "raw_string":
                return verbatim(self.source.code(node)[1:-1], start + 1)
            case "string":
                inside = self.source.code(node)[1:-1]
                if not node.named_children:
                    return verbatim(inside, start + 1)
                whole = join(self._between(node, 0))
                return whole.cut(1, len(whole.text) - 1).substitute(_BACKSLASH, _without_backslash)
            case "concatenation":
                return join(self.word(child) for child in node.named_children)
            case "simple_expansion" | "expansion" | "command_substitution":
                return self.part(node, 0)
            case "ansi_c_string":
                return written(self.source.code(node)[2:-1].replace("\\n", "\n"), start, end)
        return verbatim(self.source.code(node), start)

    def value(self, node: Node, depth: int = 0) -> Fragment | None:
        if node.type in ("string", "raw_string", "word", "number", "concatenation"):
            value = self.word(node)
            return value if "${" not in value.text else None
        return super().value(node, depth)

    def part(self, child: Node, depth: int) -> Fragment:
        if child.type == "expansion":
            # "${PORT:-5432}" may be set to something else, so the default is not the value.
            start, end = self.source.range(child)
            names = [node for node in child.named_children if node.type == "variable_name"]
            plain = len(child.named_children) == 1 and names
            value = self.value(names[0], depth + 1) if plain else None
            if value is not None:
                return value
            return placeholder(self.source.code(names[0]) if names else "value", start, end)
        return super().part(child, depth)


def _moved(chunk: Chunk, inner: Text, program: Fragment, host: Text) -> Chunk:
    """A chunk of a program that is itself a string: its places in the script."""

    def origin(start: int, end: int) -> Origin:
        place = chunk.origin(start, end)
        first = inner.offset(place.line, place.column)
        return host.origin(*program.range(first, inner.offset(place.end_line, place.end_column)))

    return Chunk(chunk.text, origin, chunk.direction)


def _command(node: Node) -> Node | None:
    return node.child_by_field_name("body") if node.type == "redirected_statement" else node


def _without_backslash(match: re.Match[str], host: tuple[int, int]) -> Fragment:
    return EMPTY if match[1] == "\n" else written(match[1], *host)


_SPACE = written(" ", 0, 0)


def shell_migration(text: Text) -> ShellMigration:
    if "psql" not in text.string and "docker_process_sql" not in text.string:
        return ShellMigration(text, is_migration=False)
    host = ShellHost(text)
    host.read()
    migration = host.migration
    migration.is_migration = bool(migration.chunks or migration.included or migration.gaps)
    return migration
