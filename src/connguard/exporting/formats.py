# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be exported. A format is a module of this package, imported only when it is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from connguard.engine.settings import Settings
from connguard.policies.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asks for: paths, settings, and the shares of a limit at which to alert."""

    paths: Sequence[Path]
    settings: Settings
    warning: float = 0.8
    critical: float = 0.95


@dataclass(slots=True)
class Exported:
    """Files by name, with their text.

    `failures` are inputs that could not be read, `notes` what the files leave open.
    """

    files: Mapping[str, str]
    failures: Sequence[str] = ()
    notes: Sequence[str] = ()


class Format(Protocol):
    """A module of this shape makes the files of one format. Raises SettingsError, ValueError."""

    def export(self, request: Request) -> Exported: ...


FORMATS = {
    "prometheus": "connguard.exporting.prometheus",
    "grafana": "connguard.exporting.grafana",
    "opa": "connguard.exporting.opa",
}
"""The name of each format, and its module."""


def load(name: str) -> Format:
    return cast(Format, import_module(FORMATS[name]))
