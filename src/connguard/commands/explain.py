# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard explain`."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from difflib import get_close_matches

import click

from connguard.example_files import ExampleFile, example_files
from connguard.policies.model.policy import Policy
from connguard.policy_pages import data, example_data, markdown
from connguard.registry import find, policies

_WIDTH = 88


@click.command("explain")
@click.argument("topic", metavar="ID")
@click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "json", "markdown")),
    default="text",
    show_default=True,
)
def command(topic: str, format_: str) -> None:
    """Explain a policy: condition, effect, fix, examples.

    ID is an id such as PG001, a policy's name, or the id under which Checkov shows it.
    """
    registered = find(topic)
    if registered is None:
        raise click.UsageError(_unknown(topic))
    policy = registered.policy
    examples = example_files(policy.id)
    if format_ == "json":
        document = {
            "version": 1,
            "policy": data(policy),
            "examples": [example_data(example) for example in examples],
        }
        click.echo(json.dumps(document, indent=2))
    elif format_ == "markdown":
        click.echo(markdown(policy, examples), nl=False)
    else:
        click.echo("\n".join(_text(policy, examples)))


def _unknown(topic: str) -> str:
    known = [
        name for registered in policies() for name in (registered.policy.id, registered.policy.name)
    ]
    close = get_close_matches(topic.upper(), known, n=3, cutoff=0.7)
    close += get_close_matches(topic.lower(), known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else "`connguard rules` lists them."
    return f"no policy is called {topic!r}; {hint}"


def _text(policy: Policy, examples: tuple[ExampleFile, ...]) -> Iterator[str]:
    yield f"{policy.id} {policy.name}"
    yield f"severity {policy.severity.value}, in Checkov {policy.checkov_id}"
    for heading, text in (
        ("Fails when", policy.condition),
        ("Effect", policy.effect),
        ("Fix", policy.fix),
    ):
        yield f"\n{heading}"
        yield textwrap.fill(text, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    yield "\nPrevents"
    yield from (f"  - {failure.value}" for failure in policy.prevents)
    for example in examples:
        yield f"\n{'Bad' if example.bad else 'Good'}: {example.path}"
        yield textwrap.indent(example.text.rstrip(), "  | ", lambda _: True)
    if policy.references:
        yield "\nReferences"
        yield from (f"  {url}" for url in policy.references)
