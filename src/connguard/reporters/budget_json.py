# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection budget as JSON, version 1. A null number is unbounded, or not known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connguard.budget.run import Run
from connguard.policies.model.amount import Amount, Standing, worst_standing
from connguard.policies.model.explain import fault, settings
from connguard.policies.model.origin import Origin
from connguard.policies.model.risks import risks
from connguard.policies.model.usage import Budget, Usage
from connguard.reporters import json_report
from connguard.reporters.plain import encodable, json_text

VERSION = 1


def render(run: Run) -> str:
    return json_text(document(run))


def document(run: Run) -> dict[str, Any]:
    """The document as Python data. Several topologies are listed together, and in `stacks`."""
    report = json_report.document(run.report)
    budgets = [budget for _, budget in run.stacks]
    whole: dict[str, Any] = {"version": VERSION, "verdict": run.verdict.value}
    whole.update(_chain(budgets))
    for key in ("findings", "suppressed", "undecided", "not_parsed", "failures"):
        whole[key] = report[key]
    whole["risks"] = [
        {
            "name": risk.name,
            "subject": encodable(risk.subject),
            "connections": risk.connections,
            "message": encodable(risk.message),
        }
        for stack, _ in run.stacks
        for risk in risks(stack.topology)
    ]
    if len(budgets) > 1:
        whole["stacks"] = [
            {
                "location": json_report.location(stack.topology.origin),
                "verdict": budget.standing.value,
                **_chain([budget]),
            }
            for stack, budget in run.stacks
        ]
    return whole


def _chain(budgets: list[Budget]) -> dict[str, Any]:
    return {
        "roles": [
            {**_usage(usage), "at_fault": _at_fault(usage)}
            for budget in budgets
            for usage in budget.roles
        ],
        "databases": [_usage(usage) for budget in budgets for usage in budget.databases],
        "server": _server(budgets),
        "poolers": [
            {
                "name": encodable(usage.name),
                "max_client_conn": _number(usage.limit),
                "clients_max": _number(usage.demand),
                "verdict": usage.standing.value,
            }
            for budget in budgets
            for usage in budget.clients
        ],
    }


def _server(budgets: Iterable[Budget]) -> dict[str, Any]:
    """The server that is worst off; without any, nothing is known."""
    servers = [budget.server for budget in budgets if budget.server is not None]
    if not servers:
        return {"slots": None, "demand_max": None, "verdict": Standing.UNKNOWN.value}
    worst = worst_standing(usage.standing for usage in servers)
    usage = next(usage for usage in servers if usage.standing is worst)
    return {
        "slots": _number(usage.limit),
        "demand_max": _number(usage.demand),
        "verdict": usage.standing.value,
    }


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "name": encodable(usage.name),
        "limit": _number(usage.limit),
        "demand_max": _number(usage.demand),
        "verdict": usage.standing.value,
    }


def _number(amount: Amount | None) -> int | None:
    """The number, if it is known and bounded. Of a demand that is a range, its upper end."""
    if amount is None or not amount.bounded:
        return None
    return amount.high


def _at_fault(usage: Usage) -> list[dict[str, Any]]:
    """The place at fault first, then the others that make up the sum; nothing for a safe role."""
    if usage.standing is Standing.SAFE:
        return []
    places: list[Origin] = [fault(usage), *(related.origin for related in settings(usage))]
    return [json_report.location(origin) for origin in dict.fromkeys(places)]
