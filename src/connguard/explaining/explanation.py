# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An explanation of a text: the symptoms in it and the lines that can cause them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from connguard.engine.finding import EXIT_CLEAN, EXIT_ERROR, EXIT_FINDINGS, EXIT_NOTHING_TO_SCAN
from connguard.engine.registry import policy_ids
from connguard.engine.settings import Settings
from connguard.engine.symptom_registry import symptoms
from connguard.explaining.lines import Lines, Repository, lines_for, read_files
from connguard.explaining.quoted import quoted, shown_values
from connguard.policies.model.recognition import Recognised, recognise
from connguard.policies.model.records import dataclass
from connguard.policies.model.symptom import Cause


@dataclass(frozen=True, slots=True)
class Explained:
    """A symptom with the words by which it was recognised, and its lines if paths were given."""

    recognised: Recognised
    quote: str
    lines: Lines | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """All symptoms of a text, the one nearest to the root first.

    `code` is set where only a SQLSTATE speaks: the symptoms are candidates then.
    """

    symptoms: tuple[Explained, ...]
    code: str | None = None
    repository: Repository | None = None

    @property
    def lines_found(self) -> bool:
        return any(one.lines is not None and one.lines.explain for one in self.symptoms)

    @property
    def outside(self) -> tuple[Cause, ...]:
        """The causes of the first symptom that no file of a repository shows."""
        return tuple(one for one in self.symptoms[0].recognised.symptom.causes if one.outside)

    def exit_code(self) -> int:
        return exit_code(self.repository, found=self.lines_found)


def exit_code(repository: Repository | None, *, found: bool) -> int:
    """The documented exit code: `found` is whether there are lines that can cause it."""
    if repository is None:
        return EXIT_CLEAN
    if repository.report.failures:
        return EXIT_ERROR
    if not repository.report.files:
        return EXIT_NOTHING_TO_SCAN
    return EXIT_FINDINGS if found else EXIT_CLEAN


def explain(text: str, paths: Sequence[Path], settings: Settings) -> Explanation | None:
    """Explain a text, with the files below `paths` if there are any; None if nothing is known.

    Raises SettingsError for a wrong declaration of a topology.
    """
    files = read_files(paths, settings) if paths else None
    found = recognise(text, symptoms(), files.ports if files else frozenset())
    if not found:
        return None
    wanted = {one for recognised in found for one in recognised.symptom.policies}
    repository = files.judged(wanted & set(policy_ids())) if files else None
    explained = tuple(
        Explained(
            replace(one, values=shown_values(one)),
            quoted(one, text),
            lines_for(one, repository) if repository else None,
        )
        for one in found
    )
    return Explanation(explained, found[0].code if found[0].by_code else None, repository)
