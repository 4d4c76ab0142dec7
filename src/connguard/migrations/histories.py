# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sorts the files of a scan into histories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connguard.migrations.history import History
from connguard.migrations.plain import plain_histories
from connguard.reading import Context, SourceFile


def histories(files: Iterable[SourceFile], context: Context) -> Iterator[History]:
    """The histories among the files, recognised layouts first."""
    yield from plain_histories(files, context)
