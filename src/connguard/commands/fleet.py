# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard fleet`."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path

import click

from connguard.commands.common import ids, report_files, wants_colour
from connguard.engine.fail_on import FailOn
from connguard.engine.finding import EXIT_NOTHING_TO_SCAN
from connguard.engine.output import write_output
from connguard.engine.progress import status_line
from connguard.engine.registry import RegistryError, select
from connguard.engine.settings import SettingsError
from connguard.fleet import declared, inventory, summary
from connguard.fleet.engines import ENGINES, EngineError
from connguard.fleet.outputs import Output, ndjson, parquet
from connguard.fleet.repository import Job
from connguard.fleet.run import Options, ResumeError, run

_REPORTS = ("ndjson", "parquet")


def _reports(
    _: click.Context, __: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, Path], ...]:
    return report_files(values, _REPORTS, "ndjson=FILE or parquet=FOLDER")


@click.command("fleet")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--list",
    "lists",
    multiple=True,
    type=click.Path(path_type=Path, allow_dash=True),
    help="A file with a path in each line; - is standard input.",
)
@click.option(
    "--fleet",
    "fleet_file",
    type=click.Path(path_type=Path),
    help=f"The fleet file  [default: {declared.FILE_NAME} here or in the only PATH]",
)
@click.option("--format", "format_", type=click.Choice(("text", "ndjson")), default="text")
@click.option("--output", type=click.Path(path_type=Path), help="Write the result to this file.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="ndjson=FILE|parquet=FOLDER",
    callback=_reports,
    help="Write the rows in this format, too.",
)
@click.option("--engine", type=click.Choice(ENGINES), default="local", show_default=True)
@click.option("--workers", type=click.IntRange(0), default=0, help="Processes; 0: all processors.")
@click.option("--address", default="", help="The scheduler of Dask to use.")
@click.option(
    "--timeout",
    type=click.FloatRange(0),
    default=300,
    show_default=True,
    help="Seconds for one repository; 0: no limit.",
)
@click.option(
    "--memory",
    type=click.IntRange(0),
    default=4096,
    show_default=True,
    help="MiB of address space for one repository; 0: no limit.",
)
@click.option("--ref", default="", help="Read this commit, branch or tag, not the work trees.")
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    help="Keep results in this file while running, and go on from it after an interrupt.",
)
@click.option(
    "--cache-dir",
    type=click.Path(path_type=Path),
    help="Keep what scans have seen in this folder; what has not changed is not scanned again.",
)
@click.option("--select", "selected", multiple=True, callback=ids, help="Only these ids.")
@click.option("--ignore", multiple=True, callback=ids, help="Not these ids; prefixes work.")
@click.option("--exclude", multiple=True, help="Leave out paths in every repository.")
@click.option(
    "--fail-on",
    multiple=True,
    metavar="LEVEL|ID=LEVEL",
    help="Least severity that exits 1, over the settings of every repository.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="Settings for repositories that have none of their own.",
)
@click.option("--timings", is_flag=True, help="Add seconds and memory to the rows.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
@click.option("--verbose", "-v", is_flag=True, help="Show all repositories.")
@click.option("--no-color", is_flag=True, help="No colours, even on a terminal.")
def command(
    paths: tuple[str, ...],
    lists: tuple[Path, ...],
    fleet_file: Path | None,
    format_: str,
    output: Path | None,
    reports: tuple[tuple[str, Path], ...],
    engine: str,
    workers: int,
    address: str,
    timeout: float,
    memory: int,
    ref: str,
    resume: Path | None,
    cache_dir: Path | None,
    selected: tuple[str, ...],
    ignore: tuple[str, ...],
    exclude: tuple[str, ...],
    fail_on: tuple[str, ...],
    config: Path | None,
    timings: bool,
    quiet: bool,
    verbose: bool,
    no_color: bool,
) -> None:
    """Scan many repositories, and add up the connections of the servers that they share.

    PATH is a repository, a folder of repositories or a pattern. Each repository is scanned with its
    own settings. Without PATH and --list, the fleet file says which.

    Exit codes: those of `scan`, over all repositories and servers: 0 nothing at or above the
    threshold, 1 findings, 2 usage, settings, a repository that could not be scanned whole or a bug
    in connguard, 3 nothing to scan was found.
    """
    try:
        fleet = _fleet(fleet_file, paths)
        single = [line for one in lists for line in _lines(one)]
        named, patterns = _chosen(paths, bool(lists), fleet)
        found = inventory.repositories(named, single, patterns, fleet.base, fleet.exclude)
        shared = [name for server in fleet.servers for name in server.ignore]
        select((*selected, *ignore, *fleet.select, *fleet.ignore, *shared))
        FailOn().overridden(fail_on).fails(())
        levels = (fleet.fail_on or FailOn()).overridden(fail_on)
        jobs = [
            Job(
                name=one.name,
                path=one.path,
                ref=ref,
                select=selected,
                ignore=ignore,
                fail_on=fail_on,
                exclude=exclude,
                defaults=os.path.abspath(config) if config else "",
                cache=os.path.abspath(cache_dir) if cache_dir else "",
                timeout=timeout,
                memory=memory,
            )
            for one in found
        ]
        options = Options(engine, workers, address, timings, resume)
        with ExitStack() as stack:
            outputs: list[Output] = []
            if format_ == "ndjson":
                outputs.append(stack.enter_context(ndjson(output)))
            for name, target in reports:
                opened = ndjson(target) if name == "ndjson" else parquet(target)
                outputs.append(stack.enter_context(opened))
            progress = stack.enter_context(status_line(sys.stderr, wanted=not quiet))
            outcome = run(jobs, fleet, options, outputs, levels, progress)
    except (SettingsError, RegistryError, EngineError, ResumeError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise click.UsageError(f"{error.filename or ''}: {error.strerror or error}") from error
    if format_ == "text":
        colour = output is None and not no_color and wants_colour()
        write_output(summary.render(outcome, colour=colour, verbose=verbose), output)
    if outcome.exit_code == EXIT_NOTHING_TO_SCAN:
        click.echo("nothing to scan was found", err=True)
    sys.exit(outcome.exit_code)


def _fleet(given: Path | None, paths: tuple[str, ...]) -> declared.FleetFile:
    """The fleet file: the named one, that of the only folder that is given, or that of here."""
    if given is None:
        folder = Path(paths[0]) if len(paths) == 1 else Path()
        given = folder / declared.FILE_NAME
        if not given.is_file():
            return declared.FleetFile()
    return declared.load(given, given.as_posix())


def _chosen(
    paths: tuple[str, ...], listed: bool, fleet: declared.FleetFile
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paths to look at, and the patterns of the fleet file.

    The fleet file says which repositories there are where nothing, or only its folder, is named.
    """
    whole = not paths or [Path(path).absolute() for path in paths] == [fleet.base]
    if fleet.repositories and not listed and whole:
        return (), fleet.repositories
    return paths or (() if listed else (".",)), ()


def _lines(file: Path) -> list[str]:
    data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    return inventory.listed(os.fsdecode(data).splitlines())
