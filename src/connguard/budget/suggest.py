# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The smallest consistent set of changes that makes a topology safe, with its headroom.

Limits of roles and databases are raised as far as the server has slots; where the slots themselves
do not suffice, all pool sizes are lowered by the same share, as little as possible. Whatever cannot
be written into a file (a default, a migration that was applied) is said as a line to add.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from pathlib import Path

from connguard.budget.pgbouncer import KIND as PGBOUNCER
from connguard.engine.text import Text
from connguard.engine.writing import write_whole
from connguard.policies.model.amount import Amount, Standing
from connguard.policies.model.budget import solve
from connguard.policies.model.explain import tight
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.topology import Pooler, Server, Topology
from connguard.policies.model.usage import Budget, Usage

_NUMBER = lazily(
    r"""\s*(["']?)(?:(?:--|-c\s*)?[A-Za-z_-]+\s*=\s*)?(["']?)(?P<number>[+-]?\d+)\2\1\s*"""
)
"""A number, also as the string, attribute or argument that YAML and Terraform may write it in."""
_NOT_EDITED = (".sql", ".json")
_SECTION = lazily(r"^[ \t]*\[pgbouncer\][ \t]*(?:\r\n|\n)", re.MULTILINE)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_STEPS = 20


@dataclass(frozen=True, slots=True)
class Change:
    """One number that is to be another. `statement` is what to add where no literal stands.

    `kind` and `name` say whose connection limit it is ("ROLE", "DATABASE"); empty for a setting.
    `home` is the pgbouncer.ini to which the statement can be added, where the number is a default.
    """

    what: str
    old: Amount
    new: int
    statement: str
    kind: str = ""
    name: str = ""
    home: Origin | None = None

    @property
    def origin(self) -> Origin | None:
        return self.old.origin


@dataclass(slots=True)
class Suggestion:
    """What to change; `remaining` says what cannot be made safe by changing numbers."""

    changes: list[Change] = field(default_factory=list)
    remaining: list[str] = field(default_factory=list)


def _anything(amount: Amount, home: Origin | None) -> bool:
    return True


def suggest(
    topology: Topology, can_change: Callable[[Amount, Origin | None], bool] = _anything
) -> Suggestion:
    """The changes for one topology. Nothing is suggested for what is already safe.

    Pool sizes that `can_change` refuses (given the number and its pooler's file) stay as they are.
    """
    found = Suggestion()
    admitted = _admit_clients(topology, solve(topology), found)
    changed = _fit_server(admitted, solve(admitted), found, can_change)
    _raise_limits(changed, solve(changed), found)
    return found


def _fit_server(
    topology: Topology,
    budget: Budget,
    found: Suggestion,
    can_change: Callable[[Amount, Origin | None], bool],
) -> Topology:
    """Lower the pools until the server's slots suffice, or say that they never do."""
    headroom = topology.headroom.admin.high
    if budget.server is None or _fits(budget.server, headroom):
        return topology
    if not budget.server.demand.bounded:
        found.remaining.append("nothing bounds the number of pools: cap them, or name the users")
        return topology
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        smaller = solve(_scaled(topology, middle, can_change)).server
        assert smaller is not None
        low, high = (middle, high) if _fits(smaller, headroom) else (low, middle)
    scaled = _scaled(topology, low, can_change)
    server = solve(scaled).server
    if server is None or not _fits(server, headroom):
        return _raise_server(topology, budget, headroom, found)
    found.changes.extend(_size_changes(topology, scaled))
    return scaled


def _raise_server(topology: Topology, budget: Budget, headroom: int, found: Suggestion) -> Topology:
    """Even pools of one connection are too many: the server needs more slots."""
    server = topology.server
    assert server is not None
    assert budget.server is not None
    kept = sum(one.high for one in _reserves(server))
    needed = budget.server.demand.high + headroom + kept
    statement = f"max_connections = {needed}"
    found.changes.append(Change("max_connections", server.max_connections, needed, statement))
    raised = replace(server.max_connections, low=needed, high=needed)
    return replace(topology, server=replace(server, max_connections=raised))


def _reserves(server: Server) -> tuple[Amount, ...]:
    return server.superuser_reserved, server.reserved, server.provider_reserved


def _fits(usage: Usage, headroom: int) -> bool:
    return usage.standing is Standing.SAFE and not tight(usage, headroom)


