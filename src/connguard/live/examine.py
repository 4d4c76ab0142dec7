# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of `connguard doctor`: walk, collect, compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from connguard.engine.finding import Report
from connguard.engine.registry import select
from connguard.engine.scan import compared_with_live, conclude, gather
from connguard.engine.settings import Settings
from connguard.engine.text import Text
from connguard.live import snapshot
from connguard.live.collect import collect_pooler, collect_server
from connguard.live.examination import Examination, Looked
from connguard.live.pool_steps import pool_steps
from connguard.live.session import Session
from connguard.live.slots import slot_steps
from connguard.live.step import Step
from connguard.live.symptoms import with_symptoms
from connguard.live.target import Target, TargetError
from connguard.live.walk import walk
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.reading import Reading

POLICIES = ("PG6", "PG901", "PG902", "PG903")


def examine(
    server: Target | None,
    console: Target | None,
    paths: Sequence[Path],
    settings: Settings,
    seconds: float,
) -> Examination:
    """Look at the server, then at PgBouncer's console, then compare with the files.

    Never more than one session is open. Raises TargetError when one target is not what it is said
    to be.
    """
    found = Examination()
    seen: dict[str, Any] = {}
    if server is not None:
        steps = partial(_at_server, server, seen)
        found.looked.append(_look(f"server {server.label}", server, seconds, steps))
    if console is not None:
        steps = partial(_at_console, console, seen)
        found.looked.append(_look(f"PgBouncer {console.label}", console, seconds, steps))
    for looked in found.looked:
        looked.steps[:] = with_symptoms(sorted(looked.steps, key=lambda step: step.layer.rank))
    found.snapshot = snapshot.render(seen)
    if paths:
        _compare(paths, settings, found, seen)
    return found


def _look(
    title: str, target: Target, seconds: float, further: Callable[[Session], list[Step]]
) -> Looked:
    """Walk to a session, and take the further steps in it."""
    way = walk(target, seconds)
    if way.session is None:
        return Looked(title, way.steps)
    try:
        return Looked(title, [*way.steps, *further(way.session)])
    finally:
        way.session.close()


def _at_server(target: Target, seen: dict[str, Any], session: Session) -> list[Step]:
    if session.is_console:
        raise TargetError("--dsn leads to PgBouncer's console: give it as --pgbouncer-dsn")
    seen["server"] = collect_server(session, target.label)
    return slot_steps(session, seen["server"])


def _at_console(target: Target, seen: dict[str, Any], session: Session) -> list[Step]:
    if not session.is_console:
        raise TargetError(
            "--pgbouncer-dsn does not lead to PgBouncer's console: its database is called pgbouncer"
        )
    seen["pgbouncer"] = collect_pooler(session, target.label)
    return pool_steps(session, target.label)


def _compare(
    paths: Sequence[Path], settings: Settings, found: Examination, seen: dict[str, Any]
) -> None:
    report = Report()
    found.report = report
    context, gathered = gather(paths, settings, report)
    # A snapshot in the files is another state than the one that is looked at now.
    gathered.subjects[:] = [
        subject
        for subject in gathered.subjects
        if not isinstance(subject.alternatives[0], snapshot.LiveServer | snapshot.LivePooler)
    ]
    name = "live: " + ", ".join(str(part["name"]) for part in seen.values())
    text = Text(name, found.snapshot)
    snapshot.read_text(text, gathered)
    differences = compared_with_live(gathered, context, report)
    found.compared = len(differences.subjects)
    found.unread = sum(
        isinstance(fact, NotParsed)
        for subject in gathered.subjects
        for fact in subject.alternatives[:1]
    )
    reading = Reading(
        files=gathered.files, subjects=differences.subjects, notes=gathered.notes, log=gathered.log
    )
    context.texts[Path(name)] = text
    conclude(reading, context, select(POLICIES) - select(settings.ignore), report)
