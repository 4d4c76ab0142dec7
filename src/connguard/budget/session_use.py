# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A use of a session feature, as code shows it."""

from __future__ import annotations

from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Used:
    """`feature` is one of SESSION_FEATURES.

    `library` is set where a library does it by default (prepared statements); `off` then means that
    the code turns it off, which holds for the library in the whole service.
    """

    feature: str
    origin: Origin
    library: str = ""
    off: bool = False
