# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One new migration for each history with flagged roles, and a proof that it repairs them.

An unsafe connection budget comes first: the numbers that it wants are edited, and the limits of the
migrations are those of the files as they will be then.

Applied migrations never change, so a repair is a migration of its own. It is replayed in its
history before it is written: what does not come last there, or does not repair, is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path, PurePath

from connguard.engine.discovery import discover, display_name
from connguard.engine.finding import Finding, Report
from connguard.engine.reading import Context, SourceFile
from connguard.engine.scan import gather, scan
from connguard.engine.settings import Settings
from connguard.engine.text import Text
from connguard.fixing import budget_numbers
from connguard.fixing.budget_numbers import Key, Numbers
from connguard.fixing.flagged import POLICIES, TOO_LOW, Flagged, flagged, limits_of
from connguard.fixing.javascript import javascript
from connguard.fixing.layouts import CannotWrite, NewFiles, Place, flyway, numbered
from connguard.fixing.limits import NOT_KNOWN, Limit, limits
from connguard.fixing.programs import alembic, django, rails
from connguard.fixing.statements import MARKER, Repair, script
from connguard.migrations.claims import may_hold_sql
from connguard.migrations.histories import histories
from connguard.migrations.history import History
from connguard.migrations.pool import Pool
from connguard.migrations.products import product_of_all
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Subject
from connguard.policies.model.records import dataclass
from connguard.sql_rules.script import Direction

_BY_HAND = {
    "Atlas": "atlas.sum must hold its hash",
    "Drizzle": "the journal must name the new file",
    "Liquibase": "a changelog must name the new file",
    "container": "these scripts run on the first start only",
    "graphile-migrate": "committed files hold the hashes of those before",
    "shell script": "it is no directory of migrations",
    "sqitch": "sqitch.plan must name the new change",
}
"""By the start of the layout's name."""

_PLACEHOLDER = lazily(r"\$\{|\{\{|#\{|%\(|^[:$@]")
"""What stands in a name for a value: how it is to be quoted depends on the value."""

_NUMBERED = (
    *("goose", "sql-migrate", "dbmate", "Play evolutions", "rambler", "node-pg-migrate", "tern"),
    *("MyBatis migrations", "golang-migrate", "Prisma", "Supabase"),
    "up and down files in one folder per migration",
)


@dataclass(slots=True)
class Repairs:
    """What is to be done for one history: new files, or why none can be written."""

    history: History
    repairs: list[Repair]
    files: NewFiles = field(default_factory=NewFiles)
    refused: str = ""

    @property
    def open(self) -> list[Repair]:
        """Those whose limit a person must choose."""
        return [repair for repair in self.repairs if repair.limit.value is None]


@dataclass(slots=True)
class Plan:
    """`pending` are statements of earlier runs that wait for a number, `by_hand` findings that no
    new migration repairs, and why. `numbers` are those of the budget. `report` is that of the scan.
    """

    report: Report
    histories: list[Repairs] = field(default_factory=list)
    pending: list[Repair] = field(default_factory=list)
    by_hand: list[tuple[Finding, str]] = field(default_factory=list)
    numbers: Numbers = field(default_factory=Numbers)


def plan(paths: Sequence[Path], settings: Settings, now: datetime) -> Plan:
    """What `connguard fix` would write. Raises SettingsError and ValueError as a scan does."""
    made = Plan(scan(paths, settings))
    findings = {
        (one.policy.id, one.origin, one.message): one
        for one in made.report.findings
        if one.policy.id in POLICIES
    }
    unsafe = [one for one in made.report.findings if one.policy.id in budget_numbers.POLICIES]
    if made.report.failures or not (findings or unsafe):
        return made
    context, gathered = gather(paths, settings, Report())
    files = _files(paths, settings)
    found = _histories(files, context)
    if unsafe:
        applied = {name for history in found for name in history.files}
        made.numbers = budget_numbers.numbers(gathered.subjects, context, unsafe, applied)
        if made.numbers.edits:
            settings = made.numbers.settings(settings)
            context, gathered = gather(paths, settings, Report(), texts=made.numbers.after())
    known = limits(gathered.subjects, context)
    raised = dict(made.numbers.raised)
    for history in found:
        repairs: list[Repair] = []
        for one in flagged(history):
            finding = findings.pop((one.policy_id, one.origin, one.message), None)
            if finding is None:
                continue  # suppressed
            if _PLACEHOLDER.search(one.name):
                made.by_hand.append((finding, "only the run knows the name, write it by hand"))
                continue
            repair = Repair(one, known.get((one.kind, one.name), NOT_KNOWN))
            pending = _is_pending(finding, made.report)
            (made.pending if pending else repairs).append(repair)
        repairs.extend(_raises(history, raised, known))
        if repairs:
            made.histories.append(_repaired(history, repairs, files, context, now))
    made.by_hand.extend((one, "to be changed in its place") for one in findings.values())
    made.numbers.by_hand.extend(
        f'{origin}: the limit of {kind.lower()} "{name}" must be raised, and no number is known'
        for (kind, name), origin in raised.items()
    )
    return made


