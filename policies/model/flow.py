# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""The maximum flow of a transport problem: what caps on rows and columns leave of a table."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Mapping
from typing import TypeVar

from connguard.policies.model.amount import UNBOUNDED, saturate
from connguard.policies.model.formula import Formula, Transport

Row = TypeVar("Row", bound=Hashable)
Column = TypeVar("Column", bound=Hashable)
Key = TypeVar("Key", bound=Hashable)


def transport(
    cells: Mapping[tuple[Row, Column], int],
    row_caps: Mapping[Row, int],
    column_caps: Mapping[Column, int],
) -> int:
    """The largest sum of entries when no cell, row or column exceeds its cap.

    `cells` maps (row, column) to the cell's cap. Rows and columns that have no cap of their own
    are unlimited. All caps are non-negative integers; UNBOUNDED counts as no cap, and is the
    result when nothing bounds the sum.

    This is a maximum flow from rows to columns. Caps that cannot bind are dropped first; what is
    then bound from one side only has a closed form, the rest is solved with Dinic's algorithm
    (Y. Dinitz, "Algorithm for solution of a problem of maximum flow in networks with power
    estimation", 1970).
    """
    row_caps = _of_these(row_caps, {row for row, _ in cells})
    column_caps = _of_these(column_caps, {column for _, column in cells})
    numbers = (*cells.values(), *row_caps.values(), *column_caps.values())
    if any(isinstance(number, Formula) for number in numbers):
        value = transport(_plain(cells), _plain(row_caps), _plain(column_caps))
        return Formula(value, "transport", transport=Transport(cells, row_caps, column_caps))
    in_row: dict[Row, int] = defaultdict(int)
    in_column: dict[Column, int] = defaultdict(int)
    capped: dict[tuple[Row, Column], int] = {}
    for (row, column), cap in cells.items():
        cell = min(cap, row_caps.get(row, UNBOUNDED), column_caps.get(column, UNBOUNDED))
        if cell > 0:
            capped[row, column] = cell
            in_row[row] = saturate(in_row[row] + cell)
            in_column[column] = saturate(in_column[column] + cell)
    full_rows = {row for row, total in in_row.items() if total > row_caps.get(row, UNBOUNDED)}
    full_columns = {
        column for column, total in in_column.items() if total > column_caps.get(column, UNBOUNDED)
    }
    # A cell whose row cannot bind adds to its column alone, and the other way round.
    total = 0
    free_column: dict[Column, int] = defaultdict(int)
    free_row: dict[Row, int] = defaultdict(int)
    network = _Network()
    for (row, column), cell in capped.items():
        if row in full_rows and column in full_columns:
            network.add(("row", row), ("column", column), cell)
        elif row in full_rows:
            free_row[row] = saturate(free_row[row] + cell)
        elif column in full_columns:
            free_column[column] = saturate(free_column[column] + cell)
        else:
            total = saturate(total + cell)
    for row in full_rows:
        network.add(_SOURCE, ("row", row), row_caps[row])
        if free_row[row]:
            network.add(("row", row), _SINK, free_row[row])
    for column in full_columns:
        network.add(("column", column), _SINK, column_caps[column])
        if free_column[column]:
            network.add(_SOURCE, ("column", column), free_column[column])
    return saturate(total + network.maximum())


def _of_these(caps: Mapping[Key, int], keys: set[Key]) -> Mapping[Key, int]:
    """Without the caps of other rows, of which a large pooler has thousands."""
    if len(keys) >= len(caps):
        return caps
    return {key: caps[key] for key in keys if key in caps}


def _plain(caps: Mapping[Key, int]) -> dict[Key, int]:
    return {key: int(cap) for key, cap in caps.items()}


_SOURCE = "source"
_SINK = "sink"


class _Network:
    """A flow network; edges are stored in pairs, the odd one being the reverse of the even one."""

    def __init__(self) -> None:
        self._edges: dict[Hashable, list[int]] = defaultdict(list)
        self._heads: list[Hashable] = []
        self._rest: list[int] = []

    def add(self, tail: Hashable, head: Hashable, cap: int) -> None:
        for start, end, rest in ((tail, head, cap), (head, tail, 0)):
            self._edges[start].append(len(self._heads))
            self._heads.append(end)
            self._rest.append(rest)

    def maximum(self) -> int:
        total = 0
        while levels := self._levels():
            following = dict.fromkeys(levels, 0)
            while pushed := self._augment(levels, following):
                total += pushed
        return total

    def _levels(self) -> dict[Hashable, int]:
        """Distances from the source in the residual network; empty if the sink is cut off."""
        levels: dict[Hashable, int] = {_SOURCE: 0}
        waiting: deque[Hashable] = deque([_SOURCE])
        while waiting:
            node = waiting.popleft()
            for edge in self._edges[node]:
                head = self._heads[edge]
                if self._rest[edge] and head not in levels:
                    levels[head] = levels[node] + 1
                    waiting.append(head)
        return levels if _SINK in levels else {}

    def _augment(self, levels: dict[Hashable, int], following: dict[Hashable, int]) -> int:
        """Push flow along one shortest path; `following` remembers the edges that are used up."""
        path: list[int] = []
        node: Hashable = _SOURCE
        while node != _SINK:
            edges = self._edges[node]
            while following[node] < len(edges):
                edge = edges[following[node]]
                head = self._heads[edge]
                if self._rest[edge] and levels.get(head) == levels[node] + 1:
                    path.append(edge)
                    node = head
                    break
                following[node] += 1
            else:
                if not path:
                    return 0
                node = self._heads[path.pop() ^ 1]
                following[node] += 1
        pushed = min(self._rest[edge] for edge in path)
        for edge in path:
            self._rest[edge] -= pushed
            self._rest[edge ^ 1] += pushed
        return pushed
