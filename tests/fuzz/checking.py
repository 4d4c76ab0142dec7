# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for every case. Anything else is a problem."""

from __future__ import annotations

import re
import shutil
import signal
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType

from connguard.engine.finding import Report
from connguard.engine.settings import Settings, SettingsError, load
from connguard.engine.text import Text, decode
from connguard.policies.model.origin import Origin
from connguard.reporters.table import renderer

from .case import Case, Problem
from .reading import Outcome, is_read, read
from .targets import TARGETS, Target

_PLACEHOLDER = re.compile(r"\{\{|\$\{|\{%")
"""What a tool fills in before another one parses the text."""

LIMIT_S = 10.0
"""User time after which a case is interrupted; the slowest that is known takes 1.4 s."""
SLOW_S = 0.05
"""User time above which a case of at most mutation.LARGEST bytes is a problem."""


class TooLong(BaseException):
    """A case that was interrupted. No `except Exception` may take it for its own."""


@contextmanager
def limited(seconds: float = LIMIT_S) -> Iterator[None]:
    """Interrupt what takes more than this user time."""

    def stop(_: int, frame: FrameType | None) -> None:
        raise TooLong(_blamed(traceback.extract_stack(frame)))

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


class Checker:
    """Runs the cases of one target in a folder of its own."""

    def __init__(self, target: Target, folder: Path) -> None:
        self._target = target
        self._folder = folder
        self._written: dict[str, bytes] = {}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "connguard.toml").touch()
        self._settings: dict[bytes | None, Settings | None] = {}
        companion = Case(target.name, {}, "")
        alone = self._read(companion)
        assert alone is not None
        self._expected = {name: alone.told(name) for name in target.companion}
        self._facts = {
            name: alone.facts_of(name) for name, found in self._expected.items() if not found
        }

    def problems(self, case: Case, *, thoroughly: bool = False) -> list[Problem]:
        """All problems of a case; `thoroughly` reads twice and writes every report."""
        try:
            with limited():
                return list(self._problems(case, thoroughly))
        except TooLong as stopped:
            return [Problem("hang", str(stopped))]
        except RecursionError as error:
            return [Problem("exception", f"RecursionError in {_place(error.__traceback__)}")]
        except Exception as error:
            where = f"{type(error).__name__} in {_place(error.__traceback__)}"
            return [Problem("exception", where, "".join(traceback.format_exception(error)))]

    def outcome(self, case: Case) -> Outcome | None:
        return self._read(case)

    def fine(self, cases: Sequence[Case], *, thoroughly: bool = False) -> bool:
        """Whether a number of cases read at once, each in a folder of its own, show no problem.

        Reading takes much the same time for one as for many; where this is false, the cases are
        to be checked one by one.
        """
        folders = [f"c{number:02}/" for number in range(len(cases))]
        files = {
            folder + name: data
            for folder, case in zip(folders, cases, strict=True)
            for name, data in case.files.items()
        }
        expected = frozenset(
            (folder + case.mutated, *one)
            for folder, case in zip(folders, cases, strict=True)
            for one in case.expected
        )
        whole = Case(self._target.name, files, "")
        try:
            with limited(LIMIT_S + SLOW_S * len(cases)):
                found = self._read(whole)
                if found is None or any(self._common(found)):
                    return False
                told = {
                    (one.origin.path, one.policy.id, one.origin.line)
                    for one in found.report.findings
                }
                if not expected <= told and not found.report.not_parsed:
                    return False
                return not (thoroughly and any(self._repeated(whole, found)))
        except (TooLong, Exception):
            return False

    def cpu_time(self, case: Case) -> float:
        """User and system time of one reading, in seconds; the best of three."""
        times = []
        for _ in range(3):
            start = time.thread_time()
            self.problems(case)
            times.append(time.thread_time() - start)
        return min(times)

    def _problems(self, case: Case, thoroughly: bool) -> Iterator[Problem]:
        found = self._read(case)
        if found is None:
            return  # the settings are refused, which the user is told
        yield from self._common(found, has_settings(case.files))
        if case.expected:
            told = found.told(case.mutated)
            lost = case.expected - told
            if lost and "PG901" not in {one for one, _ in told}:
                yield Problem("lost", str(sorted({one for one, _ in lost})), str(sorted(lost)))
        if thoroughly:
            yield from self._repeated(case, found)

    def _common(self, found: Outcome, has_own_settings: bool = False) -> Iterator[Problem]:
        report = found.report
        for failure in report.failures:
            yield Problem("failure", _without_numbers(failure.reason), failure.reason)
        texts = report.texts
        for origin in found.places():
            wrong = misplaced(origin, texts)
            if wrong:
                yield Problem("place", wrong, str(origin))
        if has_own_settings:
            return  # which may say that the companions belong to nothing
        for name, expected in self._expected.items():
            lost = expected - found.told(name)
            if lost:
                yield Problem("lost beside", f"{name}: {sorted(lost)}")
        for name, facts in self._facts.items():
            if facts - found.facts_of(name):
                yield Problem("lost beside", f"{name}: facts")

    def _repeated(self, case: Case, found: Outcome) -> Iterator[Problem]:
        again = self._read(case)
        if again is None or _summary(again.report) != _summary(found.report):
            yield Problem("not deterministic", self._target.name)
        for name in ("text", "json", "sarif", "markdown", "html"):
            renderer(name)(found.report).encode()

    def silent(self, case: Case) -> bool:
        """Whether another parser cannot read the case, and nothing at all is said about it."""
        parses = self._target.parses
        if parses is None:
            return False
        text = decode("", case.data)[0].string
        if parses(text) or _PLACEHOLDER.search(text):
            return False
        if not re.search(self._target.shows, text, re.MULTILINE):
            return False
        found = self._read(case)
        return found is not None and not (
            found.told(case.mutated)
            or any(part.origin.path == case.mutated for part in found.report.not_parsed)
            or any(gap.origin.path == case.mutated for gap in found.report.undecided)
        )

    def _read(self, case: Case) -> Outcome | None:
        files: Mapping[str, bytes] = {
            **case.files,
            **{name: text.encode() for name, text in self._target.companion.items()},
        }
        for name in self._written.keys() - files.keys():
            (self._folder / name).unlink()
            del self._written[name]
        for name, data in files.items():
            if self._written.get(name) != data:
                path = self._folder / name
                if name not in self._written:
                    path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                self._written[name] = data
        settings = self._settings_of(files)
        names = [name for name in files if is_read(name)]
        return None if settings is None else read(self._folder, names, settings)

    def _settings_of(self, files: Mapping[str, bytes]) -> Settings | None:
        """Those of the settings file nearest to the root, if there is one."""
        name = min((one for one in files if one.endswith("connguard.toml")), default=None, key=len)
        data = files[name] if name else None
        key = None if data is None else str(name).encode() + b"\0" + data
        if key not in self._settings:
            path = self._folder / (name or "connguard.toml")
            if len(self._settings) > 500:
                self._settings.clear()
            try:
                loaded = load(path) if name else Settings(path=path)
            except SettingsError:
                loaded = None
            self._settings[key] = loaded
        return self._settings[key]

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def checker(name: str, folder: Path) -> Checker:
    return Checker(TARGETS[name], folder)


