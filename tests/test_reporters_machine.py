# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats for machines: JSON and its schema, SARIF, GitHub annotations."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from report_sample import LINE, finding, report

from connguard.engine import finding as finding_module
from connguard.engine.finding import Failed, Report
from connguard.engine.policy_pages import prose
from connguard.engine.registry import policies
from connguard.policies.model.origin import Origin
from connguard.reporters.table import renderer

SCHEMA = json.loads(
    (Path(finding_module.__file__).parent.parent / "schemas" / "scan-report-1.json").read_text(
        "utf-8"
    )
)
LOCATION = {"path": "db/V7 ü.sql", "line": 3, "column": 5, "end_line": 3, "end_column": 9}


def rendered(output_format: str, given: Report) -> Any:
    return json.loads(renderer(output_format)(given))


def errors(document: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(document)]


def test_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_json_holds_the_finding() -> None:
    document = rendered("json", report())

    assert errors(document) == []
    assert document["findings"][0] == {
        "id": "PG001",
        "name": "role-without-connection-limit",
        "severity": "error",
        "message": 'role "app" has no connection limit',
        "location": LOCATION,
        "related": [
            {
                "message": "created here",
                "location": {
                    "path": "db/V1.sql",
                    "line": 1,
                    "column": 1,
                    "end_line": 2,
                    "end_column": 1,
                },
            }
        ],
        "fix": {"description": "set a limit"},
        "prevents": [
            "sorry, too many clients already (SQLSTATE 53300)",
            "the server rejected the connection (SQLSTATE 08004)",
        ],
        "fingerprint": "0123456789abcdef",
    }
    assert document["findings"][2]["fix"] is None


def test_json_holds_what_was_not_reported() -> None:
    document = rendered("json", report())

    assert [(one["id"], one["reason"], one["by"]) for one in document["suppressed"]] == [
        ("PG002", "migrated by hand", {"kind": "comment", "location": LOCATION}),
        ("PG004", "per-path-ignores: db/", {"kind": "settings", "location": None}),
    ]
    assert document["undecided"] == [
        {"id": "PG001", "location": LOCATION, "reason": "not known: var.limit"}
    ]
    assert document["not_parsed"] == [{"location": LOCATION, "reason": "syntax error"}]
    assert document["failures"] == [
        {"path": "db/locked.sql", "reason": "Permission denied"},
        {"path": "", "reason": "bug in connguard: x"},
    ]
    assert document["summary"] == {
        "files": 4,
        "errors": 1,
        "warnings": 1,
        "notes": 1,
        "suppressed": 2,
        "undecided": 1,
        "not_parsed": 1,
        "failures": 2,
    }


def _remove(place: tuple[str | int, ...], key: str, document: Any) -> None:
    for step in place:
        document = document[step]
    del document[key]


def _breakages() -> dict[str, Callable[[Any], object]]:
    breakages: dict[str, Callable[[Any], object]] = {
        "another version": lambda document: document.update(version=2),
        "unknown severity": lambda document: document["findings"][0].update(severity="high"),
        "id of another tool": lambda document: document["findings"][0].update(id="CKV_1"),
        "line 0": lambda document: document["findings"][0]["location"].update(line=0),
        "line as text": lambda document: document["findings"][0]["location"].update(line="3"),
        "unknown key of a place": lambda document: document["findings"][0]["location"].update(x=1),
        "unknown key of a finding": lambda document: document["findings"][0].update(x=1),
        "fix as text": lambda document: document["findings"][0].update(fix="x"),
        "fix without description": lambda document: document["findings"][0].update(fix={}),
        "reason on a finding": lambda document: document["findings"][0].update(reason="x"),
        "comment without place": lambda document: document["suppressed"][0]["by"].update(
            location=None
        ),
        "settings with a place": lambda document: document["suppressed"][1]["by"].update(
            location=LOCATION
        ),
        "negative count": lambda document: document["summary"].update(files=-1),
    }
    for key in SCHEMA["required"]:
        breakages[f"no {key}"] = partial(_remove, (), key)
    for key in SCHEMA["$defs"]["finding_properties"]["required"]:
        breakages[f"finding without {key}"] = partial(_remove, ("findings", 0), key)
    for key in ("reason", "by"):
        breakages[f"suppressed without {key}"] = partial(_remove, ("suppressed", 0), key)
    return breakages


BREAKAGES = _breakages()


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_schema_refuses_broken_documents(breakage: str) -> None:
    document = rendered("json", report())
    BREAKAGES[breakage](document)

    assert errors(document) != []


def test_schema_allows_later_additions() -> None:
    """Version 1 may grow: new keys of the document, the tool, the summary and the fix."""
    document = rendered("json", report())
    document["budget"] = {}
    document["tool"]["url"] = "x"
    document["summary"]["seconds"] = 1
    document["findings"][0]["fix"]["replacements"] = []

    assert errors(document) == []


def sarif_run(given: Report) -> Any:
    return rendered("sarif", given)["runs"][0]


