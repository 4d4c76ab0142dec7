# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL in programs: what is read out of each language, and the places that it has there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.engine.text import Text
from connguard.migrations.elixir_host import elixir_migration
from connguard.migrations.go_host import go_migration
from connguard.migrations.host import HostMigration
from connguard.migrations.javascript_host import javascript_migration
from connguard.migrations.jvm import jvm_migration
from connguard.migrations.python_host import PythonCode, Walk
from connguard.migrations.ruby_host import ruby_migration
from connguard.migrations.shell_host import shell_migration
from connguard.sql_rules.script import Direction


def python(body: str, before: str = "") -> HostMigration:
    """An Alembic migration whose upgrade() has this body."""
    lines = "\n".join(f"    {line}" if line else "" for line in body.split("\n"))
    text = Text("m.py", f"{before}\ndef upgrade():\n{lines}\n")
    host = HostMigration(text)
    Walk(PythonCode(text), host).function("upgrade", Direction.UP)
    return host


def texts(host: HostMigration, direction: Direction = Direction.UP) -> list[str]:
    chunks = (chunk for chunk in host.chunks if chunk.branch is None)
    return [chunk.text for chunk in chunks if chunk.direction is direction]


@pytest.mark.parametrize(
    ("body", "sql"),
    [
        ('op.execute("a")', ["a"]),
        ("op.execute('a' 'b' \"c\")", ["abc"]),
        ("op.execute('a'\\\n  'b')", ["ab"]),
        ('op.execute("a" + "b" + c)', ["ab${c}"]),
        ('op.execute(f"a {b} {{c}} {d.e!r:>10} {f(1)}")', ["a ${b} {c} ${e} ${f}"]),
        ('b = 5\nop.execute(f"a {b}")', ["a 5"]),
        ('b = 5\nop.execute(f"a {b + 1} {2 + 3}")', ["a ${b} ${value}"]),
        ('b = 5\nc = 6\nd = b + c\nop.execute(f"a {d}")', ["a ${d}"]),
        ('b = "x"\nc = "y"\nop.execute(b + c)', ["xy"]),
        ('async def f():\n    await c.execute("a")\nf()', ["a"]),
        ('op.execute(r"\\n" "\\n\\x41\\u00e4\\N{BULLET}")', ["\\n\nAä•"]),
        ('op.execute("a %s %d %%" % (b, 5))', ["a ${b} 5 %"]),
        ('op.execute("a %(x)s" % {"x": "y"})', ["a y"]),
        ('op.execute("a {} {0} {x}".format("b", x="c"))', ["a b b c"]),
        ('op.execute("; ".join(["a", "b", c]))', ["a; b; ${c}"]),
        ('op.execute(sa.text("a").bindparams(x=1))', ["a"]),
        ('op.get_bind().execute(text("a"), {"x": 1})', ["a"]),
        ('conn.exec_driver_sql("a")', ["a"]),
        ('execute("a")', ["a"]),
        ('sql = "a"\nsql += " b"\nop.execute(sql)', ["a b"]),
        ('for r in ("a", "b"):\n    op.execute(f"x {r}")', ["x a", "x b"]),
        ('for r, n in {"a": 1}.items():\n    op.execute(f"x {r} {n}")', ["x a 1"]),
        ('for r in names():\n    op.execute(f"x {r}")', ["x ${r}"]),
        ('[op.execute(s) for s in ["a", "b"]]', ["a", "b"]),
        ('if x:\n    s = "a"\nelse:\n    s = "b"\nop.execute(s)', ["a", "b"]),
        (
            'if bind.dialect.name == "mysql":\n    op.execute("a")\nelse:\n    op.execute("b")',
            ["b"],
        ),
        ('if bind.dialect.name != "postgresql":\n    return\nop.execute("b")', ["b"]),
        ('if is_sqlite():\n    op.execute("a")\nelse:\n    op.execute("b")', ["b"]),
        ('with op.get_context().autocommit_block():\n    op.execute("a")', ["a"]),
        ('cursor.execute("a %s %s %%", [5, "it\'s"])', ["a 5 'it''s' %"]),
        ('op.execute("a".strip().replace("a", "b"))', ["b"]),
        ("op.execute(\"regexp '\\\\:'\")", ["regexp ':'"]),
    ],
)
def test_python_expressions(body: str, sql: list[str]) -> None:
    """Edge 40: constants are followed, unknown parts become placeholders."""
    host = python(body)
    assert texts(host) == sql
    assert not host.gaps


