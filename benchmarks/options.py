# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command line says to the benchmarks."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """`corpora` is a folder for what is fetched, `scratch` one that is thrown away.

    `sql` and `terraform` are folders to take instead of fetching. `tools` are paths of programs,
    by name. A `short` run takes no minute and fetches nothing. Inputs that grow get no larger than
    `largest`.
    """

    rounds: int
    short: bool
    corpora: Path
    scratch: Path
    sql: Path | None = None
    terraform: Path | None = None
    largest: int = 100_000
    tools: tuple[tuple[str, str], ...] = ()

    def tool(self, name: str) -> str | None:
        """The program of a name: as given, beside this Python, or on the path."""
        given = dict(self.tools).get(name)
        if given is not None:
            return given
        beside = Path(sys.executable).with_name(name)
        return str(beside) if beside.is_file() else shutil.which(name)
