# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands share: settings, colour, and what goes to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from pathlib import Path

import click

from connguard.engine.finding import Report
from connguard.engine.settings import Settings, load, locate
from connguard.reporters.plain import printable


def load_settings(config: Path | None, first_path: Path) -> Settings:
    """The settings for a path, or those of a named file. Raises SettingsError."""
    path = config or locate(first_path.absolute())
    return load(path.absolute()) if path else Settings()


def ids(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """The ids of an option that may be repeated and may hold several, with commas."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def report_files(
    values: tuple[str, ...], formats: Collection[str], expected: str
) -> tuple[tuple[str, Path], ...]:
    """The formats and files of options FORMAT=FILE. Raises BadParameter, which says `expected`."""
    found = []
    for value in values:
        name, equals, file = value.partition("=")
        if not equals or not file or name not in formats:
            raise click.BadParameter(f"{value}: expected {expected}")
        found.append((name, Path(file)))
    return tuple(found)


def wants_colour() -> bool:
    """NO_COLOR and FORCE_COLOR as described at no-color.org and force-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def complain(report: Report, verbose: bool, *, nothing: str = "nothing to scan was found") -> None:
    """Problems go to standard error, so that they are seen beside any report format.

    `nothing` is said where no file was read.
    """
    if verbose:
        for line in report.log:
            click.echo(printable(line), err=True)
    for failure in report.failures:
        place = f"{failure.path}: " if failure.path else ""
        click.echo(printable(f"error: {place}{failure.reason}"), err=True)
    if not report.files and not report.failures:
        click.echo(nothing, err=True)
