# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A history: the migrations of one database in the order in which they run."""

from __future__ import annotations

from dataclasses import field

from connguard.policies.model.reading import Notes, Subject
from connguard.policies.model.records import dataclass
from connguard.sql_rules.script import Script


@dataclass(slots=True)
class History:
    """The scripts of one database.

    `root` is the folder shown to the user, `layout` the recognised format, `files` the names of
    the files that were read. `subjects` are what the format itself gives (such as a part that
    cannot be read), `notes` the comments of host files that are no SQL.
    """

    root: str
    layout: str
    scripts: list[Script] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    subjects: list[Subject] = field(default_factory=list)
    notes: list[Notes] = field(default_factory=list)

    def describe(self) -> str:
        """One line for --verbose."""
        plural = "" if len(self.files) == 1 else "s"
        return f"{self.root}/: {self.layout}, {len(self.files)} file{plural}"
