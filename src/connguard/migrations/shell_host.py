# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL that shell scripts hand to psql: here documents, `-c`, `-f` and pipes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import field, replace
from itertools import pairwise

from tree_sitter import Node

from connguard.engine.text import Text
from connguard.migrations.claims import SHELL_PROGRAMS
from connguard.migrations.fragment import (
    EMPTY,
    Fragment,
    join,
    placeholder,
    verbatim,
    written,
)
from connguard.migrations.host import HostMigration
from connguard.migrations.tree_host import Assignment, Call, TreeHost, nodes
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.sql_rules.relevance import holds_any
from connguard.sql_rules.script import Chunk, Direction

_PSQL = lazily(r"(?:^|[/\s\"'{\[(])psql(?:[\[\]@}\"')\s]|$)|^docker_process_sql$")
_FLAGS = "[aAbeEHlnqsStVwWxXz01?]*"
"""The options of psql that take no value, and can stand in one word."""
_COMMAND_OPTION = lazily(r"^(?:-[A-Za-z0-9]*c|--command)$")
_SQL_OPTION = lazily(rf"^(?:-{_FLAGS}c|--command)$")
_FILE_OPTION = lazily(rf"^(?:-{_FLAGS}f|--file)$")
_ATTACHED = lazily(
    rf"^-(?:{_FLAGS}(?P<short>[cf])|(?P<long>-command=|-file=))(?P<value>.+)$", re.DOTALL
)
_OTHER_INPUT = lazily(rf"^-(?:{_FLAGS}[cflV]|-(?:command|file|list|version|help)\b)")
_SINGLE_TRANSACTION = lazily(rf"^-(?:{_FLAGS}1|-single-transaction$)")
_ALL_ARGUMENTS = lazily(r"^\"?\$(?:[@*]|\{[@*](?::(\d{1,3}))?\})\"?$")
_OUTPUT = lazily(r"^(?:1|&)?>(?!&1)")
_INPUT = lazily(r"^0?<")
_VARIABLE_OPTION = lazily(r"^(?:-[A-Za-z0-9]*v|--set|--variable)$")
_ASSIGNMENT = lazily(r"^(?:-v\s*|--(?:set|variable)=)?(?P<name>\w+)=(?P<value>.*)$", re.DOTALL)
_BACKSLASH = lazily(r"\\([$`\\\"]|\n)")
_QUOTED_BACKSLASH = lazily(r"\\([$`\\]|\n)")
_ONLY_PLACEHOLDER = lazily(r"\s*\$\{(\w+)\}\s*$")
_TAB_INDENT = lazily(r"^\t+", re.MULTILINE)
_STANDARD_INPUT = frozenset(("-", "/dev/stdin"))
_ONLY_NAMES = frozenset(
    [
        "apk",
        "apt",
        "apt-get",
        "brew",
        "dnf",
        "dpkg",
        "echo",
        "egrep",
        "fgrep",
        "grep",
        "hash",
        "man",
        "pgrep",
        "pip",
        "pkill",
        "printf",
        "type",
        "whereis",
        "which",
        "yum",
    ]
)
"""Commands that do not start the program psql that they name."""
_OTHER_SHELLS = frozenset(("ash", "bash", "dash", "ksh", "runuser", "sh", "su", "zsh"))
_CREATEUSER = lazily(r"^(?:\S*/)?createuser$")
_CREATEUSER_VALUES = frozenset(
    (
        *("-a", "-g", "-h", "-m", "-p", "-U", "-v", "--host", "--member-of", "--port", "--role"),
        *("--username", "--valid-until", "--with-admin", "--with-member"),
    )
)
_RUNNERS = frozenset(
    ("docker", "docker-compose", "env", "exec", "gosu", "kubectl", "oc", "podman", "runuser")
) | {"su-exec", "sudo"}
_PASSES = frozenset(("cat", "envsubst", "pv", "tee"))
"""Commands that pass their input on, but for placeholders."""
_SILENT = frozenset(
    [
        ":",
        "[",
        "[[",
        "break",
        "cd",
        "chmod",
        "continue",
        "exit",
        "export",
        "false",
        "local",
        "mkdir",
        "read",
        "return",
        "rm",
        "set",
        "shift",
        "sleep",
        "source",
        "test",
        "trap",
        "true",
        "unset",
        "wait",
    ]
)
_COMPOUND = frozenset(
    [
        "case_item",
        "case_statement",
        "compound_statement",
        "do_group",
        "elif_clause",
        "else_clause",
        "for_statement",
        "c_style_for_statement",
        "if_statement",
        "list",
        "subshell",
        "while_statement",
    ]
)
_MOST_CALLS = 1_000
_MOST_COMMANDS = 20_000


