# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the cases of a target from its seeds."""

from __future__ import annotations

import time
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from statistics import median

from .case import Case
from .checking import Checker, has_settings
from .mutation import LARGEST, Mutator, decode
from .targets import Target

_NOISE = (
    *(
        "'",
        '"',
        "`",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "$$",
        "${",
        "{{",
        "%}",
        "<",
        ">",
        ";",
        ":",
        ",",
        "x",
    ),
    *("\\", "#", "--", "é", "日", "\u202e", "\t", "=", "|", "&", "*", "!", "@", "a b", "0"),
)


SEEDS = 200
"""About as many seeds a target has: each costs some milliseconds at the start of a run."""


def weights(times: Sequence[float], told: Sequence[bool]) -> list[float]:
    """How often seeds are drawn: those that take longer than most of them less often.

    Of those in which nothing is found there is one for every four others.
    """
    usual = median(times) or 1e-6
    drawn = [1 / (time + usual) for time in times]
    speaking = sum(one for one, tells in zip(drawn, told, strict=True) if tells)
    share = min(1, 0.25 * speaking / (sum(drawn) - speaking or 1)) if speaking else 1
    return [one if tells else one * share for one, tells in zip(drawn, told, strict=True)]


@dataclass(frozen=True, slots=True)
class Seed:
    """A project, and the findings of the file to mutate where nothing in it is unreadable."""

    files: Mapping[str, bytes]
    mutated: str
    told: frozenset[tuple[str, int]]


class Generator:
    """Draws cases. Seeds that take long to read are drawn less often."""

    def __init__(self, target: Target, checker: Checker, seeds: int = SEEDS) -> None:
        self._target = target
        self.seeds: list[Seed] = []
        times: list[float] = []
        tells: list[bool] = []
        projects = [one for one in target.projects() if len(one[0][one[1]]) <= LARGEST]
        for files, mutated in projects[:: len(projects) // seeds + 1]:
            start = time.thread_time()
            outcome = checker.outcome(Case(target.name, files, mutated))
            took = time.thread_time() - start
            clean = outcome is not None and not outcome.report.not_parsed
            told = outcome.told(mutated) if outcome is not None and clean else frozenset()
            self.seeds.append(Seed(files, mutated, told))
            tells.append(
                outcome is None or bool(outcome.told(mutated) or outcome.facts_of(mutated))
            )
            # With settings of its own it cannot be read together with others.
            times.append(took + (0.005 if has_settings(files) else 0))
        assert self.seeds, target.name
        self._steps: Sequence[float] = list(accumulate(weights(times, tells)))
        others = [decode(seed.files[seed.mutated]) for seed in self.seeds]
        self.mutator = Mutator(target.words, others)

    def case(self, random: Random) -> Case:
        """A mutated seed, or one with something that says nothing before or after it."""
        place = bisect(self._steps, random.random() * self._steps[-1])
        seed = self.seeds[min(place, len(self.seeds) - 1)]
        if seed.told and (self._target.before or self._target.after) and random.random() < 0.1:
            return self._extended(random, seed)
        data = self.mutator.mutate(random, seed.files[seed.mutated])
        return Case(self._target.name, {**seed.files, seed.mutated: data}, seed.mutated)

    def _extended(self, random: Random, seed: Seed) -> Case:
        before = random.choice(self._target.before) if self._target.before else ""
        after = random.choice(self._target.after) if self._target.after else ""
        before = before.replace("NOISE", _noise(random, before))
        after = after.replace("NOISE", _noise(random, after))
        shift = before.count("\n")
        data = before.encode() + seed.files[seed.mutated] + after.encode()
        expected = frozenset((policy, line + shift) for policy, line in seed.told)
        return Case(self._target.name, {**seed.files, seed.mutated: data}, seed.mutated, expected)


def _noise(random: Random, around: str) -> str:
    """Characters that end neither the comment nor the string that they stand in."""
    noise = "x " + "".join(random.choices(_NOISE, k=random.randint(0, 12))) + " x"
    return noise.replace("$a$", "").replace("*/", "").replace("/*", "") if around else ""
