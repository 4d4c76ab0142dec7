# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""The sentences of the connection budget: a counter-example, and the places that make it up."""

from __future__ import annotations

from connguard.policies.model.amount import Amount, Standing, exactly
from connguard.policies.model.amount import related as places
from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.usage import Usage, Use
from connguard.policies.model.verdict import PASS, Verdict, fail, unknown

_SHOWN = 3


def judge(usage: Usage, subject: str, refusal: str, fix: str) -> Verdict:
    """The verdict on a demand against its limit. `subject` as in 'role "app" (limit 20)'."""
    if usage.standing is Standing.SAFE:
        return PASS
    where, related = fault(usage), settings(usage)
    if usage.standing is Standing.UNKNOWN:
        return unknown(undecided_text(usage, subject), where, related=related)
    message = f"{arithmetic(usage)}; {subject}: {refusal}"
    return fail(message, where, related=tuple(r for r in related if r.origin != where), fix=fix)


def arithmetic(usage: Usage) -> str:
    """Who opens how many connections, the largest first; for what is unsafe, what is certain."""
    uses = largest_first(usage)
    demand = usage.demand
    if usage.standing is Standing.UNSAFE and not demand.exact:
        uses = [use for use in uses if use.amount.low > 0]
        demand = exactly(demand.low)
    parts = [sentence(use) for use in uses[:_SHOWN]]
    if len(uses) > _SHOWN:
        parts.append(f"{len(uses) - _SHOWN} more")
    text = " + ".join(parts) if parts else "nothing"
    total = f"{demand}" if demand.exact == usage.demand.exact else f"at least {demand}"
    if usage.capped:
        return f"{text} ({usage.capped}): {total} connections"
    return f"{text} = {total} connections" if len(uses) > 1 else text


def sentence(use: Use) -> str:
    """One use: "web 4 × 10 clients → pool shop/app of pgbouncer opens 20 + 5 = 25"."""
    equals = (
        ""
        if use.how.endswith(f" {use.amount}") or use.how == str(use.amount)
        else f" = {use.amount}"
    )
    if not use.amount.bounded and use.pooled:
        equals = ""
    if not use.pooled:
        return f"{use.how}{equals} {use.clients or 'direct'}"
    clients = f"{use.clients} clients → " if use.clients else ""
    return f"{clients}{use.label} opens {use.how}{equals}"


def undecided_text(usage: Usage, subject: str) -> str:
    unknown_number = usage.demand.reason or (usage.limit.reason if usage.limit else "")
    return (
        f"{subject}: the demand is {usage.demand}; what would decide: "
        f"{unknown_number or 'a number that no file states'}"
    )


def fault(usage: Usage) -> Origin:
    """The setting at fault: the one that weighs most in the largest use."""
    for use in largest_first(usage):
        for setting in use.settings:
            if setting.origin is not None:
                return setting.origin
    return usage.origin


def settings(usage: Usage) -> tuple[Related, ...]:
    """Every place that a number of the sum comes from, and the limit."""
    amounts: list[Amount] = []
    for use in largest_first(usage):
        amounts.extend(use.settings)
    if usage.limit is not None:
        amounts.append(usage.limit)
    return places(amounts)


def largest_first(usage: Usage) -> list[Use]:
    return sorted(usage.uses, key=lambda use: (-use.amount.low, -use.amount.high))


def tight(usage: Usage, headroom: int) -> bool:
    """Whether a demand that fits leaves less than `headroom` free."""
    return (
        usage.standing is Standing.SAFE
        and usage.limit is not None
        and usage.demand.high > 0
        and usage.demand.high + headroom > usage.limit.low
    )


def enough(demand: Amount, more: int = 0) -> str:
    """The limit that a demand needs, for a fix."""
    if not demand.bounded:
        return "<what the pools can open, once that is bounded>"
    return str(demand.high + more)
