# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""GitLab's formats against models of what its documentation and its validator ask for.

The models are written for these tests from the documentation of the formats: Code Quality as
described at docs.gitlab.com/ci/testing/code_quality, security reports as of schema 15. JUnit XML is
validated against Jenkins' own schema by .ci/formats, SARIF by .ci/sarif.
"""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from jsonschema import Draft7Validator
from report_sample import finding, report
from report_strategies import reports

from connguard.engine.finding import Report
from connguard.reporters.table import renderer

WORDS = {"type": "string", "minLength": 1}
TEXT = {"type": "string"}
"""What real reports never leave empty, and generated ones do."""
LINE = {"type": "integer", "minimum": 1}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$"}
URL = {"type": "string", "pattern": "^https?://.+"}


def closed(properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """An object with these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


TOOL = closed({"id": WORDS, "name": WORDS, "version": WORDS, "vendor": closed({"name": WORDS})})

CODE_QUALITY = {
    "type": "array",
    "items": closed(
        {
            "description": TEXT,
            "check_name": WORDS,
            "fingerprint": TEXT,
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": closed(
                {
                    "path": {"type": "string", "pattern": r"^(?!\./)"},
                    "lines": closed({"begin": LINE, "end": LINE}),
                }
            ),
        }
    ),
}

SAST = closed(
    {
        "version": {"type": "string", "pattern": r"^15\.\d+\.\d+$"},
        "schema": URL,
        "scan": closed(
            {
                "type": {"const": "sast"},
                "status": {"enum": ["success", "failure"]},
                "start_time": TIME,
                "end_time": TIME,
                "analyzer": TOOL,
                "scanner": TOOL,
                "messages": {
                    "type": "array",
                    "items": closed({"level": {"enum": ["info", "warn", "fatal"]}, "value": TEXT}),
                },
            }
        ),
        "vulnerabilities": {
            "type": "array",
            "items": closed(
                {
                    "id": WORDS,
                    "name": {"type": "string", "maxLength": 255},
                    "description": {"type": "string", "maxLength": 1_048_576},
                    "severity": {"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
                    "solution": {"type": "string", "maxLength": 7000},
                    "location": closed({"file": TEXT, "start_line": LINE, "end_line": LINE}),
                    "identifiers": {
                        "type": "array",
                        "minItems": 1,
                        "items": closed({"type": WORDS, "name": WORDS, "value": WORDS}),
                    },
                    "links": {"type": "array", "items": closed({"url": URL})},
                }
            ),
        },
    }
)


def complaints(schema: dict[str, Any], document: Any) -> list[str]:
    Draft7Validator.check_schema(schema)
    return [
        f"{error.json_path}: {error.message}"
        for error in Draft7Validator(schema).iter_errors(document)
    ]


def written(output_format: str, given_report: Report) -> Any:
    return json.loads(renderer(output_format)(given_report))


@given(report=reports())
@settings(max_examples=25)
def test_code_quality(report: Report) -> None:
    assert complaints(CODE_QUALITY, written("gitlab", report)) == []


@given(report=reports())
@settings(max_examples=25)
def test_sast(report: Report) -> None:
    document = written("gitlab-sast", report)
    assert complaints(SAST, document) == []


def test_long_texts_fit() -> None:
    """A validator refuses the whole report for one text that is too long."""
    long = finding(message="m" * 1_100_000, fix="f" * 8000)
    assert complaints(SAST, written("gitlab-sast", Report(findings=[long], files=1))) == []


@pytest.mark.parametrize(
    ("schema", "output_format", "path"),
    [
        (CODE_QUALITY, "gitlab", (0, "fingerprint")),
        (CODE_QUALITY, "gitlab", (0, "location", "lines", "begin")),
        (SAST, "gitlab-sast", ("scan", "analyzer", "vendor")),
        (SAST, "gitlab-sast", ("vulnerabilities", 0, "identifiers")),
        (SAST, "gitlab-sast", ("vulnerabilities", 0, "location", "file")),
    ],
)
def test_the_models_miss_what_is_missing(
    schema: dict[str, Any], output_format: str, path: tuple[Any, ...]
) -> None:
    document = written(output_format, report())
    assert complaints(schema, document) == []
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    assert complaints(schema, document) != []


@given(report=reports())
@settings(max_examples=25)
def test_junit_has_only_what_jenkins_knows(report: Report) -> None:
    """Its schema closes the sets of attributes."""
    allowed = {
        "testsuites": {"name", "time", "tests", "failures", "disabled", "errors"},
        "testsuite": {"name", "tests", "failures", "errors", "skipped", "file"},
        "testcase": {"name", "time", "classname", "group"},
        **{tag: {"type", "message"} for tag in ("failure", "error", "skipped")},
        "system-out": set(),
    }
    root = ElementTree.fromstring(renderer("junit")(report))
    for element in root.iter():
        assert set(element.keys()) <= allowed[element.tag]
        for count in {"tests", "failures", "errors", "skipped"} & set(element.keys()):
            assert re.fullmatch(r"\d+", element.get(count, ""))