def test_python_helpers() -> None:
    """Helper functions are entered with what is passed; functions that build a text are read."""
    before = (
        'LIMIT = 5\nROLES = ["a", "b"]\n'
        "def run(sql, *, times=1):\n    op.execute(sql)\n"
        'def make(role, limit=LIMIT):\n    return f"CREATE ROLE {role} CONNECTION LIMIT {limit}"\n'
    )
    host = python('for role in ROLES:\n    run(make(role))\nrun(sql=make("c", limit=7))', before)
    assert texts(host) == [
        "CREATE ROLE a CONNECTION LIMIT 5",
        "CREATE ROLE b CONNECTION LIMIT 5",
        "CREATE ROLE c CONNECTION LIMIT 7",
    ]


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("op.execute(unknown)", [3]),
        ("pass\nop.execute(load('x'))", [4]),
        ("op.execute(sa.table('t').insert().values(a=1))", []),
        ("op.execute(sa.update(t).where(t.c.a == 1))", []),
        ("op.execute(CreateSequence(s))", []),
        ("op.execute(CreateRole(s))", [3]),
        ("op.execute('; '.join(x for x in y))", [3]),
        ("op.execute(Template('CREATE ROLE $r').substitute(r=r))", [3]),
    ],
)
def test_python_unreadable_text(body: str, lines: list[int]) -> None:
    """A call whose SQL cannot be read is undecided, once; a query object cannot touch roles."""
    assert [gap.origin.line for gap in python(body).gaps] == lines


def test_python_recursion_ends() -> None:
    """Functions that call each other, and names bound to themselves, end."""
    before = "def f(x):\n    g(x)\ndef g(x):\n    f(x)\n    op.execute(x)\n"
    host = python('x = "a"\nx = x + x\nf(x)\ns = s\nop.execute(s)', before)
    assert texts(host) == ["aa"]
    assert len(host.gaps) == 1


RUBY = "class A < ActiveRecord::Migration[7.0]\n%s\nend\n"


