# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JUnit XML, for CI servers that show test results (Jenkins, GitLab, Azure, Bamboo).

A test suite is a file, a failed test case a finding; an input that failed is an error, a finding
that is suppressed a skipped case. It is valid for Jenkins' junit-10.xsd, which knows `file` for
suites only. GitLab takes cases of the same suite, class and name for one: names are numbered.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from xml.etree import ElementTree

from connguard.engine.finding import Finding, Report, Suppressed
from connguard.policies.model.patterns import lazily
from connguard.policies.model.verdict import Severity
from connguard.reporters.plain import printable

_NOT_XML = lazily("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(
    report: Report, *, colour: bool = False, verbose: bool = False, quiet: bool = False
) -> str:
    root = ElementTree.Element("testsuites", name="connguard")
    cases: list[Finding | Suppressed] = [*report.findings, *report.suppressed]
    cases.sort(key=lambda case: _finding(case).origin.path)
    for path, group in groupby(cases, key=lambda case: _finding(case).origin.path):
        _suite(root, path, list(group))
    if report.failures:
        suite = _element(root, "testsuite", name="inputs", errors=len(report.failures))
        for failed in report.failures:
            case = _element(suite, "testcase", name=failed.path or "connguard", classname="inputs")
            _element(case, "error", message=failed.reason)
    if not len(root):
        suite = _element(root, "testsuite", name="connguard")
        name = f"no findings in {report.files} files" if report.files else "nothing to scan"
        _element(suite, "testcase", name=name, classname="connguard")
    for suite in root:
        for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(count, str(len(suite.findall(f"testcase/{tag}"))))
        suite.set("tests", str(len(suite)))
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ElementTree.indent(root)
    return f'<?xml version="1.0"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _suite(root: ElementTree.Element, path: str, cases: list[Finding | Suppressed]) -> None:
    suite = _element(root, "testsuite", name=path, file=path)
    seen: Counter[str] = Counter()
    for case in cases:
        finding = _finding(case)
        name = f"{finding.policy.id} {finding.policy.name}"
        seen[name] += 1
        numbered = f"{name} ({seen[name]})" if seen[name] > 1 else name
        element = _element(suite, "testcase", name=numbered, classname=path)
        if isinstance(case, Suppressed):
            _element(element, "skipped", message=case.reason)
        elif finding.severity is Severity.NOTE:
            _element(element, "system-out").text = _text(_details(finding))
        else:
            _element(
                element, "failure", message=finding.message, type=finding.severity.value
            ).text = _text(_details(finding))


def _finding(case: Finding | Suppressed) -> Finding:
    return case.finding if isinstance(case, Suppressed) else case


def _details(finding: Finding) -> str:
    origin = finding.origin
    lines = [f"{origin.path}:{origin.line}:{origin.column}: {finding.message}"]
    lines += [f"{related.origin}: {related.message}" for related in finding.related]
    lines += [f"fix: {line}" for line in finding.fix.split("\n") if line]
    return "\n".join(lines)


def _element(parent: ElementTree.Element, tag: str, **attributes: str | int) -> ElementTree.Element:
    return ElementTree.SubElement(
        parent, tag, {name: _text(str(value)) for name, value in attributes.items()}
    )


def _text(text: str) -> str:
    lines = (printable(line) for line in text.split("\n"))
    return _NOT_XML.sub("\ufffd", "\n".join(lines))
