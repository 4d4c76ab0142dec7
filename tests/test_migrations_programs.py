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


_MADE, _SET = "CREATE ROLE app LOGIN", "ALTER ROLE app CONNECTION LIMIT"


def xml(*change_sets: tuple[str, str]) -> str:
    """A changelog of change sets, each with its attributes and its content."""
    sets = "".join(
        f"<changeSet id='{number}' author='a' {attributes}>{content}</changeSet>\n"
        for number, (attributes, content) in enumerate(change_sets)
    )
    return f"<databaseChangeLog>\n{sets}</databaseChangeLog>\n"


def sql(text: str, before: str = "") -> str:
    return f"{before}<sql>{text}</sql>"


def asked(way: str) -> str:
    """A precondition that asks the database."""
    check = "<sqlCheck expectedResult='1'>SELECT 1</sqlCheck>"
    return f"<preConditions {way}>{check}</preConditions>"


_FOR = "<preConditions onFail='MARK_RAN'><dbms type='{}'/></preConditions>"
_EITHER = (
    "<preConditions onFail='MARK_RAN'><or><dbms type='h2'/><dbms type='postgresql'/></or>"
    "</preConditions>"
)


@pytest.mark.parametrize(
    ("change_sets", "expected"),
    [
        ([("", sql(_MADE)), ("", sql(f"{_SET} 5"))], []),
        ([("", sql(_MADE)), ("ignore='true'", sql(f"{_SET} 5"))], ["PG001"]),
        ([("runOrder='last'", sql(f"{_SET} -1")), ("", sql(f"{_SQL} 5"))], ["PG001"]),
        ([("", sql(f"{_SQL} 5")), ("runOrder='first'", sql(f"{_SET} -1"))], []),
        ([("", sql(_MADE)), ("", sql(f"{_SET} 5", asked("onFail='MARK_RAN'")))], ["PG001"]),
        ([("", sql(_MADE)), ("", sql(f"{_SET} 5", asked("onFail='CONTINUE'")))], ["PG001"]),
        (
            [("", sql(_MADE)), ("", sql(f"{_SET} 5", asked("onError='MARK_RAN'")))],
            ["PG001"],
        ),
        ([("", sql(_MADE)), ("", sql(f"{_SET} 5", asked("onFail='WARN'")))], []),
        ([("", sql(_MADE)), ("", sql(f"{_SET} 5", asked("")))], []),
        ([("", sql(_MADE)), ("", sql(f"{_SET} 5", _FOR.format("postgresql")))], []),
        ([("", sql(_MADE)), ("", sql(f"{_SET} 5", _EITHER))], []),
        ([("", sql(_MADE)), ("", sql(f"{_SET} 5", _FOR.format("oracle")))], ["PG001"]),
        ([("", sql(f"{_SQL} 5")), ("", sql(f"{_SET} -1", _FOR.format("oracle")))], []),
        ([("", sql(f"{_SQL} 5", asked("onFail='MARK_RAN'")))], []),
        (
            [
                ("", sql(_MADE)),
                ("context='prod'", sql(f"{_SET} -1")),
                ("context='dev'", sql(f"{_SET} 5")),
            ],
            ["PG001"],
        ),
        (
            [("", sql(_MADE)), ("labels='a'", sql(f"{_SET} -1")), ("labels='b'", sql(f"{_SET} 5"))],
            ["PG001"],
        ),
        ([("context='prod'", sql(f"{_SQL} 5"))], []),
        ([("context='prod'", sql("CREATE TABLE t (i int)"))], []),
        ([("context='prod'", sql(_MADE)), ("context='prod'", sql(f"{_SET} 5"))], []),
        ([("context='prod'", sql(_MADE)), ("context='prod'", sql(f"{_SET} -1"))], ["PG001"]),
    ],
)
def test_change_sets_that_may_not_run(
    tmp_path: Path, change_sets: list[tuple[str, str]], expected: list[str]
) -> None:
    """What a change set does holds only where it runs: its attributes and preconditions say so."""
    assert found(tmp_path, {"db/changelog/a.xml": xml(*change_sets)}) == expected


