# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which settings a server knows, and which values it takes.

The table is pg_settings of real servers (tools/make_setting_table.py). A name or value is only
called wrong when every version refuses it, or when the version is one of the table's and it does.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from connguard.policies.model.patterns import lazily
from connguard.policies.model.server_values import (
    parse_boolean,
    parse_choice,
    parse_integer,
    parse_number,
)

# Names of old that servers still take for a new one.
_ALIASES = frozenset(("sort_mem", "vacuum_mem", "ssl_ecdh_curve", "force_parallel_mode"))
# Names of versions 12 to 18 that the servers of the table do not show.
_OTHER_NAMES = frozenset(
    (
        "db_user_namespace",
        "default_with_oids",
        "force_parallel_mode",
        "lc_collate",
        "lc_ctype",
        "old_snapshot_threshold",
        "operator_precedence_warning",
        "promote_trigger_file",
        "stats_temp_directory",
        "trace_recovery_messages",
        "vacuum_cleanup_index_scale_factor",
        "vacuum_defer_cleanup_age",
        "wal_keep_segments",
        "role",
        "session_authorization",
        "seed",
        "is_superuser",
    )
)
# Depends on how the server was built, or on its platform.
_BUILD_NAMES = lazily(r"(?:trace|debug|wal_debug|bonjour|optimize|jit)[a-z_]*")
_BUILD_CHOICES = frozenset(
    (
        "lz4",
        "zstd",
        "pglz",
        "io_uring",
        "windows",
        "open_sync",
        "open_datasync",
        "fdatasync",
        "fsync",
        "fsync_writethrough",
        "sysv",
        "mmap",
        "posix",
        "syncfs",
        "clone",
        "none",
        "eventlog",
    )
)
_HIDDEN_CHOICES = frozenset(("debug", "archive", "hot_standby"))
_WORDS_FOR_BOOLEANS = ("on", "off")


@functools.cache
def _table() -> tuple[frozenset[int], dict[str, dict[str, Any]]]:
    # importlib.resources refuses namespace packages in editable installs.
    source = Path(__file__).with_name("server_settings.json")
    document = json.loads(source.read_text(encoding="utf-8"))
    settings = {name.lower(): entry for name, entry in document["settings"].items()}
    return frozenset(document["versions"]), settings


def refusal(name: str, value: str, version: int | None = None) -> str | None:
    """What the server says against a setting, or None when it takes it.

    `version` is the major version, if known. Settings of extensions (with a dot) are taken.
    """
    if "." in name:
        return None
    versions, settings = _table()
    entry = settings.get(name.lower())
    if entry is None:
        if name.lower() in _OTHER_NAMES and version not in versions:
            return None
        if _BUILD_NAMES.fullmatch(name.lower()):
            return None
        if name.lower() in _ALIASES:
            return None
        return f'unrecognized configuration parameter "{name}"'
    if version in versions and version not in entry["versions"]:
        if _BUILD_NAMES.fullmatch(name.lower()) or name.lower() in _ALIASES:
            return None
        return f'unrecognized configuration parameter "{name}"'
    return _refused_value(name, value, entry, version)


def holds_free_text(name: str) -> bool:
    """Whether a value can be any text: it is no flag, number or choice, or the name is unknown."""
    return bool(_table()[1].get(name.lower(), {}).get("type", "string") == "string")


def base_unit(name: str) -> str | None:
    """The unit of a setting's plain numbers, such as "ms", "s", "kB" or "8kB"."""
    unit = _table()[1].get(name.lower(), {}).get("unit")
    return str(unit) if unit else None


def _refused_value(name: str, value: str, entry: dict[str, Any], version: int | None) -> str | None:
    invalid = f'invalid value for parameter "{name}": "{value}"'
    match entry["type"]:
        case "bool":
            if parse_boolean(value) is None:
                return f'parameter "{name}" requires a Boolean value'
        case "enum":
            taken = {*entry.get("choices", ()), *_HIDDEN_CHOICES, *_BUILD_CHOICES}
            words = taken.intersection(_WORDS_FOR_BOOLEANS)
            old = name == "password_encryption" and (version is None or version < 14)
            if parse_choice(value, taken) is None and not (
                (words or old) and parse_boolean(value) is not None
            ):
                return invalid
        case "integer" | "real":
            unit = entry.get("unit")
            if entry["type"] == "integer":
                number: Any = parse_integer(value, unit)
            else:
                number = parse_number(value, unit)
            if number is None:
                return invalid
            if not float(entry["min"]) <= number <= float(entry["max"]):
                return (
                    f'{value} is outside the valid range for parameter "{name}"'
                    f" ({entry['min']} .. {entry['max']}{f' {unit}' if unit else ''})"
                )
    return None
