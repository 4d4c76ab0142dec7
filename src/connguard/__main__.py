# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program: `connguard`, and `python -m connguard`."""

from __future__ import annotations

import gc
from typing import NoReturn

_COLLECT_AFTER = 100_000
"""New objects after which unreachable ones are looked for; Python's 700 are for small programs.

Thousands of files leave half as many, and to look at these once takes as long as to list the files.
"""


def run() -> NoReturn:
    """Run the command line. The first thing to do: imports make many objects, too."""
    gc.set_threshold(_COLLECT_AFTER, 20, 20)
    from connguard.engine import cli

    cli.run()


if __name__ == "__main__":
    run()
