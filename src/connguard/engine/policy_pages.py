# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said about policies, as Markdown and as data: one source for commands and pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from connguard.engine.example_files import ExampleFile
from connguard.policies.model.policy import Policy

_LANGUAGES = {
    ".sql": "sql",
    ".tf": "hcl",
    ".json": "json",
    ".ini": "ini",
    ".conf": "ini",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
    ".properties": "properties",
}

Output = Callable[[str], str]
"""The path of a bad example below `examples` -> what a scan of it prints."""


def summary(policy: Policy) -> str:
    """The first sentence of the condition."""
    sentence, stop, _ = policy.condition.partition(". ")
    return f"{sentence}." if stop else sentence


def table(policies: Iterable[Policy], link: str | None = None) -> str:
    """A Markdown table of policies; `link` is the folder of their pages."""
    rows = ["| id | name | severity | fails when |", "|---|---|---|---|"]
    for policy in policies:
        shown = policy.id if link is None else f"[{policy.id}]({link}{policy.id}.md)"
        rows.append(
            f"| {shown} | {policy.name} | {policy.severity.value} | {_cell(summary(policy))} |"
        )
    return "\n".join(rows)


def markdown(policy: Policy, examples: Iterable[ExampleFile], output: Output | None = None) -> str:
    """The page of a policy, with what a scan prints for its bad examples if `output` is given."""
    sections = [
        f"# {policy.id}: {policy.name}",
        f"**Severity** {policy.severity.value} · **Checkov id** `{policy.checkov_id}`",
        f"**Fails when.** {prose(policy.condition)}",
        f"**Effect.** {prose(policy.effect)}",
        f"**Fix.** {prose(policy.fix)}",
        "## Prevents",
        "\n".join(f"- {prose(failure.value)}" for failure in policy.prevents),
        *_example_sections(list(examples), output),
    ]
    if policy.references:
        sections += ["## References", "\n".join(f"- <{url}>" for url in policy.references)]
    return "\n\n".join(sections) + "\n"


def data(policy: Policy) -> dict[str, Any]:
    """A policy for JSON."""
    return {
        "id": policy.id,
        "name": policy.name,
        "severity": policy.severity.value,
        "checkov_id": policy.checkov_id,
        "condition": policy.condition,
        "effect": policy.effect,
        "fix": policy.fix,
        "prevents": [failure.value for failure in policy.prevents],
        "references": list(policy.references),
    }


def example_data(example: ExampleFile) -> dict[str, Any]:
    """A file of an example for JSON."""
    return {
        "path": example.path,
        "kind": "bad" if example.bad else "good",
        "text": example.text,
    }


def _example_sections(examples: list[ExampleFile], output: Output | None) -> Iterator[str]:
    for bad, heading in ((True, "## Bad"), (False, "## Good")):
        chosen = [file for file in examples if file.bad is bad]
        if not chosen:
            continue
        yield heading
        for position, file in enumerate(chosen):
            yield f"`{PurePosixPath(file.path).relative_to(file.path.split('/')[0])}`"
            yield fenced(file.text, _LANGUAGES.get(PurePosixPath(file.path).suffix, ""))
            is_last = position + 1 == len(chosen) or chosen[position + 1].example != file.example
            if bad and output and is_last:
                yield fenced(output(file.example), "text")


def fenced(text: str, language: str) -> str:
    """A code block with a fence longer than any in the text."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def prose(text: str) -> str:
    """Plain text, in which backticks mark code, for Markdown: no tags, no emphasis."""
    return re.sub(
        r"`[^`]*`|[<*]", lambda part: part[0] if len(part[0]) > 1 else f"\\{part[0]}", text
    )


def _cell(text: str) -> str:
    return prose(text).replace("|", "\\|")
