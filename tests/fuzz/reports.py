# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of any content: whatever stands in a finding, every output format stays one of its kind."""

from __future__ import annotations

import json
import re
import traceback
import zlib
from collections.abc import Callable, Mapping, Sequence
from html.parser import HTMLParser
from random import Random
from xml.etree import ElementTree

from markdown_it import MarkdownIt

from connguard.engine.finding import Failed, Finding, Report, Suppressed
from connguard.engine.registry import policies
from connguard.engine.text import Text
from connguard.policies.model.facts import NotParsed, Undecided
from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.verdict import Severity
from connguard.reporters.table import FORMATS, renderer

from .case import Case, Problem
from .checking import TooLong, limited, place_of
from .mutation import CHARACTERS, Mutator, encode
from .mutation import decode as to_text

_PIECES = (
    *CHARACTERS,
    *(
        "\r::error::forged",
        "\n::stop-commands::x",
        "##[error]x",
        "%0A",
        "</script><script>alert(1)//",
    ),
    *(
        "<img src=x onerror=y>",
        "](http://x) [a](b",
        "| a | b |\n|---|",
        "```\n",
        "]]>",
        "<!--",
        "&amp;",
    ),
    *(
        "\udcff\ud800",
        "\U0010ffff",
        "\ufffe\uffff",
        "@user #1",
        "$(x)",
        "`x`",
        "password=x",
        "\x1b]8;;u\x07",
    ),
    *(
        "postgres://u:pw@h/",
        "word",
        " ",
        "  \n",
        "a" * 300,
        "{{ x }}",
        "%s %d {0}",
        "<details>",
        "~~~\n",
        "\\|",
    ),
)


