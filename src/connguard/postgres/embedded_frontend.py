# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The front end for access lists and server settings inside YAML, scripts and Dockerfiles.

Few such files mention any: what reads them is loaded then.
"""

from __future__ import annotations

from collections.abc import Sequence

from connguard.engine.reading import Context, SourceFile
from connguard.policies.model.reading import Reading

_MENTIONS = ("hba", "postgres.conf", "postgresql.conf", "postgresql:", "extendedconf")


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """Read every file that mentions such a list or setting; it never raises."""
    mentioning = [file for file in files if _mentions(file, context)]
    if not mentioning:
        return Reading()
    from connguard.postgres import embedded

    return embedded.read(mentioning, context)


def _mentions(file: SourceFile, context: Context) -> bool:
    text = context.text(file)
    if text is None:
        return False
    lower = text.string.lower()  # much faster in large files than a pattern that ignores case
    return any(word in lower for word in _MENTIONS)
