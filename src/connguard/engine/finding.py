# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings and the report: what reporters print and the exit code follows from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from connguard.engine.text import Text
from connguard.policies.model.facts import NotParsed, Undecided
from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.policy import Policy
from connguard.policies.model.records import dataclass
from connguard.policies.model.verdict import Severity

if TYPE_CHECKING:
    from connguard.budget.found import Stack
    from connguard.policies.model.usage import Budget

EXIT_CLEAN = 0
EXIT_FINDINGS = 1
EXIT_ERROR = 2
EXIT_NOTHING_TO_SCAN = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """A policy that fails at a place. `fix` says what to write instead."""

    policy: Policy
    severity: Severity
    message: str
    origin: Origin
    related: tuple[Related, ...]
    fix: str
    fingerprint: str = ""

    @property
    def about_secret(self) -> bool:
        """Whether it stands at a secret, so that no output may show or hash its source."""
        return self.policy.id == "PG403"


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that a comment, the settings or a baseline suppress.

    `origin` is the place of the comment; where there is none, `kind` is "settings" or "baseline".
    """

    finding: Finding
    reason: str
    origin: Origin | None
    kind: str = "settings"


@dataclass(frozen=True, slots=True)
class Failed:
    """An input that could not be read, or a bug in connguard. Leads to exit code 2."""

    path: str
    reason: str

    @classmethod
    def bug(cls, what: str, error: Exception, path: str = "") -> Failed:
        """`what` is the work that an unexpected exception ended."""
        return cls(path, f"bug in connguard: {what} failed with {type(error).__name__}: {error}")


@dataclass(frozen=True, slots=True)
class Compared:
    """The state that a scan was compared with, and how many of its findings were left out."""

    base: str
    known: int


@dataclass(slots=True)
class Report:
    """The outcome of a scan. Lists are sorted by place; `texts` serve for source excerpts.

    `names` are the names of the files that were read, and `files` is their number. `budgets` are
    the connection budgets of the topologies that were found. `gone` counts what a baseline lists
    and the scan no longer finds. `extra` is what else the caller keeps of a scan, as JSON values.
    """

    findings: list[Finding] = field(default_factory=list)
    suppressed: list[Suppressed] = field(default_factory=list)
    undecided: list[Undecided] = field(default_factory=list)
    not_parsed: list[NotParsed] = field(default_factory=list)
    failures: list[Failed] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    files: int = 0
    names: frozenset[str] = frozenset()
    compared: Compared | None = None
    gone: int = 0
    budgets: Sequence[tuple[Stack, Budget]] = ()
    texts: Mapping[str, Text] = field(default_factory=dict)
    extra: object = None

    def count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for finding in self.findings)

    def exit_code(self, fails: Callable[[Sequence[Finding]], bool]) -> int:
        """The documented exit code; `fails` says whether the findings fail the run."""
        if self.failures:
            return EXIT_ERROR
        if not self.files:
            return EXIT_NOTHING_TO_SCAN
        return EXIT_FINDINGS if fails(self.findings) else EXIT_CLEAN
