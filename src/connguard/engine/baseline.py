# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Baseline files: findings that a project knows and has accepted for the time being."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from connguard.engine.finding import Report, Suppressed
from connguard.engine.known import Known, compare, remember
from connguard.engine.scan import by_place
from connguard.reporters.plain import encodable

VERSION = 1
REASON = "baseline"

_KEYS = ("id", "path", "fingerprint", "message")


class BaselineError(Exception):
    """A baseline file that cannot be used. The message names the file and the reason."""


def render(report: Report, file: Path) -> str:
    """The findings of a report as a baseline; paths are relative to the folder of `file`.

    Suppressed findings are left out. The text is the same wherever the scan was started.
    """
    folder = file.absolute().parent
    entries = [
        {
            "id": known.id,
            "path": encodable(Path(os.path.relpath(known.path, folder)).as_posix()),
            "fingerprint": known.fingerprint,
            "message": encodable(known.message),
        }
        for known in remember(report.findings, report.texts)
    ]
    entries.sort(key=lambda entry: tuple(entry[key] for key in ("path", *_KEYS)))
    return json.dumps({"version": VERSION, "findings": entries}, indent=2, ensure_ascii=True) + "\n"


def load(file: Path) -> list[Known]:
    """Read a baseline file. Raises BaselineError."""
    try:
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise BaselineError(f"{file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"{file}: no baseline: not JSON ({error})") from error
    if not isinstance(document, dict) or not isinstance(document.get("findings"), list):
        raise BaselineError(f'{file}: no baseline: an object with "version" and "findings" needed')
    if document.get("version") != VERSION:
        version = json.dumps(document.get("version"))[:40]
        raise BaselineError(f"{file}: version {version} of the format is not known, only {VERSION}")
    folder = file.absolute().parent
    return [_entry(file, number, one, folder) for number, one in enumerate(document["findings"], 1)]


def _entry(file: Path, number: int, entry: Any, folder: Path) -> Known:
    if not isinstance(entry, dict):
        raise BaselineError(f"{file}: finding {number} is no object")
    for key in _KEYS:
        if not isinstance(entry.get(key), str):
            raise BaselineError(f'{file}: finding {number}: "{key}" must be a string')
    path = Path(os.path.normpath(folder / entry["path"]))
    return Known(entry["id"], path, entry["fingerprint"], entry["message"])


def apply(report: Report, known: Sequence[Known]) -> None:
    """Move the findings of the baseline to `report.suppressed`; `report.log` tells the stale ones.

    An entry counts for another file only when its own is gone or was part of this scan: a scan of
    one folder does not use up what was accepted in another.
    """
    scanned = {Path(name).absolute() for name in report.names}
    found = {Path(one.origin.path).absolute() for one in report.findings}
    usable = [
        one
        for one in known
        if one.path in scanned or one.path in found or not os.path.lexists(one.path)
    ]
    comparison = compare(report.findings, report.texts, usable)
    report.findings[:] = comparison.new
    report.suppressed.extend(
        Suppressed(finding, REASON, None, kind=REASON) for finding, _ in comparison.known
    )
    report.suppressed.sort(key=lambda one: by_place(one.finding))
    report.gone = len(comparison.gone)
    for one in comparison.gone:
        report.log.append(f"baseline: {one.path}: {one.id} is no longer found: {one.message}")
