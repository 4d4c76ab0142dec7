# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The slots of a server as its command line sets them, and the file that it names."""

from __future__ import annotations

from collections.abc import Sequence

from connguard.budget.server import DEFAULTS
from connguard.containers import databases
from connguard.containers.compose_service import Word
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.origin import Known, Unknown, Value
from connguard.policies.model.whole_numbers import whole


def of_words(words: Sequence[Word]) -> tuple[dict[str, Amount], Value[str] | None]:
    """Numbers and the configuration file of `postgres -c name=value --name=value -N 40`."""
    settings: dict[str, Amount] = {}
    given = databases.settings(words)
    for name in DEFAULTS:
        value = given.get(name)
        if isinstance(value, Known) and value.value.isdecimal():
            settings[name] = exactly(whole(value.value), name, value.origin)
        elif value is not None:
            settings[name] = unknown_amount(name, _doubt(value), value.origin)
    return settings, given.get("config_file")


def _doubt(value: Value[str]) -> str:
    return value.reason if isinstance(value, Unknown) else f"{value.value} is set elsewhere"