class _Strict(HTMLParser):
    """Which elements a page opens and closes."""

    VOID = frozenset(("meta", "link", "br", "hr", "img", "input", "col", "path", "rect", "line"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.scripts = 0
        self.handlers = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.handlers += any(name.startswith("on") for name, _ in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open, f"</{tag}> closes nothing"
            assert self.open.pop() == tag, f"</{tag}> closes something else"


def _page(text: str) -> tuple[int, int]:
    page = _Strict()
    page.feed(text)
    page.close()
    assert not page.open, f"not closed: {page.open}"
    return page.scripts, page.handlers


_EMPTY_PAGE = _page(renderer("html")(Report(files=1)))


def _html(text: str, _: Report) -> None:
    scripts, handlers = _page(text)
    assert scripts <= max(_EMPTY_PAGE[0], 1), "a script of a finding"
    assert handlers <= _EMPTY_PAGE[1], "an event handler of a finding"


def _json(text: str, report: Report) -> None:
    assert len(json.loads(text)["findings"]) == len(report.findings)


def _sarif(text: str, report: Report) -> None:
    results = json.loads(text)["runs"][0]["results"]
    assert len(results) == len(report.findings) + len(report.suppressed)


def _gitlab(text: str, report: Report) -> None:
    assert isinstance(json.loads(text), list)


def _sast(text: str, report: Report) -> None:
    assert isinstance(json.loads(text)["vulnerabilities"], list)


def _junit(text: str, _: Report) -> None:
    ElementTree.fromstring(text.encode())


def _github(text: str, report: Report) -> None:
    lines = text.splitlines()
    assert len(lines) == len(report.findings) + len(report.failures)
    for line in lines:
        assert re.fullmatch(r"::(error|warning|notice)[^:]*::.*", line), line[:80]


def _markdown(text: str, _: Report) -> None:
    """Findings put no HTML, no link, no image and no heading of their own into the page."""
    for token in _MARKDOWN.parse(text):
        for part in (token, *(token.children or ())):
            assert part.type not in ("link_open", "image"), f"a link of a finding: {part}"
            if part.type.startswith("html"):
                assert not _ACTIVE.search(part.content), f"HTML of a finding: {part.content!r}"


def _plain(text: str, _: Report) -> None:
    assert not re.search(r"^\s*::|##\w*\[", text, re.MULTILINE)


_MARKDOWN = MarkdownIt("commonmark").enable("table")
_ACTIVE = re.compile(r"<\s*(?:script|img|a|iframe|svg|style)\b", re.IGNORECASE)
_CHECKS: Mapping[str, Callable[[str, Report], None]] = {
    "html": _html,
    "json": _json,
    "sarif": _sarif,
    "gitlab": _gitlab,
    "gitlab-sast": _sast,
    "junit": _junit,
    "github": _github,
    "markdown": _markdown,
    "text": _plain,
}
REPORTS = tuple(f"report-{name}" for name in FORMATS)
"""The targets: one for each format. "reports" is any of them, drawn case by case."""
_HARMFUL = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


class ReportSubject:
    """The data of a case is what fills a report: its lines are drawn as messages, paths and so on."""

    def __init__(self, name: str = "reports") -> None:
        self._name = name
        self._formats = (name.removeprefix("report-"),) if name in REPORTS else FORMATS
        self._mutator = Mutator(_PIECES, ())

    def case(self, random: Random) -> Case:
        parts = [
            "".join(random.choices(_PIECES, k=random.choice((0, 1, 1, 2, 3, 5))))
            for _ in range(random.randint(1, 6))
        ]
        return self.case_of(encode("\x1d".join(parts)))

    def case_of(self, data: bytes) -> Case:
        return Case(self._name, {"a": data}, "a")

    def seeds(self) -> list[bytes]:
        return [self.case(Random(number)).data for number in range(50)]

    def mutate(self, random: Random, data: bytes) -> bytes:
        return self._mutator.mutate(random, data)

    def fine(self, cases: Sequence[Case], *, thoroughly: bool = False) -> bool:
        return not any(self.problems(case) for case in cases)

    def problems(self, case: Case, *, thoroughly: bool = False) -> list[Problem]:
        parts = to_text(case.data).split("\x1d")
        random = Random(zlib.crc32(case.data))
        report = _report(parts, random)
        found = []
        for name in self._formats if thoroughly else (random.choice(self._formats),):
            try:
                with limited():
                    text = renderer(name)(report)
                    text.encode()
                    assert not _HARMFUL.search(text), f"{_HARMFUL.search(text)!r}"
                    _CHECKS[name](text, report)
            except TooLong as stopped:
                found.append(Problem("hang", f"{name}: {stopped}"))
            except Exception as error:
                place = f"{name}: {type(error).__name__} {place_of(error)}"
                found.append(Problem("output", place, "".join(traceback.format_exception(error))))
        return found

    def silent(self, case: Case) -> bool:
        return False

    def close(self) -> None:
        pass


_POLICIES = tuple(registered.policy for registered in policies())


def _report(parts: Sequence[str], random: Random) -> Report:
    known = _POLICIES

    def part() -> str:
        return random.choice(parts)

    def origin() -> Origin:
        line, column = random.randint(1, 4), random.randint(1, 30)
        end = line + random.choice((0, 0, 0, 1, 5))
        return Origin(part(), line, column, end, column + random.randint(0, 9))

    def finding() -> Finding:
        policy, severity = random.choice(known), random.choice(list(Severity))
        related = tuple(Related(part(), origin()) for _ in range(random.choice((0, 0, 1, 2))))
        return Finding(policy, severity, part(), origin(), related, part(), "0123456789abcdef")

    report = Report(
        findings=[finding() for _ in range(random.randint(0, 2))],
        suppressed=[
            Suppressed(finding(), part(), random.choice((None, origin())))
            for _ in range(random.choice((0, 0, 1)))
        ],
        undecided=[Undecided("PG001", part(), origin()) for _ in range(random.choice((0, 0, 1)))],
        not_parsed=[NotParsed(part(), origin()) for _ in range(random.choice((0, 0, 1)))],
        failures=[Failed(part(), part()) for _ in range(random.choice((0, 0, 1)))],
        files=random.randint(0, 2),
    )
    report.texts = {
        one.origin.path: Text(one.origin.path, "\n".join(parts)) for one in report.findings
    }
    return report
