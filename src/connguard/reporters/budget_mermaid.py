# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection budget as a Mermaid flowchart: services, poolers, roles, databases, server."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from connguard.budget.found import Stack
from connguard.budget.run import Run
from connguard.policies.model.amount import Amount, Standing
from connguard.policies.model.pools import connections
from connguard.policies.model.usage import Budget, Usage
from connguard.reporters.plain import printable

_CLASSES = (
    "  classDef unsafe fill:#cf222e,stroke:#82071e,color:#ffffff",
    "  classDef unknown fill:#bf8700,stroke:#7d4e00,color:#ffffff",
    "  classDef safe fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
)


def render(run: Run) -> str:
    return draw(run.stacks)


def draw(stacks: Sequence[tuple[Stack, Budget]]) -> str:
    """The diagram of these topologies."""
    lines = ["flowchart LR"]
    for number, (stack, budget) in enumerate(stacks):
        lines.extend(_stack(f"s{number}", stack, budget))
    return "\n".join((*lines, *_CLASSES)) + "\n"


def _stack(prefix: str, stack: Stack, budget: Budget) -> Iterator[str]:
    names = _Names(prefix)
    for usage in budget.clients:
        yield _node(names.of("pooler", usage.name), "pooler", usage)
    for service in stack.topology.services:
        name = names.of("service", service.name)
        yield f'  {name}["{_text(service.name)}<br>{connections(service)} connections"]'
        if service.pooler is not None:
            yield f"  {name} --> {names.of('pooler', service.pooler)}"
        elif service.user is not None:
            yield f"  {name} -->|direct| {names.of('role', service.user)}"
    server = names.of("server", "server")
    for role in budget.roles:
        if role.demand.high:
            yield _node(names.of("role", role.name), "role", role)
            for use in role.uses:
                if use.pooled:
                    pooler = names.of("pooler", use.label.rpartition(" of ")[2])
                    yield f"  {pooler} -->|{use.amount}| {names.of('role', role.name)}"
            yield f"  {names.of('role', role.name)} -->|{_number(role.demand)}| {server}"
    if budget.server is not None:
        yield _node(server, "slots", budget.server)
    else:
        yield f'  {server}["server<br>slots not known"]'


class _Names:
    """Identifiers of nodes."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._known: dict[tuple[str, str], str] = {}

    def of(self, kind: str, name: str) -> str:
        return self._known.setdefault((kind, name), f"{self._prefix}n{len(self._known)}")


def _node(identifier: str, kind: str, usage: Usage) -> str:
    limit = "no limit" if usage.limit is None or not usage.limit.bounded else f"of {usage.limit}"
    text = f"{kind} {_text(usage.name)}<br>{_number(usage.demand)} {limit}"
    free = usage.limit is None or usage.standing is Standing.SAFE
    return f'  {identifier}["{text}"]:::{"safe" if free else usage.standing.value}'


def _number(amount: Amount) -> str:
    return str(amount) if amount.bounded else "unbounded"


def _text(text: str) -> str:
    return re.sub('[#"<>|`]', lambda found: f"#{ord(found[0])};", printable(text))
