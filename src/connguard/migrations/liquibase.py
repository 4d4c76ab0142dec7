# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Liquibase: changelogs in XML, YAML, JSON and formatted SQL, with the files that they include.

https://docs.liquibase.com/concepts/changelogs/home.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from connguard.engine import yaml_source
from connguard.engine.limits import Included
from connguard.engine.reading import SourceFile
from connguard.engine.text import Text
from connguard.migrations.change_sets import condition, does_run
from connguard.migrations.claims import PLAIN_SUFFIXES
from connguard.migrations.elements import DocumentError, Element, read_xml, read_yaml
from connguard.migrations.formatted_sql import moved_change_set
from connguard.migrations.fragment import Fragment
from connguard.migrations.history import History
from connguard.migrations.names import for_postgresql
from connguard.migrations.pool import Pool, shown, unreadable
from connguard.migrations.sections import delimited
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Comment, Notes, Span, mentions_suppression
from connguard.policies.model.records import dataclass
from connguard.sql_rules.script import Branch, Chunk, Direction, Script, branching

_CHANGELOG_SUFFIXES = (".xml", ".yaml", ".yml", ".json")
_ROOT = "databaseChangeLog"
_SQL_CHANGES = frozenset(("sql", "createProcedure"))
_COMMENT = lazily(r"<!--(.*?)-->", re.DOTALL)
_CLASSPATH = lazily(r"^(?:classpath\*?|file):/*")
_MAX_DEPTH = 30


@dataclass(frozen=True, slots=True)
class _Changelog:
    file: SourceFile
    text: Text
    root: Element


def liquibase_histories(pool: Pool) -> Iterator[History]:
    """One history per changelog that no other one includes."""
    changelogs: dict[Path, _Changelog] = {}
    broken: list[tuple[SourceFile, Text, DocumentError]] = []
    for file in pool.with_suffix(*_CHANGELOG_SUFFIXES):
        text = pool.context.text(file)
        if text is None or _ROOT not in text.string:
            continue
        try:
            root = _read(file, text)
        except DocumentError as error:
            broken.append((file, text, error))
            continue
        if root is not None:
            changelogs[file.path] = _Changelog(file, text, root)
    for file, text, problem in broken:
        history = History(shown(file.path.parent, file), "Liquibase", files={file.name})
        pool.take(file)
        unreadable(history, problem.reason, text.line_origin(problem.line))
        yield history
    walks = [_Walk(changelog, changelogs, pool) for changelog in changelogs.values()]
    included = {path for walk in walks for path in walk.reach()}
    for walk in walks:
        if walk.start.file.path not in included:
            yield walk.history()
    # Changelogs that include each other in a circle: the first one starts.
    for walk in walks:
        if walk.start.file.path in included and walk.start.file in pool:
            yield walk.history()


def _read(file: SourceFile, text: Text) -> Element | None:
    """The databaseChangeLog element, if the document is a changelog."""
    if file.path.suffix.lower() == ".xml":
        root = read_xml(text)
        return root if root.name == _ROOT else None
    document = read_yaml(text)
    return next((child for child in document.children if child.name == _ROOT), None)


