# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells findings that were there before from new ones."""

from __future__ import annotations

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

from connguard.engine.finding import Finding
from connguard.engine.masking import masked
from connguard.engine.text import Text
from connguard.policies.model.facts import Database, Role
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass

_LONGEST_MASKED = 4_000
"""Characters; a longer text is a generated one, and holds too much to be guessed."""

_PLACE = lazily(r"(?<!\S)\S*\.[A-Za-z]\w*:\d+\b")
"""A file and line as messages name them."""


@dataclass(frozen=True, slots=True)
class Known:
    """A finding of an earlier scan; `path` is absolute, `fingerprint` from `Identities`."""

    id: str
    path: Path
    fingerprint: str
    message: str
    suppressed: bool = False


@dataclass(slots=True)
class Comparison:
    """What is new, what was known before and as what, and what is no longer there."""

    new: list[Finding] = field(default_factory=list)
    known: list[tuple[Finding, Known]] = field(default_factory=list)
    gone: list[Known] = field(default_factory=list)


class Identities:
    """What makes a finding the same one when lines shift and files are renamed.

    The policy, the message and the text at the place; blanks do not count, nor do places that the
    message names. Passwords do not count: their hashes can be guessed.
    """

    def __init__(self, texts: Mapping[str, Text]) -> None:
        self._texts = texts
        self._last: tuple[tuple[str, int, int], str] = ("", 0, 0), ""

    def identity(self, finding: Finding) -> str:
        content = "" if finding.about_secret else self._content(finding)
        return f"{finding.policy.id}\n{_PLACE.sub('', finding.message)}\n{content}"

    def fingerprint(self, finding: Finding) -> str:
        """A hash of the identity. Equal findings have equal ones, told apart by counting."""
        return _hash(self.identity(finding))

    def _content(self, finding: Finding) -> str:
        """The text at the place, or the hash of a long one."""
        origin = finding.origin
        place = origin.path, origin.line, origin.end_line
        # A line of megabytes may have thousands of findings, one after the other.
        if place != self._last[0]:
            text = self._texts.get(origin.path)
            lines = range(origin.line, origin.end_line + 1)
            written = "\n".join(" ".join(text.line(line).split()) for line in lines if text)
            is_long = len(written) >= _LONGEST_MASKED
            self._last = place, _hash(written) if is_long else masked(written)
        return self._last[1]


class Numbering:
    """Gives findings a hash that survives line shifts and renamed files, and counts equal ones."""

    def __init__(self, texts: Mapping[str, Text]) -> None:
        self._identities = Identities(texts)
        self._seen: Counter[str] = Counter()

    def marked(self, finding: Finding) -> Finding:
        key = self._identities.identity(finding)
        self._seen[key] += 1
        return replace(finding, fingerprint=_hash(f"{key}\n{self._seen[key]}"))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def remember(
    findings: Iterable[Finding], texts: Mapping[str, Text], *, suppressed: bool = False
) -> list[Known]:
    identities = Identities(texts)
    return [
        Known(
            finding.policy.id,
            Path(finding.origin.path).absolute(),
            identities.fingerprint(finding),
            finding.message,
            suppressed,
        )
        for finding in findings
    ]


def compare(
    findings: Sequence[Finding],
    texts: Mapping[str, Text],
    known: Sequence[Known],
) -> Comparison:
    """Match each finding with at most one known one.

    First in the same file, then in one that is no longer there (it was renamed): the copy of a
    finding that was repaired in its own place is new. Findings about the state of a role or
    database are the same ones also when the text of their place changed. Of equal ones, the first
    are matched.
    """
    identities = Identities(texts)
    fingerprints = {id(one): identities.fingerprint(one) for one in findings}
    paths = {id(one): Path(one.origin.path).absolute() for one in findings}
    matched: dict[int, Known] = {}
    free = list(known)

    def match(of_finding: Callable[[Finding], object], of_known: Callable[[Known], object]) -> None:
        nonlocal free
        waiting: dict[object, list[Known]] = defaultdict(list)
        for one in reversed(free):
            waiting[of_known(one)].append(one)
        used: set[int] = set()
        for finding in findings:
            key = of_finding(finding)
            if key is not None and id(finding) not in matched and waiting.get(key):
                same = waiting[key].pop()
                used.add(id(same))
                matched[id(finding)] = same
        free = [one for one in free if id(one) not in used]

    match(
        lambda one: (fingerprints[id(one)], paths[id(one)]),
        lambda one: (one.fingerprint, one.path),
    )
    match(
        lambda one: fingerprints[id(one)],
        lambda one: None if os.path.lexists(one.path) else one.fingerprint,
    )
    match(
        lambda one: _state(one, paths[id(one)]),
        lambda one: (one.id, _PLACE.sub("", one.message), one.path),
    )
    return Comparison(
        [one for one in findings if id(one) not in matched],
        [(one, matched[id(one)]) for one in findings if id(one) in matched],
        free,
    )


def _state(finding: Finding, path: Path) -> tuple[object, ...] | None:
    if finding.policy.about not in (Role, Database):
        return None
    return finding.policy.id, _PLACE.sub("", finding.message), path