@pytest.mark.parametrize("context", ["", " context='prod'"])
def test_includes_with_a_context(tmp_path: Path, context: str) -> None:
    """An included file runs where the context of the include holds, and then as a whole."""
    text = f"<databaseChangeLog><include file='{{}}' relativeToChangelogFile='true'{context}/>"
    files = {
        "db/changelog/a.xml": xml(("", sql(_MADE)), ("", sql(f"{_SET} 5"))),
        "db/changelog/master.xml": text.format("a.xml") + "</databaseChangeLog>",
    }
    assert found(tmp_path, files) == []
    files["db/changelog/b.xml"] = xml(("", sql(_MADE)))
    files["db/changelog/a.xml"] = xml(("", sql(f"{_SET} 5")))
    files["db/changelog/master.xml"] = (
        "<databaseChangeLog><include file='b.xml' relativeToChangelogFile='true'/>"
        f"<include file='a.xml' relativeToChangelogFile='true'{context}/></databaseChangeLog>"
    )
    assert found(tmp_path, files) == (["PG001"] if context else [])


def test_change_sets_of_yaml_that_may_not_run(tmp_path: Path) -> None:
    """In YAML, attributes and preconditions are entries."""
    head = (
        "databaseChangeLog:\n- changeSet:\n    id: 1\n    changes:\n    - sql:\n"
        f"        sql: {_MADE}\n- changeSet:\n    id: 2\n"
    )
    end = f"    changes:\n    - sql:\n        sql: {_SET} 5\n"
    ways = {
        "": [],
        "    ignore: true\n": ["PG001"],
        "    context: prod\n": ["PG001"],
        "    preConditions:\n    - onFail: MARK_RAN\n    - sqlCheck:\n"
        "        expectedResult: 1\n        sql: SELECT 1\n": ["PG001"],
        "    preConditions:\n    - onFail: MARK_RAN\n    - dbms:\n        type: postgresql\n": [],
    }
    for number, (way, expected) in enumerate(ways.items()):
        folder = tmp_path / str(number)
        assert found(folder, {"db/changelog/a.yaml": f"{head}{way}{end}"}) == expected, way


def formatted(*change_sets: tuple[str, str]) -> str:
    sets = "".join(
        f"--changeset a:{number} {attributes}\n{content}\n"
        for number, (attributes, content) in enumerate(change_sets)
    )
    return f"--liquibase formatted sql\n{sets}"


_CHECKED = "--preconditions {}\n--precondition-sql-check expectedResult:1 SELECT 1\n"