def has_settings(files: Mapping[str, bytes]) -> bool:
    return any(name.endswith("connguard.toml") for name in files)


def misplaced(origin: Origin, texts: Mapping[str, Text]) -> str | None:
    text = texts.get(origin.path)
    if text is None:
        return None  # a file of the server that a snapshot tells of
    last = text.line_count
    if not 1 <= origin.line <= origin.end_line <= last:
        return "lines out of range"
    if not 1 <= origin.column <= len(text.line(origin.line)) + 2:
        return "column out of range"
    if not 1 <= origin.end_column <= len(text.line(origin.end_line)) + 2:
        return "end column out of range"
    if origin.line == origin.end_line and origin.end_column < origin.column:
        return "ends before it starts"
    return None


def _summary(report: Report) -> tuple[object, ...]:
    return (
        [(one.policy.id, one.origin, one.message, one.fingerprint) for one in report.findings],
        [(one.finding.policy.id, one.finding.origin) for one in report.suppressed],
        report.undecided,
        report.not_parsed,
        report.names,
    )


def place_of(error: BaseException) -> str:
    """The innermost function of connguard that an error came through."""
    return _place(error.__traceback__)


def _place(trace: TracebackType | None) -> str:
    return _blamed(traceback.extract_tb(trace))


def _blamed(stack: traceback.StackSummary) -> str:
    """The innermost function of connguard."""
    own = [one for one in stack if "/fuzz/" not in one.filename and _is_own(one.filename)]
    if not own:
        return "?"
    return f"{Path(own[-1].filename).stem}.{own[-1].name}:{own[-1].lineno}"


def _is_own(filename: str) -> bool:
    return any(
        part in filename for part in ("/connguard/", "/policies/", "/sql_rules/", "/checks/")
    )


def _without_numbers(reason: str) -> str:
    return "".join(char for char in reason if not char.isdigit())[:80]
