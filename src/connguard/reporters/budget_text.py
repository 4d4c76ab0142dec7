# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection budget for people: the chain from services to server slots, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connguard.budget.run import Run
from connguard.policies.model.amount import UNBOUNDED, Amount, Standing
from connguard.policies.model.explain import largest_first, sentence
from connguard.policies.model.origin import Origin
from connguard.policies.model.risks import risks
from connguard.policies.model.usage import Budget, ClientUsage, ServerUsage, Usage
from connguard.reporters import text_report
from connguard.reporters.plain import printable
from connguard.reporters.style import Style

_BAR = 24
_NAME = 18
_MARKS = {Standing.SAFE: "safe", Standing.UNSAFE: "UNSAFE", Standing.UNKNOWN: "unknown"}
_COLOURS = {Standing.SAFE: "good", Standing.UNSAFE: "error", Standing.UNKNOWN: "warning"}


def render(run: Run, *, colour: bool, verbose: bool, quiet: bool) -> str:
    style = Style(colour)
    lines: list[str] = []
    for stack, budget in run.stacks:
        over = f" with {stack.variant}" if stack.variant else ""
        heading = f"connection budget of {stack.topology.origin.path}{over}: "
        lines.append(style.paint("bold", printable(heading)) + _verdict(budget.standing, style))
        lines.extend(_chain(budget, style, verbose))
        if verbose:
            lines.extend(
                style.paint("dim", f"not in the numbers: {printable(risk.message)}")
                for risk in risks(stack.topology)
            )
        lines.append("")
    if not run.stacks and not run.report.findings:
        return ""  # what to do then is said on standard error, beside any format
    findings = text_report.render(run.report, colour=colour, verbose=verbose, quiet=quiet)
    return "\n".join(lines) + "\n" + findings


def _chain(budget: Budget, style: Style, verbose: bool) -> Iterator[str]:
    if budget.clients:
        yield from _step("poolers: clients of max_client_conn", budget.clients, style)
    idle = [usage for usage in budget.roles if not usage.demand.high]
    busy = [usage for usage in budget.roles if usage.demand.high]
    if busy:
        yield from _step("roles: server connections of CONNECTION LIMIT", busy, style)
    if idle:
        names = ", ".join(usage.name for usage in idle)
        yield style.paint("dim", f"      not used by any service: {printable(names)}")
    # Databases and the server have the same uses as the roles: once is enough.
    if budget.databases:
        title = "databases: of CONNECTION LIMIT"
        yield from _step(title, budget.databases, style, with_uses=verbose)
    if budget.server is not None:
        title = "server: of the slots for ordinary roles"
        yield from _step(title, (budget.server,), style, with_uses=verbose or not busy)
    else:
        yield style.paint("bold", "server") + ": no file says how many connections it takes"


def _step(
    title: str, usages: Iterable[Usage], style: Style, *, with_uses: bool = True
) -> Iterator[str]:
    yield style.paint("bold", title)
    for usage in usages:
        yield _line(usage, style)
        for use in largest_first(usage) if with_uses else ():
            yield style.paint("dim", f"      {printable(sentence(use))}  {_places(use.settings)}")
        limits = usage.settings if isinstance(usage, ServerUsage) else (usage.limit,)
        places = _places(one for one in limits if one is not None)
        if usage.ignored:
            yield style.paint("dim", f"      {usage.ignored}")
        elif places:
            shown = " - ".join(f"{one.name} {_limit(one)}" for one in limits if one is not None)
            yield style.paint("dim", f"      {printable(shown)}  {places}")


def _limit(amount: Amount) -> str:
    return "-1" if amount.low >= UNBOUNDED else str(amount)


def _line(usage: Usage, style: Style) -> str:
    name = printable(usage.name)[:_NAME].ljust(_NAME)
    if isinstance(usage, ClientUsage) and not usage.uses:
        return f"  {name} {_bar(usage)} no service is declared: as many clients as it admits"
    if usage.limit is None or not usage.limit.bounded:
        return f"  {name} {_bar(usage)} {usage.demand} (no limit)"
    free = usage.limit.low - usage.demand.high
    left = f"{free} free" if free >= 0 else f"{-free} too many"
    if not usage.demand.bounded:
        left = "without bound"
    numbers = f"{usage.demand} of {usage.limit}, {left}"
    return f"  {name} {_bar(usage)} {numbers}  {_verdict(usage.standing, style)}"


def _bar(usage: Usage) -> str:
    """The demand against the limit, to scale; `!` is what does not fit."""
    if usage.limit is None or not usage.limit.bounded or not usage.demand.bounded:
        return "·" * _BAR
    limit, demand = usage.limit.low, usage.demand.high
    whole = max(limit, demand, 1)
    inside = round(_BAR * min(limit, demand) / whole)
    over = _BAR - inside if demand > limit else 0
    return "█" * inside + "!" * over + "░" * (_BAR - inside - over)


def _places(amounts: Iterable[Amount]) -> str:
    found = [one.origin for one in amounts if one.origin is not None]
    return " ".join(_short(origin) for origin in dict.fromkeys(found))


def _short(origin: Origin) -> str:
    return printable(f"{origin.path.rpartition('/')[2]}:{origin.line}")


def _verdict(standing: Standing, style: Style) -> str:
    return style.paint(_COLOURS[standing], _MARKS[standing])