@dataclass(frozen=True, slots=True)
class Included:
    """A file that psql reads before the chunk with this index, in one of its runs.

    The name has placeholders for what is only known at run time, and `*` for what a loop goes
    through. `commits` is true if psql commits what the file leaves open, as with -1.
    """

    index: int
    name: str
    origin: Origin
    run: str = ""
    commits: bool = False


@dataclass
class ShellMigration(HostMigration):
    """`included` are the files that psql reads, and `missing` other input that is not followed."""

    included: list[Included] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    missing: list[NotParsed] = field(default_factory=list)

    def _named(self) -> int:
        return len(self.included)


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a command, with placeholders for what is only known at run time."""

    node: Node
    code: str
    text: Fragment


class ShellHost(TreeHost):
    module = "tree_sitter_bash"
    contents = frozenset(("string_content", "heredoc_content"))
    strings = frozenset(("string",))
    interpolations = frozenset(("simple_expansion", "expansion", "command_substitution"))
    names = frozenset(("variable_name",))
    numbers = frozenset(("number",))
    choices = frozenset(("if_statement",))
    switches = frozenset(("case_statement",))
    cases = frozenset(("case_item",))
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
        self._functions: dict[str, Node] = {}
        self._helpers: set[str] = set()
        self._followable: set[str] = set()
        self._loops: set[str] = {"{}"}
        self._followed: set[tuple[str, ...]] = set()
        self._stack: list[str] = []
        self._frames: list[list[_Word]] = []
        self._written: dict[str, list[Fragment]] = {}
        self._runs = 0

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

    def read(self) -> HostMigration:
        self._bind()
        self._find_functions()
        self.walk(self.source.root, Direction.UP)
        for name in sorted(self._followable - {key[0] for key in self._followed}):
            self.walk(self._functions[name], Direction.UP)
        return self.host

    def _find_functions(self) -> None:
        """The functions of the script, those that run psql, and the variables of loops."""
        commands = []
        for node in nodes(self.source.root):
            name = node.child_by_field_name("name")
            if node.type == "function_definition" and name is not None:
                body = node.child_by_field_name("body")
                if body is not None and not _PSQL.search(self.source.code(name)):
                    self._functions[self.source.code(name)] = body
            elif node.type == "for_statement":
                self._loops.update(
                    self.source.code(child)
                    for child in node.named_children
                    if child.type == "variable_name"
                )
            elif node.type == "command" and name is not None:
                commands.append(node)
                if self.source.code(name) == "read":
                    self._loops.update(self.source.code(each) for each in node.named_children[1:])
        if not self._functions:
            return
        inside: dict[str, set[str]] = {name: set() for name in self._functions}
        bodies = [(body.start_byte, body.end_byte, name) for name, body in self._functions.items()]
        for node in commands[:_MOST_COMMANDS]:
            called = "" if self._is_psql(node) else self._name(node)
            if called and called not in self._functions:
                continue
            for start, end, function in bodies:
                if start <= node.start_byte < end:
                    inside[function].add(called)
        found = {""}
        while True:
            more = {function for function, names in inside.items() if names & found} - found
            if not more:
                break
            found |= more
        self._helpers = found - {""}
        self._followable = {self._name(node) for node in commands} & self._helpers

    def _name(self, command: Node) -> str:
        name = command.child_by_field_name("name")
        return self.source.code(name) if name is not None else ""

    def walk(self, node: Node, direction: Direction) -> None:
        if self.chosen(node, direction):
            return
        match node.type:
            case "function_definition":
                name = node.child_by_field_name("name")
                if name is not None and self.source.code(name) in self._followable:
                    return
            case "redirected_statement":
                body = node.child_by_field_name("body")
                if body is not None and self._starts_psql(body):
                    with self._run(body):
                        self._start(body, direction)
                        if self._reads_input(body):
                            self._redirects(node, direction)
                    self._walk_pipes(node, direction)
                    return
                self._write(node)
                for redirect in node.children_by_field_name("redirect"):
                    psql = self._piped_psql(redirect)
                    if psql is not None and self._reads_input(psql):
                        with self._run(psql):
                            self._filters(_pipe_parts(redirect), psql)
                            self._given(body, node, direction)
            case "pipeline":
                parts = _parts(node)
                for index, part in enumerate(parts[1:], start=1):
                    command = _command(part)
                    if command is not None and self._starts_psql(command):
                        if self._reads_input(command):
                            with self._run(command):
                                self._output(parts[0], direction)
                                self._filters(parts[1:index], command)
                        break
            case "command":
                if self._starts_psql(node):
                    with self._run(node):
                        self._start(node, direction)
                else:
                    self._create_user(node, direction)
        for child in node.named_children:
            self.walk(child, direction)

    def _walk_pipes(self, statement: Node, direction: Direction) -> None:
        for redirect in statement.children_by_field_name("redirect"):
            if redirect.type == "heredoc_redirect":
                for child in redirect.children_by_field_name("right"):
                    self.walk(child, direction)

    def branches(self, node: Node) -> list[list[Node]]:
        then: list[Node] = []
        branches = [then]
        for index, child in enumerate(node.children):
            if child.type in ("elif_clause", "else_clause"):
                branches.append([child])
            elif child.is_named and node.field_name_for_child(index) != "condition":
                then.append(child)
        if node.children[-2].type != "else_clause":
            branches.append([])
        return branches

    def _piped_psql(self, redirect: Node) -> Node | None:
        """`cat <<EOF | psql`: the parser puts the pipe into the here document."""
        for part in _pipe_parts(redirect):
            command = _command(part)
            if command is not None and self._starts_psql(command):
                return command
        return None

    def _starts_psql(self, node: Node) -> bool:
        return self._is_psql(node) or (node.type == "command" and self._name(node) in self._helpers)

    def _start(self, command: Node, direction: Direction) -> None:
        if self._is_psql(command):
            self._psql(command, direction)
        else:
            name = self._name(command)
            self._in_function(command, lambda: self.walk(self._functions[name], direction))

    @contextmanager
    def _run(self, psql: Node) -> Iterator[None]:
        """What is read meanwhile is the input of one run of psql."""
        chunks, included = self.migration.chunks, self.migration.included
        first, first_included = len(chunks), len(included)
        yield
        if len(chunks) == first and len(included) == first_included:
            return
        self._runs += 1
        name = f"{self.host.text.origin(*self.source.range(psql))} {self._runs}"
        commits = any(_SINGLE_TRANSACTION.match(word.code) for word in self._arguments(psql))
        for index in range(first, len(chunks)):
            if not chunks[index].inputs:
                chunks[index] = replace(chunks[index], inputs=(name,), commits=commits)
        for index in range(first_included, len(included)):
            if not included[index].run:
                included[index] = replace(included[index], run=name, commits=commits)

    def _is_psql(self, node: Node | None) -> bool:
        """Whether a command starts psql, perhaps through sudo, gosu, docker exec or kubectl."""
        if node is None or node.type != "command" or self._name(node) in _ONLY_NAMES:
            return False
        return self._psql_word(node) is not None

    def _psql_word(self, command: Node) -> int | None:
        """Which of the parts of a command starts psql."""
        in_shell = False
        for index, child in enumerate(command.named_children):
            code = self.source.code(child)
            in_shell = in_shell or code.rpartition("/")[2] in _OTHER_SHELLS
            if child.type in ("string", "raw_string") and len(code) > 40 and not in_shell:
                continue
            if _PSQL.search(code) and not code.startswith("-"):
                return index
            if child.type == "command_name" and _PSQL.search(self._command_text(child)):
                return index
        return None

    def _command_text(self, name: Node) -> str:
        """The command that a variable holds: `$PSQL` for PSQL="psql -U app"."""
        variable = self.source.code(name).strip('"').lstrip("$").strip("{}")
        variable = variable.partition("[")[0]
        bindings = self._bindings.get(variable, [])
        return " ".join(self.source.code(one.assignment.value).strip("\"'") for one in bindings)

    # Functions of the script

    def _words(self, parts: Iterable[Node]) -> list[_Word]:
        """Words of a command; those that "$@" stands for in a function take its place."""
        found = []
        for node in parts:
            code = self.source.code(node)
            rest = _ALL_ARGUMENTS.match(code)
            if rest and self._frames:
                found += self._frames[-1][max(int(rest[1] or 1) - 1, 0) :]
            else:
                found.append(_Word(node, code, self.word(node)))
        return found

    def _arguments(self, command: Node) -> list[_Word]:
        """The words behind the one that starts psql or a function."""
        index = self._psql_word(command) if self._is_psql(command) else None
        if index is None:
            return self._words(command.children_by_field_name("argument"))
        return self._words(command.named_children[index + 1 :])

    def _in_function(self, command: Node, read: Callable[[], None]) -> None:
        """Read the body of a function as this command calls it; the same call only once."""
        name = self._name(command)
        words = self._words(command.children_by_field_name("argument"))
        key = (name, *(word.text.text for word in words))
        if key in self._followed or name in self._stack or len(self._followed) >= _MOST_CALLS:
            return
        self._followed.add(key)
        unknown = placeholder("value", *self.source.range(command))
        passed = {str(number): unknown for number in range(1, 10)}
        passed.update((str(number), word.text) for number, word in enumerate(words, start=1))
        self._stack.append(name)
        self._frames.append(words)
        self._passed.append(passed)
        read()
        self._passed.pop()
        self._frames.pop()
        self._stack.pop()

    def _reads_input(self, command: Node, depth: int = 0) -> bool:
        """Whether psql takes SQL from its standard input here."""
        if "xargs" in (self.source.code(child) for child in command.named_children[:1]):
            return False
        words = self._arguments(command)
        for index, word in enumerate(words):
            if _OTHER_INPUT.match(word.code):
                after = words[index + 1].code if index + 1 < len(words) else ""
                return bool(_FILE_OPTION.match(word.code)) and after in _STANDARD_INPUT
        if self._is_psql(command):
            return True
        return depth < len(self._functions) and any(
            node.type == "command"
            and self._starts_psql(node)
            and not _is_redirected(node)
            and self._reads_input(node, depth + 1)
            for node in nodes(self._functions[self._name(command)])
        )

    # What psql runs

    def _psql(self, command: Node, direction: Direction) -> None:
        self.host.call(*self.source.range(command))
        if self._runs_other_shell(command, direction):
            return
        words = iter(self._arguments(command))
        for word in words:
            node, code = word.node, word.code
            attached = _ATTACHED.match(word.text.text) if code[:1] == "-" else None
            if _SQL_OPTION.match(code):
                self._statement(next(words, None), direction)
            elif _FILE_OPTION.match(code):
                self._include(next(words, None), direction)
            elif attached:
                value = word.text.cut(attached.start("value"), len(word.text.text))
                inner = _Word(node, code, value)
                if "c" in (attached["short"], (attached["long"] or "")[1:2]):
                    self._statement(inner, direction)
                else:
                    self._include(inner, direction)
            elif _VARIABLE_OPTION.match(code):
                self._variable(next(words, None))
            elif code.startswith(("-v", "--set=", "--variable=")):
                self._variable(word)
            elif node.type == "file_redirect":
                self._read_from(node, direction)
            elif node.type == "herestring_redirect" and node.named_children:
                self._statement(self._word(node.named_children[-1]), direction)

    def _word(self, node: Node) -> _Word:
        return _Word(node, self.source.code(node), self.word(node))

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
        place = self.host.text.origin(*program.range(0, len(program.text)))
        self.migration.included.extend(
            replace(one, index=len(self.host.chunks), origin=place, run="")
            for one in inner.migration.included
        )
        self.migration.missing.extend(replace(one, origin=place) for one in inner.migration.missing)
        self.migration.variables.update(inner.migration.variables)

    def _statement(self, word: _Word | None, direction: Direction) -> None:
        if word is None:
            return
        if _ONLY_PLACEHOLDER.match(word.text.text):
            self.host.opaque(*self.source.range(word.node), direction)
        else:
            self.host.sql(word.text, direction)

    def _include(self, word: _Word | None, direction: Direction) -> None:
        """A file that psql reads: one that the script has written, or one beside it."""
        if word is None:
            return
        if word.node.type == "process_substitution":
            for child in word.node.named_children:
                self._output(child, direction)
            return
        name = word.text.text
        if name in self._written:
            for fragment in self._written[name]:
                self.host.sql(fragment, direction)
        elif name and name not in _STANDARD_INPUT and name != "/dev/null":
            folder, slash, last = name.rpartition("/")
            variable = _ONLY_PLACEHOLDER.match(last)
            if last == "{}" or (variable and variable[1] in self._loops):
                name = f"{folder}{slash}*.sql"
            origin = self.host.text.origin(*self.source.range(word.node))
            self.migration.included.append(Included(len(self.host.chunks), name, origin))

    def _read_from(self, redirect: Node, direction: Direction) -> None:
        """`< file`"""
        target = redirect.child_by_field_name("destination") or next(
            reversed(redirect.named_children), None
        )
        code = self.source.code(redirect)
        if target is None or code[:1] != "<":
            return
        if code.startswith("<&"):
            self._miss(redirect, "the input of psql is not followed")
        else:
            self._include(self._word(target), direction)

    def _miss(self, node: Node, reason: str) -> None:
        origin = self.host.text.origin(*self.source.range(node))
        self.migration.missing.append(NotParsed(reason, origin))

    def _variable(self, word: _Word | None) -> None:
        if word is None:
            return
        match = _ASSIGNMENT.match(word.text.text)
        if match and "${" not in match["value"]:
            self.migration.variables[match["name"]] = match["value"]

    def _redirects(self, statement: Node, direction: Direction) -> None:
        for redirect in statement.children_by_field_name("redirect"):
            if redirect.type == "heredoc_redirect":
                content = self._heredoc(redirect)
                if content is not None:
                    self.host.sql(content, direction)
            elif redirect.type == "herestring_redirect" and redirect.named_children:
                self._statement(self._word(redirect.named_children[-1]), direction)
            elif redirect.type == "file_redirect":
                self._read_from(redirect, direction)

    def _create_user(self, command: Node, direction: Direction) -> None:
        """`createuser app`, which sends CREATE ROLE: a role that can log in, unless told otherwise.

        https://www.postgresql.org/docs/current/app-createuser.html
        """
        parts = command.named_children
        starts = (i for i, each in enumerate(parts) if _CREATEUSER.match(self.source.code(each)))
        start = next(starts, None)
        if start is None or (start and self._name(command) not in _RUNNERS):
            return
        name = limit = None
        login, superuser = "LOGIN", ""
        words = iter(self._words(parts[start + 1 :]))
        for word in words:
            text = word.text.text
            option, equals, value = text.partition("=")
            if text in ("-c", "--connection-limit"):
                limit = next((each.text.text for each in words), None)
            elif option == "--connection-limit" and equals:
                limit = value
            elif text in _CREATEUSER_VALUES:
                next(words, None)
            elif text in ("-L", "--no-login"):
                login = "NOLOGIN"
            elif text in ("-s", "--superuser"):
                superuser = " SUPERUSER"
            elif text[:1] == "-" and text[1:2] == "c":
                limit = text[2:]
            elif text[:1] != "-" and word.node.type not in ("file_redirect", "comment"):
                name = text
        if name:
            shown = name if "${" in name else '"' + name.replace('"', '""') + '"'
            limited = f" CONNECTION LIMIT {limit}" if limit else ""
            statement = f"CREATE ROLE {shown} {login}{superuser}{limited};"
            self.host.sql(written(statement, *self.source.range(command)), direction)

    # What other commands write into psql

    def _output(self, node: Node, direction: Direction) -> None:
        """What a command writes into psql: that of echo, printf and cat can be followed."""
        match node.type:
            case "command":
                self._printed_by(node, direction)
            case "redirected_statement":
                self._given(node.child_by_field_name("body"), node, direction)
            case "pipeline":
                parts = _parts(node)
                self._output(parts[0], direction)
                self._filters(parts[1:], None)
            case kind if kind in _COMPOUND:
                conditions = node.children_by_field_name("condition")
                for child in node.named_children:
                    if child not in conditions:
                        self._output(child, direction)

    def _given(self, body: Node | None, statement: Node, direction: Direction) -> None:
        """The output of a command with redirections."""
        redirects = statement.children_by_field_name("redirect")
        if any(_OUTPUT.match(self.source.code(redirect)) for redirect in redirects):
            return
        reads = any(_INPUT.match(self.source.code(redirect)) for redirect in redirects)
        passes = body is None or (body.type == "command" and self._name(body) in _PASSES)
        if reads and passes:
            self._redirects(statement, direction)
        elif body is not None and body.type == "command":
            for redirect in redirects:
                if redirect.type == "file_redirect":
                    self._read_from(redirect, direction)
        if body is not None and not (reads and passes and self._name(body) != "cat"):
            self._output(body, direction)

    def _printed_by(self, command: Node, direction: Direction) -> None:
        name = self._name(command)
        arguments = command.children_by_field_name("argument")
        if name in ("echo", "printf"):
            content = self._echoed(command)
            if content is not None:
                self.host.sql(content, direction)
        elif name == "cat":
            for word in self._words(arguments):
                if word.code[:1] != "-":
                    self._include(word, direction)
        elif name in self._functions and not self._is_psql(command):
            body = self._functions[name]
            self._in_function(command, lambda: self._output(body, direction))
        elif name not in _SILENT:
            shown = name.rpartition("/")[2] or "a command"
            self._miss(command, f"the output of {shown}, which psql runs, is not followed")

    def _filters(self, parts: Iterable[Node], psql: Node | None) -> None:
        for part in parts:
            command = _command(part)
            if psql is not None and command == psql:
                return
            if command is None or command.type != "command":
                self._miss(part, "the input of psql is not followed")
            elif self._name(command) not in _PASSES:
                shown = self._name(command).rpartition("/")[2]
                self._miss(part, f"the output of {shown}, which psql runs, is not followed")

    def _echoed(self, command: Node) -> Fragment | None:
        words = self._words(command.children_by_field_name("argument"))
        values = [word.text for word in words if not re.fullmatch(r"-[neE]+", word.code)]
        return join(part for value in values for part in (value, _SPACE)) if values else None

    def _write(self, statement: Node) -> None:
        """Note what `cat`, `tee`, `echo` or `printf` write into a file, which psql may read."""
        body = statement.child_by_field_name("body")
        if body is None or body.type != "command":
            return
        name = self._name(body)
        redirects = list(statement.children_by_field_name("redirect"))
        heredocs = [each for each in redirects if each.type == "heredoc_redirect"]
        content: Fragment | None = None
        if name in ("echo", "printf"):
            content = self._echoed(body)
        elif name in ("cat", "tee") and len(heredocs) == 1:
            content = self._heredoc(heredocs[0])
        inner = [child for each in heredocs for child in each.named_children]
        for redirect in (*redirects, *inner):
            target = redirect.child_by_field_name("destination")
            code = self.source.code(redirect)
            if redirect.type != "file_redirect" or target is None or not _OUTPUT.match(code):
                continue
            self._note(self.word(target).text, content, appends=code.lstrip("1").startswith(">>"))
        if name == "tee":
            words = self._words(body.children_by_field_name("argument"))
            appends = any(word.code in ("-a", "--append") for word in words)
            for word in words:
                if word.code[:1] != "-":
                    self._note(word.text.text, content, appends=appends)

    def _note(self, name: str, content: Fragment | None, *, appends: bool) -> None:
        if content is None:
            self._written.pop(name, None)
        elif not appends:
            self._written[name] = [content]
        elif name in self._written:
            self._written[name].append(content)

    def _heredoc(self, redirect: Node) -> Fragment | None:
        parts = {child.type: child for child in redirect.named_children}
        start, body = parts.get("heredoc_start"), parts.get("heredoc_body")
        if start is None or body is None:
            return None
        raw = self.source.code(start)[:1] in ("'", '"', "\\")
        if raw:
            content = verbatim(self.source.code(body), self.source.range(body)[0])
        else:
            content = join(self._between(body, 0)).substitute(_QUOTED_BACKSLASH, _without_backslash)
        if self.source.code(redirect).startswith("<<-"):
            content = content.substitute(_TAB_INDENT, lambda match, host: EMPTY)
        return content

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

    return replace(chunk, origin=origin, outline=None, inputs=())


def _command(node: Node) -> Node | None:
    return node.child_by_field_name("body") if node.type == "redirected_statement" else node


def _parts(pipeline: Node) -> list[Node]:
    """The commands of a pipeline, which the parser may have nested."""
    found: list[Node] = []
    pending = [pipeline]
    while pending:
        node = pending.pop()
        if node.type == "pipeline":
            pending.extend(reversed(node.named_children))
        elif node.type != "comment":
            found.append(node)
    return found


def _pipe_parts(redirect: Node) -> list[Node]:
    """The commands into which a here document is piped."""
    if redirect.type != "heredoc_redirect":
        return []
    pipes = [child for child in redirect.named_children if child.type == "pipeline"]
    return [part for pipe in pipes for part in _parts(pipe)]


def _is_redirected(command: Node) -> bool:
    """Whether a command is given its own input."""
    parent = command.parent
    return (
        parent is not None
        and parent.type == "redirected_statement"
        and any(
            redirect.type != "file_redirect"
            for redirect in parent.children_by_field_name("redirect")
        )
    )


def _without_backslash(match: re.Match[str], host: tuple[int, int]) -> Fragment:
    return EMPTY if match[1] == "\n" else written(match[1], *host)


_SPACE = written(" ", 0, 0)


def shell_migration(text: Text) -> ShellMigration:
    if not holds_any(SHELL_PROGRAMS, text.string):
        return ShellMigration(text, is_migration=False)
    host = ShellHost(text)
    host.read()
    migration = host.migration
    migration.is_migration = bool(
        migration.chunks or migration.included or migration.gaps or migration.missing
    )
    return migration
