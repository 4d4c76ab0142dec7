# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of very many statements that cannot be parsed, most are one finding; the others are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from sql_findings import judged, script

from connguard.engine.limits import Limits
from connguard.engine.reading import SourceFile
from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.engine.text import Text
from connguard.migrations.includes import Includes
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.reading import Reading
from connguard.sql_rules import ahead, lexer, syntax
from connguard.sql_rules.replay import replay
from connguard.sql_rules.script import UNPARSED_STATEMENTS, Chunk, Direction, Script

ROLE = "CREATE ROLE app LOGIN;\n"


def found(tmp_path: Path, most: int) -> list[tuple[str, int, str, str]]:
    report = scan([tmp_path], Settings(limits=Limits(unparsed_statements=most)))
    assert report.failures == []
    return [
        (Path(one.origin.path).name, one.origin.line, one.policy.id, one.message)
        for one in report.findings
    ]


def places(tmp_path: Path, most: int) -> list[tuple[str, int, str]]:
    return [each[:3] for each in found(tmp_path, most)]


def more(count: int, line: int) -> str:
    return (
        f"not checked: {count} more statements that could not be parsed, from here to line {line};"
        " the setting unparsed-statements in [limits] can be raised"
    )


def not_parsed(reading: Reading) -> list[NotParsed]:
    facts = [fact for subject in reading.subjects for fact in subject.alternatives]
    return [fact for fact in facts if isinstance(fact, NotParsed)]


def test_those_behind_the_first_are_one_finding(tmp_path: Path) -> None:
    """It names their number, and what stands between and behind them is judged."""
    text = "a;\n" * 5 + ROLE + "b b;\n" * 2 + ROLE.replace("app", "web")
    (tmp_path / "V1.sql").write_text(text)

    assert places(tmp_path, 3) == [
        ("V1.sql", 1, "PG901"),
        ("V1.sql", 2, "PG901"),
        ("V1.sql", 3, "PG901"),
        ("V1.sql", 4, "PG901"),
        ("V1.sql", 6, "PG001"),
        ("V1.sql", 9, "PG001"),
    ]
    assert found(tmp_path, 3)[3][3] == more(4, 8)


def test_as_many_as_are_allowed_get_a_finding_each(tmp_path: Path) -> None:
    (tmp_path / "V1.sql").write_text("a;\n" * 3)

    assert [each[3] for each in found(tmp_path, 3)] == [
        'not checked: syntax error at or near "a"'
    ] * 3


def test_none_may_be_allowed(tmp_path: Path) -> None:
    (tmp_path / "V1.sql").write_text("a;\n" * 3)

    assert [each[3] for each in found(tmp_path, 0)] == [more(3, 3)]


def test_every_file_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "V1.sql").write_text("a;\na;\n\\ir part/x.sql\na;\n")
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "x.sql").write_text("b;\nb;\nb;\n")

    assert {each for each in found(tmp_path, 1) if "more" in each[3]} == {
        ("V1.sql", 2, "PG901", more(2, 4)),
        ("x.sql", 2, "PG901", more(2, 3)),
    }


def test_includes_that_are_not_followed_are_one_finding(tmp_path: Path) -> None:
    (tmp_path / "V1.sql").write_text("\\i a.sql\n\\i :b\n\\ir a.sql\n" + ROLE + "\\i a.sql\n")

    assert places(tmp_path, 1) == [
        ("V1.sql", 1, "PG901"),
        ("V1.sql", 2, "PG901"),
        ("V1.sql", 4, "PG001"),
    ]
    assert found(tmp_path, 1)[1][3] == (
        "not checked: 3 more includes that are not followed, from here to line 5;"
        " the setting unparsed-statements in [limits] can be raised"
    )


def test_includes_that_are_missing_are_looked_for_once(tmp_path: Path) -> None:
    """Psql may run in any of the folders above the script."""
    asked: list[Path] = []

    def find(path: Path) -> SourceFile | None:
        asked.append(path)
        return None

    text = Text("V1.sql", "\\i a.sql\n" * 100 + "\\i b.sql\n" * 100)
    file = SourceFile(tmp_path / "V1.sql", "V1.sql")

    includes = Includes(find, lambda _: text, lambda _: None, Limits())
    expanded = includes.expand(file, text, Direction.UP)

    assert len(expanded.missing) == 200
    assert expanded.chunks == ()
    assert asked == [folder / name for name in ("a.sql", "b.sql") for folder in file.path.parents]


@pytest.mark.parametrize("start", ["", "\\set x 1\n", "\\if true\n", "BEGIN;\n"])
def test_the_default_holds_for_every_way_to_read(start: str) -> None:
    text = start + "a b c :y;\n" * (UNPARSED_STATEMENTS + 500) + ROLE

    reading = replay([script("V1.sql", text)])

    assert len(not_parsed(reading)) == UNPARSED_STATEMENTS + 1
    first = UNPARSED_STATEMENTS + 1 + start.count("\n")
    assert not_parsed(reading)[-1].origin.line == first
    assert not_parsed(reading)[-1].reason.startswith("500 more statements")
    last = first + 500
    assert [(each.policy.id, each.origin.line) for each in judged(reading)][-1] == ("PG001", last)


def test_texts_of_a_program_count_together(tmp_path: Path) -> None:
    lines = "".join(f'    op.execute("CREATE ROLE r{i} b c")\n' for i in range(6))
    head = "from alembic import op\nrevision = 'a'\ndown_revision = None\n\ndef upgrade():\n"
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "a.py").write_text(head + lines)

    assert [(each[1], each[3]) for each in found(tmp_path, 2)][2:] == [(8, more(4, 11))]


def test_code_that_runs_again_counts_once() -> None:
    body = "EXECUTE 'ALTER ROLE a b';\nEXECUTE 'ALTER ROLE a c';\nEXECUTE 'ALTER ROLE a d';\n"
    function = f"CREATE FUNCTION f() RETURNS void AS $$ BEGIN\n{body}END $$ LANGUAGE plpgsql;\n"
    text = function + "SELECT f();\nSELECT f();\nSELECT f();\n"
    chunk = Chunk(text, Text("V1.sql", text).origin)

    reading = replay([Script("V1.sql", (chunk,))], unparsed_statements=1)

    assert [each.origin.line for each in not_parsed(reading)] == [2, 3]
    assert not_parsed(reading)[1].reason.startswith("2 more statements that could not be parsed")


def test_broken_statements_are_asked_for_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind some of which none parses, the next ones are not tried together over and over."""
    asked = []
    split = syntax.split_if_readable

    def counted(text: str) -> list[tuple[int, int]] | None:
        asked.append(text)
        return split(text)

    monkeypatch.setattr(syntax, "split_if_readable", counted)
    text = "a;" * 5_000

    verdicts = [parses for _, parses in ahead.with_verdicts(text, lexer.pieces(text))]

    assert verdicts == [False] * 5_000
    assert len(asked) < 500


def test_what_follows_broken_statements_is_asked_for_together() -> None:
    text = "a;" * 5_000 + "SELECT 1;" * 1_000

    verdicts = [parses for _, parses in ahead.with_verdicts(text, lexer.pieces(text))]

    assert len(verdicts) == 6_000
    assert verdicts[5_020:] == [True] * 980