@pytest.mark.parametrize(
    ("change_sets", "expected"),
    [
        ([("", f"{_MADE};"), ("", f"{_SET} 5;")], []),
        ([("", f"{_MADE};"), ("ignore:true", f"{_SET} 5;")], ["PG001"]),
        ([("", f"{_MADE};"), ("ignore:false", f"{_SET} 5;")], []),
        ([("runOrder:last", f"{_SET} -1;"), ("", f"{_SQL} 5;")], ["PG001"]),
        ([("", f"{_SQL} 5;"), ("runOrder:first", f"{_SET} -1;")], []),
        ([("", f"{_MADE};"), ("", _CHECKED.format("onFail:MARK_RAN") + f"{_SET} 5;")], ["PG001"]),
        ([("", f"{_MADE};"), ("", _CHECKED.format("onFail:HALT") + f"{_SET} 5;")], []),
        (
            [
                ("", f"{_MADE};"),
                ("context:prod", f"{_SET} -1;"),
                ('context:"dev or test"', f"{_SET} 5;"),
            ],
            ["PG001"],
        ),
        ([("labels:a", f"{_SQL} 5;")], []),
        ([("labels:a", "CREATE TABLE t (i int);")], []),
        ([("labels:a", f"{_MADE};"), ("labels:a", f"{_SET} 5;")], []),
        ([("labels:a", f"{_MADE};"), ("labels:b", f"{_SQL.replace('app', 'b')} 5;")], ["PG001"]),
        (
            [("", f"{_MADE};\n--ignoreLines:start\n{_SET} 5;\n--ignoreLines:end")],
            ["PG001"],
        ),
        ([("", f"{_MADE};\n--ignoreLines:1\nSELECT 1;\n{_SET} 5;")], []),
        ([("", f"{_MADE};\n--ignoreLines:1\n{_SET} 5;\n")], ["PG001"]),
        ([("", f"{_MADE};\n--ignoreLines:start\n--changeset b:2\n{_SET} 5;")], ["PG001"]),
        ([("endDelimiter:/", f"{_SQL} 5\n/\n{_SET} -1\n/")], ["PG001"]),
        ([("endDelimiter:/", f"{_MADE}\n/\n{_SET} 5\n/")], []),
    ],
)
def test_change_sets_of_formatted_sql_that_may_not_run(
    tmp_path: Path, change_sets: list[tuple[str, str]], expected: list[str]
) -> None:
    """The attributes stand in the line of the change set, preconditions in comments below it."""
    assert found(tmp_path, {"db/changelog/a.sql": formatted(*change_sets)}) == expected


def test_run_order_in_an_included_file(tmp_path: Path) -> None:
    """What runs behind all other files stands in one of them: its place is not followed."""
    files = {
        "db/changelog/master.xml": "<databaseChangeLog>\n"
        "<include file='a.sql' relativeToChangelogFile='true'/></databaseChangeLog>\n",
        "db/changelog/a.sql": formatted(("runOrder:last", f"{_SQL} 5;")),
    }
    assert found(tmp_path, files) == ["PG901"]


@pytest.mark.parametrize("name", ["db/master.xml", "db/master.yaml", "config/db-master.json"])
def test_main_changelogs_by_their_names(tmp_path: Path, name: str) -> None:
    """The changelog that includes the others may be called after no tool; their order is its."""
    files = {
        "sql/b.sql": formatted(("", f"{_SQL} 5;")),
        "sql/a.sql": formatted(("", f"{_SET} -1;")),
    }
    includes = [f"{{file: ../{file}, relativeToChangelogFile: true}}" for file in files]
    files[name] = (
        "<databaseChangeLog>\n"
        "<include file='../sql/b.sql' relativeToChangelogFile='true'/>\n"
        "<include file='../sql/a.sql' relativeToChangelogFile='true'/>\n</databaseChangeLog>\n"
        if name.endswith("xml")
        else "databaseChangeLog:\n" + "".join(f"- include: {one}\n" for one in includes)
        if name.endswith("yaml")
        else '{"databaseChangeLog": [\n'
        + ",\n".join(
            f'{{"include": {{"file": "../{file}", "relativeToChangelogFile": true}}}}'
            for file in files
        )
        + "]}\n"
    )
    assert found(tmp_path, files) == ["PG001"]


def test_changelog_in_a_folder_of_the_database(tmp_path: Path) -> None:
    """A changelog of any name is read where it lies among what belongs to the database."""
    text = xml(("", sql(_MADE)))
    assert found(tmp_path, {"src/main/resources/db/start.xml": text}) == ["PG001"]


def test_shell_scripts_anywhere(tmp_path: Path) -> None:
    """A script that makes a role is read wherever it lies; others say so by their paths."""
    made = f"""psql -U postgres -c "{_MADE} PASSWORD 'x';"\n"""
    assert "PG001" in found(tmp_path / "a", {"scripts/setup.sh": made})
    assert found(tmp_path / "b", {"tools/ask.sh": 'psql -c "$QUERY"\n'}) == []
    assert found(tmp_path / "c", {"db/roles.sh": 'psql -c "$QUERY"\n'}) == ["PG902"]
    assert found(tmp_path / "d", {"scripts/setup.sh": f'mysql -e "{_MADE}"\n'}) == []


