# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The front end for postgresql.conf."""

from __future__ import annotations

from collections.abc import Sequence

from connguard.containers.inside import configures_container
from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text
from connguard.policies.model.origin import Known, Related
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Reading
from connguard.policies.model.server_values import parse_integer
from connguard.policies.model.setting_facts import (
    EffectiveSetting,
    OverriddenSetting,
    RefusedSetting,
)
from connguard.postgres.conf import AUTO_FILE, ServerSettings, Setting, read_conf
from connguard.postgres.setting_table import refusal
from connguard.postgres.versions import known_version

RESERVED_SINCE = 16
_SECTION = lazily(r"(?m)^[^\S\n]*(?:\[\w|<\w)")


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """Every file that no other one includes is the configuration of a server of its own."""
    reading = Reading()
    found = {file.name: read_conf(file, context) for file in files}
    included = {name for own, settings in found.items() for name in settings.files if name != own}
    for file in files:
        settings = found[file.name]
        if file.name in included or not settings.files:
            continue
        if _is_foreign(settings, context.text(file)):
            reading.log.append(f"{file.name}: not a PostgreSQL configuration, left out")
            continue
        reading.files.update(settings.files)
        add_settings(
            settings,
            known_version(file.path, context.settings),
            reading,
            in_container=configures_container(file, context),
        )
    return reading


def _is_foreign(settings: ServerSettings, text: Text | None) -> bool:
    """Whether it is the file of another program: most of its lines are no settings at all."""
    if text is not None and _SECTION.search(text.string):
        return True
    unknown = sum(
        "unrecognized" in (refusal(setting.name, "") or "") for setting in settings.settings
    )
    syntax = sum(problem.reason.startswith("syntax error") for problem in settings.problems)
    wrong = syntax + unknown
    return wrong > 1 and wrong > 2 * (len(settings.settings) - unknown)


def add_settings(
    settings: ServerSettings, version: int | None, reading: Reading, *, in_container: bool = False
) -> None:
    """Add everything that the policies need to know about the settings of one server.

    Where a server in a container with an address of its own listens is left out.
    """
    for problem in settings.problems:
        reading.add(RefusedSetting(problem.reason, problem.origin))
    for missing in settings.missing:
        reading.add(missing)
    for name, lines in settings.by_name().items():
        if not (in_container and name == "listen_addresses"):
            _judge(lines, version, reading)
    _add_slots(settings, version, reading)
    reading.notes.extend(settings.notes)


def _judge(lines: list[Setting], version: int | None, reading: Reading) -> None:
    """One name with all lines that set it, the last of which counts."""
    *earlier, last = lines
    history = tuple(Related(f"{last.name} is set here, too", one.origin) for one in earlier)
    reading.add(EffectiveSetting(last.name, last.value, last.origin, history=history))
    for one in {line.written: line for line in lines}.values():
        if isinstance(one.value, Known):
            reason = refusal(one.name, one.value.value, version)
            if reason:
                reading.add(RefusedSetting(reason, one.value.origin))
    for one in earlier:
        same_file = one.origin.path == last.origin.path
        overridden = same_file or last.origin.path.endswith(AUTO_FILE)
        if overridden and _text(one) != _text(last):
            reading.add(OverriddenSetting(one.name, one.origin, last.origin))


def _text(setting: Setting) -> object:
    return setting.value.value if isinstance(setting.value, Known) else setting.value


def _add_slots(settings: ServerSettings, version: int | None, reading: Reading) -> None:
    """The server refuses to start when all slots are reserved."""
    names = ["superuser_reserved_connections", "reserved_connections"]
    if version is not None and version < RESERVED_SINCE:
        names.pop()
    total = _number(settings, "max_connections", 100)
    numbers = [_number(settings, name, 3 if name.startswith("super") else 0) for name in names]
    if total is None or None in numbers:
        return
    reserved = sum(number for number in numbers if number is not None)
    places = [found for name in (*names, "max_connections") if (found := settings.setting(name))]
    if reserved < total or not places:
        return
    said = " plus ".join(f"{name} ({number})" for name, number in zip(names, numbers, strict=True))
    reading.add(
        RefusedSetting(
            f"{said} must be less than max_connections ({total})",
            places[0].origin,
            tuple(Related("together with this", place.origin) for place in places[1:]),
        )
    )


def _number(settings: ServerSettings, name: str, default: int) -> int | None:
    value = settings.get(name)
    if value is None:
        return default
    return parse_integer(value.value) if isinstance(value, Known) else None
