# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts with syntax errors from which a parser does not recover are given up and reported."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from pathlib import Path
from textwrap import indent

import pytest
from tree_sitter import Language, Parser, Tree

from connguard.budget.ecosystem import processes
from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.engine.text import Text
from connguard.engine.tree_parsing import TooManyErrors, tree_of
from connguard.migrations import tree_host
from connguard.migrations.jvm import JavaHost
from connguard.terraform import json_tree, treesitter_reader

_PACKAGE = "package db.migration\n\nclass V1__a : BaseJavaMigration() {\n"
_CALL = '  override fun migrate(context: Context) {\n    op.execute("; ".join(["a", "b", c]))\n'
_CLOSED = "  ]))\n" * 9 + "  }\n}\n"
ENDLESS = _PACKAGE + indent(_PACKAGE + _CALL + _CLOSED, "\t") + _CALL + _CLOSED
"""A few hundred characters on which the parser of Kotlin was stopped after minutes and 3 GB."""
AMBIGUOUS = '{("")\nt' + "\n" * 18 + "`" * 43 + "\n" * 10
"""Seventy characters on which it did not end either, and saw no error."""

UNENDED = "exports.up = (knex) => knex.raw(`" + "ALTER ROLE a LOGIN;\n/*" * 2000 + ")"
"""Comments that begin everywhere and end nowhere: each is looked for up to the end."""

GRAMMARS = {
    "bash": "language",
    "elixir": "language",
    "go": "language",
    "hcl": "language",
    "java": "language",
    "json": "language",
    "kotlin": "language",
    "ruby": "language",
    "typescript": "language_tsx",
}


def parser(grammar: str) -> Parser:
    module = import_module(f"tree_sitter_{grammar}")
    return Parser(Language(getattr(module, GRAMMARS[grammar])()))


