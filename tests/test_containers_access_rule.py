# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The method that the official image writes into its pg_hba.conf."""

from __future__ import annotations

from pathlib import Path

import pytest

from connguard.engine.scan import scan
from connguard.engine.settings import Settings

SETTINGS = Settings(select=("PG3", "PG902"))


def _found(folder: Path, text: str, name: str = "compose.yaml") -> set[tuple[int, str, str]]:
    (folder / name).write_text(text, encoding="utf-8")
    report = scan([folder], SETTINGS)
    assert report.failures == []
    return {
        (one.origin.line, one.policy.id, one.severity.value)
        for one in report.findings
        if Path(one.origin.path).name == name
    }


def _compose(environment: str, more: str = "", image: str = "postgres:16") -> str:
    return f"""services:
  db:
    image: {image}
    environment: {environment}
{more}"""


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("trust", {(4, "PG303", "warning")}),
        ("md5", {(4, "PG304", "warning")}),
        ("password", {(4, "PG304", "error"), (4, "PG305", "error")}),
        ("ident", {(4, "PG304", "error")}),
        ("scram-sha-256", set()),
        ("cert", {(4, "PG306", "error")}),
        ("reject", set()),
        ("", set()),
        ("scram", {(4, "PG306", "error")}),
        ("${METHOD:-trust}", {(4, "PG303", "warning")}),
        ("${METHOD:-scram-sha-256}", set()),
        ("${METHOD}", {(4, "PG902", "note")}),
    ],
)
@pytest.mark.parametrize("form", ['{{POSTGRES_HOST_AUTH_METHOD: "{}"}}', '["{}={}"]'])
def test_method_of_compose_service(
    tmp_path: Path, method: str, expected: set[tuple[int, str, str]], form: str
) -> None:
    given = form.format(method) if "=" not in form else f'["POSTGRES_HOST_AUTH_METHOD={method}"]'
    assert _found(tmp_path, _compose(given)) == expected


@pytest.mark.parametrize(
    ("image", "more"),
    [
        ("bitnami/postgresql:16", ""),  # another entry script
        ("redis:7", ""),
        ("postgres:16", "    command: postgres -c hba_file=/etc/pg_hba.conf\n"),
        ("postgres:16", "    command: psql -h db\n"),
    ],
)
def test_method_that_nobody_reads(tmp_path: Path, image: str, more: str) -> None:
    given = "{POSTGRES_HOST_AUTH_METHOD: trust}"
    assert _found(tmp_path, _compose(given, more, image)) == set()


def test_method_in_an_environment_file(tmp_path: Path) -> None:
    (tmp_path / "db.env").write_text("A=1\nPOSTGRES_HOST_AUTH_METHOD=trust\n", encoding="utf-8")
    text = "services:\n  db:\n    image: postgres:16\n    env_file: db.env\n"
    (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
    report = scan([tmp_path], SETTINGS)
    assert [(Path(one.origin.path).name, one.origin.line) for one in report.findings] == [
        ("db.env", 2)
    ]


def test_method_can_be_suppressed(tmp_path: Path) -> None:
    text = _compose("\n      # connguard: ignore PG303 -- only for the tests of this service\n")
    text += "      POSTGRES_HOST_AUTH_METHOD: trust\n"
    assert _found(tmp_path, text) == set()


STATEFUL_SET = """apiVersion: apps/v1
kind: StatefulSet
metadata: {name: pg}
spec:
  template:
    metadata: {labels: {app: pg}}
    spec:
      containers:
        - name: pg
          image: postgres:16
"""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("value: trust", {(12, "PG303", "warning")}),
        ("value: scram-sha-256", set()),
        (
            "valueFrom: {secretKeyRef: {name: s, key: method}}",
            {(12, "PG902", "note")},
        ),
    ],
)
def test_method_of_a_pod(tmp_path: Path, value: str, expected: set[tuple[int, str, str]]) -> None:
    text = (
        f"{STATEFUL_SET}          env:\n          - {{name: POSTGRES_HOST_AUTH_METHOD, {value}}}\n"
    )
    assert _found(tmp_path, text, "pg.yaml") == expected