def _raises(
    history: History, raised: dict[Key, Origin], known: Mapping[Key, Limit]
) -> Iterable[Repair]:
    """Limits that this history sets too low; they are taken out of `raised`."""
    for key, origin in list(raised.items()):
        limit = known.get(key, NOT_KNOWN)
        if origin.path in history.files and limit.value is not None:
            kind, name = key
            del raised[key]
            yield Repair(Flagged(TOO_LOW[kind], kind, name, "the limit is too low", origin), limit)


def _files(paths: Sequence[Path], settings: Settings) -> list[SourceFile]:
    found = discover(
        paths,
        wanted=may_hold_sql,
        excludes=settings.exclude,
        exclude_base=settings.base,
        respect_gitignore=settings.respect_gitignore,
    )
    return [file for file in found.files if may_hold_sql(PurePath(file.path))]


def _histories(files: Sequence[SourceFile], context: Context) -> list[History]:
    return [
        history
        for history in histories(Pool(files, context))
        if not product_of_all(chunk.text for one in history.scripts for chunk in one.chunks)
    ]


def _is_pending(finding: Finding, report: Report) -> bool:
    text = report.texts.get(finding.origin.path)
    return text is not None and MARKER in text.line(finding.origin.line)


def _repaired(
    history: History,
    repairs: list[Repair],
    files: Sequence[SourceFile],
    context: Context,
    now: datetime,
) -> Repairs:
    done = Repairs(history, repairs)
    forward = [
        Path(one.name).absolute()
        for one in history.scripts
        if any(chunk.direction is Direction.UP for chunk in one.chunks)
    ]
    try:
        if not forward:
            raise CannotWrite("there is no migration to continue")
        new = _new_files(Place(history, forward, context, now), repairs)
        _prove(history, repairs, new, files, context)
        done.files = new
    except CannotWrite as error:
        done.refused = str(error)
    return done


def _new_files(place: Place, repairs: Sequence[Repair]) -> NewFiles:
    sql = script(repairs)
    layout = place.history.layout
    if layout == "Flyway":
        return flyway(place, sql)
    if layout.startswith("Alembic"):
        return alembic(place, sql)
    if layout.startswith("Django"):
        return django(place, sql, Path(repairs[-1].flagged.origin.path).absolute().parent)
    if layout.startswith("Ruby"):
        return rails(place, sql)
    if layout.startswith("JavaScript"):
        return javascript(place, sql)
    if layout in _NUMBERED or layout.startswith(("plain SQL", "Go ")):
        return numbered(place, sql)
    why = (reason for start, reason in _BY_HAND.items() if layout.startswith(start))
    raise CannotWrite(next(why, f"new files are not written for this format: {layout}"))


def _prove(
    history: History,
    repairs: Sequence[Repair],
    new: NewFiles,
    files: Sequence[SourceFile],
    context: Context,
) -> None:
    """Replay the history with the new files. Raises CannotWrite when they do not repair it."""
    added = [SourceFile(path, display_name(path)) for path in new.texts]
    if any(path.exists() for path in new.texts):
        raise CannotWrite("a file of the name that comes next exists")
    texts: dict[Path, Text | None] = {
        file.path: Text(file.name, new.texts[file.path]) for file in added
    }
    inner = replace(context, texts={**context.texts, **texts}, unreadable=[], log=[], cache={})
    name = added[0].name
    after = [one for one in _histories([*files, *added], inner) if name in one.files]
    if len(after) != 1 or not history.files <= after[0].files:
        raise CannotWrite("a new file would not belong to the same history")
    if _gaps(after[0].subjects) != _gaps(history.subjects):
        raise CannotWrite("what would be written cannot be read again")
    left = {(one.kind, one.name): one for one in flagged(after[0])}
    limited = limits_of(after[0])
    for repair in repairs:
        one: Flagged | None = left.get((repair.flagged.kind, repair.flagged.name))
        waits = repair.limit.value is None
        if (one is None) == waits or (one is not None and one.origin.path != name):
            raise CannotWrite(f"a new file would not repair {repair.flagged.name}")
        if not waits and limited.get((repair.flagged.kind, repair.flagged.name)) != {
            repair.limit.value
        }:
            raise CannotWrite(f"a new file would not limit {repair.flagged.name}")


def _gaps(subjects: Sequence[Subject]) -> int:
    return len(subjects)
