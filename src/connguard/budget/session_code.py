# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds what code needs of a session; read only for services behind a transaction pool.

A finding must be certain of the way from the code to the pooler: every service that may run a file
has to connect through a pool in transaction or statement mode, and must know no other way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from pathlib import Path

from connguard.budget.built_from import MARKERS
from connguard.budget.code_file import text_that_matters
from connguard.budget.session_claims import may_use_sessions, session_language_of
from connguard.budget.session_use import Used
from connguard.engine import disk
from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text
from connguard.engine.tree_parsing import TooManyErrors
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Comment, Notes, Reading, Span, mentions_suppression
from connguard.policies.model.records import dataclass
from connguard.policies.model.sessions import mode_of
from connguard.policies.model.topology import LISTEN, PREPARED_STATEMENTS, Pooler, Service

_HINT = lazily(
    rb"(?i)listen|advisory_lock|prepare|notif|set_config|temp|with\s*hold|\bset\s|psycopg|asyncpg"
    rb"|pgx|gorm|good_job|:que\b|graphile|\bdatasource\b|oban|adapter|\(.postgres|from .postgres"
)
_NOT_SERVICES = lazily(
    r"(?i)^(?:\w*tests?|testing|__tests__|specs?|e2e|testdata|fixtures|factories|mocks?|migrat(?:e|ions?)"
    r"|seeds?|alembic|benchmarks?|scripts|bin|ci|tools|examples?|samples?|node_modules|vendor|venv"
    r"|\.venv|site-packages|dist|build|docs?|\.\w+)$"
)
_MIGRATES = lazily(r"(?i)migrat")
"""A service that only runs migrations may be built from the same folder, and connect directly."""

_COMMENT = lazily(r"(?:#|//|--)[ \t]*([^\r\n]*)")


@dataclass(frozen=True, slots=True)
class Runner:
    """A service as it connects, and the folder that it is built from."""

    service: Service
    source: Path | None


@dataclass(slots=True)
class SessionUses:
    """The services with what they need, and what else a reading holds about the files.

    `gaps` are the files of which nobody can tell what they need.
    """

    services: list[Service]
    gaps: list[NotParsed] = field(default_factory=list)
    notes: list[Notes] = field(default_factory=list)
    files: set[str] = field(default_factory=set)


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """Nothing yet: which services there are, and how they connect, shows later (`with_uses`)."""
    return Reading()


def with_uses(
    runners: Sequence[Runner],
    unknown: Iterable[Path],
    poolers: Sequence[Pooler],
    base: Path,
    context: Context,
) -> SessionUses:
    """The services of a project with the needs of their code.

    `unknown` are folders that something is built from of which it is not known how it connects.
    """
    by_name = {pooler.name: pooler for pooler in poolers}
    found = SessionUses([one.service for one in runners])
    certain = {
        one.service.name
        for one in runners
        if _is_pooled(one.service, by_name.get(one.service.pooler or ""))
    }
    if not certain:
        return found
    running = [one for one in runners if not _MIGRATES.search(one.service.name)]
    unclear = set(unknown)
    sources = {one.source for one in running if one.source is not None} | unclear
    needs: dict[str, list[Used]] = {}
    for file in context.files:
        if not may_use_sessions(file.path):
            continue
        owners = _owners(file.path, running, sources, base)
        if not owners or not owners <= certain or _nearest(file.path, sources) in unclear:
            continue
        try:
            text, uses = _uses(file, base, context)
        except TooManyErrors as error:
            found.gaps.append(NotParsed(str(error), Origin(file.name, 1, 1, 1, 1)))
            continue
        if text is not None and uses:
            found.files.add(file.name)
            if mentions_suppression(text.string):
                found.notes.append(_notes(text))
            for name in owners:
                needs.setdefault(name, []).extend(uses)
    found.services = [
        replace(one, needs=(*one.needs, *_kept(one, needs.get(one.name, ()))))
        for one in found.services
    ]
    return found


def _is_pooled(service: Service, pooler: Pooler | None) -> bool:
    return (
        pooler is not None
        and not service.elsewhere
        and mode_of(pooler, service) in ("transaction", "statement")
    )


def _owners(
    file: Path, runners: Sequence[Runner], sources: set[Path], base: Path
) -> frozenset[str]:
    """The services that may run a file: those built from its folder, else the one of its name."""
    nearest = _nearest(file, sources)
    if nearest is not None:
        return frozenset(one.service.name for one in runners if one.source == nearest)
    if not file.is_relative_to(base):
        return frozenset()
    project = _project(file, base)
    return frozenset(
        one.service.name
        for one in runners
        if one.source is None and project is not None and project.name == one.service.name
    )


def _nearest(file: Path, folders: set[Path]) -> Path | None:
    return next((folder for folder in file.parents if folder in folders), None)


def _project(file: Path, base: Path) -> Path | None:
    for folder in file.parents:
        if any(disk.is_file(folder / name) for name in ("Dockerfile", *MARKERS)):
            return folder
        if folder == base:
            break
    return None


def _kept(service: Service, uses: Sequence[Used]) -> Iterable[tuple[str, Origin]]:
    """What remains when what is turned off is left out.

    A library's default is reported once, and listening once for each file.
    """
    off = {(one.feature, one.library) for one in uses if one.off}
    seen = set()
    for one in sorted(uses, key=lambda use: use.origin):
        once = None
        if one.library:
            once = (one.feature, one.library)
        elif one.feature == LISTEN:
            once = (one.feature, one.origin.path)
        if one.off or once in off or (once is not None and once in seen):
            continue
        if one.feature == PREPARED_STATEMENTS and service.unprepared:
            continue
        seen.add(once)
        yield one.feature, one.origin


def _uses(file: SourceFile, base: Path, context: Context) -> tuple[Text | None, list[Used]]:
    """What a file uses of a session, and its text if that matters. Raises TooManyErrors."""
    language = session_language_of(file.path)
    inside = file.path.relative_to(base) if file.path.is_relative_to(base) else file.path
    if language is None or any(_NOT_SERVICES.match(part) for part in inside.parts[:-1]):
        return None, []
    text = text_that_matters(file, context, _HINT.search)
    if text is None:
        return None, []
    if language == "python":
        from connguard.budget import sessions_python

        return text, sessions_python.read(text)
    from connguard.budget.sessions_hosts import READERS

    reader = READERS.get(language)
    return text, reader(text) if reader is not None else []


def _notes(text: Text) -> Notes:
    comments = []
    for number in range(1, text.line_count + 1):
        line = text.line(number)
        match = _COMMENT.search(line)
        if match is not None:
            own = not line[: match.start()].strip()
            comments.append(Comment(number, match.start(1) + 1, match[1].rstrip(), own_line=own))
    spans = tuple(Span(line, line) for line in range(1, text.line_count + 1))
    return Notes(text.path, tuple(comments), spans)
