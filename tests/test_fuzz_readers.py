# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzzing, in short: the long runs are `python -m tests.fuzz run`."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from fuzz.case import Case
from fuzz.functions import FUNCTIONS, FunctionSubject, words_of
from fuzz.mutation import CHARACTERS, LARGEST, NUMBERS, Mutator, encode
from fuzz.reports import ReportSubject
from fuzz.rows import ROWS, row_of
from fuzz.run import minimise, names, subject_of
from fuzz.targets import TARGETS
from hypothesis import given, settings
from hypothesis import strategies as st

PIECES = st.sampled_from((*CHARACTERS, *NUMBERS, " ", "\n")) | st.text(max_size=3)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_words_of_the_language_in_any_order(name: str) -> None:
    """No reader fails on words of its language and odd characters in any order."""
    subject = FunctionSubject(FUNCTIONS[name])
    pieces = st.sampled_from(tuple(words_of(FUNCTIONS[name]))) | PIECES

    @settings(max_examples=30)
    @given(st.lists(pieces, max_size=30).map("".join))
    def check(text: str) -> None:
        assert subject.problems(Case(name, {"a": encode(text)}, "a")) == []

    check()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_mutated_texts(name: str) -> None:
    """No reader fails on a text that was right before something happened to it."""
    subject = FunctionSubject(FUNCTIONS[name], seeds=10)

    @settings(max_examples=20)
    @given(st.integers(0, 2**32))
    def check(seed: int) -> None:
        assert subject.problems(subject.case(Random(seed)), thoroughly=True) == []

    check()


@pytest.mark.parametrize("name", TARGETS)
def test_mutated_files(name: str, tmp_path: Path) -> None:
    """A broken file neither ends a scan nor takes the findings of another one with it."""
    subject = subject_of(name, tmp_path / "x", seeds=6)
    cases = [subject.case(Random(number)) for number in range(12)]

    for case in cases:
        assert subject.problems(case) == []


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_reports_stay_what_they_are(seed: int) -> None:
    """Whatever a finding says, each format is still one that its readers take."""
    subject = ReportSubject()

    assert subject.problems(subject.case(Random(seed)), thoroughly=True) == []


def test_every_target_counts_for_one_reader() -> None:
    assert sorted(name for row in ROWS.values() for name in row) == sorted(names())
    assert row_of("reports") in ROWS


@given(st.integers(0, 2**32), st.binary(max_size=300))
def test_mutations_are_bounded_and_repeatable(seed: int, data: bytes) -> None:
    """The same seed makes the same case, of a size for which there are limits of time."""
    mutator = Mutator(("word",), ("a\nb\n",))
    mutated = mutator.mutate(Random(seed), data)

    assert mutated == mutator.mutate(Random(seed), data)
    assert len(mutated) <= LARGEST


def test_a_case_is_minimised_to_what_is_wrong() -> None:
    """What does not matter for the problem is left out."""
    case = Case("sql", {"a": b"one\ntwo\nthree and more\nfour\n"}, "a")

    assert minimise(case, lambda one: b"and" in one.data).data == b"and"
