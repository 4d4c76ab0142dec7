# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files are snapshots of live servers."""

from __future__ import annotations

from pathlib import PurePath


def may_be_snapshot(path: PurePath) -> bool:
    """Whether a file is called like a snapshot: connguard-live.json, connguard-live-eu.json, …"""
    return path.suffix == ".json" and path.name.startswith("connguard-live")
