# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzzing from the command line: `python -m tests.fuzz run --target sql --cases 100000`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from . import campaign, guided
from .case import FOUND
from .rows import ROWS
from .run import names, run


@click.group()
def main() -> None:
    """Look for input on which a reader breaks."""


@main.command("targets")
def targets() -> None:
    """List the targets."""
    for name in names():
        click.echo(name)


@main.command("run")
@click.option("--target", required=True)
@click.option("--cases", type=int, default=10_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--atheris", is_flag=True, help="Let coverage choose what is mutated.")
@click.option("--seconds", type=float, default=1e9, help="Stop after this much processor time.")
@click.option("--found", type=click.Path(path_type=Path), default=FOUND, help="Cases go here.")
@click.option("--log", type=click.Path(path_type=Path), help="Write statistics here (JSON).")
def run_command(
    target: str,
    cases: int,
    seed: int,
    atheris: bool,
    seconds: float,
    found: Path,
    log: Path | None,
) -> None:
    """Run cases of one target; minimised cases with problems are written to files."""
    if atheris:
        done = guided.run(target, cases, seed, found, int(min(seconds, 1e6)))
        click.echo(json.dumps(done))
        return
    statistics = run(target, cases, seed, found, log, seconds=seconds)
    click.echo(
        f"{statistics.target}: {statistics.cases} cases in {statistics.cpu:.1f} s, "
        f"{statistics.cases / (statistics.cpu or 1):.0f} a second, {statistics.single} alone, "
        f"slowest {statistics.slowest * 1000:.1f} ms, "
        f"problems: {dict(statistics.problems) or 'none'}"
    )


@main.command("campaign")
@click.option("--reader", "chosen", multiple=True, help="Only these rows of the table.")
@click.option("--cases", type=int, default=1_000_000, show_default=True, help="Of each reader.")
@click.option("--chunk", type=float, default=60, show_default=True, help="Seconds of one process.")
@click.option("--jobs", type=int, default=2, show_default=True)
@click.option("--found", type=click.Path(path_type=Path), default=FOUND, help="Cases go here.")
@click.option("--log", type=click.Path(path_type=Path), required=True, help="A folder.")
def campaign_command(
    chosen: tuple[str, ...], cases: int, chunk: float, jobs: int, found: Path, log: Path
) -> None:
    """Run all targets in turns. Stopped, it goes on where the folder of the log ends."""
    campaign.campaign(chosen or tuple(ROWS), cases, chunk, jobs, found, log)


@main.command("table")
@click.option("--targets", is_flag=True, help="A row for each target.")
@click.argument("log", type=click.Path(path_type=Path, exists=True))
def table_command(targets: bool, log: Path) -> None:
    """Show what a campaign has done so far, as Markdown."""
    for row in campaign.details(log) if targets else campaign.table(log):
        click.echo(row)


main()