def test_sarif_rules_tell_all_about_every_policy() -> None:
    rules = sarif_run(Report())["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == [one.policy.id for one in policies()]
    for rule, registered in zip(rules, policies(), strict=True):
        policy = registered.policy
        assert rule["defaultConfiguration"]["level"] == policy.severity.value
        assert rule["fullDescription"]["text"] == policy.condition
        for text in (policy.condition, policy.effect, policy.fix):
            assert text in rule["help"]["text"]
            assert prose(text) in rule["help"]["markdown"]
        assert rule.get("helpUri") == next(iter(policy.references), None)


def test_sarif_security_severity_is_for_exposure_only() -> None:
    """A missing limit is an outage, not a vulnerability; code scanning sorts the two apart."""
    rules = sarif_run(Report())["tool"]["driver"]["rules"]
    by_id = {rule["id"]: rule["properties"] for rule in rules}

    for identifier in ("PG001", "PG901"):
        assert "security-severity" not in by_id[identifier]
        assert "security" not in by_id[identifier]["tags"]


def test_sarif_result() -> None:
    run = sarif_run(report())
    result = run["results"][0]

    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "PG001"
    assert result["level"] == "error"
    assert result["message"]["text"] == 'role "app" has no connection limit\n\nFix: set a limit'
    assert result["partialFingerprints"] == {"connguard/v1": "0123456789abcdef"}
    assert result["suppressions"] == []
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "db/V7%20%C3%BC.sql", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 9},
            }
        }
    ]
    [related] = result["relatedLocations"]
    assert (related["id"], related["message"]["text"]) == (1, "created here")
    assert "%SRCROOT%" in run["originalUriBaseIds"]
    assert run["columnKind"] == "unicodeCodePoints"


def test_sarif_levels() -> None:
    results = sarif_run(report())["results"]

    assert [one["level"] for one in results if not one["suppressions"]] == [
        "error",
        "warning",
        "note",
    ]


def test_sarif_suppressions() -> None:
    suppressed = [one for one in sarif_run(report())["results"] if one["suppressions"]]

    assert [(one["ruleId"], one["suppressions"][0]["kind"]) for one in suppressed] == [
        ("PG002", "inSource"),
        ("PG004", "external"),
    ]
    assert suppressed[0]["suppressions"][0]["justification"] == "migrated by hand"
    assert suppressed[0]["suppressions"][0]["location"]["physicalLocation"]["region"] == {
        "startLine": 3,
        "startColumn": 5,
        "endLine": 3,
        "endColumn": 9,
    }


def test_sarif_says_whether_the_run_succeeded() -> None:
    [failed] = sarif_run(report())["invocations"]
    [succeeded] = sarif_run(Report(files=1))["invocations"]

    assert succeeded == {"executionSuccessful": True, "toolExecutionNotifications": []}
    assert failed["executionSuccessful"] is False
    assert [one["message"]["text"] for one in failed["toolExecutionNotifications"]] == [
        "Permission denied",
        "bug in connguard: x",
    ]


@pytest.mark.parametrize(
    ("path", "artifact"),
    [
        ("/srv/roles.tf", {"uri": "file:///srv/roles.tf"}),
        ("a b#c?d%e.sql", {"uri": "a%20b%23c%3Fd%25e.sql", "uriBaseId": "%SRCROOT%"}),
        ("mailto:x", {"uri": "mailto%3Ax", "uriBaseId": "%SRCROOT%"}),
        ("latin-\udce9.sql", {"uri": "latin-%E9.sql", "uriBaseId": "%SRCROOT%"}),
    ],
)
def test_sarif_artifact(path: str, artifact: dict[str, str]) -> None:
    """Relative to the root of the scan where possible; every byte of a name is kept."""
    [result] = sarif_run(Report(findings=[finding(origin=Origin(path, 1, 1, 1, 2))]))["results"]

    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == artifact


def test_sarif_messages_hold_no_links() -> None:
    """Brackets of a name must not become a link in the viewer."""
    [result] = sarif_run(Report(findings=[finding(message="[x](http://example.org)", fix="")]))[
        "results"
    ]

    assert result["message"]["text"] == r"\[x\](http://example.org)"


def test_github_annotations() -> None:
    """Columns only within one line, the last one inclusive; related places and fix beneath."""
    assert renderer("github")(report()).splitlines() == [
        "::error file=db/V7 ü.sql,line=3,endLine=3,col=5,endColumn=8,"
        'title=PG001 role-without-connection-limit::role "app" has no connection limit'
        "%0Adb/V1.sql:1: created here%0Afix: set a limit",
        "::warning file=/srv/roles.tf,line=2,endLine=6,"
        'title=PG003 connection-limit-not-enforced::role "app" has no connection limit'
        "%0Afix: set a limit",
        "::notice file=db/V7 ü.sql,line=3,endLine=3,col=5,endColumn=8,"
        'title=PG006 connection-limit-in-dynamic-sql::role "app" has no connection limit',
        "::error title=connguard::db/locked.sql: Permission denied",
        "::error title=connguard::bug in connguard: x",
    ]


@pytest.mark.parametrize(
    ("path", "message", "expected"),
    [
        ("a,b:c%.sql", "x", "file=a%2Cb%3Ac%25.sql,line=3"),
        ("a.sql", "100% of: a, b", "::100%25 of: a, b"),
        ("a.sql", "a\nb\rc", r"::a%0Ab\rc"),
        ("a\n::error::x.sql", "x", r"file=a\n%3A%3Aerror%3A%3Ax.sql,line=3"),
    ],
)
def test_github_escapes(path: str, message: str, expected: str) -> None:
    origin = Origin(path, LINE.line, LINE.column, LINE.end_line, LINE.end_column)
    given = Report(findings=[finding(message=message, origin=origin, fix="")])

    assert expected in renderer("github")(given)


def test_block_of_whole_lines_ends_with_its_last_line() -> None:
    """A range that ends at the start of a line does not cover that line."""
    origin = Origin("a.sql", 2, 1, 4, 1)

    assert "line=2,endLine=3," in renderer("github")(Report(findings=[finding(origin=origin)]))


def test_failure_without_findings_is_an_annotation() -> None:
    given = Report(failures=[Failed("a:b.sql", "x")])

    assert renderer("github")(given) == "::error title=connguard::a:b.sql: x\n"
