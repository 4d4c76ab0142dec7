# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""connguard: connection risks of PostgreSQL, read from a repository.

    import connguard

    report = connguard.scan(["db/migrations", "infra"])
    for finding in report.findings:
        print(finding.origin, finding.policy.id, finding.message)

`docs/api.md` describes the objects. What is not named here may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import TYPE_CHECKING, Any

from connguard.engine.version import __version__

if TYPE_CHECKING:
    from connguard.engine.finding import Failed, Finding, Report, Suppressed
    from connguard.engine.settings import Settings, SettingsError
    from connguard.policies.model.facts import NotParsed, Undecided
    from connguard.policies.model.origin import Origin, Related
    from connguard.policies.model.policy import Failure, Policy
    from connguard.policies.model.verdict import Severity

__all__ = [
    "Failed",
    "Failure",
    "Finding",
    "NotParsed",
    "Origin",
    "Policy",
    "Related",
    "Report",
    "Settings",
    "SettingsError",
    "Severity",
    "Suppressed",
    "Undecided",
    "__version__",
    "load_settings",
    "rules",
    "scan",
]

_HOMES = {
    **dict.fromkeys(("Failed", "Finding", "Report", "Suppressed"), "connguard.engine.finding"),
    **dict.fromkeys(("Settings", "SettingsError"), "connguard.engine.settings"),
    **dict.fromkeys(("NotParsed", "Undecided"), "connguard.policies.model.facts"),
    **dict.fromkeys(("Origin", "Related"), "connguard.policies.model.origin"),
    **dict.fromkeys(("Failure", "Policy"), "connguard.policies.model.policy"),
    "Severity": "connguard.policies.model.verdict",
}
"""Where the objects of the interface are defined. They are imported when they are asked for."""


def scan(paths: Iterable[str | PathLike[str]], settings: Settings | None = None) -> Report:
    """Scan files and directories, as `connguard scan` does.

    `settings` default to those of the first path: the nearest connguard.toml, or [tool.connguard]
    in pyproject.toml, in its folder or above; a baseline that they name is applied. Nothing is
    printed, and nothing of the scanned files is run. Input that cannot be read does not raise: it
    stands in `Report.failures`.

    Raises SettingsError for settings that cannot be used, ValueError when they name a policy that
    does not exist or when there are no paths.
    """
    from pathlib import Path

    from connguard.engine import baseline
    from connguard.engine.scan import scan as scan_files

    listed = [Path(path) for path in paths]
    if not listed:
        raise ValueError("nothing to scan: no paths are given")
    if settings is None:
        settings = load_settings(listed[0])
    report = scan_files(listed, settings)
    if settings.baseline is not None:
        try:
            baseline.apply(report, baseline.load(settings.baseline))
        except baseline.BaselineError as error:
            raise ValueError(str(error)) from error
    return report


def load_settings(path: str | PathLike[str]) -> Settings:
    """The settings for a path, or those in a settings file. Raises SettingsError."""
    from pathlib import Path

    from connguard.engine import settings

    own = settings.locate(Path(path).absolute())
    return settings.load(own) if own else settings.Settings()


def rules() -> tuple[Policy, ...]:
    """Every policy, sorted by id."""
    from connguard.engine.registry import policies

    return tuple(one.policy for one in policies())


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'connguard' has no attribute {name!r}")
