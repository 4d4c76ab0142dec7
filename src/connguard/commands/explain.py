# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard explain`."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import click

from connguard.commands.common import complain, load_settings, wants_colour
from connguard.engine.example_files import ExampleFile, example_files
from connguard.engine.output import write_output
from connguard.engine.policy_pages import data, example_data, markdown
from connguard.engine.registry import RegistryError, find, policies
from connguard.engine.settings import Settings, SettingsError
from connguard.engine.symptom_registry import symptoms
from connguard.explaining.explanation import exit_code, explain
from connguard.explaining.lines import Lines, policy_lines, read_files
from connguard.policies.model.patterns import lazily
from connguard.policies.model.policy import Policy
from connguard.policies.model.recognition import closest, suspected
from connguard.reporters import symptom_json, symptom_markdown, symptom_text

FORMATS = ("text", "json", "markdown")
MOST_INPUT = 1 << 20
"""Bytes of standard input that are read; of more the end counts."""

_WIDTH = 88
_NAME = lazily(r"[\w-]{1,60}")


@click.command("explain")
@click.argument("topic")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--config", type=click.Path(path_type=Path), help="Use this settings file.")
@click.option("--no-color", is_flag=True, help="No colours, even on a terminal.")
def command(
    topic: str, paths: tuple[Path, ...], format_: str, config: Path | None, no_color: bool
) -> None:
    """Explain an error message or a policy, and show the lines that can cause it.

    TOPIC is an error message, a log line, a stack trace, a SQLSTATE, the name of a symptom, or a
    policy's id, name or Checkov id; - reads a log from standard input. With PATH the files there
    are scanned for the lines that can cause the symptom: those that set the limit, timeout or rule,
    and findings of the policies that prevent it, accepted ones too.

    Exit codes: 0 explained, 1 there are lines that can cause it, 2 nothing is known of the topic,
    usage, settings, unreadable input or a bug in connguard, 3 nothing to scan was found.
    """
    if topic == "-":
        _explain_text(_standard_input(), paths, format_, config, no_color)
        return
    registered = find(topic)
    if registered is None:
        _explain_text(topic, paths, format_, config, no_color)
        return
    _explain_policy(registered.policy, paths, format_, config)


def _explain_policy(
    policy: Policy, paths: tuple[Path, ...], format_: str, config: Path | None
) -> None:
    examples = example_files(policy.id)
    repository = None
    if paths:
        try:
            settings = load_settings(config, paths[0])
            repository = read_files(paths, settings).judged([policy.id])
        except (SettingsError, RegistryError, ValueError) as error:
            raise click.UsageError(str(error)) from error
    lines = policy_lines([policy.id], repository) if repository else Lines()
    if format_ == "json":
        here = {"lines": symptom_json.lines_data(lines)} if repository else {}
        document = {
            "version": 1,
            "policy": data(policy),
            "examples": [example_data(example) for example in examples],
            **here,
        }
        click.echo(json.dumps(document, indent=2))
    elif format_ == "markdown":
        click.echo(markdown(policy, examples), nl=False)
    else:
        click.echo("\n".join(_text(policy, examples)))
    if repository is None:
        return
    if format_ == "text":
        click.echo(symptom_text.policy_lines_text(lines, repository.report.files), nl=False)
    complain(repository.report, verbose=False)
    sys.exit(exit_code(repository, found=bool(lines.guilty)))


def _explain_text(
    text: str, paths: tuple[Path, ...], format_: str, config: Path | None, no_color: bool
) -> None:
    try:
        settings = load_settings(config, paths[0]) if paths else Settings()
        explanation = explain(text, paths, settings)
    except (SettingsError, RegistryError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    if explanation is None:
        raise click.UsageError(_unknown(text) if _NAME.fullmatch(text.strip()) else _strange(text))
    if format_ == "json":
        shown = json.dumps(symptom_json.document(explanation), indent=2)
    elif format_ == "markdown":
        shown = symptom_markdown.render(explanation)
    else:
        shown = symptom_text.render(explanation, colour=not no_color and wants_colour())
    write_output(shown, None)
    if explanation.repository is not None:
        complain(explanation.repository.report, verbose=False)
    sys.exit(explanation.exit_code())


def _standard_input() -> str:
    """What stands there, up to a bound; of a longer log the end counts, where the error is."""
    stream = sys.stdin.buffer
    kept = b""
    while part := stream.read(1 << 16):
        kept = (kept + part)[-MOST_INPUT:]
    return kept.decode("utf-8", "replace")


def _strange(text: str) -> str:
    """Nothing of the text is repeated: it may hold a password."""
    perhaps = suspected(text, symptoms())
    if perhaps:
        name = perhaps[0].symptom.id
        return (
            "nothing in this text says that it is about PostgreSQL; if it is, then it is"
            f" {name}: connguard explain {name}"
        )
    close = closest(text, symptoms())
    hint = "; the closest symptoms: " + ", ".join(one.id for one in close) if close else ""
    return f"no symptom of a connection is recognised in this text{hint}"


def _unknown(topic: str) -> str:
    known = [
        name for registered in policies() for name in (registered.policy.id, registered.policy.name)
    ]
    close = get_close_matches(topic.upper(), known, n=3, cutoff=0.7)
    close += get_close_matches(topic.lower(), known, n=3, cutoff=0.5)
    close += [one.id for one in closest(topic.replace("-", " "), symptoms())] if not close else []
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
    shown = [next((one for one in examples if one.bad is bad), None) for bad in (True, False)]
    for example in filter(None, shown):
        yield f"\n{'Bad' if example.bad else 'Good'}: {example.path}"
        yield textwrap.indent(example.text.rstrip(), "  | ", lambda _: True)
    if len(examples) > len(shown):
        yield f"\nAll {len(examples)} examples: connguard explain {policy.id} --format markdown"
    if policy.references:
        yield "\nReferences"
        yield from (f"  {url}" for url in policy.references)
