# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run over a fleet for people: what failed, who is worst, which servers are exhausted."""

from __future__ import annotations

from collections.abc import Iterator

from connguard.engine.registry import find
from connguard.fleet.budget import FleetBudget, SharedBudget, left_rows
from connguard.fleet.run import Outcome
from connguard.policies.model.amount import UNBOUNDED, Amount, Standing
from connguard.reporters.plain import line_start, printable
from connguard.reporters.style import Style

_SHOWN = 10
_MARKS = {Standing.SAFE: "safe", Standing.UNSAFE: "UNSAFE", Standing.UNKNOWN: "unknown"}
_COLOURS = {Standing.SAFE: "good", Standing.UNSAFE: "error", Standing.UNKNOWN: "warning"}


def render(outcome: Outcome, *, colour: bool, verbose: bool) -> str:
    """Sections without content are left out. `verbose` shows all repositories."""
    style = Style(colour)
    shown = len(outcome.worst) + len(outcome.failed) if verbose else _SHOWN
    lines: list[str] = []
    sections = (
        ("not scanned, or not whole", list(_failed(outcome, shown))),
        ("repositories by worst severity", list(_worst(outcome, shown))),
        ("policies by repositories", list(_policies(outcome))),
        ("slowest repositories", list(_slowest(outcome))),
    )
    for title, content in sections:
        if content:
            lines += [style.paint("bold", title), *content, ""]
    if outcome.budget is not None:
        for server in outcome.budget.servers:
            lines += [*_server(server, style, verbose), ""]
        lines += _left(outcome.budget, style, shown)
    lines.append(_total(outcome))
    return "\n".join(lines) + "\n"


def _failed(outcome: Outcome, shown: int) -> Iterator[str]:
    for row in outcome.failed[:shown]:
        reasons = [row["reason"]] if row["reason"] else []
        for one in row["failures"]:
            reasons.append(f"{one['path']}: {one['reason']}" if one["path"] else one["reason"])
        more = f" and {len(reasons) - 1} more" if len(reasons) > 1 else ""
        yield f"  {printable(row['repository'])}: {row['status']}: {printable(reasons[0])}{more}"
    yield from _rest(len(outcome.failed), shown)


def _worst(outcome: Outcome, shown: int) -> Iterator[str]:
    for row in outcome.worst[:shown]:
        counts = f"{row['errors']:>6} errors {row['warnings']:>6} warnings"
        ids = sorted(row["policies"], key=lambda one: (-row["policies"][one], one))
        yield f"  {counts}  {printable(row['repository'])}  {' '.join(ids[:6])}"
    yield from _rest(len(outcome.worst), shown)


def _policies(outcome: Outcome) -> Iterator[str]:
    for identifier, count in sorted(outcome.spread.items(), key=lambda one: (-one[1], one[0]))[:8]:
        known = find(identifier)
        name = known.policy.name if known is not None else ""
        total = outcome.policies[identifier]
        yield f"  {count:>6} repositories {total:>7} findings  {identifier} {name}"


def _slowest(outcome: Outcome) -> Iterator[str]:
    for seconds, memory, name in outcome.slowest[:5]:
        yield f"  {seconds:>8.2f} s {memory >> 20:>6} MiB  {printable(name)}"


def _server(shared: SharedBudget, style: Style, verbose: bool) -> Iterator[str]:
    server, budget = shared.server, shared.budget
    title = f"server {printable(server.name)}"
    standing = budget.standing
    yield style.paint("bold", title) + ": " + style.paint(_COLOURS[standing], _MARKS[standing])
    slots = budget.server.limit if budget.server is not None else None
    demand = _number(budget.total)
    if slots is None:
        yield f"  {demand} connections; no file says how many it takes"
    else:
        free = ""
        if slots.bounded and budget.total.bounded:
            free = f", headroom {slots.low - budget.total.high}"
        yield f"  {demand} of {_number(slots)} connections at worst{free}"
    if budget.total.reason:
        yield style.paint("dim", f"  not known: {printable(budget.total.reason)}")
    shown = len(shared.shares) if verbose else _SHOWN
    for one in shared.shares[:shown]:
        where = f"  {printable(str(one.origin))}" if one.origin is not None else ""
        name = printable(one.repository) or "the fleet file"
        yield f"  {_number(one.amount):>10}  {name}" + style.paint("dim", where)
    yield from _rest(len(shared.shares), shown)
    for finding in shared.findings:
        place = line_start(f"{finding.origin.path}:{finding.origin.line}")
        severity = style.paint(finding.severity.value, finding.severity.value)
        head = f"{finding.policy.id}[{finding.policy.name}]"
        yield f"{place}: {severity} {head} {printable(finding.message)}"


def _left(found: FleetBudget, style: Style, shown: int) -> list[str]:
    """What counts for no server; without a server that is shared it is of no interest."""
    rows = left_rows(found.joined)
    if not rows or not found.servers:
        return []
    lines = [style.paint("bold", "of no known server, and in no sum")]
    for row in rows[:shown]:
        place = f"{row['repository']}/{row['path']}:{row['line']}" if row["path"] else ""
        name = f"{row['kind']} {row['name']}"
        lines.append(f"  {printable(place or row['repository'] or '')}: {printable(name)}: ")
        lines[-1] += printable(row["reason"])
    return [*lines, *_rest(len(rows), shown), ""]


def _total(outcome: Outcome) -> str:
    parts = [f"{outcome.repositories} repositories", f"{outcome.files} files"]
    parts += [f"{outcome.severities[name]} {name}" for name in ("errors", "warnings", "notes")]
    if outcome.failed:
        parts.append(f"{len(outcome.failed)} not scanned or not whole")
    if outcome.budget is not None and outcome.budget.servers:
        verdicts = [one.verdict for one in outcome.budget.servers]
        unsafe = sum(one is Standing.UNSAFE for one in verdicts)
        unknown = sum(one is Standing.UNKNOWN for one in verdicts)
        parts.append(f"{len(verdicts)} shared servers ({unsafe} unsafe, {unknown} unknown)")
    if outcome.taken_over:
        parts.append(f"{outcome.taken_over} taken over from the interrupted run")
    return ", ".join(parts)


def _rest(count: int, shown: int) -> Iterator[str]:
    if count > shown:
        yield f"  … and {count - shown} more"


def _number(amount: Amount) -> str:
    if amount.low == amount.high < UNBOUNDED:
        return str(amount.low)
    return f"{amount.low} to {amount.high}" if amount.bounded else f"{amount.low} or more"
