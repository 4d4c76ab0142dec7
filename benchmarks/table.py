# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a benchmark found: rows for a table and for JSON, and what was promised."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.measure import Measured


@dataclass(frozen=True, slots=True)
class Row:
    """Seconds and bytes, medians; `ratio` is the wall time as a multiple of the first row's."""

    what: str
    wall: float
    cpu: float
    memory: float
    runs: int
    ratio: float


@dataclass(frozen=True, slots=True)
class Promise:
    """A ratio that is promised to be at most `most`; `value` is what was measured."""

    what: str
    value: float
    most: float


@dataclass(frozen=True, slots=True)
class Point:
    """One size of a growing input: seconds of CPU time and bytes."""

    size: int
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Curve:
    name: str
    unit: str
    points: tuple[Point, ...]


@dataclass(slots=True)
class Result:
    """A finished benchmark. `notes` say what was compared, and what was not there to compare."""

    name: str
    title: str
    rows: list[Row] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def rows_of(measured: list[Measured]) -> list[Row]:
    """A row for each; the first is what the others are compared with."""
    first = measured[0].wall
    return [
        Row(one.label, one.wall, one.cpu, one.memory, len(one.runs), one.wall / first)
        for one in measured
    ]


def markdown(results: list[Result]) -> str:
    """All results as tables for a page."""
    parts: list[str] = []
    for result in results:
        parts.append(f"### {result.title}\n")
        if result.rows:
            lines = ["| | wall | CPU | memory | ratio |", "|---|---:|---:|---:|---:|"]
            lines += [
                f"| {row.what} | {row.wall:.2f} s | {row.cpu:.2f} s |"
                f" {row.memory / 1e6:.0f} MB | {row.ratio:.2f} |"
                for row in result.rows
            ]
            parts.append("\n".join(lines) + "\n")
        if result.curves:
            lines = ["| | size | CPU | per unit | memory |", "|---|---:|---:|---:|---:|"]
            lines += [
                f"| {curve.name} | {point.size:,} {curve.unit} | {point.cpu:.2f} s |"
                f" {1000 * point.cpu / point.size:.2f} ms | {point.memory / 1e6:.0f} MB |"
                for curve in result.curves
                for point in curve.points
            ]
            parts.append("\n".join(lines) + "\n")
        parts += [f"{note}\n" for note in result.notes]
    return "\n".join(parts)
