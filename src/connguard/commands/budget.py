# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard budget`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from connguard.budget import init, suggest
from connguard.budget import overrides as what_if
from connguard.budget.run import Run, run
from connguard.commands.common import complain, load_settings, wants_colour
from connguard.engine.fail_on import FailOn
from connguard.engine.finding import EXIT_CLEAN, EXIT_ERROR, EXIT_FINDINGS, EXIT_NOTHING_TO_SCAN
from connguard.engine.output import write_output
from connguard.engine.progress import status_line
from connguard.engine.registry import RegistryError
from connguard.engine.settings import SettingsError
from connguard.policies.model.amount import Standing
from connguard.reporters import budget_json, budget_mermaid, budget_picture, budget_text
from connguard.reporters.plain import printable

FORMATS = ("text", "json", "mermaid", "svg", "html")
_NOTHING = (
    "no service, pooler or server was found; what connguard cannot see is declared in"
    " connguard.toml: `connguard budget --init` prints a start"
)


@click.command("budget")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Write the budget to this file.")
@click.option("--set", "sets", multiple=True, metavar="K=V", help="What if: change one number.")
@click.option("--suggest", "suggesting", is_flag=True, help="Print what to change, as a diff.")
@click.option("--apply", "applying", is_flag=True, help="Make the changes that --suggest prints.")
@click.option("--init", "initial", is_flag=True, help="Print what was found as connguard.toml.")
@click.option("--config", type=click.Path(path_type=Path), help="Use this settings file.")
@click.option("--quiet", "-q", is_flag=True, help="One line per finding.")
@click.option("--verbose", "-v", is_flag=True, help="Show how the files were read.")
@click.option("--no-color", is_flag=True, help="No colours, even on a terminal.")
def command(
    paths: tuple[Path, ...],
    format_: str,
    output: Path | None,
    sets: tuple[str, ...],
    suggesting: bool,
    applying: bool,
    initial: bool,
    config: Path | None,
    quiet: bool,
    verbose: bool,
    no_color: bool,
) -> None:
    """Compute the connection budget: services, poolers, roles, databases, server slots.

    Exit codes: 0 safe or unknown, 1 unsafe or findings at the threshold, 2 usage, settings,
    unreadable input or a bug in connguard, 3 no pooler, service or server was found.
    """
    paths = paths or (Path(),)
    try:
        settings = load_settings(config, paths[0])
        with status_line(sys.stderr, wanted=not quiet) as progress:
            done = run(paths, settings, [what_if.parse(text) for text in sets], progress)
    except (SettingsError, RegistryError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    if applying and sets:
        raise click.UsageError("--apply changes files, and --set asks what if: use one of them")
    if initial:
        ordinary = [stack for stack, _ in done.stacks if not stack.variant]
        write_output(init.render(ordinary), output)
        complain(done.report, verbose, nothing=_NOTHING)
        sys.exit(EXIT_ERROR if done.report.failures else EXIT_CLEAN)
    if suggesting or applying:
        write_output(_suggestions(done), output)
        if applying and not _apply(done):
            complain(done.report, verbose, nothing=_NOTHING)
            sys.exit(EXIT_ERROR)
        if applying:
            # The files as they are now, and the declaration may be one of them.
            settings = load_settings(config, paths[0])
            done = run(paths, settings, [])
        complain(done.report, verbose, nothing=_NOTHING)
        sys.exit(_exit_code(done, settings.fail_on))
    colour = output is None and not no_color and wants_colour()
    write_output(_render(done, format_, colour=colour, verbose=verbose, quiet=quiet), output)
    complain(done.report, verbose, nothing=_NOTHING)
    sys.exit(_exit_code(done, settings.fail_on))


def _render(done: Run, format_: str, *, colour: bool, verbose: bool, quiet: bool) -> str:
    if format_ == "text":
        return budget_text.render(done, colour=colour, verbose=verbose, quiet=quiet)
    renders: dict[str, Callable[[Run], str]] = {
        "json": budget_json.render,
        "mermaid": budget_mermaid.render,
        "svg": budget_picture.render_svg,
        "html": budget_picture.render_html,
    }
    return renders[format_](done)


def _suggestions(done: Run) -> str:
    """A diff; what no diff can show stands above it, in lines that `patch` passes over."""
    lines: list[str] = []
    changes: list[suggest.Change] = []
    for stack, _ in done.stacks:
        found = suggest.suggest(stack.topology)
        changes.extend(found.changes)
        lines.extend(f"# not solved by numbers: {one}" for one in found.remaining)
    diff, others = suggest.as_diff(changes, done.report.texts)
    lines.extend(f"# add: {suggest.describe(change)}" for change in others)
    if not changes and not lines:
        lines.append("# nothing to change")
    return "".join(f"{line}\n" for line in lines) + diff


def _apply(done: Run) -> bool:
    """Make the changes that have a place in a file; whether all of those could be written."""
    changes = [
        change for stack, _ in done.stacks for change in suggest.suggest(stack.topology).changes
    ]
    made, _ = suggest.edits(changes, done.report.texts)
    refused = suggest.apply(made, {path: text for path, text in done.context.texts.items() if text})
    for name, reason in refused.items():
        click.echo(f"{printable(name)}: not changed: {printable(reason)}", err=True)
    return not refused


def _exit_code(done: Run, fail_on: FailOn) -> int:
    if done.report.failures:
        return EXIT_ERROR
    if not done.stacks:
        return EXIT_NOTHING_TO_SCAN
    if done.report.exit_code(fail_on.fails) == EXIT_FINDINGS:
        return EXIT_FINDINGS
    if done.verdict is Standing.UNSAFE and fail_on.level != "never":
        return EXIT_FINDINGS
    return EXIT_CLEAN