@pytest.mark.parametrize(
    ("reader", "path", "source", "up", "down"),
    [
        (
            ruby_migration,
            "m.rb",
            RUBY % "def up\n execute <<~SQL\n    a\n      b #{x}\n SQL\nend",
            ["\na\n  b ${x}\n"],
            [],
        ),
        (ruby_migration, "m.rb", RUBY % "def up = execute('a' \"b\\n\")", ["ab\n"], []),
        (ruby_migration, "m.rb", RUBY % "def change\n revert { execute 'a' }\nend", [], ["a"]),
        (ruby_migration, "m.rb", RUBY % "def up\n s = 'a'\n s += 'b'\n execute s\nend", ["ab"], []),
        (
            ruby_migration,
            "m.rb",
            "Sequel.migration do\n up do\n run 'a'\n end\n down { run 'b' }\nend\n",
            ["a"],
            ["b"],
        ),
        (
            javascript_migration,
            "m.js",
            "const t = (x) => `CREATE ${x}`;\nexports.up = (k) => k.raw(t('ROLE a'));\n"
            "exports.down = (k) => k.raw('DROP ROLE a');",
            ["CREATE ROLE a"],
            ["DROP ROLE a"],
        ),
        (
            javascript_migration,
            "m.ts",
            "export class M { async up(q: QueryRunner) {\n let s = `SELECT ${(x as any)}`;\n"
            " if (y) { s = 'SELECT 2' }\n await q.query('SELECT 1' as string); } }",
            ["SELECT 1"],
            [],
        ),
        (
            javascript_migration,
            "m.js",
            "exports.up = async (k) => { await k.schema.alterTable('t', (t) =>"
            " t.timestamp('x').defaultTo(k.raw('now()'))); await k('t').where(k.raw('a = 1')); }",
            [],
            [],
        ),
        (
            javascript_migration,
            "m.ts",
            "export async function up(db) { await sql`ALTER ROLE ${sql.ref(x)} LOGIN`.execute(db) }"
            "\nexport async function down(db) { await sql`DROP ROLE a`.execute(db) }",
            ["ALTER ROLE ${x} LOGIN"],
            ["DROP ROLE a"],
        ),
        (
            javascript_migration,
            "m.js",
            "const n = 5, s = 'ROLE'; exports.up = (k) => k.raw(`DROP ${s + ' a'} ${n + 1} ${n}`);",
            ["DROP ROLE a ${n} 5"],
            [],
        ),
        (
            javascript_migration,
            "m.ts",
            "export const up = async (db) => { await db.executeQuery(sql`SELECT 1`.compile(db)) }",
            ["SELECT 1"],
            [],
        ),
        (
            javascript_migration,
            "m.js",
            "module.exports = { async up(qi) { await qi.sequelize.query({ text: 'SELECT 1' }) } }",
            ["SELECT 1"],
            [],
        ),
        (
            go_migration,
            "1_m.go",
            'package m\nfunc Up1(tx *sql.Tx) error {\n q := `a`\n q += "b"\n'
            ' if x { z := "n"; tx.Exec(z) }\n tx.ExecContext(ctx, q)\n}\n'
            'func Down1(tx *sql.Tx) { tx.Exec("d") }\n',
            ["n", "ab"],
            ["d"],
        ),
        (
            go_migration,
            "m.go",
            'package m\nvar m = gormigrate.Migration{ID: "1",'
            ' Migrate: func(tx *gorm.DB) error { return tx.Exec("a").Error },'
            ' Rollback: func(tx *gorm.DB) error { return tx.Exec("b").Error }}\n',
            ["a"],
            ["b"],
        ),
        (
            jvm_migration,
            "V1__m.java",
            "class V1__m extends BaseJavaMigration { void migrate(Context c) {\n"
            ' String s = "a";\n s += "b";\n st.execute(s + "\\u0041");\n'
            ' jdbc.update(String.format("x %s %2$s %d", r, "q")); } }',
            ["abA", "x ${r} q q"],
            [],
        ),
        (
            jvm_migration,
            "V1__m.kt",
            "class V1__m : BaseJavaMigration() { override fun migrate(c: Context) {\n"
            ' val s = "a $r ${n}"\n jdbc.execute(s)\n jdbc.execute("""\n  b\n""".trimIndent()) } }',
            ["a ${r} ${n}", "\nb\n"],
            [],
        ),
        (
            elixir_migration,
            "m.exs",
            'defmodule M do\n use Ecto.Migration\n def change do\n  execute("a", "b")\n'
            '  execute(~s(c #{x}))\n  repo().query!("d" <> "e")\n end\nend\n',
            ["a", "c ${x}", "de"],
            ["b"],
        ),
        (
            shell_migration,
            "m.sh",
            "psql <<'EOF'\na $x \\$\nEOF\npsql <<EOF\nb $x \\$y ${z:-1}\nEOF\n"
            "sudo -u postgres psql -tAc \"c \\\"d\\\" $x\"\nprintf 'e' | psql\npsql <<< 'f'\n",
            ["a $x \\$\n", "b ${x} $y ${z}\n", 'c "d" ${x}', "e ", "f"],
            [],
        ),
        (
            shell_migration,
            "m.sh",
            'N=5\npsql -c "a $N"\nif x; then N=6; fi\npsql -c "b $N"\n',
            ["a 5", "b ${N}"],
            [],
        ),
    ],
)
def test_other_languages(
    reader: Callable[[Text], HostMigration], path: str, source: str, up: list[str], down: list[str]
) -> None:
    """Edge 40: strings, here documents, templates, joins and directions of each language."""
    host = reader(Text(path, source))
    assert texts(host) == up
    assert texts(host, Direction.DOWN) == down
    assert not host.gaps


