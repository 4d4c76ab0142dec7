# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies the policies to the subjects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from connguard.engine.finding import Failed, Finding, Report
from connguard.engine.registry import RegisteredPolicy, fact_name
from connguard.policies.model.facts import NotParsed, Undecided
from connguard.policies.model.origin import Related
from connguard.policies.model.reading import Subject
from connguard.policies.model.verdict import PASS, Status, Verdict, worst

_LONGEST = 2_000
_LONGEST_FIX = 20_000


def shortened(text: str, most: int = _LONGEST) -> str:
    """A text of at most `most` characters: what files hold may be a name of megabytes."""
    if len(text) <= most:
        return text
    return f"{text[: most * 3 // 4]} … {text[-(most // 4) + 3 :]}"


def _shortened_related(related: tuple[Related, ...]) -> tuple[Related, ...]:
    if all(len(one.message) <= _LONGEST for one in related):
        return related
    return tuple(replace(one, message=shortened(one.message)) for one in related)


class Judge:
    """Decides subjects and writes what comes out into a report."""

    def __init__(self, policies: Iterable[RegisteredPolicy], report: Report) -> None:
        self._by_name: dict[str, list[RegisteredPolicy]] = defaultdict(list)
        for registered in policies:
            for name in registered.about:
                self._by_name[name].append(registered)
        self._by_fact: dict[type, list[RegisteredPolicy]] = {}
        self._report = report
        self._seen: set[tuple[object, ...]] = set()

    def judge(self, subjects: Iterable[Subject]) -> None:
        for subject in subjects:
            if subject.alternatives:
                self._judge_subject(subject)

    def _judge_subject(self, subject: Subject) -> None:
        first = subject.alternatives[0]
        if isinstance(first, NotParsed) and self._new("not parsed", first):
            short = shortened(first.reason)
            self._report.not_parsed.append(replace(first, reason=short))
        for registered in self._deciding(type(first)):
            verdict = self._decide(registered, subject)
            if verdict.at is None or verdict.status is Status.PASS:
                continue
            if verdict.status is Status.UNKNOWN:
                gap = Undecided(registered.id, verdict.message, verdict.at)
                self._judge_subject(Subject((gap,)))
            else:
                self._fail(registered, verdict)
        if isinstance(first, Undecided) and self._new("undecided", first):
            self._report.undecided.append(replace(first, reason=shortened(first.reason)))

    def _deciding(self, fact: type) -> list[RegisteredPolicy]:
        """The policies about a class of facts; their modules are imported when one is met."""
        if fact not in self._by_fact:
            self._by_fact[fact] = self._by_name.get(fact_name(fact), [])
        return self._by_fact[fact]

    def _decide(self, registered: RegisteredPolicy, subject: Subject) -> Verdict:
        decide = registered.decide
        try:
            return worst(decide(fact) for fact in subject.alternatives)
        except Exception as error:  # the other findings must not be lost to a bug in one policy
            place = getattr(subject.alternatives[0], "origin", None)
            bug = Failed.bug(registered.id, error, str(place or ""))
            self._report.failures.append(bug)
            return PASS

    def _fail(self, registered: RegisteredPolicy, verdict: Verdict) -> None:
        policy = registered.policy
        assert verdict.at is not None
        if self._new(policy.id, verdict.at, verdict.message):
            self._report.findings.append(
                Finding(
                    policy=policy,
                    severity=verdict.severity or policy.severity,
                    message=shortened(verdict.message),
                    origin=verdict.at,
                    related=_shortened_related(verdict.related),
                    fix=shortened(verdict.fix, _LONGEST_FIX) if verdict.fix else policy.fix,
                )
            )

    def _new(self, *key: object) -> bool:
        """Whether this was not reported before: one line may be judged for several instances."""
        fresh = key not in self._seen
        self._seen.add(key)
        return fresh
