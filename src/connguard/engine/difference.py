# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is new since a commit: both states are scanned, and findings of the older one left out."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from connguard.engine.discovery import DEFAULT_EXCLUDES
from connguard.engine.finding import Compared, Finding, Report
from connguard.engine.git_tree import Commit, GitError, commit_of, repository_of
from connguard.engine.known import Known, compare, remember
from connguard.engine.scan import scan
from connguard.engine.settings import Settings, SettingsError, load

_IGNORE_FILES = frozenset((".gitignore", ".ignore"))


def keep_new(report: Report, paths: Sequence[Path], settings: Settings, base: str) -> None:
    """Leave only what a commit did not have in the report of a scan of `paths`.

    Raises GitError when the paths lie in no repository, or `base` is no commit of it.
    """
    commit = commit_of(_root(paths), base)
    known = _known_at(commit, paths, settings, report)
    lines = commit.changed_lines()

    def changed(finding: Finding) -> bool:
        path = Path(finding.origin.path).absolute()
        return any(finding.origin.line in each for each in lines.get(path, ()))

    # Suppressed ones take part and come first, so that a new copy of one is not taken for it.
    suppressed = [one.finding for one in report.suppressed]
    everything = [*suppressed, *sorted(report.findings, key=changed)]
    comparison = compare(everything, report.texts, known)
    # What was suppressed then and is not now is new.
    before = {id(finding) for finding, one in comparison.known if not one.suppressed}
    dropped = [finding for finding in report.findings if id(finding) in before]
    report.findings[:] = [finding for finding in report.findings if id(finding) not in before]
    gaps = {finding.origin for finding in dropped if finding.policy.id in ("PG901", "PG902")}
    report.undecided[:] = [gap for gap in report.undecided if gap.origin not in gaps]
    report.not_parsed[:] = [part for part in report.not_parsed if part.origin not in gaps]
    report.compared = Compared(base, len(dropped))


def _root(paths: Sequence[Path]) -> Path:
    roots = {repository_of(path.resolve()) for path in paths}
    if len(roots) > 1:
        raise GitError("the paths lie in different git repositories")
    return roots.pop()


def _known_at(
    commit: Commit, paths: Sequence[Path], settings: Settings, report: Report
) -> list[Known]:
    """The findings of a commit, as if its files lay in the work tree."""
    root = commit.root
    wanted = [path.resolve().relative_to(root) for path in paths]
    with tempfile.TemporaryDirectory(prefix="connguard-") as name:
        export = Path(name).resolve()
        own = _within(settings.path, root)
        commit.export(export, lambda path: _is_needed(path, wanted, own))
        _mark_as_repository(export, root)
        there = [export / path for path in wanted if (export / path).exists()]
        if not there:
            return []
        folder = export / (_within(Path.cwd(), root) or "")
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.chdir(folder):
            before = _scan(there, _settings_at(export, own, settings))
            hidden = [one.finding for one in before.suppressed]
            known = remember(hidden, before.texts, suppressed=True)
            known.extend(remember(before.findings, before.texts))
    report.log.extend(
        f"in the state to compare with: {one.path}: {one.reason}" for one in before.failures
    )
    return [replace(one, path=root / one.path.relative_to(export)) for one in known]


def _scan(paths: Sequence[Path], settings: Settings) -> Report:
    """A declaration that was wrong then is not the fault of the change."""
    try:
        return scan(paths, settings)
    except SettingsError:
        return scan(paths, replace(settings, topology={}))


def _is_needed(path: PurePosixPath, wanted: Sequence[Path], own: Path | None) -> bool:
    """Files to scan and what the scan looks at besides: ignore files, the settings."""
    own_parts = own.parts if own else ()
    if path.name in _IGNORE_FILES or path.parts == own_parts:
        return True
    for root in wanted:
        if path.is_relative_to(root):
            below = path.relative_to(root).parent.parts
            return DEFAULT_EXCLUDES.isdisjoint(below)
    return False


def _within(path: Path | None, root: Path) -> Path | None:
    resolved = path.resolve() if path else None
    return resolved.relative_to(root) if resolved and resolved.is_relative_to(root) else None


def _mark_as_repository(export: Path, root: Path) -> None:
    """Ignore files hold up to the root of a repository; one of them is not tracked."""
    own = export / ".git" / "info" / "exclude"
    own.parent.mkdir(parents=True)
    with contextlib.suppress(OSError):
        shutil.copyfile(root / ".git" / "info" / "exclude", own)


def _settings_at(export: Path, own: Path | None, settings: Settings) -> Settings:
    """The settings of this run, for the exported files; a declared topology is as it was then."""
    if own is None:
        return settings
    path = export / own
    topology = {}
    if os.path.lexists(path):
        with contextlib.suppress(SettingsError):
            topology = dict(load(path).topology)
    return replace(settings, path=path, topology=topology)
