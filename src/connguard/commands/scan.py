# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard scan`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connguard.commands.caching import cache_of, earlier_or_now
from connguard.commands.common import (
    complain,
    ids,
    load_settings,
    report_files,
    wants_colour,
)
from connguard.engine.finding import EXIT_CLEAN, EXIT_FINDINGS, Report
from connguard.engine.output import write_output
from connguard.engine.progress import Progress, status_line
from connguard.engine.registry import RegistryError
from connguard.engine.settings import Settings, SettingsError
from connguard.reporters.table import FORMATS, renderer

if TYPE_CHECKING:
    from connguard.engine.known import Known


def _reports(
    _: click.Context, __: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, Path], ...]:
    return report_files(values, FORMATS, f"FORMAT=FILE, with one of {_FORMATS}")


_FORMATS = ", ".join(FORMATS)


@click.command("scan")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Write the report to this file.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT=FILE",
    callback=_reports,
    help="Write the report in another format, too.",
)
@click.option("--select", multiple=True, callback=ids, help="Only these ids; prefixes work.")
@click.option("--ignore", multiple=True, callback=ids, help="Not these ids; prefixes work.")
@click.option(
    "--fail-on",
    multiple=True,
    metavar="LEVEL|ID=LEVEL",
    help="Least severity that exits 1: error, warning, note or never; also for one policy.",
)
@click.option("--statistics", is_flag=True, help="Count the findings of each policy instead.")
@click.option("--exclude", multiple=True, help="Leave out paths, in .gitignore syntax.")
@click.option("--no-ignore", is_flag=True, help="Scan what .gitignore files leave out, too.")
@click.option("--diff", metavar="BASE", help="Only what is new since this commit, branch or tag.")
@click.option("--baseline", type=click.Path(path_type=Path), help="Pass over what this file lists.")
@click.option("--no-baseline", is_flag=True, help="Pass over nothing, whatever the settings say.")
@click.option(
    "--write-baseline",
    type=click.Path(path_type=Path),
    help="List all findings in this file, and exit 0.",
)
@click.option("--config", type=click.Path(path_type=Path), help="Use this settings file.")
@click.option("--no-cache", is_flag=True, help="Scan, whatever an earlier scan has seen.")
@click.option(
    "--cache-dir",
    type=click.Path(path_type=Path),
    envvar="CONNGUARD_CACHE_DIR",
    help="The folder of the cache, in place of the user's own.",
)
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(min=1),
    help="How many processes read at once; by default as many as pay.",
)
@click.option("--quiet", "-q", is_flag=True, help="One line per finding, no summary.")
@click.option("--verbose", "-v", is_flag=True, help="Show how the files were read.")
@click.option("--no-color", is_flag=True, help="No colours, even on a terminal.")
@click.option("--stdin", "use_stdin", is_flag=True, help="Scan standard input.")
@click.option(
    "--stdin-filename",
    type=click.Path(path_type=Path),
    default=Path("stdin.sql"),
    help="What standard input is; the name decides how it is read.",
)
def command(
    paths: tuple[Path, ...],
    format_: str,
    output: Path | None,
    reports: tuple[tuple[str, Path], ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: tuple[str, ...],
    statistics: bool,
    exclude: tuple[str, ...],
    no_ignore: bool,
    diff: str | None,
    baseline: Path | None,
    no_baseline: bool,
    write_baseline: Path | None,
    config: Path | None,
    no_cache: bool,
    cache_dir: Path | None,
    jobs: int | None,
    quiet: bool,
    verbose: bool,
    no_color: bool,
    use_stdin: bool,
    stdin_filename: Path,
) -> None:
    """Scan files and directories for connection risks.

    Exit codes: 0 nothing at or above the threshold, 1 findings, 2 usage, settings, unreadable
    input or a bug in connguard, 3 nothing to scan was found.
    """
    if use_stdin and paths:
        raise click.UsageError("--stdin takes no paths")
    if diff is not None and (use_stdin or write_baseline):
        raise click.UsageError("--diff goes with neither --stdin nor --write-baseline")
    if statistics and format_ not in ("text", "json"):
        raise click.UsageError("--statistics goes with --format text or json")
    if bool(baseline) + bool(write_baseline) + no_baseline > 1:
        raise click.UsageError("--baseline, --no-baseline and --write-baseline exclude each other")
    paths = paths or (Path(),)
    try:
        settings = load_settings(config, stdin_filename if use_stdin else paths[0])
        settings = replace(
            settings,
            select=select or settings.select,
            ignore=(*settings.ignore, *ignore),
            fail_on=settings.fail_on.overridden(fail_on),
            exclude=(*settings.exclude, *exclude),
            respect_gitignore=settings.respect_gitignore and not no_ignore,
            baseline=None if write_baseline or no_baseline else baseline or settings.baseline,
            jobs=jobs or settings.jobs,
        )
        accepted = _accepted(settings)
        stdin = (stdin_filename, sys.stdin.buffer.read()) if use_stdin else None
        with status_line(sys.stderr, wanted=not quiet) as progress:
            report = earlier_or_now(
                lambda: _scan(paths, settings, stdin, progress),
                paths,
                settings,
                cache_of(settings, paths, cache_dir, off=no_cache or use_stdin),
                formats=(format_, *(name for name, _ in reports)),
                verbose=verbose,
            )
            if write_baseline:
                _write_baseline(report, write_baseline)
            elif accepted is not None:
                _pass_over(report, accepted, settings)
            if diff is not None:
                from connguard.engine.difference import keep_new

                progress(f"comparing with {diff}")
                keep_new(report, paths, settings, diff)
    except _usage_errors() as error:
        raise click.UsageError(str(error)) from error
    colour = output is None and not no_color and wants_colour()
    format_ = f"{format_} statistics" if statistics else format_
    if format_ == "text" and output is None and sys.stdout.isatty():
        import shutil

        from connguard.reporters.text_report import render

        text = render(
            report,
            colour=colour,
            verbose=verbose,
            quiet=quiet,
            width=shutil.get_terminal_size().columns,
            hints=True,
        )
    else:
        text = renderer(format_)(report, colour=colour, verbose=verbose, quiet=quiet)
    write_output(text, output)
    for other, file in reports:
        write_output(renderer(other)(report), file)
    complain(report, verbose)
    try:
        code = report.exit_code(settings.fail_on.fails)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    sys.exit(EXIT_CLEAN if write_baseline and code == EXIT_FINDINGS else code)


def _scan(
    paths: Sequence[Path],
    settings: Settings,
    stdin: tuple[Path, bytes] | None,
    progress: Progress,
) -> Report:
    """Readers and parsers are imported only where there is something to scan."""
    from connguard.engine.scan import scan

    return scan(paths, settings, stdin=stdin, progress=progress)


def _usage_errors() -> tuple[type[Exception], ...]:
    """What is said to the user in one line. Asked for only when something was raised."""
    from connguard.engine.baseline import BaselineError
    from connguard.engine.git_tree import GitError

    return (SettingsError, RegistryError, BaselineError, GitError, ValueError)


def _accepted(settings: Settings) -> list[Known] | None:
    """The findings of the baseline, if there is one. Raises BaselineError."""
    if settings.baseline is None:
        return None
    from connguard.engine.baseline import load

    return load(settings.baseline)


def _pass_over(report: Report, accepted: list[Known], settings: Settings) -> None:
    from connguard.engine.baseline import apply
    from connguard.engine.scan import chosen_policies

    chosen = chosen_policies(settings)
    apply(report, [one for one in accepted if one.id in chosen])


def _write_baseline(report: Report, file: Path) -> None:
    """Nothing is written about a scan that saw less than it should have."""
    from connguard.engine.baseline import apply, load, render

    if not report.failures and report.files:
        write_output(render(report, file), file)
        apply(report, load(file))