class _Walk:
    """Walks one changelog and what it includes, in the order in which Liquibase runs it."""

    def __init__(self, start: _Changelog, changelogs: dict[Path, _Changelog], pool: Pool) -> None:
        self.start = start
        self._changelogs = changelogs
        self._pool = pool
        self._history = History(shown(start.file.path.parent, start.file), "Liquibase changelog")
        self._first: list[Script] = []
        self._last: list[Script] = []
        self._latest: tuple[Script, str] | None = None
        self._variables: dict[str, str] = {}
        self._above: list[Path] = []
        self._included = Included(pool.context.settings.limits)

    def reach(self) -> set[Path]:
        """The changelogs that this one includes, directly."""
        found = set()
        for element in self.start.root.children:
            if element.name in ("include", "includeAll"):
                found |= {file.path for file in self._targets(self.start.file, element)}
        return found - {self.start.file.path}

    def history(self) -> History:
        self._changelog(self.start)
        self._history.scripts[:0] = self._first
        self._history.scripts += self._last
        return self._history

    def _changelog(self, changelog: _Changelog) -> None:
        if changelog.file.path in self._above or len(self._above) > _MAX_DEPTH:
            return
        self._above.append(changelog.file.path)
        self._pool.take(changelog.file)
        self._history.files.add(changelog.file.name)
        _add_notes(self._history, changelog)
        for element in changelog.root.children:
            match element.name:
                case "property":
                    self._property(changelog.file, element)
                case "changeSet":
                    self._change_set(changelog, element)
                case "include" | "includeAll":
                    self._include_perhaps(changelog, element)
        self._above.pop()

    def _property(self, file: SourceFile, element: Element) -> None:
        name, value = element.get("name"), element.get("value")
        if name and for_postgresql(element.get("dbms")):
            self._variables.setdefault(name, value)  # the first definition holds

    def _include_perhaps(self, changelog: _Changelog, element: Element) -> None:
        """Include files, with their change sets between marks if that depends on a context."""
        before = [len(scripts) for scripts in self._turns]
        self._include(changelog, element)
        if condition(element) is None:
            return
        for scripts, start in zip(self._turns, before, strict=True):
            if len(scripts) > start:
                first, last = branching(Branch.FIRST), branching(Branch.END)
                scripts[start] = _with(scripts[start], (first, *scripts[start].chunks))
                scripts[-1] = _with(scripts[-1], (*scripts[-1].chunks, last))

    @property
    def _turns(self) -> tuple[list[Script], ...]:
        """What runs before all other change sets, what runs in its place, and what runs last."""
        return self._first, self._history.scripts, self._last

    def _include(self, changelog: _Changelog, element: Element) -> None:
        targets = self._targets(changelog.file, element)
        name = element.get("file") or element.get("path")
        if not targets and element.get("errorIfMissingOrEmpty") != "false":
            origin = changelog.text.origin(element.start, element.end)
            unreadable(
                self._history, f"the included file {name} is not among the scanned files", origin
            )
        for file in targets:
            if not self._included.allows(file.path):
                origin = changelog.text.origin(element.start, element.end)
                unreadable(self._history, self._included.reason, origin)
                return
            included = self._changelogs.get(file.path) or self._load(file)
            if included is not None:
                self._changelog(included)
            elif file.path.suffix.lower() in PLAIN_SUFFIXES:
                self._pool.add_sql(self._history, file, Direction.UP, self._variables)
                self._report_moved(file)
            else:
                origin = changelog.text.origin(element.start, element.end)
                unreadable(self._history, f"{file.name} is no XML, YAML, JSON or SQL", origin)

    def _report_moved(self, file: SourceFile) -> None:
        text = self._pool.context.text(file)
        moved = moved_change_set(text) if text else None
        if moved is not None:
            reason = "the change set runs before or behind those of other files"
            unreadable(self._history, reason, moved)

    def _load(self, file: SourceFile) -> _Changelog | None:
        if file.path.suffix.lower() not in _CHANGELOG_SUFFIXES:
            return None
        text = self._pool.context.text(file)
        if text is None:
            return None
        try:
            root = _read(file, text)
        except DocumentError as error:
            unreadable(self._history, error.reason, text.line_origin(error.line))
            return None
        return _Changelog(file, text, root) if root else None

    def _targets(self, file: SourceFile, element: Element) -> list[SourceFile]:
        relative = element.flag("relativeToChangelogFile")
        if element.name == "include":
            found = self._find(file, element.get("file"), relative)
            return [found] if found else []
        name = _CLASSPATH.sub("", element.get("path")).lstrip("/")
        folders = [file.path.parent] if relative else list(file.path.parents)
        suffixes = (*_CHANGELOG_SUFFIXES, *PLAIN_SUFFIXES)
        for folder in folders if name else []:
            files = self._pool.files_in(folder / name)
            if files:
                return [file for file in files if file.path.suffix.lower() in suffixes]
        return []

    def _find(self, file: SourceFile, name: str, relative: bool) -> SourceFile | None:
        """Paths are relative to the changelog, or to some folder of the search path above it."""
        name = _CLASSPATH.sub("", name.strip()).lstrip("/")
        if not name:
            return None
        folders = [file.path.parent] if relative else file.path.parents
        for folder in folders:
            found = self._pool.file(folder / name)
            if found is not None:
                return found
        return None

    def _change_set(self, changelog: _Changelog, element: Element) -> None:
        if not does_run(element):
            return
        chunks = tuple(self._chunks(changelog, element, Direction.UP))
        if not chunks:
            return
        first, in_place, last = self._turns
        turn = {"first": first, "last": last}.get(element.get("runOrder").strip().lower(), in_place)
        script = Script(changelog.file.name, chunks, dict(self._variables))
        when = condition(element)
        if when is not None:
            if when and turn and self._latest == (turn[-1], when):
                turn[-1] = _with(turn[-1], turn[-1].chunks[:-1])
            else:
                script = _with(script, (branching(Branch.FIRST), *script.chunks))
            script = _with(script, (*script.chunks, branching(Branch.END)))
            self._latest = script, when
        turn.append(script)

    def _chunks(
        self, changelog: _Changelog, parent: Element, direction: Direction
    ) -> Iterator[Chunk]:
        for element in parent.children:
            if not for_postgresql(element.get("dbms")):
                continue
            if element.name == "rollback":
                if element.text.text.strip():
                    yield element.text.chunk(changelog.text, Direction.DOWN)
                yield from self._chunks(changelog, element, Direction.DOWN)
            elif element.name == "changes":
                yield from self._chunks(changelog, element, direction)
            elif element.name in _SQL_CHANGES:
                sql = _sql(element)
                if sql.text.strip():
                    delimiter = element.get("endDelimiter")
                    yield delimited(sql, delimiter).chunk(changelog.text, direction)
            elif element.name == "sqlFile":
                yield from self._sql_file(changelog, element, direction)

    def _sql_file(
        self, changelog: _Changelog, element: Element, direction: Direction
    ) -> Iterator[Chunk]:
        name = element.get("path")
        relative = element.flag("relativeToChangelogFile")
        file = self._find(changelog.file, name, relative)
        if file is None:
            origin = changelog.text.origin(element.start, element.end)
            unreadable(self._history, f"the file {name} is not among the scanned files", origin)
        else:
            yield from self._pool.sql_chunks(self._history, file, direction) or ()


