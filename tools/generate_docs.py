# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the index of policies, the pages of policies and symptoms, and parts of other pages.

The parts are in README.md and docs/*.md.

With --check nothing is written, and the exit code is 1 when a file is stale.

A generated part stands between two comments:

    <!-- generated: policies -->            the table of policies
    <!-- generated: help scan -->           what `connguard scan --help` prints
    <!-- generated: output scan FILE -->    what `connguard scan FILE` prints
    <!-- generated: networks -->            the Terraform resources that are read, by provider
    <!-- generated: settings TABLE ... -->  the keys of these tables of the settings; top: of none
    <!-- end -->

The output does not depend on the terminal, the environment or the version.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from click.testing import CliRunner

from connguard.engine import policy_index, setting_reference
from connguard.engine.cli import main as connguard
from connguard.engine.example_files import example_files
from connguard.engine.policy_pages import fenced, markdown, table
from connguard.engine.registry import policies, written_index
from connguard.engine.symptom_pages import decision_tree
from connguard.engine.symptom_pages import markdown as symptom_page
from connguard.engine.symptom_pages import table as symptom_table
from connguard.engine.symptom_registry import symptoms
from connguard.engine.version import __version__
from connguard.policies.model import provider_index, terraform_facts
from connguard.policies.model.policy import Policy
from connguard.policies.model.terraform_facts import providers

ROOT = Path(__file__).resolve().parents[1]
INDEX = Path(os.path.relpath(str(policy_index.__file__), ROOT))
PROVIDER_INDEX = Path(os.path.relpath(str(provider_index.__file__), ROOT))
PAGES = Path("docs/policies")
SYMPTOM_PAGES = Path("docs/symptoms")

_PART = re.compile(
    r"(?P<start><!-- generated: (?P<what>[^\n]+?) -->\n).*?(?P<end><!-- end -->)", re.DOTALL
)
_UNWANTED = ("CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")
_NOTE = "<!-- Written by tools/generate_docs.py. -->\n\n"


def _provider_index() -> str:
    return (
        # REUSE-IgnoreStart
        "# SPDX-FileCopyrightText: 2026 The connguard authors\n"
        "# SPDX-License-Identifier: Apache-2.0\n"
        # REUSE-IgnoreEnd
        '"""What each provider mapping reads: resource types, and sources of modules.\n\n'
        'Written by tools/generate_docs.py.\n"""\n\n'
        f'INDEX = """\\\n{terraform_facts.written_index()}"""\n'
    )


def run(arguments: list[str]) -> str:
    """What connguard prints for these arguments, in the root of the repository."""
    environment = {name: None for name in os.environ if name.startswith(("CONNGUARD", "GITHUB_"))}
    result = CliRunner().invoke(
        connguard,
        arguments,
        prog_name="connguard",
        terminal_width=80,
        env={**environment, **dict.fromkeys(_UNWANTED)},
    )
    if result.exit_code == 2 or (result.exception and not isinstance(result.exception, SystemExit)):
        raise SystemExit(f"connguard {shlex.join(arguments)} failed: {result.output}")
    return without_version(result.stdout)


def without_version(text: str) -> str:
    """`text` without connguard's version; addresses such as 10.20.1.0 are left alone."""
    return re.sub(rf"(?<![\d.]){re.escape(__version__)}(?!\.?\d)", "VERSION", text)


def scan_example(path: str) -> str:
    command = ["scan", f"examples/{path}"]
    return f"$ connguard {shlex.join(command)}\n{run(command)}"


def page(policy: Policy) -> str:
    return _NOTE + markdown(policy, example_files(policy.id), scan_example)


def index(listed: list[Policy]) -> str:
    return (
        f"{_NOTE}# Policies\n\n{table(listed, link='')}\n\n"
        "Severities: an error stops the pull request (`--fail-on error`, the default), a warning"
        " and a note are shown.\n"
    )


def symptom_index() -> str:
    """All symptoms by layer, and the questions that lead to them."""
    listed = symptoms()
    return (
        f"{_NOTE}# Symptoms\n\n"
        "What somebody sees when a connection fails, by the layer that fails. `connguard explain`\n"
        "recognises them in an error message, a stack trace or a log, and with a path shows the\n"
        "lines that can cause them there:\n\n"
        "```console\n"
        "$ connguard explain 'FATAL: too many connections for role \"shop_app\"' .\n"
        "$ journalctl -u shop | connguard explain - .\n"
        "$ connguard explain 53300\n"
        "```\n\n"
        f"{fenced(decision_tree(listed), 'mermaid')}\n\n{symptom_table(listed)}\n"
    )


def part(what: str, folder: Path) -> str:
    """The content of a generated part in a file of `folder`."""
    kind, _, rest = what.partition(" ")
    if kind == "policies":
        link = os.path.relpath(PAGES, folder) + "/"
        return table([registered.policy for registered in policies()], link)
    if kind == "help":
        return fenced(run([*shlex.split(rest), "--help"]), "text")
    if kind == "output":
        return fenced(f"$ connguard {rest}\n{run(shlex.split(rest))}", "console")
    if kind == "networks":
        return networks()
    if kind == "settings":
        return setting_reference.markdown(*("" if name == "top" else name for name in rest.split()))
    raise SystemExit(f"unknown generated part: {what}")


def networks() -> str:
    """The tables of the provider mappings: resources, attributes read, and what counts."""
    parts = []
    for provider in providers():
        title = (provider.__doc__ or "").splitlines()[0].rstrip(".")
        parts.append(f"### {title}\n")
        parts.append("| resources | attributes read | what counts |")
        parts.append("|---|---|---|")
        for row in provider.TABLES:
            kinds = ", ".join(f"`{kind}`" for kind in row.types)
            attributes = ", ".join(f"`{name}`" for name in row.attributes)
            parts.append(f"| {kinds} | {attributes} | {row.counts.replace('|', chr(92) + '|')} |")
        parts.append("")
    return "\n".join(parts).rstrip()


def filled(path: Path) -> str:
    """A file of the repository with its generated parts written anew."""
    return _PART.sub(
        lambda found: f"{found['start']}\n{part(found['what'], path.parent)}\n\n{found['end']}",
        (ROOT / path).read_text(encoding="utf-8"),
    )


def documents() -> Iterator[tuple[Path, str]]:
    """Every generated file, relative to the root, and what it must contain."""
    yield INDEX, written_index()
    yield PROVIDER_INDEX, _provider_index()
    listed = [registered.policy for registered in policies()]
    yield PAGES / "index.md", index(listed)
    for policy in listed:
        yield PAGES / f"{policy.id}.md", page(policy)
    yield SYMPTOM_PAGES / "index.md", symptom_index()
    for symptom in symptoms():
        yield SYMPTOM_PAGES / f"{symptom.id}.md", _NOTE + symptom_page(symptom)
    for path in (Path("README.md"), *sorted(Path("docs").glob("*.md"))):
        yield path, filled(path)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when stale")
    check = parser.parse_args(arguments).check
    os.chdir(ROOT)  # outputs show paths relative to the root
    wanted = dict(documents())
    stale = [
        path
        for path, content in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != content
    ]
    folders = (PAGES, SYMPTOM_PAGES)
    orphaned = [path for folder in folders for path in folder.glob("*.md") if path not in wanted]
    for path in (*stale, *orphaned):
        print(f"{'stale' if check else 'written' if path in wanted else 'removed'}: {path}")
    if not check:
        for path in stale:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        for path in orphaned:
            path.unlink()
    return int(check and bool(stale or orphaned))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
