# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m benchmarks`."""

from __future__ import annotations

import json
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.options import Options
from benchmarks.table import Result, markdown

BENCHMARKS = (
    "starting",
    "sql_files",
    "terraform_files",
    "large_dump",
    "reruns",
    "growth",
)
SHORT = ("starting", "sql_files", "large_dump", "reruns", "growth")
GENEROUS = 2.0
"""A promise is broken where it is missed by this factor: machines that test are busy."""


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(BENCHMARKS), metavar="[NAME]...")
@click.option("--short", is_flag=True, help="What takes no minute, for CI; fetches nothing.")
@click.option("--rounds", default=3, show_default=True, help="Runs of each command.")
@click.option("--sql", type=click.Path(path_type=Path, exists=True), help="Migrations to take.")
@click.option(
    "--terraform", type=click.Path(path_type=Path, exists=True), help="Terraform files to take."
)
@click.option(
    "--corpora",
    type=click.Path(path_type=Path),
    default=Path.home() / ".cache" / "connguard-benchmarks",
    show_default=True,
    help="Where repositories are fetched to.",
)
@click.option("--largest", default=100_000, show_default=True, help="Most units of `growth`.")
@click.option("--tool", "tools", multiple=True, metavar="NAME=PATH", help="A program to compare.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all figures.")
@click.option("--markdown", "page", type=click.Path(path_type=Path), help="Write the tables.")
@click.option("--chart", type=click.Path(path_type=Path), help="Write the growth as SVG.")
def main(
    names: tuple[str, ...],
    short: bool,
    rounds: int,
    sql: Path | None,
    terraform: Path | None,
    corpora: Path,
    largest: int,
    tools: tuple[str, ...],
    json_file: Path | None,
    page: Path | None,
    chart: Path | None,
) -> None:
    """Measure connguard, beside the tools it is compared with.

    Ends with 1 where a promised ratio is missed by more than twice.
    """
    chosen = names or (SHORT if short else BENCHMARKS)
    given = tuple((name, path) for name, _, path in (one.partition("=") for one in tools))
    results: list[Result] = []
    console = Console()
    for name in chosen:
        with tempfile.TemporaryDirectory() as scratch:
            options = Options(
                rounds=rounds,
                short=short,
                corpora=corpora.absolute(),
                scratch=Path(scratch),
                sql=sql.absolute() if sql else None,
                terraform=terraform.absolute() if terraform else None,
                largest=largest,
                tools=given,
            )
            options.corpora.mkdir(parents=True, exist_ok=True)
            result: Result = import_module(f"benchmarks.{name}").measure(options)
        results.append(result)
        _show(result, console)
        if chart and result.curves:
            import_module("benchmarks.growth").chart(result, chart)
    if json_file:
        json_file.write_text(json.dumps([one.as_json() for one in results], indent=1) + "\n")
    if page:
        page.write_text(markdown(results))
    broken = [
        promise
        for result in results
        for promise in result.promises
        if promise.value > GENEROUS * promise.most
    ]
    for promise in broken:
        console.print(f"[red]{promise.what}: {promise.value:.3g}, promised {promise.most:.3g}")
    sys.exit(1 if broken else 0)


def _show(result: Result, console: Console) -> None:
    if result.rows:
        table = Table("", "wall s", "CPU s", "MB", "ratio", title=result.title)
        for row in result.rows:
            figures = (row.wall, row.cpu, row.memory / 1e6, row.ratio)
            table.add_row(row.what, *(f"{figure:,.2f}" for figure in figures))
        console.print(table)
    if result.curves:
        table = Table("", "size", "CPU s", "ms/unit", "MB", title=result.title)
        for curve in result.curves:
            for point in curve.points:
                each = f"{1000 * point.cpu / point.size:.2f}"
                size = f"{point.size:,} {curve.unit}"
                memory = f"{point.memory / 1e6:,.0f}"
                table.add_row(curve.name, size, f"{point.cpu:.2f}", each, memory)
        console.print(table)
    for promise in result.promises:
        mark = "ok" if promise.value <= promise.most else "missed"
        console.print(f"{promise.what}: {promise.value:.3g} (promised {promise.most:.3g}) {mark}")
    for note in result.notes:
        console.print(note)


if __name__ == "__main__":
    main()
