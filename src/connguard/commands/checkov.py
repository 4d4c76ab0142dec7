# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard checkov`."""

from __future__ import annotations

import sys

import click

from connguard.engine import checkov_host
from connguard.engine.finding import EXIT_ERROR


@click.command(
    "checkov",
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[CHECKOV ARGUMENT]...")
def command(arguments: tuple[str, ...]) -> None:
    """Run Checkov with connguard's checks, offline and fail-closed.

    All arguments are Checkov's own; its options are listed by -h. The exit code is Checkov's, and
    2 when Checkov is not installed, cannot start, or did not take all of connguard's checks.
    """
    try:
        sys.exit(checkov_host.run(arguments))
    except checkov_host.HostError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(EXIT_ERROR)
