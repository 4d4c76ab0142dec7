# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares whole outputs with files in tests/data.

When an output is meant to change, write the files anew and read the difference:

    UPDATE_SNAPSHOTS=1 pytest tests/test_reporters_snapshots.py && git diff tests/data
"""

from __future__ import annotations

import os
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"


def assert_snapshot(name: str, output: str) -> None:
    """The output equals the file `name` in tests/data."""
    path = DATA / name
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(output.encode())
    assert output == path.read_bytes().decode()
