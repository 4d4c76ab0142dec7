# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard init`."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import click

from connguard.adopting.plan import Plan, plan
from connguard.commands.common import complain
from connguard.engine.discovery import display_name
from connguard.engine.finding import EXIT_CLEAN, EXIT_ERROR, EXIT_NOTHING_TO_SCAN
from connguard.engine.output import write_output
from connguard.engine.progress import status_line
from connguard.engine.registry import RegistryError
from connguard.engine.settings import SettingsError
from connguard.reporters.plain import printable


@click.command("init")
@click.argument("path", type=click.Path(path_type=Path, file_okay=False, exists=True), default=".")
@click.option(
    "--ci",
    type=click.Choice(("github", "gitlab", "none")),
    help="Write a job for this CI server; default: the one the repository uses.",
)
@click.option("--no-baseline", is_flag=True, help="Accept no finding that is there now.")
@click.option("--dry-run", is_flag=True, help="Write nothing, show the changes as a diff.")
def command(path: Path, ci: str | None, no_baseline: bool, dry_run: bool) -> None:
    """Set connguard up in a repository: settings, baseline, CI job, pre-commit hook.

    What is there stays as it is. The baseline accepts the findings of today, so that the gate is
    green at once and stops what is new; a hook is added to .pre-commit-config.yaml if there is one.

    Exit codes: 0 done, 2 usage, settings, unreadable input or a bug in connguard, 3 nothing to scan
    was found (the files are written nevertheless).
    """
    try:
        with status_line(sys.stderr) as progress:
            made = plan(path.absolute(), ci=ci, with_baseline=not no_baseline, progress=progress)
    except (SettingsError, RegistryError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    if dry_run:
        write_output(_diff(made), None)
    else:
        _write(made)
    for remark in made.remarks:
        click.echo(printable(remark), err=dry_run)
    if made.accepted:
        many = f"{made.accepted} finding{'' if made.accepted == 1 else 's'}"
        click.echo(
            f"{many} accepted for the time being; `connguard scan --no-baseline` shows"
            f" {'it' if made.accepted == 1 else 'them'}",
            err=dry_run,
        )
    if not dry_run and (made.files or made.changed):
        click.echo("next: look at them, try `connguard scan`, and commit them")
    complain(made.report, verbose=False)
    if made.report.failures:
        sys.exit(EXIT_ERROR)
    sys.exit(EXIT_CLEAN if made.report.files else EXIT_NOTHING_TO_SCAN)


def _write(made: Plan) -> None:
    for texts, what in ((made.files, "created"), (made.changed, "changed")):
        for path, text in texts.items():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise click.UsageError(f"{path.parent}: {error.strerror}") from error
            write_output(text, path)
            click.echo(f"{what} {printable(display_name(path))}")


def _diff(made: Plan) -> str:
    def one(path: Path, text: str, old: str) -> str:
        name = display_name(path)
        return "".join(
            difflib.unified_diff(
                old.splitlines(keepends=True),
                text.splitlines(keepends=True),
                f"a/{name}" if old else "/dev/null",
                f"b/{name}",
            )
        )

    new = "".join(one(path, text, "") for path, text in made.files.items())
    return new + "".join(
        one(path, text, path.read_text("utf-8")) for path, text in made.changed.items()
    )
