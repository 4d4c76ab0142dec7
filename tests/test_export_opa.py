# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard export --format opa`, and that its Rego policies decide as those in Python."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from example_cases import EXAMPLES, Case, cases
from fact_strategies import any_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rego import FOLDER, PACKAGES, Rego, plain_text

from connguard.engine.cli import main
from connguard.engine.finding import Report
from connguard.engine.reading import Context
from connguard.engine.registry import find, policy_ids
from connguard.engine.scan import chosen_policies, read_all
from connguard.engine.settings import Settings, load, locate
from connguard.exporting.fact_sections import SECTIONS, sections
from connguard.exporting.opa import document
from connguard.policies.model.facts import Undecided
from connguard.policies.model.reading import Reading, Subject

SCHEMA = json.loads((FOLDER.parents[1] / "schemas" / "facts-1.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

IN_REGO = (
    "PG001",
    "PG002",
    "PG003",
    "PG004",
    "PG101",
    "PG102",
    "PG103",
    "PG107",
    "PG201",
    "PG202",
    "PG203",
    "PG206",
    "PG401",
    "PG901",
)
"""The policies that are written in Rego, besides PG902."""

CONCERNED = [
    case
    for case in cases()
    if case.path.parent.name in (*IN_REGO, "PG902", "shop")
    or any(identifier in IN_REGO for _, _, identifier in case.expected())
]

Place = tuple[str, str, str, int, int]


@pytest.fixture(scope="module")
def rego() -> Rego:
    return Rego()


def exported(
    path: Path, config: Settings | None = None
) -> tuple[dict[str, Any], Report, list[Subject]]:
    """The document of a path, the report of the same scan, and what was read."""
    report = Report()
    found = locate(path.absolute())
    chosen = config or (load(found) if found else Settings())
    context, reading = read_all([path], chosen, report)
    return document(reading, context, chosen_policies(chosen), report), report, reading.subjects


def wanted(report: Report, subjects: list[Subject]) -> set[Place]:
    """The findings of a report by the policies that are in Rego, and what those leave undecided."""
    left_open = {
        gap.origin
        for gap in report.undecided
        if gap.policy_id in IN_REGO
        or any(gap == fact for subject in subjects for fact in subject.alternatives)
    }
    return {
        plain_place(finding.policy.id, finding.severity.value, finding.origin)
        for finding in report.findings
        if finding.policy.id in IN_REGO
        or (finding.policy.id == "PG902" and finding.origin in left_open)
    }


def plain_place(identifier: str, severity: str, origin: Any) -> Place:
    path = str(plain_text(origin.path))
    return identifier, severity, path, origin.line, origin.column


@pytest.mark.parametrize("case", CONCERNED, ids=str)
def test_rego_finds_in_the_examples_what_a_scan_finds(case: Case, rego: Rego) -> None:
    """The same policies at the same places, as severe, and the document is as its schema says."""
    facts, report, subjects = exported(case.path)

    assert list(map(str, VALIDATOR.iter_errors(facts))) == []
    assert report.failures == []
    assert rego.results(facts) == wanted(report, subjects)


@pytest.mark.parametrize("identifier", IN_REGO)
def test_the_examples_show_every_policy_that_is_in_rego(identifier: str) -> None:
    """So that the comparison is about each of them."""
    assert any(identifier == expected for case in CONCERNED for _, _, expected in case.expected())


FACTS = [
    fact
    for identifier in IN_REGO
    for known in [find(identifier)]
    if known is not None
    for fact in known.policy.facts
]


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    alternatives=st.sampled_from([*FACTS, Undecided]).flatmap(
        lambda fact: st.lists(any_of(fact), min_size=1, max_size=3)
    )
)
def test_rego_decides_any_fact_as_python_does(rego: Rego, alternatives: list[object]) -> None:
    """Whatever the values: the worst of the alternatives, at the same place, as severe."""
    report = Report()
    reading = Reading(subjects=[Subject(tuple(alternatives))])
    facts = document(reading, Context((), Settings()), frozenset(policy_ids()), report)

    assert rego.results(facts) == wanted(report, reading.subjects)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(fact=st.sampled_from(list(SECTIONS)).flatmap(any_of))
def test_any_fact_can_be_exported(fact: object) -> None:
    """Whatever its values, a fact has one entry in its section, and JSON takes it."""
    name, _ = SECTIONS[type(fact)]
    found = sections([Subject((fact,))])

    assert [key for key, entries in found.items() if entries] == [name]
    assert set(found[name][0]) == set(SCHEMA["properties"][name]["items"]["properties"])
    json.dumps(found, allow_nan=False).encode()


@pytest.mark.parametrize("package", PACKAGES)
def test_cases_of_the_rego_policies(package: str) -> None:
    """The unit tests beside the policies, each case evaluated by itself."""
    rego = Rego(cases=True)
    found = rego.query(
        '{name: {"input": data.connguard.testing.document(case.given), "want": case.want} |'
        f" some name, case in data.connguard.{package}_cases.cases}}",
        {},
    )
    both = f"data.connguard.{package}.deny | data.connguard.{package}.warn"

    assert found
    for name, case in found.items():
        got = rego.query(f"data.connguard.testing.short({both})", case["input"])
        assert sorted(got) == sorted(case["want"]), name


@pytest.mark.parametrize("package", PACKAGES)
def test_opa_test_runs_the_same_cases(package: str) -> None:
    """Each module of cases has a test module that `opa test` finds."""
    text = (FOLDER / f"{package}_test.rego").read_text()

    assert f"import data.connguard.{package}_cases as c" in text
    assert re.search(r"^test_cases if \{\n\tevery case in c\.cases", text, re.MULTILINE)


def test_the_command_writes_the_same_every_time(tmp_path: Path) -> None:
    """One file, in the same order from one run to the next."""
    shop = str(EXAMPLES / "shop" / "broken")
    for name in ("a", "b"):
        result = CliRunner().invoke(
            main, ["export", "--format", "opa", "-o", str(tmp_path / name), shop]
        )
        assert result.exit_code == 0, result.output

    first = (tmp_path / "a" / "connguard.json").read_text()
    assert first == (tmp_path / "b" / "connguard.json").read_text()
    assert json.loads(first)["roles"][0]["name"] == "shop_owner"


SECRET = "hunter2-s3cret"


def test_no_secret_is_exported(tmp_path: Path) -> None:
    """Passwords of roles, in connection strings, in free text and in options of pg_hba.conf."""
    migrations = tmp_path / "migrations"
    migrations.mkdir()
    (migrations / "V1__roles.sql").write_text(
        f"CREATE ROLE app LOGIN PASSWORD '{SECRET}' CONNECTION LIMIT 5;\n"
        f"ALTER ROLE app SET app.token = '{SECRET}';\n"
        f"ALTER SYSTEM SET primary_conninfo = 'host=db password={SECRET}';\n"
        f"CREATE SUBSCRIPTION s CONNECTION 'password={SECRET}' PUBLICATION p;\n"
    )
    (tmp_path / "postgresql.conf").write_text(
        f"ssl_passphrase_command = 'echo {SECRET}'\nprimary_conninfo = 'password={SECRET}'\n"
        "ssl = off\nlisten_addresses = '*'\nmax_connections = 50\n"
    )
    (tmp_path / "pg_hba.conf").write_text(
        "host all all 10.0.0.0/24 ldap"
        f" ldapserver=l ldapbasedn=dc ldapbinddn=cn ldapbindpasswd={SECRET}\n"
    )
    (tmp_path / "pgbouncer.ini").write_text(
        f"[databases]\nshop = host=db password={SECRET}\n[pgbouncer]\nauth_type = md5\n"
    )
    facts, report, _ = exported(tmp_path)

    assert report.failures == []
    assert SECRET not in json.dumps(facts)
    values = {one["name"]: one["value"] for one in facts["server_settings"]}
    assert values["primary_conninfo"]["known"] is False
    assert values["app.token"]["known"] is False
    assert values["listen_addresses"]["value"] == "*"
    assert values["max_connections"]["value"] == "50"
    assert [one["method"] for one in facts["access_rules"]] == ["ldap"]


def test_statements_stand_with_their_place(tmp_path: Path) -> None:
    """Forward and back, in code and plainly, with what they set and nothing else."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "V1__x.sql").write_text(
        "CREATE USER app CONNECTION LIMIT 5;\n"
        "DO $$ BEGIN\n  ALTER ROLE app CONNECTION LIMIT -1 SUPERUSER;\nEND $$;\n"
        "ALTER DATABASE shop CONNECTION LIMIT 9;\n"
        "ALTER ROLE app RENAME TO web;\nDROP ROLE web, old;\n"
    )
    facts, _, _ = exported(tmp_path)
    short = [
        (
            one["kind"],
            one["name"],
            one["connection_limit"] and one["connection_limit"]["value"],
            one["location"]["line"],
        )
        for one in facts["statements"]
    ]

    assert short == [
        ("create role", "app", 5, 1),
        ("alter role", "app", -1, 3),
        ("alter database", "shop", 9, 5),
        ("rename role", "app", None, 6),
        ("drop role", "web", None, 7),
        ("drop role", "old", None, 7),
    ]
    assert [one["login"] for one in facts["statements"]][:2] == [True, None]
    assert facts["statements"][1]["superuser"] is True
    assert facts["statements"][3]["new_name"] == "web"


def test_a_policy_that_the_settings_ignore_is_silent_in_rego(rego: Rego) -> None:
    """The settings hold for the Rego policies as well."""
    path = EXAMPLES / "PG002"
    bad = next(one for one in path.iterdir() if one.name.startswith("bad"))
    facts, _, _ = exported(bad, Settings(ignore=("PG002",)))

    assert "PG002" not in {policy for policy, *_ in rego.results(facts)}


def test_a_suppressed_finding_is_silent_in_rego(tmp_path: Path, rego: Rego) -> None:
    """Comments that suppress a finding hold for the Rego policies as well."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "V1__x.sql").write_text(
        "CREATE ROLE a LOGIN CONNECTION LIMIT 0; -- connguard: ignore PG002 locked on purpose\n"
        "CREATE ROLE b LOGIN CONNECTION LIMIT 0;\n"
    )
    facts, report, _ = exported(tmp_path)

    assert [one.finding.origin.line for one in report.suppressed] == [1]
    assert {(policy, line) for policy, _, _, line, _ in rego.results(facts)} == {("PG002", 2)}


def test_every_section_is_described() -> None:
    """The schema names each section, and allows no other."""
    assert {name for name, _ in SECTIONS.values()} <= set(SCHEMA["properties"])
    assert SCHEMA["additionalProperties"] is False
    Draft202012Validator.check_schema(SCHEMA)
