# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours for terminals. Without colour every style leaves the text as it is."""

from __future__ import annotations

from connguard.policies.model.verdict import Severity

_RESET = "\x1b[0m"
_CODES = {
    "bold": "1",
    "dim": "2",
    "gutter": "1;34",
    "help": "1;36",
    "good": "1;32",
    "error": "1;31",
    "warning": "1;33",
    "note": "1;35",
}


WIDTH = 100
"""Cells of a line where no terminal says how many it has."""
_NARROWEST = 40


class Style:
    """Paints text with the named styles, or not at all, for lines of so many cells."""

    def __init__(self, colour: bool, width: int = WIDTH) -> None:
        self._colour = colour
        self.width = max(_NARROWEST, min(width, WIDTH))

    def paint(self, name: str, text: str) -> str:
        """`name` is bold, dim, gutter, help, good or the value of a severity."""
        return f"\x1b[{_CODES[name]}m{text}{_RESET}" if self._colour and text else text

    def severity(self, severity: Severity, text: str) -> str:
        return self.paint(severity.value, text)
