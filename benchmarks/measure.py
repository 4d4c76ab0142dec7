# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs commands side by side, and says what they took."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

LONGEST = 3600.0
"""Seconds after which a command is stopped."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command to measure. It must end with one of the exit codes in `good`.

    What it says goes into the file `output`, or nowhere.
    """

    label: str
    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    good: tuple[int, ...] = (0, 1)
    output: Path | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """`wall` and `cpu` (user and system, with children) are seconds, `memory` is bytes.

    `memory` is the largest resident size of the largest single process.
    """

    wall: float
    cpu: float
    memory: int


@dataclass(slots=True)
class Measured:
    """All runs of a command."""

    label: str
    runs: list[Run] = field(default_factory=list)

    @property
    def wall(self) -> float:
        return median(run.wall for run in self.runs)

    @property
    def cpu(self) -> float:
        return median(run.cpu for run in self.runs)

    @property
    def memory(self) -> float:
        return median(run.memory for run in self.runs)

    @property
    def least_cpu(self) -> float:
        """Of the run that others on the machine disturbed least."""
        return min(run.cpu for run in self.runs)


class CommandFailed(Exception):
    """A command ended otherwise than it should."""


def side_by_side(commands: Sequence[Command], rounds: int) -> list[Measured]:
    """Run each command `rounds` times, one after the other in each round.

    So what else the machine does falls on all of them. Raises CommandFailed.
    """
    found = [Measured(command.label) for command in commands]
    for _ in range(rounds):
        for command, measured in zip(commands, found, strict=True):
            measured.runs.append(run(command))
    return found


def run(command: Command) -> Run:
    """Run a command once. Raises CommandFailed."""
    environment = {**os.environ, **command.environment}
    # Python then compiles everything again each time: nobody works like that.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with open(command.output or os.devnull, "wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command.arguments,
            cwd=command.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.DEVNULL,
        )
    stop = threading.Timer(LONGEST, process.kill)
    stop.start()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    stop.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in command.good:
        raise CommandFailed(f"{' '.join(command.arguments)} ended with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * unit)


def connguard(*arguments: str | Path, label: str = "connguard", folder: Path) -> Command:
    """A command of the connguard that this Python has, without results of earlier runs."""
    words = tuple(map(str, arguments))
    if words[:1] == ("scan",):
        words = (*words, "--no-cache", "--output", os.devnull)
    return Command(label, (sys.executable, "-m", "connguard", *words), folder)
