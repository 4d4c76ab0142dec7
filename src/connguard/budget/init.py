# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a topology as connguard.toml, with a comment for where each number was found."""

from __future__ import annotations

import json
from collections.abc import Iterator

from connguard.budget.found import Stack
from connguard.policies.model.amount import Amount
from connguard.policies.model.origin import Origin

_START = """\
# Nothing was found. A start; docs/budget.md describes what else can be declared.

[[service]]
name = "app"
instances = 2
pool = 10          # connections of one instance
via = "direct"     # or the name of a [[pooler]]
# user = "app"

[server]
max_connections = 100
"""


def render(stacks: list[Stack]) -> str:
    """The declarations of all stacks, each under a heading."""
    if not stacks:
        return _START
    lines = ["# What connguard found. Correct it, and add what it cannot see."]
    for stack in stacks:
        lines.extend(("", f"# {stack.topology.origin}"))
        lines.extend(_stack(stack))
    return "\n".join(lines) + "\n"


def _stack(stack: Stack) -> Iterator[str]:
    topology = stack.topology
    for service in topology.services:
        yield "[[service]]"
        yield f"name = {json.dumps(service.name)}{_from(service.origin)}"
        yield _number("instances", service.instances)
        if service.processes.high != 1:
            yield _number("processes", service.processes)
        if service.surge.high:
            yield _number("surge", service.surge)
        yield _number("pool", service.pool)
        yield f"via = {json.dumps(service.pooler or 'direct')}"
        for key, value in (("database", service.database), ("user", service.user)):
            yield f"{key} = {json.dumps(value)}" if value else f'# {key} = ""  # not known'
        yield ""
    for pooler in topology.poolers:
        yield "[[pooler]]"
        yield f"name = {json.dumps(pooler.name)}{_from(pooler.origin)}"
        yield f"config = {json.dumps(pooler.origin.path)}"
        yield _number("instances", pooler.instances)
        if len(pooler.versions) == 1:
            yield f'version = "{pooler.versions[0][0]}.{pooler.versions[0][1]}"'
        yield ""
    if topology.server is not None:
        yield f"[server]{_from(topology.server.origin)}"
        yield _number("max_connections", topology.server.max_connections)
        yield _number("superuser_reserved_connections", topology.server.superuser_reserved)
        yield _number("reserved_connections", topology.server.reserved)
        yield ""
    for kind, items in (("role", topology.roles), ("database", topology.databases)):
        for item in items:
            if item.limit is not None and item.limit.bounded:
                yield f"[[{kind}]]"
                yield f"name = {json.dumps(item.name)}"
                yield _number("connection_limit", item.limit)
                yield ""


def _number(key: str, amount: Amount) -> str:
    if not amount.exact:
        return f"# {key} =   # not known: {amount.reason}{_where(amount.origin)}"
    return f"{key} = {amount.low}{_from(amount.origin)}"


def _from(origin: Origin | None) -> str:
    return f"  # {origin}" if origin is not None else ""


def _where(origin: Origin | None) -> str:
    return f" ({origin})" if origin is not None else ""