@pytest.mark.parametrize(
    ("reader", "path", "source", "lines"),
    [
        (ruby_migration, "m.rb", RUBY % "def up\n execute sql\nend\ndef down = execute(x)", [3]),
        (javascript_migration, "m.js", "exports.up = (k) =>\n k.schema.raw(load());", [2]),
        (
            javascript_migration,
            "m.js",
            "exports.up = (k) => {\n k.query(fs.readFileSync(p));\n k.query(k.select(1)) };",
            [2],
        ),
        (go_migration, "1_m.go", "package m\nfunc Up1(tx *sql.Tx) {\n tx.Exec(q)\n}\n", [3]),
        (elixir_migration, "m.exs", "use Ecto.Migration\ndef up do\n execute(q)\nend\n", [3]),
        (shell_migration, "m.sh", 'psql -c "$(cat x)"\npsql -c "$SQL"\n', [1, 2]),
    ],
)
def test_unreadable_text_of_other_languages(
    reader: Callable[[Text], HostMigration], path: str, source: str, lines: list[int]
) -> None:
    """A call whose SQL cannot be read is undecided in the forward direction only."""
    assert [gap.origin.line for gap in reader(Text(path, source)).gaps] == lines


@pytest.mark.parametrize(
    ("reader", "path", "source"),
    [
        (ruby_migration, "m.rb", "class A\n def up\n  execute 'x'\n end\nend\n"),
        (javascript_migration, "m.js", "export function pick(up) { return db.query(sql) }"),
        (go_migration, "runner.go", "package m\nfunc Apply(db *sql.DB) { db.Exec(q) }\n"),
        (jvm_migration, "V1__m.java", "class V1__m { void f() { s.execute(x); } }"),
        (elixir_migration, "m.ex", "defmodule M do\n def up, do: execute(x)\nend\n"),
        (shell_migration, "m.sh", "echo hello\n"),
    ],
)
def test_other_programs_are_no_migrations(
    reader: Callable[[Text], HostMigration], path: str, source: str
) -> None:
    """Code that only runs SQL, such as a migration tool itself, is no part of the scan."""
    assert not reader(Text(path, source)).is_migration


def test_places_after_wide_characters() -> None:
    """Lines and columns are right behind non-ASCII text, escapes and dedenting."""
    source = RUBY % "  def up # äöü€😀\n    execute <<~SQL\n      ä;\n      b;\n    SQL\n  end"
    (chunk,) = ruby_migration(Text("m.rb", source)).chunks
    start = chunk.text.index("b")
    origin = chunk.origin(start, start + 1)
    assert (origin.line, origin.column, origin.end_column) == (5, 7, 8)

    host = python('op.execute(f"ä{x}" "\\u00e4 b")')
    start = host.chunks[0].text.index("b")
    origin = host.chunks[0].origin(start, start + 1)
    assert (origin.line, origin.column) == (3, 32)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        (
            "migrations/1_m.py",
            "revision = 'a'\ndown_revision = None\ndef upgrade():\n"
            "    # connguard: ignore PG001 batch runs alone\n"
            '    op.execute(\n        "CREATE ROLE a LOGIN"\n    )\n',
        ),
        (
            "migrations/1_m.rb",
            RUBY % "def up\n  # connguard: ignore PG001 batch runs alone\n"
            "  execute <<~SQL\n    CREATE ROLE a LOGIN\n  SQL\nend",
        ),
        (
            "migrations/1_m.js",
            "exports.up = (k) =>\n  // connguard: ignore PG001 batch runs alone\n"
            "  k.raw(`\n    CREATE ROLE a LOGIN`);\n",
        ),
        (
            "db/changelog.xml",
            "<databaseChangeLog>\n<changeSet id='1' author='a'>\n"
            "<!-- connguard: ignore PG001 batch runs alone -->\n"
            "<sql>\nCREATE ROLE a LOGIN\n</sql>\n</changeSet>\n</databaseChangeLog>\n",
        ),
        (
            "db/changelog.yaml",
            "databaseChangeLog:\n- changeSet:\n    id: 1\n    changes:\n"
            "    # connguard: ignore PG001 batch runs alone\n    - sql:\n        sql: |\n"
            "          CREATE ROLE a LOGIN\n",
        ),
    ],
)
def test_suppression_in_the_host_language(tmp_path: Path, name: str, source: str) -> None:
    """A comment of the program covers the whole call or change set that follows."""
    path = tmp_path / name
    path.parent.mkdir()
    path.write_text(source, encoding="utf-8")
    report = scan([tmp_path], Settings())
    assert report.findings == []
    assert [one.finding.policy.id for one in report.suppressed] == ["PG001"]


