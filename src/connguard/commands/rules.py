# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard rules`."""

from __future__ import annotations

import json
import textwrap

import click

from connguard.engine.policy_pages import data, summary, table
from connguard.engine.registry import policies
from connguard.policies.model.policy import Policy

_WIDTH = 88


@click.command("rules")
@click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "json", "markdown")),
    default="text",
    show_default=True,
)
def command(format_: str) -> None:
    """List every policy."""
    listed = [registered.policy for registered in policies()]
    if format_ == "json":
        document = {"version": 1, "policies": [data(policy) for policy in listed]}
        click.echo(json.dumps(document, indent=2))
    elif format_ == "markdown":
        click.echo(table(listed))
    else:
        click.echo("\n".join(_entry(policy) for policy in listed))


def _entry(policy: Policy) -> str:
    indent = " " * 7
    about = textwrap.fill(summary(policy), _WIDTH, initial_indent=indent, subsequent_indent=indent)
    return f"{policy.id}  {policy.severity.value:<7}  {policy.name}\n{about}"