def without_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every parser is stuck."""

    def stuck(_parser: Parser, _source: bytes) -> Tree:
        raise TooManyErrors("stuck")

    for module in (tree_host, json_tree, treesitter_reader):
        monkeypatch.setattr(module, "tree_of", stuck)


@pytest.mark.parametrize("grammar", GRAMMARS)
@pytest.mark.parametrize(
    "text", [ENDLESS * 10, AMBIGUOUS, "]))" * 3000, "a{(" * 3000, '"${' * 3000]
)
def test_every_parser_ends(grammar: str, text: str) -> None:
    """With a tree or without one; what is read next is not touched by it."""
    parsers = parser(grammar)
    with suppress(TooManyErrors):
        tree_of(parsers, text.encode())
    assert tree_of(parsers, b"").root_node.end_byte == 0


@pytest.mark.parametrize(
    ("grammar", "text"),
    [
        ("kotlin", ENDLESS),
        ("kotlin", AMBIGUOUS),
        ("kotlin", "val a = 1\n" * 3000 + AMBIGUOUS),
        ("typescript", UNENDED),
    ],
)
def test_what_does_not_end_is_given_up(grammar: str, text: str) -> None:
    """However often it is tried."""
    for _ in range(2):
        with pytest.raises(TooManyErrors):
            tree_of(parser(grammar), text.encode())


def test_the_tree_of_a_long_text_is_balanced() -> None:
    """That takes many operations, all at the end."""
    code = b"const a = {b: [1,2,3], c: () => 4};\n" * 10_000
    assert not tree_of(parser("typescript"), code + b"// the end\n" * 100).root_node.has_error


def test_long_texts_without_errors_are_read() -> None:
    """Also in more than one block, which may end within a character."""
    text = "".join(f'resource "a" "ä{n}" {{\n  e = [1, "ß${{b.c}}"]\n}}\n' for n in range(20_000))
    tree = tree_of(parser("hcl"), text.encode())

    assert not tree.root_node.has_error
    assert len(tree.root_node.named_children[0].named_children) == 20_000


def test_a_migration_without_a_tree_is_reported(tmp_path: Path) -> None:
    """And the others are read."""
    migrations = tmp_path / "db" / "migration"
    migrations.mkdir(parents=True)
    (migrations / "V1__a.kt").write_text(ENDLESS)
    (migrations / "V2__b.sql").write_text("CREATE ROLE app LOGIN CONNECTION LIMIT -1;\n")
    report = scan([tmp_path], Settings())

    assert [(part.origin.path[-8:], part.reason) for part in report.not_parsed] == [
        ("V1__a.kt", "the program is nested too deeply, or has too many syntax errors")
    ]
    assert [one.policy.id for one in report.findings if one.origin.path.endswith(".sql")] == [
        "PG001"
    ]


@pytest.mark.parametrize("unit", ["a<", "a<;", "a.b<\n"])
def test_java_with_very_many_open_type_arguments_is_not_parsed(unit: str) -> None:
    """Its parser would compare each with each, and not be stopped."""
    with pytest.raises(TooManyErrors):
        JavaHost(Text("V1__a.java", "class A {\n" + unit * 301 + "}\n"))


def test_java_with_many_comparisons_is_parsed() -> None:
    """They stand between brackets."""
    line = "  void f(List<Map<String, Set<A>>> a) { if (a < 1) { g(a << 2); } }\n"
    code = "class A {\n" + line * 1_000 + "  int x = a" + " < b" * 300 + ";\n}\n"

    assert not JavaHost(Text("V1__a.java", code)).source.root.has_error


def test_a_step_of_the_parser_that_does_not_end_is_given_up(tmp_path: Path) -> None:
    """It gets slower with each command of a pipe before a quote that nothing closes."""
    folder = tmp_path / "docker-entrypoint-initdb.d"
    folder.mkdir()
    (folder / "1.sh").write_text("psql <<EOF\nCREATE ROLE a;\n" + "%s|" * 40_000 + "'")
    (folder / "2.sh").write_text("psql -c 'CREATE ROLE b LOGIN'\n" + "# more\n" * 10_000)
    report = scan([tmp_path], Settings())

    assert [part.origin.path[-4:] for part in report.undecided] == ["1.sh"]
    assert [one.policy.id for one in report.findings if '"b"' in one.message] == ["PG001"]


def test_deep_assignments_do_not_look_for_their_block_one_by_one(tmp_path: Path) -> None:
    """From each place the way up would begin at the file: this took minutes."""
    migrations = tmp_path / "migrations"
    migrations.mkdir()
    text = "exports.up = (knex) => knex.raw(`" + "a=" * 3000 + "}"
    (migrations / "20200101000000_a.js").write_text(text)

    assert [part.origin.line for part in scan([tmp_path], Settings()).not_parsed] == [1]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("db/migration/V1__a.java", "class V1__a extends BaseJavaMigration {" + "a<" * 301),
        ("db/migrate/1_a.rb", "class A < ActiveRecord::Migration[7.0]\n  execute 'x'\n"),
        ("docker-entrypoint-initdb.d/a.sh", "psql -c 'CREATE ROLE a'\n( (\n"),
        ("main.tf", 'resource "postgresql_role" "a" {\n  name = = "a"\n}\n'),
        ("main.tf.json", '{"resource": {"postgresql_role": {"a": {"name": "a"}}}\n'),
        ("app/db.go", 'package a\nimport "database/sql"\nvar db, _ = sql.Open("pgx", (\n'),
        ("app/db.js", 'const { Pool } = require("pg")\nconst p = new Pool({ max: = 5\n'),
    ],
)
def test_no_reader_is_silent_without_a_tree(
    name: str, content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what each reader reads when nothing at all may be parsed."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    without_trees(monkeypatch)
    report = scan([tmp_path], Settings())

    said = {one.origin for one in report.not_parsed} | {one.origin for one in report.undecided}
    assert {str(tmp_path / origin.path) for origin in said} == {str(path)}


def test_processes_without_a_tree_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of PM2's configuration: at least one."""
    text = Text("ecosystem.config.js", "module.exports = { apps: [{ name: 'a', instances: 2 }] }\n")
    known = processes(text, None, {}, "processes")
    without_trees(monkeypatch)
    unknown = processes(text, None, {}, "processes")

    assert (known.low, known.high) == (2, 2)
    assert (unknown.low, unknown.reason) == (1, "the apps of this file")
