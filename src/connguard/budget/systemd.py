# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`LimitNOFILE` of the systemd unit that runs a PgBouncer (systemd.exec(5))."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePath

from connguard.budget.claims import is_drop_in
from connguard.engine.text import Text
from connguard.policies.model.amount import UNBOUNDED, Amount, exactly, unknown_amount
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.whole_numbers import whole

_SECTION = lazily(r"^\s*\[(\w+)\]\s*$")
_LIMIT = lazily(r"^\s*LimitNOFILE\s*=\s*(\S*)\s*$")


@dataclass(frozen=True, slots=True)
class UnitLimit:
    """The open files of a unit, and its name without a suffix. Drop-ins win over the unit."""

    unit: str
    open_files: Amount
    commands: str
    drop_in: bool


def read(text: Text, path: PurePath) -> UnitLimit | None:
    """The limit that the file sets; the soft one, which is what PgBouncer has."""
    section, found, commands = "", None, []
    for number in range(1, text.line_count + 1):
        line = text.line(number)
        if header := _SECTION.match(line):
            section = header[1]
        elif section == "Service" and (match := _LIMIT.match(line)):
            origin = text.line_origin(number)
            soft = match[1].partition(":")[0]
            if soft.isdecimal():
                found = exactly(whole(soft), "LimitNOFILE", origin)
            elif soft == "infinity":
                found = exactly(UNBOUNDED, "LimitNOFILE", origin)
            elif not soft:
                found = None  # an empty value takes earlier ones back
            else:
                found = unknown_amount("LimitNOFILE", f"{soft} is filled in elsewhere", origin)
        elif section == "Service" and line.lstrip().startswith("Exec"):
            commands.append(line)
    drop_in = is_drop_in(path)
    if found is None:
        return None
    name = path.parent.name.removesuffix(".service.d") if drop_in else path.stem
    return UnitLimit(name, found, "\n".join(commands), drop_in)


def limit_of(configuration: Path, units: Iterable[UnitLimit]) -> Amount | None:
    """The limit for the pooler of a configuration file; None where it is not clear."""
    every = sorted(units, key=lambda unit: unit.drop_in)
    named = [unit for unit in every if unit.unit == configuration.stem]
    name = re.compile(rf"(?<![\w.-]){re.escape(configuration.name)}(?![\w.-])")
    started = [unit for unit in every if name.search(unit.commands)]
    chosen = named or started
    if not chosen and len({unit.unit for unit in every}) == 1:
        chosen = every
    return chosen[-1].open_files if chosen else None
