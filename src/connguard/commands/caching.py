# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `scan` does with the cache of reports."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connguard.engine.finding import Report
from connguard.engine.settings import Settings
from connguard.reporters.plain import printable

if TYPE_CHECKING:
    from connguard.engine.cache import Cache

OFF = "CONNGUARD_NO_CACHE"
"""The variable of the environment that turns the cache off."""

_WITH_BUDGETS = frozenset(("html", "markdown"))
"""Formats that show connection budgets."""


def cache_of(
    settings: Settings, paths: Sequence[Path], folder: Path | None, *, off: bool
) -> Cache | None:
    """The cache to use; `folder` is the one that the user names. None for none.

    Raises UsageError for a named folder that cannot be one.
    """
    if off or not settings.cache or os.environ.get(OFF):
        return None
    from connguard.engine.cache import NotUsable, open_cache

    try:
        return open_cache(folder, paths)
    except NotUsable as error:
        raise click.UsageError(str(error)) from error


def earlier_or_now(
    scan: Callable[[], Report],
    paths: Sequence[Path],
    settings: Settings,
    cache: Cache | None,
    *,
    formats: Sequence[str],
    verbose: bool,
) -> Report:
    """The report of an earlier scan that saw the same, or that of `scan`."""
    if cache is None:
        return scan()
    with_budgets = not _WITH_BUDGETS.isdisjoint(formats)
    report = cache.report(paths, settings, scan, with_budgets=with_budgets)
    if verbose:
        for line in cache.log:
            click.echo(printable(line), err=True)
    return report
