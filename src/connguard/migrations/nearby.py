# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies beside and above the files of a scan: each folder is listed once for all questions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

from connguard.engine import disk, paths
from connguard.engine.reading import Context


class Nearby:
    """Answers from the lists of the folders that the scan walked.

    Folders above the scanned ones, and those of a file that was named itself, are not listed: they
    can hold anything. Of them the disk is asked name by name.
    """

    def __init__(self, context: Context) -> None:
        self._roots = {str(root) for root in context.roots}
        self._walked: set[str] = set()
        for folder in {paths.parent(str(file.path)) for file in context.files if not file.named}:
            self._note(folder)
        self._names: dict[str, frozenset[str] | None] = {
            folder: names for folder, names in context.listed.items() if folder in self._walked
        }

    def _note(self, folder: str) -> None:
        """Note a folder with those above it up to a scanned one."""
        passed = []
        for one in (folder, *paths.parents(folder)) if folder not in self._walked else ():
            passed.append(one)
            if one in self._roots or one in self._walked:
                self._walked.update(passed)
                break

    def may_hold(self, folder: str, name: str) -> bool:
        """False when a folder is known to have nothing of this name."""
        names = self.listed(folder)
        return names is None or name in names

    def is_file(self, folder: str, name: str) -> bool:
        """Whether a folder holds a file of this name."""
        return self.may_hold(folder, name) and disk.is_file(Path(folder, name))

    def exists(self, folder: str, name: str) -> bool:
        """Whether a folder holds anything of this name that can be looked at."""
        return self.may_hold(folder, name) and disk.exists(Path(folder, name))

    def listed(self, folder: str) -> frozenset[str] | None:
        """The names in a folder; None when it is not listed."""
        if folder not in self._names:
            self._names[folder] = self._list(folder) if folder in self._walked else None
            if folder not in self._walked and self._is_missing(folder):
                self._names[folder] = frozenset()
        return self._names[folder]

    def _list(self, folder: str) -> frozenset[str] | None:
        try:
            return frozenset(disk.names(folder))
        except (OSError, ValueError):
            return None

    def _is_missing(self, folder: str) -> bool:
        """Whether a folder is known not to be there: no walked folder above it has its name."""
        if os.pardir in folder.split(os.sep):
            return False
        below = folder
        for above in paths.parents(folder):
            if above in self._walked:
                names = self.listed(above)
                return names is not None and paths.last(below) not in names
            below = above
        return False


def nearby(context: Context) -> Nearby:
    """What lies near the files of a context."""
    found = context.cache.get(Nearby)
    if found is None:
        found = context.cache[Nearby] = Nearby(context)
    return cast(Nearby, found)
