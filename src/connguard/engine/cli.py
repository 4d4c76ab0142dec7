# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line. Each command is a module of its own, imported only when it is called."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from importlib import import_module
from typing import Any, NoReturn

import click

from connguard.engine.interrupts import tidy_end
from connguard.engine.version import __version__

COMMANDS = {
    "init": "Set connguard up in a repository: settings, baseline, CI job, pre-commit hook.",
    "scan": "Scan files and directories for connection risks.",
    "rules": "List every policy.",
    "explain": "Explain an error message, or a policy, and show the lines that can cause it.",
    "budget": "Compute the connection budget: can the stack run out of connections?",
    "hba": "Tell which pg_hba.conf line decides about a login, or who can log in.",
    "doctor": "Look at a live server and PgBouncer, and compare them with the files.",
    "export": "Write alerts, metric queries and dashboards that know the limits.",
    "fix": "Write the migration that limits roles without a limit.",
    "fleet": "Scan many repositories, and add up the connections of the servers they share.",
    "lsp": "Run the language server, for editors.",
    "checkov": "Run Checkov with connguard's checks, offline and fail-closed.",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = import_module(f"connguard.commands.{name}").command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        with tidy_end():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="connguard")
def main() -> None:
    """Stops a pull request from causing a PostgreSQL connection outage or exposure."""


def run() -> NoReturn:
    """`main` as a program of its own."""
    try:
        main(prog_name="connguard")
    except SystemExit as end:
        if isinstance(end.code, int) and _nobody_else_is_here():
            _end(end.code)
        raise
    raise AssertionError("click ends with SystemExit")


def _nobody_else_is_here() -> bool:
    """Whether no thread still works, and no debugger, profiler or coverage looks on."""
    watched = sys.gettrace() or sys.getprofile()
    return not watched and threading.active_count() == 1


def _end(code: int) -> None:
    """End at once. To take every object apart first takes as long as to read a small file.

    Returns if what was printed cannot be written: Python then says so, as ever.
    """
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        return
    os._exit(code)