def _scaled(
    topology: Topology, share: float, can_change: Callable[[Amount, Origin | None], bool]
) -> Topology:
    def scale(amount: Amount | None, home: Origin | None) -> Amount | None:
        if amount is None or not amount.exact or amount.low < 2:
            return amount
        if not can_change(amount, home):
            return amount
        size = max(1, int(amount.low * share))
        return replace(amount, low=size, high=size)

    def smaller(pooler: Pooler) -> Pooler:
        home = _home(pooler)
        return replace(
            pooler,
            default_pool_size=scale(pooler.default_pool_size, home) or pooler.default_pool_size,
            reserve_pool_size=scale(pooler.reserve_pool_size, home) or pooler.reserve_pool_size,
            entries=tuple(
                replace(
                    entry,
                    pool_size=scale(entry.pool_size, None),
                    reserve_pool_size=scale(entry.reserve_pool_size, None),
                )
                for entry in pooler.entries
            ),
            users=tuple(
                replace(user, pool_size=scale(user.pool_size, None)) for user in pooler.users
            ),
        )

    return replace(topology, poolers=tuple(smaller(pooler) for pooler in topology.poolers))


def _home(pooler: Pooler) -> Origin | None:
    """The file that a setting of all the pooler's pools can be added to."""
    return pooler.origin if pooler.kind == PGBOUNCER else None


def _size_changes(before: Topology, after: Topology) -> Iterable[Change]:
    for old, new in zip(before.poolers, after.poolers, strict=True):
        pairs: list[tuple[Amount | None, Amount | None, str]] = [
            (old.default_pool_size, new.default_pool_size, "default_pool_size"),
            (old.reserve_pool_size, new.reserve_pool_size, "reserve_pool_size"),
        ]
        for entry, smaller in zip(old.entries, new.entries, strict=True):
            pairs.append((entry.pool_size, smaller.pool_size, f"pool_size of {entry.name}"))
            pairs.append(
                (entry.reserve_pool_size, smaller.reserve_pool_size, f"reserve of {entry.name}")
            )
        for user, less in zip(old.users, new.users, strict=True):
            pairs.append((user.pool_size, less.pool_size, f"pool_size of {user.name}"))
        for one, other, what in pairs:
            if one is not None and other is not None and one.low != other.low:
                home = _home(old) if what.startswith(("default", "reserve_pool")) else None
                statement = f"{what} = {other.low}"
                yield Change(f"{what} in {old.name}", one, other.low, statement, home=home)


def _raise_limits(topology: Topology, budget: Budget, found: Suggestion) -> None:
    slots = budget.server.limit.low if budget.server and budget.server.limit else None
    more = topology.headroom.recycling
    for kind, usages in (("ROLE", budget.roles), ("DATABASE", budget.databases)):
        for usage in usages:
            if usage.limit is None or _fits(usage, more):
                continue
            needed = usage.demand.high + more
            if not usage.demand.bounded:
                found.remaining.append(f'{kind.lower()} "{usage.name}": the demand has no bound')
            elif slots is not None and needed > slots:
                name = f'{kind.lower()} "{usage.name}"'
                found.remaining.append(f"{name} needs {needed}, and the server has {slots} slots")
            else:
                statement = f'ALTER {kind} "{usage.name}" CONNECTION LIMIT {needed};'
                what = f"connection limit of {usage.name}"
                found.changes.append(Change(what, usage.limit, needed, statement, kind, usage.name))


def _admit_clients(topology: Topology, budget: Budget, found: Suggestion) -> Topology:
    """Clients that were refused ask for pools, too: what follows must count with them."""
    poolers = {pooler.name: pooler for pooler in topology.poolers}
    for usage in budget.clients:
        if usage.standing is not Standing.SAFE and usage.demand.bounded:
            pooler = poolers[usage.name]
            old = pooler.max_client_conn
            statement = f"max_client_conn = {usage.demand.high}"
            what = f"max_client_conn of {usage.name}"
            home = _home(pooler)
            found.changes.append(Change(what, old, usage.demand.high, statement, home=home))
            most = replace(old, low=usage.demand.high, high=usage.demand.high)
            poolers[usage.name] = replace(pooler, max_client_conn=most)
    return replace(topology, poolers=tuple(poolers.values()))


@dataclass(frozen=True, slots=True)
class Edit:
    """A number in a file that is to be another: `old` stands at the offset `start` of its text.

    Where `old` is empty, `new` is a line that is added.
    """

    path: str
    line: int
    start: int
    old: str
    new: str