DB_MIGRATE = """
var fs = require('fs'), path = require('path');
exports.up = function (db) {
  var filePath = path.join(__dirname, 'sqls', '1-roles-up.sql');
  return new Promise(function (resolve, reject) {
    fs.readFile(filePath, { encoding: 'utf-8' }, function (err, data) { resolve(data); });
  }).then(function (data) { return db.runSql(data); });
};
exports.down = function (db) {
  var filePath = path.join(__dirname, 'sqls', '1-roles-down.sql');
  return db.runSql(fs.readFileSync(filePath, 'utf-8'));
};
"""


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (
            {
                "versions/1.py": "from pathlib import Path\nrevision = '1'\ndown_revision = None\n"
                "def upgrade():\n    sql = (Path(__file__).parent / 'sql' / 'a.sql').read_text()\n"
                "    op.execute(sql)\n    op.execute('ALTER ROLE b CONNECTION LIMIT 5')\n",
                "versions/sql/a.sql": "CREATE ROLE a LOGIN;\nCREATE ROLE b LOGIN;\n",
            },
            [("a.sql", 1, "PG001")],
        ),
        (
            {
                "versions/1.py": "import os\nrevision = '1'\ndown_revision = None\n"
                "def upgrade():\n    with open(os.path.join(HERE, 'a.sql')) as f:\n"
                "        op.execute(f.read())\n",
                "versions/a.sql": "CREATE ROLE a LOGIN;\n",
            },
            [("a.sql", 1, "PG001")],
        ),
        (
            {
                "migrations/1-roles.js": DB_MIGRATE,
                "migrations/sqls/1-roles-up.sql": "CREATE ROLE a LOGIN;\n",
                "migrations/sqls/1-roles-down.sql": "ALTER ROLE b CONNECTION LIMIT -1;\n",
            },
            [("1-roles-down.sql", 1, "PG009"), ("1-roles-up.sql", 1, "PG001")],
        ),
        (
            {
                "migrations/1_m.rb": RUBY % "def up\n execute File.read('db/a.sql')\nend",
                "db/a.sql": "CREATE ROLE a LOGIN;\n",
            },
            [("a.sql", 1, "PG001")],
        ),
        (
            {"migrations/1_m.rb": RUBY % "def up\n execute File.read('db/gone.sql')\nend"},
            [("1_m.rb", 3, "PG902")],
        ),
    ],
)
def test_sql_files_that_programs_run(
    tmp_path: Path, files: dict[str, str], found: list[tuple[str, int, str]]
) -> None:
    """A file that the code names runs where the program runs it, and not on its own."""
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    report = scan([tmp_path], Settings())
    assert [
        (Path(one.origin.path).name, one.origin.line, one.policy.id) for one in report.findings
    ] == found
