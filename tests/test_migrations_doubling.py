# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of programs that double with every line are undecided, not put together."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connguard.engine.text import Text
from connguard.migrations.elixir_host import elixir_migration
from connguard.migrations.go_host import go_migration
from connguard.migrations.host import HostMigration
from connguard.migrations.javascript_host import javascript_migration
from connguard.migrations.jvm import jvm_migration
from connguard.migrations.python_migration import python_migration
from connguard.migrations.ruby_host import ruby_migration
from connguard.migrations.shell_host import shell_migration

PROGRAMS: dict[str, tuple[Callable[[Text], HostMigration], str]] = {
    "python": (
        python_migration,
        "x = FIRST\ndef upgrade():\n    x = FIRST\nDOUBLED    op.execute(x)\n",
    ),
    "javascript": (
        javascript_migration,
        "exports.up = (knex) => {\n let x = FIRST;\nDOUBLED return knex.raw(x);\n};\n",
    ),
    "ruby": (
        ruby_migration,
        "class A < ActiveRecord::Migration[7.0]\n def up\n  x = FIRST\nDOUBLED  execute x\n"
        " end\nend\n",
    ),
    "go": (
        go_migration,
        "package m\nfunc Up(tx *sql.Tx) error {\n x := FIRST\nDOUBLED _, err := tx.Exec(x)\n"
        " return err\n}\nfunc init() { goose.AddMigration(Up, Down) }\n",
    ),
    "shell": (shell_migration, 'x=FIRST\nDOUBLEDpsql -c "$x"\n'),
    "elixir": (
        elixir_migration,
        "defmodule A do\n use Ecto.Migration\n def up do\n  x = FIRST\nDOUBLED  execute(x)\n"
        " end\nend\n",
    ),
    "java": (
        jvm_migration,
        "class V1__a extends BaseJavaMigration {\n public void migrate(Context c) {\n"
        "  String x = FIRST;\nDOUBLED  c.getConnection().createStatement().execute(x);\n }\n}\n",
    ),
}
LINES = {
    "python": "    x = x + x\n",
    "shell": 'x="$x$x"\n',
    "elixir": "  x = x <> x\n",
    "javascript": " x = x + x;\n",
    "java": "  x = x + x;\n",
}


def migration(language: str, first: str, times: int) -> HostMigration:
    read, program = PROGRAMS[language]
    doubled = LINES.get(language, "  x = x + x\n") * times
    return read(Text("a", program.replace("FIRST", first).replace("DOUBLED", doubled)))


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_few_doublings_are_followed(language: str) -> None:
    found = migration(language, '"CREATE ROLE a; "', 3)

    assert [chunk.text.count("CREATE ROLE a;") for chunk in found.chunks] == [8]
    assert not found.gaps


@pytest.mark.parametrize("language", PROGRAMS)
def test_many_are_undecided(language: str) -> None:
    """Of a text that would have a billion characters and more."""
    found = migration(language, '"CREATE ROLE a; "', 40)

    assert len(found.gaps) == 1
    assert found.chunks == []


@pytest.mark.parametrize("language", sorted(PROGRAMS.keys() - {"shell"}))
def test_what_is_not_known_is_not_followed_for_ever(language: str) -> None:
    """A value that comes from elsewhere is put together with itself."""
    found = migration(language, "other()", 40)

    assert len(found.gaps) == 1
    assert found.chunks == []
