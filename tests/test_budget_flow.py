# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The maximum flow equals what trying every integer filling gives."""

from __future__ import annotations

from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from connguard.policies.model.amount import UNBOUNDED
from connguard.policies.model.flow import transport

Cells = dict[tuple[int, int], int]
Caps = dict[int, int]

sizes = st.integers(0, 9)
tables = st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 3)), sizes, max_size=12)
caps = st.dictionaries(st.integers(0, 3), sizes, max_size=4)


def by_minimum_cut(cells: Cells, rows: Caps, columns: Caps) -> int:
    """The least cut over all choices of rows and columns: equal to the maximum flow."""
    names = sorted({row for row, _ in cells})
    best = UNBOUNDED
    for count in range(len(names) + 1):
        for cut in combinations(names, count):
            total = sum(rows.get(row, UNBOUNDED) for row in cut)
            for column in {column for _, column in cells}:
                open_cells = sum(
                    cap for (row, col), cap in cells.items() if col == column and row not in cut
                )
                total += min(columns.get(column, UNBOUNDED), open_cells)
            best = min(best, total)
    return best


def by_trying(cells: Cells, rows: Caps, columns: Caps) -> int:
    best = 0
    for filling in product(*(range(cap + 1) for cap in cells.values())):
        filled = dict(zip(cells, filling, strict=True))
        fits = all(
            sum(value for (row, _), value in filled.items() if row == name) <= cap
            for name, cap in rows.items()
        ) and all(
            sum(value for (_, column), value in filled.items() if column == name) <= cap
            for name, cap in columns.items()
        )
        if fits:
            best = max(best, sum(filling))
    return best


@given(tables, caps, caps)
def test_flow_equals_the_minimum_cut(cells: Cells, rows: Caps, columns: Caps) -> None:
    """Duality of maximum flow and minimum cut, on tables of any shape."""
    assert transport(cells, rows, columns) == by_minimum_cut(cells, rows, columns)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.tuples(st.integers(0, 1), st.integers(0, 2)), st.integers(0, 3), max_size=5),
    caps,
    caps,
)
def test_flow_equals_the_best_filling(cells: Cells, rows: Caps, columns: Caps) -> None:
    """No integer filling of the table does better, and one does as well."""
    assert transport(cells, rows, columns) == by_trying(cells, rows, columns)


@given(tables, caps, caps, st.integers(0, 3), st.integers(0, 3), st.integers(1, 5))
def test_flow_grows_with_every_cell(
    cells: Cells, rows: Caps, columns: Caps, row: int, column: int, more: int
) -> None:
    """A larger pool never lowers the bound: intervals may be evaluated at their ends."""
    larger = {**cells, (row, column): cells.get((row, column), 0) + more}
    assert transport(larger, rows, columns) >= transport(cells, rows, columns)


def test_a_cap_on_names_and_one_on_users_are_not_just_summed() -> None:
    """Two names capped at 3 and two users capped at 4: the pools interlock, 6 in all."""
    cells = {("a", "x"): 4, ("a", "y"): 0, ("b", "x"): 4, ("b", "y"): 1}
    assert transport(cells, {"a": 3, "b": 3}, {"x": 4, "y": 4}) == 5


def test_nothing_that_bounds_is_unbounded() -> None:
    """An unlimited pool stays unlimited, also beside others, until a cap holds over it."""
    cells = {("a", "x"): UNBOUNDED, ("a", "y"): 3}
    assert transport(cells, {}, {}) == UNBOUNDED
    assert transport(cells, {"a": 7}, {}) == 7
