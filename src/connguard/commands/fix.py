# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard fix`."""

from __future__ import annotations

import difflib
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from connguard.budget.suggest import apply
from connguard.commands.common import complain, load_settings
from connguard.engine.discovery import display_name
from connguard.engine.finding import (
    EXIT_CLEAN,
    EXIT_ERROR,
    EXIT_FINDINGS,
    EXIT_NOTHING_TO_SCAN,
    Failed,
)
from connguard.engine.output import write_output
from connguard.engine.registry import RegistryError
from connguard.engine.settings import SettingsError
from connguard.fixing.budget_numbers import Numbers
from connguard.fixing.plan import Plan, Repairs, plan
from connguard.fixing.statements import script
from connguard.fixing.write import write
from connguard.reporters.plain import line_start, printable


@click.command("fix")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("--dry-run", is_flag=True, help="Write nothing, show the new files as a diff.")
@click.option("--config", type=click.Path(path_type=Path), help="Use this settings file.")
@click.option("--verbose", "-v", is_flag=True, help="Show how the files were read.")
def command(paths: tuple[Path, ...], dry_run: bool, config: Path | None, verbose: bool) -> None:
    """Write a new migration that limits the roles and databases that PG001, PG002 and PG004 flag.

    Limits come from the connection budget. Where it does not say one, the statement keeps failing
    the scan until somebody writes a number. An unsafe budget is made safe: pool sizes and other
    numbers are edited where they stand, and limits of migrations are raised by the new one.
    Migrations are never changed or replaced.

    Exit codes: 0 nothing is left to do, 1 a limit must be chosen or something changed by hand,
    2 usage, settings, unreadable input, a file that cannot be written, a bug in connguard, or a
    format for which no file is written (the SQL is printed), 3 nothing to scan was found.
    """
    paths = paths or (Path(),)
    try:
        settings = load_settings(config, paths[0])
        made = plan(paths, settings, datetime.now(UTC))
    except (SettingsError, RegistryError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    if dry_run:
        write_output(_edits_diff(made.numbers), None)
    else:
        _edit(made)
    for repairs in made.histories:
        if dry_run:
            write_output(_diff(repairs), None)
        elif not repairs.refused:
            _write(repairs)
        _explain(repairs)
    for repair in made.pending:
        at, value = line_start(str(repair.flagged.origin)), repair.limit.value
        advice = "" if value is None else f": {value} ({repair.limit.reason})"
        click.echo(f"{at}: a limit must still be chosen here{advice}", err=True)
    for line in made.numbers.by_hand:
        click.echo(printable(line), err=True)
    for finding, why in made.by_hand:
        place = line_start(str(finding.origin))
        click.echo(f"{place}: {why}: {printable(finding.message)}", err=True)
    complain(made.report, verbose)
    sys.exit(_exit_code(made))


def _edits_diff(numbers: Numbers) -> str:
    before = {text.path: text for text in numbers.texts.values()}
    return "".join(
        line
        for text in sorted(numbers.after().values(), key=lambda one: one.path)
        for line in difflib.unified_diff(
            before[text.path].string.splitlines(keepends=True),
            text.string.splitlines(keepends=True),
            f"a/{text.path}",
            f"b/{text.path}",
        )
    )


def _edit(made: Plan) -> None:
    """Make the edits, before the migrations are written whose limits count on them."""
    refused = apply(made.numbers.edits, made.numbers.texts)
    for name in dict.fromkeys(one.path for one in made.numbers.edits):
        if name in refused:
            made.report.failures.append(Failed(name, f"not changed: {refused[name]}"))
        else:
            click.echo(f"changed: {printable(name)}")


def _diff(repairs: Repairs) -> str:
    return "".join(
        line
        for path, text in repairs.files.texts.items()
        for line in difflib.unified_diff(
            [], text.splitlines(keepends=True), "/dev/null", f"b/{display_name(path)}"
        )
    )


def _write(repairs: Repairs) -> None:
    try:
        write(repairs.files)
    except OSError as error:
        repairs.refused = f"{error.filename}: {error.strerror}"
        return
    for path in repairs.files.texts:
        click.echo(f"written: {printable(display_name(path))}")


def _explain(repairs: Repairs) -> None:
    """What the user has to do, on standard error; refused SQL to paste on standard output."""
    history = printable(repairs.history.describe())
    if repairs.refused:
        click.echo(f"{history}: no file is written: {printable(repairs.refused)}", err=True)
        click.echo("".join(f"{printable(line)}\n" for line in script(repairs.repairs)), nl=False)
        return
    for repair in repairs.open:
        name, reason = printable(repair.flagged.name), printable(repair.limit.reason)
        click.echo(f"{history}: choose a limit for {name}: {reason}", err=True)


def _exit_code(made: Plan) -> int:
    if made.report.failures or any(one.refused for one in made.histories):
        return EXIT_ERROR
    if not made.report.files:
        return EXIT_NOTHING_TO_SCAN
    if (
        made.pending
        or made.by_hand
        or made.numbers.by_hand
        or any(one.open for one in made.histories)
    ):
        return EXIT_FINDINGS
    return EXIT_CLEAN
