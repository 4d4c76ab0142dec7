# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats for CI servers: JUnit XML, GitLab's two, and Markdown for pull requests."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree

from hypothesis import given, settings
from markdown_it import MarkdownIt
from report_sample import finding, report
from report_strategies import reports

from connguard.engine.finding import Report
from connguard.policies.model.origin import Origin
from connguard.policies.model.verdict import Severity
from connguard.reporters.markdown_report import MARKER
from connguard.reporters.table import renderer

MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})
OUR_TAGS = {
    *("details", "summary", "b", "code", "br", "h3", "p", "ul", "li", "pre", "strong"),
}


def junit(given_report: Report) -> ElementTree.Element:
    return ElementTree.fromstring(renderer("junit")(given_report))


def gitlab(output_format: str, given_report: Report) -> Any:
    return json.loads(renderer(output_format)(given_report))


def test_junit_counts_findings_suppressions_and_failed_inputs() -> None:
    root = junit(report())

    assert {name: root.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "7",
        "failures": "2",
        "errors": "2",
    }
    assert sum(int(suite.get("skipped", "0")) for suite in root) == 2
    suite = root.find("testsuite[@name='db/V7 ü.sql']")
    case = root.find("testsuite[@name='db/V7 ü.sql']/testcase")
    assert suite is not None
    assert case is not None
    assert (case.get("name"), suite.get("file"), case.get("classname")) == (
        "PG001 role-without-connection-limit",
        "db/V7 ü.sql",
        "db/V7 ü.sql",
    )
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message") == 'role "app" has no connection limit'
    assert "db/V1.sql:1: created here\nfix: set a limit" in (failure.text or "")


def test_junit_cases_of_a_file_have_different_names() -> None:
    """GitLab drops all but one of those that have the same."""
    root = junit(Report(findings=[finding(), finding(), finding("PG003")], files=1))
    assert [case.get("name") for case in root.iter("testcase")] == [
        "PG001 role-without-connection-limit",
        "PG001 role-without-connection-limit (2)",
        "PG003 connection-limit-not-enforced",
    ]


def test_junit_of_a_clean_scan_is_a_passed_test() -> None:
    """CI servers complain about a report without tests."""
    root = junit(Report(files=3))
    assert (root.get("tests"), root.get("failures")) == ("1", "0")


@given(report=reports())
@settings(max_examples=60)
def test_junit_is_xml_whatever_the_files_hold(report: Report) -> None:
    root = junit(report)
    failed = root.findall(".//failure")
    notes = root.findall(".//system-out")
    assert len(failed) + len(notes) == len(report.findings)


def test_code_quality() -> None:
    document = gitlab("gitlab", report())
    assert document[0] == {
        "description": 'role "app" has no connection limit',
        "check_name": "PG001 role-without-connection-limit",
        "fingerprint": "0123456789abcdef",
        "severity": "critical",
        "location": {"path": "db/V7 ü.sql", "lines": {"begin": 3, "end": 3}},
    }
    assert [one["severity"] for one in document[-2:]] == ["blocker", "blocker"]


def test_sast() -> None:
    document = gitlab("gitlab-sast", report())
    assert document["scan"]["status"] == "failure"
    first = document["vulnerabilities"][0]
    assert first["identifiers"][0]["value"] == "PG001"
    assert first["location"] == {"file": "db/V7 ü.sql", "start_line": 3, "end_line": 3}
    assert first["id"] == gitlab("gitlab-sast", report())["vulnerabilities"][0]["id"]


def test_markdown_starts_with_its_marker() -> None:
    """By it the comment of an earlier run is found and updated."""
    assert renderer("markdown")(report()).startswith(f"{MARKER}\n")


def test_markdown_has_errors_first() -> None:
    """A comment that is full leaves out the others."""
    notes = [finding("PG006", severity=Severity.NOTE, fix="") for _ in range(60)]
    text = renderer("markdown")(Report(findings=[*notes, finding()], files=1))
    first = text.index("<details>")
    assert text.index("<b>PG001</b>") < first + 60
    assert "… and 11 more" in text


def test_markdown_shows_a_statement_as_code() -> None:
    one = finding(fix="ALTER ROLE app CONNECTION LIMIT 5;")
    text = renderer("markdown")(Report(findings=[one], files=1))
    assert "**Fix.** <code>ALTER ROLE app CONNECTION LIMIT 5;</code>" in text


def test_a_fix_of_several_lines_is_code() -> None:
    """Also one that starts with an empty line: nothing of it is a link."""
    one = finding(fix="\n[link](http://example.org)\n")
    html = MARKDOWN.render(renderer("markdown")(Report(findings=[one], files=1)))
    assert "<a " not in html
    assert "[link](http://example.org)" in html


def test_markdown_fits_into_a_comment() -> None:
    """GitHub takes 65,536 characters; what is left out is counted."""
    many = [finding(message="x" * 3000, origin=Origin("a.sql", 1, 1, 1, 2)) for _ in range(400)]
    text = renderer("markdown")(Report(findings=many, files=1))
    assert len(text) < 65_000
    shown = text.count("<details>")
    assert f"… and {400 - shown} more" in text


@given(report=reports())
@settings(max_examples=60)
def test_markdown_has_no_markup_but_its_own(report: Report) -> None:
    """No link, image, mention, heading or tag comes from a scanned file."""
    html = MARKDOWN.render(renderer("markdown")(report))
    without_code = re.sub(r"<pre>.*?</pre>", "", html, flags=re.S)
    visible = without_code.replace("<!-- connguard -->", "").replace("<!-- -->", "\0")
    tags = set(re.findall(r"</?([a-zA-Z][\w-]*)", visible))
    assert tags <= OUR_TAGS
    assert not re.search(r"@\w", visible)
