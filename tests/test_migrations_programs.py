# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found in migrations that are programs, and in changelogs: limits that nobody sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from connguard.engine.scan import scan
from connguard.engine.settings import Settings


def found(folder: Path, files: dict[str, str]) -> list[str]:
    """The policies of the findings, in order."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return sorted(finding.policy.id for finding in scan([folder], Settings()).findings)


def ruby(body: str) -> str:
    return f"class A < ActiveRecord::Migration[7.0]\n def up\n{body}\n end\nend\n"


def java(body: str, members: str = "") -> str:
    head = "public class V1__a extends BaseJavaMigration {\n"
    return (
        f"{head}{members}\n public void migrate(Context c) throws Exception {{\n{body}\n }}\n}}\n"
    )


def go(body: str) -> str:
    return (
        "package migrations\nfunc init() { goose.AddMigration(up, nil) }\n"
        f"func up(tx *sql.Tx) error {{\n{body}\n return nil\n}}\n"
    )


_SQL = "CREATE ROLE app LOGIN CONNECTION LIMIT"


@pytest.mark.parametrize("number", ["-1", "5"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "migrations/1_a.js",
            f"const LIMIT = NUMBER;\nexports.up = (knex) => knex.raw('{_SQL} ' + LIMIT);\n",
        ),
        (
            "migrations/1_a.ts",
            "const LIMIT: number = NUMBER;\n"
            f"export const up = (k) => k.raw(`{_SQL} ${{LIMIT}}`);\n",
        ),
        (
            "migrations/1_b.js",
            "exports.up = (pgm) => pgm.createRole('app', { login: true, limit: NUMBER });\n",
        ),
        ("migrations/1_a.go", go(f' tx.Exec(fmt.Sprintf("{_SQL} %d", NUMBER))')),
        ("migrations/1_a.rb", ruby(f'  limit = NUMBER\n  execute "{_SQL} #{{limit}}"')),
        (
            "db/V1__a.java",
            java(
                f'  c.createStatement().execute("{_SQL} " + LIMIT);',
                " static final int LIMIT = NUMBER;",
            ),
        ),
        (
            "migrations/1_a.exs",
            "defmodule M do\n use Ecto.Migration\n @limit NUMBER\n"
            f' def up do\n  execute("{_SQL} #{{@limit}}")\n end\nend\n',
        ),
    ],
)
def test_constants_with_a_sign(tmp_path: Path, name: str, text: str, number: str) -> None:
    """A limit of -1 that stands in a constant is none."""
    expected = ["PG001"] if number == "-1" else []
    assert found(tmp_path, {name: text.replace("NUMBER", number)}) == expected


def test_a_sign_in_front_of_what_is_not_known(tmp_path: Path) -> None:
    """Only a number becomes another one by its sign."""
    text = f"exports.up = (knex) => knex.raw('{_SQL} ' + -limit);\n"
    assert found(tmp_path, {"migrations/1_a.js": text}) == ["PG902"]
