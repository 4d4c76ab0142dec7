# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How time and memory grow with the input: generated inputs of any size."""

from __future__ import annotations

import shutil
from multiprocessing import Process
from pathlib import Path

from benchmarks.growth_inputs import INPUTS, SETTINGS, Input
from benchmarks.measure import Measured, connguard, side_by_side
from benchmarks.options import Options
from benchmarks.table import Curve, Point, Promise, Result

NAME = "growth"
SHORT = ("Terraform files of one module", "Rules of a security group", "Migration files")
SIZES = (1_000, 10_000, 100_000)
SHORT_SIZES = (100, 400)
LINEAR = 1.5
"""How much more a unit may take in the largest input than in the middle one."""


def measure(options: Options) -> Result:
    """CPU time, which other programs on the machine disturb less than the wall time."""
    result = Result(NAME, "Growth")
    empty = options.scratch / "empty"
    empty.mkdir()
    (empty / "main.tf").write_text("")
    (start,) = side_by_side([connguard("scan", ".", folder=empty)], 3)
    for one in INPUTS:
        if options.short and one.name not in SHORT:
            continue
        sizes = SHORT_SIZES if options.short else _sizes(options.largest)
        points = tuple(_point(one, size, options) for size in sizes)
        result.curves.append(Curve(one.name, one.unit, points))
        result.promises.append(_linear(one, points, start))
    return result


def _sizes(largest: int) -> tuple[int, ...]:
    """The sizes up to the largest one; at least two, since one shows no growth."""
    found = tuple(size for size in SIZES if size <= largest)
    return found if len(found) > 1 else (largest // 4, largest)


def _point(one: Input, size: int, options: Options) -> Point:
    folder = options.scratch / "growing"
    folder.mkdir()
    try:
        # Linux counts the memory of a process to that of the programs that it starts.
        maker = Process(target=one.make, args=(folder, size))
        maker.start()
        maker.join()
        (folder / "connguard.toml").write_text(SETTINGS)
        rounds = 1 if size > 10_000 else 2
        (found,) = side_by_side([connguard("scan", ".", folder=folder)], rounds)
        return Point(size, found.least_cpu, found.memory)
    finally:
        shutil.rmtree(folder)


def _linear(one: Input, points: tuple[Point, ...], start: Measured) -> Promise:
    """The time of a unit at the last size as a multiple of that at the one before."""
    before, last = points[-2:]
    small = max(before.cpu - start.least_cpu, 0.05) / before.size
    large = max(last.cpu - start.least_cpu, 0.05) / last.size
    return Promise(
        f"{one.name}: time of a unit, x {last.size / before.size:g}", large / small, LINEAR
    )


def chart(result: Result, path: Path) -> None:
    """All curves as an SVG, both axes logarithmic."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "connguard"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 6))
    markers = "osD^v<>ph*XPd8+"
    for marker, curve in zip(markers, result.curves, strict=False):
        sizes = [point.size for point in curve.points]
        axes.plot(sizes, [point.cpu for point in curve.points], marker=marker, label=curve.name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("size of the input (files, resources, statements, lines)")
    axes.set_ylabel("CPU time of connguard scan, s")
    axes.grid(visible=True, which="both", alpha=0.2)
    axes.legend(fontsize="small", ncols=2)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
