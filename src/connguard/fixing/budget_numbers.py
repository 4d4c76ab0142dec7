# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers that an unsafe connection budget wants changed: in their files, or by a migration.

A limit that a migration sets is raised by a new migration, since applied ones must not change. A
number that is only declared in the settings file says what is true elsewhere: it is edited along
with the file that makes it true, and never alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

from connguard.budget.assemble import limited_databases, limited_roles, stacks
from connguard.budget.found import Stack
from connguard.budget.suggest import Change, Edit, Suggestion, edit_of, edited, edits, suggest
from connguard.engine.finding import Finding
from connguard.engine.reading import Context
from connguard.engine.registry import find
from connguard.engine.settings import Settings, load
from connguard.engine.text import Text
from connguard.policies.model.amount import Amount, Standing
from connguard.policies.model.budget import solve
from connguard.policies.model.origin import Origin
from connguard.policies.model.reading import Subject
from connguard.policies.model.records import dataclass
from connguard.policies.model.usage import Budget
from connguard.policies.model.verdict import Status, Verdict

POLICIES = ("PG101", "PG102", "PG103", "PG104")
"""What fails when a budget is unsafe."""

Key = tuple[str, str]
"""Kind ("ROLE", "DATABASE") and name."""


@dataclass(slots=True)
class Numbers:
    """What to change for the budget.

    `edits` are made in the files of `texts`, the present texts by their places on disk. `raised`
    are the limits that a migration must raise, with the places that set them now. `by_hand` says
    what else is to be done.
    """

    edits: list[Edit] = field(default_factory=list)
    texts: dict[Path, Text] = field(default_factory=dict)
    raised: dict[Key, Origin] = field(default_factory=dict)
    by_hand: list[str] = field(default_factory=list)

    def after(self) -> dict[Path, Text]:
        """The texts of the edited files as they will be."""
        changed = {one.path for one in self.edits}
        return {
            path: Text(
                text.path,
                edited(text.string, (one for one in self.edits if one.path == text.path)),
            )
            for path, text in self.texts.items()
            if text.path in changed
        }

    def settings(self, settings: Settings) -> Settings:
        """The settings as they will be: the declaration may be one of the edited files."""
        text = self.after().get(settings.path) if settings.path is not None else None
        return load(settings.path, text.string) if settings.path and text else settings


def numbers(
    subjects: Iterable[Subject], context: Context, findings: Sequence[Finding], applied: set[str]
) -> Numbers:
    """What the unsafe stacks need. `applied` are the names of files of migrations.

    A stack whose findings are all suppressed is left alone. Raises SettingsError as `stacks` does.
    """
    everything = list(subjects)
    known: dict[Key, Amount | None] = {
        ("ROLE", one.name): one.limit for one in limited_roles(everything)
    }
    known |= {("DATABASE", one.name): one.limit for one in limited_databases(everything)}
    places = {(one.policy.id, one.origin) for one in findings}
    made = _Maker(context, applied, known)
    for stack in stacks(everything, context):
        budget = solve(stack.topology)
        if budget.standing is Standing.UNSAFE and not places.isdisjoint(_failures(budget)):
            made.add(stack)
    return made.finished()


def _failures(budget: Budget) -> Iterable[tuple[str, Origin]]:
    for policy_id in POLICIES:
        registered = find(policy_id)
        assert registered is not None
        decide: Callable[[object], Verdict] = registered.decide
        for fact in budget.facts:
            if type(fact) is registered.policy.about:
                verdict = decide(fact)
                if verdict.status is Status.FAIL and verdict.at is not None:
                    yield policy_id, verdict.at


class _Maker:
    def __init__(
        self, context: Context, applied: set[str], known: Mapping[Key, Amount | None]
    ) -> None:
        self._context = context
        self._known = known
        self._made = Numbers()
        self._changes: list[Change] = []
        path = context.settings.path
        self._declaration = context.name_of(path) if path is not None else None
        self._made.texts = {
            path: text
            for path, text in context.texts.items()
            if text is not None and text.path not in applied and _is_utf8(path)
        }
        self._texts = {text.path: text for text in self._made.texts.values()}
        self._applied = applied

    def add(self, stack: Stack) -> None:
        found = self._reachable(stack)
        self._made.by_hand.extend(f"not solved by numbers: {one}" for one in found.remaining)
        for change in found.changes:
            if change.kind:
                self._limit(change)
            elif self._is_declared(change):
                self._leave(change)
            else:
                self._changes.append(change)

    def _reachable(self, stack: Stack) -> Suggestion:
        """What makes the stack safe; where its files can do that, only by what they say."""
        every = suggest(stack.topology)
        if all(self._can_change(one.old, one.home) for one in every.changes if not one.kind):
            return every
        possible = suggest(stack.topology, self._can_change)
        if all(self._can_change(one.old, one.home) for one in possible.changes if not one.kind):
            return possible
        return every

    def _can_change(self, amount: Amount, home: Origin | None) -> bool:
        if amount.origin is not None and amount.origin.path == self._declaration:
            return False
        return edit_of(Change("", amount, 0, "x = 0", home=home), self._texts) is not None

    def _limit(self, change: Change) -> None:
        """Raise a limit where the files set it, and in the declaration if it stands there too."""
        key = change.kind, change.name
        if not self._is_declared(change):
            self._raise(change, change.old)
            return
        if key not in self._known:
            self._leave(change)
            return
        self._changes.append(change)
        limit = self._known[key]
        if limit is not None and limit.high < change.new:
            self._raise(change, limit)

    def _raise(self, change: Change, limit: Amount) -> None:
        origin = limit.origin
        if origin is not None and origin.path in self._applied:
            self._made.raised[change.kind, change.name] = origin
        else:
            self._changes.append(replace(change, old=limit))

    def _is_declared(self, change: Change) -> bool:
        return change.origin is not None and change.origin.path == self._declaration

    def _leave(self, change: Change) -> None:
        self._made.by_hand.append(
            f"{change.origin}: declared here and set elsewhere, change both: {change.statement}"
        )

    def finished(self) -> Numbers:
        made = self._made
        made.edits, others = edits(self._changes, self._texts)
        for change in others:
            at = f"{change.origin}: " if change.origin is not None else ""
            line = f"{at}{change.what} is {change.old}, to be changed by hand: {change.statement}"
            made.by_hand.append(line)
        made.by_hand[:] = dict.fromkeys(made.by_hand)
        return made


def _is_utf8(path: Path) -> bool:
    try:
        path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return True