def edits(changes: Iterable[Change], texts: Mapping[str, Text]) -> tuple[list[Edit], list[Change]]:
    """The changes of numbers that stand in a file, each place once, and the other changes.

    SQL is not edited, since a migration that ran must not change; nor is a plan. Where one number
    counts for several stacks that need different ones, it is left to a person.
    """
    found: dict[tuple[str, int, str], Edit] = {}
    numbers: dict[tuple[str, int, str], set[int]] = {}
    placed: list[tuple[tuple[str, int, str], Change]] = []
    others = []
    for change in changes:
        edit = edit_of(change, texts)
        if edit is None:
            others.append(change)
            continue
        setting = "" if edit.old else change.statement.partition(" ")[0]
        key = edit.path, edit.start, setting
        found[key] = edit
        numbers.setdefault(key, set()).add(change.new)
        placed.append((key, change))
    others.extend(change for key, change in placed if len(numbers[key]) > 1)
    return [found[key] for key in sorted(found) if len(numbers[key]) == 1], others


def edit_of(change: Change, texts: Mapping[str, Text]) -> Edit | None:
    """How the file of a change is edited; None where that is not possible."""
    place = change.origin
    if place is None:
        return _added(change, texts)
    text = texts.get(place.path)
    if text is None or Path(place.path).suffix in _NOT_EDITED:
        return None
    start = text.offset(place.line, place.column)
    end = text.offset(place.end_line, place.end_column)
    match = _NUMBER.fullmatch(text.string, start, end)
    if match is None:
        return None
    start = match.start("number")
    return Edit(place.path, text.position(start)[0], start, match["number"], str(change.new))


def _added(change: Change, texts: Mapping[str, Text]) -> Edit | None:
    """A line below the only `[pgbouncer]` of the pooler's file."""
    text = texts.get(change.home.path) if change.home is not None else None
    sections = list(_SECTION.finditer(text.string)) if text is not None else []
    if text is None or len(sections) != 1:
        return None
    start = sections[0].end()
    end = "\r\n" if sections[0][0].endswith("\r\n") else "\n"
    return Edit(text.path, text.position(start)[0], start, "", f"{change.statement}{end}")


def edited(string: str, changes: Iterable[Edit]) -> str:
    """A text with the edits of its file made. Raises ValueError where another text stands."""
    for one in sorted(changes, key=lambda edit: edit.start, reverse=True):
        end = one.start + len(one.old)
        if string[one.start : end] != one.old:
            raise ValueError(f"line {one.line}: {one.old} does not stand there any more")
        string = string[: one.start] + one.new + string[end:]
    return string


def as_diff(
    changes: Iterable[Change], texts: Mapping[str, Text], name_of: Callable[[str], str] = str
) -> tuple[str, list[Change]]:
    """A unified diff of the changes that have a literal in a file, and the other changes."""
    made, others = edits(changes, texts)
    parts: list[str] = []
    for path in sorted({one.path for one in made}):
        old = texts[path].string
        new = edited(old, (one for one in made if one.path == path))
        shown = name_of(path)
        parts.extend(
            difflib.unified_diff(
                old.splitlines(keepends=True),
                new.splitlines(keepends=True),
                f"a/{shown}",
                f"b/{shown}",
            )
        )
    return "".join(parts), others


def apply(made: Iterable[Edit], files: Mapping[Path, Text]) -> dict[str, str]:
    """Write the edits into their files; why not, by the name of each file that is left as it was.

    `files` are the texts by their places on disk. Only UTF-8 is written, with all else in the file
    as it was.
    """
    refused: dict[str, str] = {}
    groups: dict[str, list[Edit]] = {}
    for one in made:
        groups.setdefault(one.path, []).append(one)
    paths = {text.path: path for path, text in files.items()}
    for name, group in groups.items():
        try:
            data = paths[name].read_bytes()
            mark = _BYTE_ORDER_MARK if data.startswith(_BYTE_ORDER_MARK) else b""
            string = edited(data[len(mark) :].decode("utf-8"), group)
            write_whole(paths[name], mark + string.encode("utf-8"))
        except UnicodeDecodeError:
            refused[name] = "it is not UTF-8"
        except (OSError, ValueError) as error:
            refused[name] = getattr(error, "strerror", None) or str(error)
    return refused


def describe(change: Change) -> str:
    """One line for a change that no diff shows."""
    return f"{change.statement}  -- {change.what}, now {change.old}"
