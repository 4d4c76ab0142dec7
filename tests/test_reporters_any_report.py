# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every reporter renders every report, and file content never steers a terminal or a CI server."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from report_strategies import reports
from sarif_pydantic import Sarif

from connguard.engine import finding
from connguard.engine.finding import Report
from connguard.reporters.table import FORMATS, renderer

SCHEMA = json.loads(
    (Path(finding.__file__).parent.parent / "schemas" / "scan-report-1.json").read_text("utf-8")
)
HARMFUL = ("Cc", "Cf", "Cs", "Zl", "Zp")


def harmful(text: str) -> set[str]:
    """The characters of the text, line ends apart, that a terminal could obey."""
    return {char for char in text if char != "\n" and unicodedata.category(char) in HARMFUL}


@pytest.mark.parametrize("output_format", FORMATS)
@given(report=reports())
def test_output_is_whole_lines_of_harmless_characters(output_format: str, report: Report) -> None:
    """No control, format or surrogate character of a file comes out of any reporter."""
    for verbose, quiet in ((False, False), (True, False), (False, True)):
        text = renderer(output_format)(report, verbose=verbose, quiet=quiet)

        assert harmful(text) == set()
        assert text == "" or text.endswith("\n")
        text.encode("utf-8")


@given(report=reports())
def test_colour_adds_nothing_but_colour(report: Report) -> None:
    """Without its colour codes, coloured text is the plain text."""
    coloured = renderer("text")(report, colour=True)

    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == renderer("text")(report)


@given(report=reports(), quiet=st.booleans())
def test_text_gives_no_commands_to_a_ci_server(report: Report, quiet: bool) -> None:
    """No line starts with `::`, and no `##…[` stands anywhere in the text."""
    for line in renderer("text")(report, quiet=quiet).splitlines():
        assert not line.lstrip().startswith("::")
        assert not re.search(r"##\w*\[", line)


@given(report=reports())
def test_quiet_text_has_one_line_a_finding(report: Report) -> None:
    assert len(renderer("text")(report, quiet=True).splitlines()) == len(report.findings)


@given(report=reports())
def test_every_github_line_is_one_annotation(report: Report) -> None:
    """A finding cannot end its annotation, add a property or start another one."""
    lines = renderer("github")(report).splitlines()

    assert len(lines) == len(report.findings) + len(report.failures)
    for line, one in zip(lines, report.findings, strict=False):
        match = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
        assert match
        keys = [pair.partition("=")[0] for pair in match[2].split(",")]
        spot = ["col", "endColumn"] if one.origin.line == one.origin.end_line else []
        assert keys == ["file", "line", "endLine", *spot, "title"]


@given(report=reports())
def test_json_follows_its_schema(report: Report) -> None:
    document = json.loads(renderer("json")(report))

    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(document)] == []
    assert [one["id"] for one in document["findings"]] == [one.policy.id for one in report.findings]


@given(report=reports())
def test_sarif_is_sarif(report: Report) -> None:
    """An independent model of SARIF takes the document and knows every key in it."""
    document = json.loads(renderer("sarif")(report))

    model = Sarif.model_validate(document)
    assert json.loads(model.model_dump_json(by_alias=True, exclude_unset=True)) == document


@given(report=reports())
def test_sarif_artifacts_are_uris(report: Report) -> None:
    """Paths are percent-encoded, and relative ones stand below the root of the scan."""
    found = re.findall(r'"uri": "(.*)"(,?)', renderer("sarif")(report))

    for uri, more in found:
        assert re.fullmatch(r"(file:///)?[A-Za-z0-9._~/%-]*", uri), uri
        assert bool(more) is not uri.startswith("file:")
