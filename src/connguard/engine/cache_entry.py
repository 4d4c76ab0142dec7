# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One entry of the cache as bytes: what a run asked the file system, and its report.

The bytes are JSON behind a checksum. They may come from anywhere: reading them runs no code, makes
objects of a few classes only, and checks every type.
"""

from __future__ import annotations

import errno
import hmac
import os
from collections.abc import Callable, Mapping
from dataclasses import field
from hashlib import blake2b
from typing import Any, TypeVar

import orjson

from connguard.engine import disk
from connguard.engine.disk import Observations, Stamp
from connguard.engine.finding import Finding, Report, Suppressed
from connguard.engine.registry import find
from connguard.policies.model.facts import NotParsed, Undecided
from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.policy import Policy
from connguard.policies.model.records import dataclass
from connguard.policies.model.verdict import Severity

_MAGIC = b"connguard cache 1\n"
_DIGEST = 32

T = TypeVar("T")


class Unusable(Exception):
    """Bytes that are no entry, or one that this version cannot use."""


@dataclass(slots=True)
class Trace:
    """The observations of a run, by folder.

    {folder: [stamp of the folder, [[name, *stamp, question, answer, …], …], {error: [name, …]}]}:
    what is there, and the names that are missing, by the error number of looking for them.
    """

    folders: dict[str, list[Any]]
    _read: dict[str, dict[str, list[Any]]] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, observed: Observations) -> Trace:
        asked: dict[str, list[str]] = {}
        for (question, path), answer in observed.answers.items():
            asked.setdefault(path, []).extend((question, answer))
        folders: dict[str, list[Any]] = {}
        for path, answers in asked.items():
            above, name = os.path.split(path)
            if above not in folders:
                folders[above] = [observed.stamps.get(above, disk.NO_STAMP), [], {}]
            _, rows, missing = folders[above]
            stamp = observed.stamps[path]
            if stamp[0] < 0:
                missing.setdefault(str(-stamp[0]), []).append(name)
            else:
                rows.append([name, *stamp, *answers])
        return cls(folders)

    def changed(self) -> tuple[str | None, int]:
        """A path about which a question has another answer now; and how many stamps were noted.

        What has the stamp that it had is not asked about again. Raises Unusable for a trace that
        is none.
        """
        try:
            return self._changed()
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise Unusable(f"{type(error).__name__}: {error}") from error

    def _changed(self) -> tuple[str | None, int]:
        noted = 0
        for above, (stamp, rows, missing) in self.folders.items():
            prefix = os.path.join(above, "")
            for row in rows:
                path = prefix + row[0]
                if not _has_stamp(path, row, 1):
                    now = disk.stamp(path)
                    if not _answers(path, row):
                        return path, noted
                    noted += _note(now, row, 1)
            if missing and not _has_stamp(above, stamp, 0):
                now = disk.stamp(above)
                for number, names in missing.items():
                    for name in names:
                        path = prefix + name
                        if disk.stamp(path)[0] != -int(number):
                            return path, noted
                noted += _note(now, stamp, 0)
        return None, noted

    def content(self, path: str) -> str | None:
        """The digest of a file that the run read whole."""
        above, name = os.path.split(path)
        if above not in self._read:
            rows = self.folders[above][1] if above in self.folders else ()
            self._read[above] = {row[0]: row[7:] for row in rows}
        asked = self._read[above].get(name, ())
        return dict(zip(asked[::2], asked[1::2], strict=True)).get("read")


def _has_stamp(path: str, row: list[Any], start: int) -> bool:
    """Whether a path has the stamp that stands in a row from `start` on."""
    try:
        now = os.lstat(path)
    except OSError as error:
        return bool(row[start] == -(error.errno or errno.EIO))
    return bool(
        row[start + 2] == now.st_mtime_ns
        and row[start + 3] == now.st_ctime_ns
        and row[start + 1] == now.st_size
        and row[start + 4] == now.st_ino
        and row[start] == now.st_mode
        and row[start + 5] == now.st_dev
    )


def _answers(path: str, row: list[Any]) -> bool:
    """Whether all questions of a row still have its answers. There is a question at least."""
    if len(row) < 9:
        raise ValueError("no question")
    return all(
        disk.answer(row[number], path) == row[number + 1] for number in range(7, len(row), 2)
    )


def _note(stamp: Stamp, row: list[Any], start: int) -> bool:
    """Put a stamp into a row; false where it has none."""
    if stamp == disk.NO_STAMP:
        return False
    row[start : start + len(stamp)] = stamp
    return True


@dataclass(slots=True)
class Entry:
    """A run. `budgets` tells whether its report had some, which are not kept.

    `lines` are the last line that the report names in each file, by name of the file.
    """

    trace: Trace
    report: Report
    budgets: bool
    lines: Mapping[str, int]


def last_lines(report: Report) -> dict[str, int]:
    """The last line that a report names in each file, by name of the file."""
    findings = [*report.findings, *(one.finding for one in report.suppressed)]
    places = [one.origin for one in findings]
    places += [one.origin for one in report.undecided]
    places += [one.origin for one in report.not_parsed]
    places += [about.origin for one in findings for about in one.related]
    places += [one.origin for one in report.suppressed if one.origin is not None]
    lines: dict[str, int] = {}
    for place in places:
        lines[place.path] = max(place.line, place.end_line, lines.get(place.path, 0))
    return lines


def encode(entry: Entry, key: bytes) -> bytes:
    """The bytes of an entry. `key` is a secret, or empty.

    Raises Unusable for what JSON cannot hold, such as names of files that are not Unicode.
    """
    report = entry.report
    document = {
        "trace": entry.trace.folders,
        "findings": [_finding(one) for one in report.findings],
        "suppressed": [
            [_finding(one.finding), one.reason, one.origin and _origin(one.origin), one.kind]
            for one in report.suppressed
        ],
        "undecided": [[one.policy_id, one.reason, _origin(one.origin)] for one in report.undecided],
        "not_parsed": [[one.reason, _origin(one.origin)] for one in report.not_parsed],
        "log": report.log,
        "names": sorted(report.names),
        "budgets": entry.budgets,
        "extra": report.extra,
    }
    try:
        body = orjson.dumps(document)
    except (TypeError, ValueError, RecursionError) as error:
        raise Unusable(str(error)) from error
    return b"".join((_MAGIC, _checksum(body, key), body))


def decode(data: bytes, key: bytes) -> Entry:
    """The entry that `encode` made into bytes. Raises Unusable for anything else."""
    start = len(_MAGIC) + _DIGEST
    if not data.startswith(_MAGIC):
        raise Unusable("not an entry of this version's cache")
    body = memoryview(data)[start:]
    if not hmac.compare_digest(data[len(_MAGIC) : start], _checksum(body, key)):
        raise Unusable("not as it was written")
    try:
        document = orjson.loads(body)
        reader = _Reader()
        report = Report(
            findings=reader.many(document["findings"], reader.finding),
            suppressed=reader.many(document["suppressed"], reader.suppressed),
            undecided=reader.many(document["undecided"], reader.undecided),
            not_parsed=reader.many(document["not_parsed"], reader.not_parsed),
            log=reader.many(document["log"], _text),
            names=frozenset(reader.many(document["names"], _text)),
            extra=document["extra"],
        )
        report.files = len(report.names)
        budgets = document["budgets"] is not False
        trace = document["trace"]
        if type(trace) is not dict or not trace:
            raise ValueError("no trace")
        return Entry(Trace(trace), report, budgets, reader.lines)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise Unusable(f"{type(error).__name__}: {error}") from error


def _checksum(body: bytes | memoryview, key: bytes) -> bytes:
    return blake2b(body, digest_size=_DIGEST, key=key).digest()


def _finding(one: Finding) -> list[Any]:
    return [
        one.policy.id,
        one.severity.value,
        one.message,
        _origin(one.origin),
        [[about.message, _origin(about.origin)] for about in one.related],
        one.fix,
        one.fingerprint,
    ]


def _origin(one: Origin) -> list[Any]:
    return [one.path, one.line, one.column, one.end_line, one.end_column]


class _Reader:
    """Makes objects of lists. Raises ValueError, TypeError or IndexError for wrong ones."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        self._policies: dict[str, Policy] = {}

    def many(self, values: Any, one: Callable[[Any], T]) -> list[T]:
        return [one(value) for value in _list(values)]

    def finding(self, value: Any) -> Finding:
        policy_id, severity, message, origin, related, fix, fingerprint = _list(value)
        return Finding(
            self._policies.get(policy_id) or self._policy(_text(policy_id)),
            Severity(severity),
            _text(message),
            self.origin(origin),
            tuple(self.many(related, self.related)),
            _text(fix),
            _text(fingerprint),
        )

    def _policy(self, policy_id: str) -> Policy:
        known = find(policy_id)
        if known is None:
            raise ValueError(f"no policy {policy_id}")
        self._policies[policy_id] = known.policy
        return known.policy

    def related(self, value: Any) -> Related:
        message, origin = _list(value)
        return Related(_text(message), self.origin(origin))

    def suppressed(self, value: Any) -> Suppressed:
        finding, reason, origin, kind = _list(value)
        place = None if origin is None else self.origin(origin)
        return Suppressed(self.finding(finding), _text(reason), place, _text(kind))

    def undecided(self, value: Any) -> Undecided:
        policy_id, reason, origin = _list(value)
        return Undecided(_text(policy_id), _text(reason), self.origin(origin))

    def not_parsed(self, value: Any) -> NotParsed:
        reason, origin = _list(value)
        return NotParsed(_text(reason), self.origin(origin))

    def origin(self, value: Any) -> Origin:
        path, *numbers = _list(value)
        line, column, end_line, end_column = map(_positive, numbers)
        self.lines[path] = max(line, end_line, self.lines.get(_text(path), 0))
        return Origin(path, line, column, end_line, end_column)


def _list(value: Any) -> list[Any]:
    if type(value) is not list:
        raise TypeError("no list")
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError("no text")
    return value


def _positive(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise ValueError("no line or column")
    return value