_RUN = {
    "js": "await k.raw('{}');",
    "go": 'tx.Exec("{}")',
    "rb": 'execute "{}"',
    "java": 's.execute("{}");',
    "sh": 'psql -c "{}"',
    "py": 'op.execute("{}")',
}
_NAMES = {
    "js": "migrations/1_a.js",
    "go": "migrations/1_a.go",
    "rb": "migrations/1_a.rb",
    "java": "db/V1__a.java",
    "sh": "db/roles.sh",
    "py": "versions/1.py",
}
_PYTHON = "from alembic import op\nrevision = '1'\ndown_revision = None\ndef upgrade():\n"
_WHOLE = {
    "js": "exports.up = async (k) => {\nBODY\n};\n",
    "go": go("BODY"),
    "rb": ruby("BODY"),
    "java": java("BODY"),
    "sh": "BODY\n",
    "py": f"{_PYTHON}BODY\n",
}
_IFS = {
    "js": ["if (process.env.A === 'p') {{ {0} }} else {{ {1} }}", "process.env.A ? {0} : {1}"],
    "go": ['if os.Getenv("A") == "p" {{\n{0}\n}} else {{\n{1}\n}}'],
    "rb": [
        "if Rails.env.production?\n{0}\nelse\n{1}\nend",
        "case Rails.env\nwhen 'production'\n{0}\nelse\n{1}\nend",
        "unless a\n{0}\nelsif b\n{1}\nend",
    ],
    "java": ["if (a) {{ {0} }} else {{ {1} }}", "switch (a) {{ case 1: {0} break; default: {1} }}"],
    "sh": [
        'if [ "$A" = p ]; then\n{0}\nelse\n{1}\nfi',
        "case $A in\np) {0} ;;\n*) {1} ;;\nesac",
        'if [ "$A" = p ]; then\n{0}\nelif [ "$A" = q ]; then\n{1}\nelse\n{1}\nfi',
    ],
    "py": [
        "    if os.environ['A']:\n        {0}\n    else:\n        {1}",
        "    match a:\n        case 'p':\n            {0}\n        case _:\n            {1}",
    ],
}


@pytest.mark.parametrize(
    ("kind", "choice"), [(kind, choice) for kind, choices in _IFS.items() for choice in choices]
)
def test_branches_of_programs(tmp_path: Path, kind: str, choice: str) -> None:
    """Of the branches of a condition one runs; which one, nobody knows."""

    def migration(first: str, one: str, other: str) -> dict[str, str]:
        run = _RUN[kind]
        begin = run.format(first)
        if kind == "py":
            begin = f"    {begin}"
        inside = run.format(one), run.format(other)
        if "?" in choice and kind == "js":
            inside = inside[0].rstrip(";"), inside[1].rstrip(";")
        return {_NAMES[kind]: _WHOLE[kind].replace("BODY", f"{begin}\n{choice.format(*inside)}")}

    assert found(tmp_path, migration(_MADE, f"{_SET} -1", f"{_SET} 5")) == ["PG001"]
    assert found(tmp_path, migration(_MADE, f"{_SET} 5", f"{_SET} -1")) == ["PG001"]
    assert found(tmp_path, migration(f"{_SQL} 4", f"{_SET} 6", "SELECT 1")) == []
    assert found(tmp_path, migration("SELECT 1", f"{_SQL} 5", f"{_SET} 5")) == []
    if "elsif" not in choice:
        assert found(tmp_path, migration(_MADE, f"{_SET} 6", f"{_SET} 5")) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "migrations/1_a.go",
            go(f' if _, err := tx.Exec("{_SQL} 5"); err != nil {{\n return err\n}}'),
        ),
        ("migrations/1_a.rb", ruby(f'execute "{_MADE}"\nexecute "{_SET} 5" if postgresql?')),
        ("migrations/1_a.rb", ruby(f'execute "{_MADE}"\nexecute "{_SET} 5" if role_exists?')),
        (
            "migrations/1_a.js",
            f"exports.up = async (k) => {{ await k.raw('{_MADE}');\n"
            f" if (k.client.config.client === 'pg') {{ await k.raw('{_SET} 5'); }} }};\n",
        ),
        ("versions/1.py", f'{_PYTHON}    if a:\n        op.execute("{_SQL} 5")\n'),
    ],
)
def test_conditions_that_are_no_choice(tmp_path: Path, name: str, text: str) -> None:
    """What asks for the product or whether a role exists is taken to hold."""
    assert found(tmp_path, {name: text}) == []


