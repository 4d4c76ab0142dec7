# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard export`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from connguard.commands.common import load_settings
from connguard.engine.finding import EXIT_CLEAN, EXIT_ERROR
from connguard.engine.output import write_output
from connguard.engine.registry import RegistryError
from connguard.engine.settings import SettingsError
from connguard.exporting.formats import FORMATS, Request, load
from connguard.reporters.plain import printable


@click.command("export")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option(
    "--format",
    "format_",
    type=click.Choice(tuple(FORMATS)),
    required=True,
    help="prometheus: rules, queries for postgres_exporter, SQL. grafana: a dashboard."
    " opa: the facts of the scan as JSON, for Conftest and Rego.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder that the files are written to; it is made if it is missing.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 100, min_open=True),
    default=80,
    show_default=True,
    help="Per cent of a limit from which on to warn.",
)
@click.option(
    "--critical",
    type=click.FloatRange(0, 100, min_open=True),
    default=95,
    show_default=True,
    help="Per cent of a limit from which on it is critical.",
)
@click.option("--config", type=click.Path(path_type=Path), help="Use this settings file.")
def command(
    paths: tuple[Path, ...],
    format_: str,
    output: Path,
    threshold: float,
    critical: float,
    config: Path | None,
) -> None:
    """Write alerts, queries and dashboards that know the limits of the connection budget, or
    what the scan knows as input for policies of your own.

    Exit codes: 0 the files are written, 2 usage, settings or unreadable input.
    """
    if threshold > critical:
        raise click.UsageError("--threshold is above --critical")
    paths = paths or (Path(),)
    try:
        settings = load_settings(config, paths[0])
        made = load(format_).export(Request(paths, settings, threshold / 100, critical / 100))
    except (SettingsError, RegistryError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"{output}: {error.strerror}") from error
    for name, text in made.files.items():
        write_output(text, output / name)
        click.echo(printable(str(output / name)))
    for note in made.notes:
        click.echo(printable(f"note: {note}"), err=True)
    for failure in made.failures:
        click.echo(printable(f"error: {failure}"), err=True)
    sys.exit(EXIT_ERROR if made.failures else EXIT_CLEAN)
