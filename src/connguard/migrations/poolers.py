# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a pooler stands beside the migrations: what max_connections is judged against."""

from __future__ import annotations

import re
from dataclasses import replace

from connguard.budget.claims import is_compose
from connguard.engine.reading import Context
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Reading, Subject
from connguard.policies.model.server_size import ServerSize

_POOLER = lazily(r"pg_?bouncer|pgcat|odyssey|supavisor|pgpool", re.IGNORECASE)


def note_poolers(reading: Reading, context: Context) -> None:
    """Mark the server sizes of a reading as pooled where the files show a pooler.

    It need not stand before this very server: nothing in SQL tells.
    """
    subjects = reading.subjects
    if not any(isinstance(one.alternatives[0], ServerSize) for one in subjects):
        return
    if not has_pooler(context):
        return
    for index, subject in enumerate(subjects):
        size = subject.alternatives[0]
        if isinstance(size, ServerSize):
            subjects[index] = Subject((replace(size, pooled=True),))


def has_pooler(context: Context) -> bool:
    """Whether the settings declare a pooler, a file is named after one, or a Compose file runs
    one."""
    if "pooler" in context.settings.topology:
        return True
    for file in context.files:
        if _POOLER.search(file.path.name):
            return True
        text = context.text(file) if is_compose(file.path) else None
        if text is not None and _POOLER.search(text.string):
            return True
    return False
