# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard doctor`."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import click

from connguard.commands.common import complain, load_settings, wants_colour
from connguard.engine.finding import EXIT_ERROR
from connguard.engine.output import write_output
from connguard.engine.settings import SettingsError
from connguard.reporters import doctor_json, doctor_text

_INSTALL = (
    "connguard doctor needs psycopg to log in: pip install 'connguard[doctor]'"
    " (with 'psycopg[binary]' where libpq is not installed)"
)


@click.command("doctor")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("--dsn", help="The server: a URI, key=value pairs, or '' for PG* variables alone.")
@click.option("--pgbouncer-dsn", help="PgBouncer's console: a connection string to its database.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1, max=600),
    default=5.0,
    show_default=True,
    help="Seconds after which each step is given up.",
)
@click.option(
    "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True
)
@click.option("--output", type=click.Path(path_type=Path), help="Write the report to this file.")
@click.option("--save", type=click.Path(path_type=Path), help="Write what was seen as a snapshot.")
@click.option("--config", type=click.Path(path_type=Path), help="Use this settings file.")
@click.option("--quiet", "-q", is_flag=True, help="One line per step and finding.")
@click.option("--verbose", "-v", is_flag=True, help="Show how the files were read.")
@click.option("--no-color", is_flag=True, help="No colours, even on a terminal.")
def command(
    paths: tuple[Path, ...],
    dsn: str | None,
    pgbouncer_dsn: str | None,
    timeout: float,
    format_: str,
    output: Path | None,
    save: Path | None,
    config: Path | None,
    quiet: bool,
    verbose: bool,
    no_color: bool,
) -> None:
    """Look at a live server and PgBouncer, and compare them with the files below PATH.

    Reads only, logs in once at a time, and prints no secrets.

    Exit codes: 0 every layer works and nothing differs from the files, 1 a layer fails or
    something differs, 2 usage, settings, unreadable input, a missing library or a bug in connguard,
    3 every layer works, but PATH holds nothing to compare with.
    """
    if dsn is None and pgbouncer_dsn is None:
        raise click.UsageError("give --dsn, --pgbouncer-dsn or both")
    if find_spec("psycopg") is None:
        raise click.UsageError(_INSTALL)
    try:
        from connguard.live.examine import examine
        from connguard.live.target import TargetError, parse_target
    except ImportError as error:  # psycopg is there, and libpq is not
        raise click.UsageError(f"{_INSTALL}: {error}") from error
    try:
        settings = load_settings(config, paths[0] if paths else Path())
        server = parse_target(dsn) if dsn is not None else None
        console = parse_target(pgbouncer_dsn) if pgbouncer_dsn is not None else None
        found = examine(server, console, paths, settings, timeout)
    except (SettingsError, TargetError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    if save is not None:
        write_output(found.snapshot, save)
    if format_ == "json":
        text = doctor_json.render(found)
    else:
        colour = output is None and not no_color and wants_colour()
        text = doctor_text.render(found, colour=colour, verbose=verbose, quiet=quiet)
    write_output(text, output)
    if found.report is not None:
        complain(found.report, verbose)
    sys.exit(EXIT_ERROR if found.report and found.report.failures else found.exit_code)