def test_one_of_two_texts(tmp_path: Path) -> None:
    """A variable that has one of two texts runs one of them."""
    body = (
        f'    op.execute("{_MADE}")\n    if a:\n        s = "{_SET} -1"\n    else:\n'
        f'        s = "{_SET} 5"\n    op.execute(s)\n'
    )
    assert found(tmp_path, {"versions/1.py": _PYTHON + body}) == ["PG001"]


@pytest.mark.parametrize("first", ["5", "-1"])
def test_branches_in_kotlin(tmp_path: Path, first: str) -> None:
    """`if` and `when` of Kotlin choose, too."""
    for number, choice in enumerate(
        ("if (a) {{ {} }} else {{ {} }}", "when (a) {{ 1 -> {}\n else -> {} }}")
    ):
        inside = choice.format(f's.execute("{_SET} {first}")', f's.execute("{_SET} 5")')
        text = (
            "class V1__a : BaseJavaMigration() { override fun migrate(c: Context) {\n"
            f' s.execute("{_SQL} 4")\n {inside}\n}} }}\n'
        )
        expected = [] if first == "5" else ["PG001"]
        assert found(tmp_path / str(number), {"db/V1__a.kt": text}) == expected


def test_many_branches(tmp_path: Path) -> None:
    """A long chain of conditions is followed."""
    chain = " else ".join(f"if (a == {n}) {{ k.raw('{_SET} 5') }}" for n in range(99))
    text = f"exports.up = (k) => {{ k.raw('{_SQL} 4'); {chain} else {{ k.raw('{_SET} 6') }} }};\n"
    assert found(tmp_path, {"migrations/1_a.js": text}) == []
    assert found(tmp_path, {"migrations/1_a.js": text.replace("6')", "-1')")}) == ["PG001"]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (f"q.sequelize.query({{ query: '{_MADE}' }})", ["PG001"]),
        (f"q.sequelize.query({{ query: '{_SQL} 5' }})", []),
        (f"q.query({{ text: '{_SQL} 5', values: [] }})", []),
        ("q.query({ text: statement })", ["PG902"]),
        ("q.query({ name: 'x' })", []),
        ("q.raw('CREATE ROLE ?? LOGIN CONNECTION LIMIT -1', ['app'])", ["PG001"]),
        ("q.raw('CREATE ROLE ?? LOGIN CONNECTION LIMIT ?', ['app', 5])", []),
        ("q.raw('CREATE ROLE ?? LOGIN CONNECTION LIMIT ?', ['app', limit])", ["PG902"]),
        ("q.raw('CREATE ROLE :r: LOGIN CONNECTION LIMIT :n', { r: 'app', n: -1 })", ["PG001"]),
        ("q.raw('CREATE ROLE :r: LOGIN CONNECTION LIMIT :n', { r: 'app', n: 5 })", []),
        ("q.raw(\"SELECT 'a'::text, data \\\\? 'b' FROM ??\", ['t'])", []),
    ],
)
def test_statements_with_values_beside_them(tmp_path: Path, call: str, expected: list[str]) -> None:
    """Objects with a statement, and what Knex puts in the place of its question marks."""
    assert found(tmp_path, {"migrations/1_a.js": f"exports.up = (q) => {call};\n"}) == expected
