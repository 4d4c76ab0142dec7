# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Regular expressions that are compiled when they are first used.

To compile one takes longer than to read a small file with it, and most files need few of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["lazily"]

if TYPE_CHECKING:
    from re import compile as lazily
else:
    import re

    class lazily:
        """`re.compile`, put off: every attribute is that of the compiled pattern."""

        def __init__(self, pattern, flags=0):
            self._written = (pattern, flags)

        def __getattr__(self, name):
            if name.startswith("_"):
                raise AttributeError(name)
            value = getattr(re.compile(*self._written), name)
            setattr(self, name, value)  # found without this function from now on
            return value