def _with(script: Script, chunks: tuple[Chunk, ...]) -> Script:
    return replace(script, chunks=chunks)


def _sql(element: Element) -> Fragment:
    """The SQL of a change: the element's text, or its `sql` or `procedureText` in YAML."""
    for name in ("sql", "procedureText", "procedureBody"):
        if name in element.attributes:
            return element.attributes[name]
    inner = next((child for child in element.children if child.name == "sql"), None)
    return element.text if element.text.text.strip() or inner is None else _sql(inner)


def _add_notes(history: History, changelog: _Changelog) -> None:
    text = changelog.text
    if not mentions_suppression(text.string):
        return
    if changelog.file.path.suffix.lower() != ".xml":
        history.notes.append(yaml_source.notes(text, yaml_source.parse(text)))
        return
    comments = []
    for match in _COMMENT.finditer(text.string):
        line, column = text.position(match.start())
        own_line = not text.line(line)[: column - 1].strip()
        comments.append(Comment(line, column, match[1].strip(), own_line))
    spans: list[Span] = []
    _collect_spans(changelog.root, text, spans)
    history.notes.append(Notes(text.path, tuple(comments), tuple(spans)))


def _collect_spans(element: Element, text: Text, spans: list[Span]) -> int:
    """The spans of an element and those in it; gives the offset at which the element ends."""
    end = max(element.end, element.text.runs[-1].end if element.text.runs else 0)
    for child in element.children:
        end = max(end, _collect_spans(child, text, spans))
    spans.append(Span(text.position(element.start)[0], text.position(end)[0]))
    return end
