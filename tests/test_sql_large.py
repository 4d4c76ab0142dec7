# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is too large in SQL is given up in little memory, reported, and what follows is read."""

from __future__ import annotations

import gzip
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connguard.engine import condensed_text
from connguard.engine.finding import Report
from connguard.engine.limits import Limits
from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.engine.text import decode
from connguard.sql_rules import condense as module
from connguard.sql_rules import lexer
from connguard.sql_rules.condense import Cause, Condensed, LeftOut, condense
from connguard.sql_rules.replay import replay
from connguard.sql_rules.script import Chunk, Script

MANY = 3_000
SIZE = 2_000
ROLE = "CREATE ROLE app LOGIN CONNECTION LIMIT -1;\n"
LARGE = {
    "word": "a" * MANY,
    "letters": "é" * MANY,
    "number": "0" * MANY,
    "dots": "a." * MANY,
    "commas": "," * MANY,
    "brackets": "(" * MANY,
    "NULs": "\0" * MANY,
    "dollars": "$1 a$b " * MANY,
    "operators": "- / + " * MANY,
    "string": "SELECT '" + "a;" * MANY + "'",
    "quotes": "SELECT '" + "''" * MANY + ";'",
    "backslashes": "SELECT '" + "\\" * MANY + ";'",
    "escapes": "SELECT E'" + "\\';" * MANY + "'",
    "strings": "SELECT " + "'a;', E'\\';', type'x' , " * MANY + "1",
    "name": 'SELECT "' + "a;" * MANY + '"',
    "names": "SELECT " + '"a;", ' * MANY + "1",
    "dollar quote": "SELECT $$" + "a;'\n" * MANY + "$$",
    "tagged": "SELECT $é1$" + "a;$$ $é1 " * MANY + "$é1$",
    "dollar quotes": "SELECT " + "$$;$$ || $a$;$$$a$ || " * MANY + "1",
    "comment": "/* " + "a;'\n" * MANY + "*/ SELECT 1",
    "comments": "/*" * MANY + ";" + "*/" * MANY + " SELECT 1",
    "comments in turn": "SELECT 1 " + "/* ; */ -- ;'\n" * MANY,
    "command": "SELECT 1 \\echo " + "a;'" * MANY + "\n",
}


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 64)
    monkeypatch.setattr(module, "_LONG_GAP", 30)


def blocks(data: bytes, size: int = 50) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def kept(condensed: Condensed) -> str:
    return b"".join(one.data for one in condensed.stretches).decode()


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("large", LARGE.values(), ids=LARGE)
def test_a_large_statement_is_left_out_and_nothing_else(large: str) -> None:
    """The one before it and the one on its last line are kept, with their places."""
    string = f"SELECT 'é';\n {large}; {ROLE}"
    whole, _ = decode("a.sql", string.encode())

    found = condense(blocks(string.encode()), SIZE)

    assert kept(found) == f"SELECT 'é';\n {ROLE}"
    assert found.left_out == [LeftOut(Cause.STATEMENT, 2, 2)]
    assert found.lines == whole.line_count
    last = found.stretches[-1]
    place = string.rindex("CREATE") - (0 if last.data.startswith(b"CREATE") else 1)
    assert (last.line, last.column) == whole.position(place)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("start", ["'", "E'\\'", '"', "$$", "$a$", "/*", "/* */ /* /*", "("])
def test_what_does_not_end(start: str) -> None:
    """It goes on to the end of the file, but for a bracket, and is reported."""
    string = f"{ROLE}SELECT {start} " + "a\n" * SIZE

    found = condense(blocks(string.encode()), SIZE)

    assert kept(found) == ROLE
    assert found.left_out == [LeftOut(Cause.STATEMENT, 2, 1)]
    assert found.lines == string.count("\n") + 1


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    "idle", ["-- " + "a;'" * MANY + "\n", "--;'\n" * 3 * MANY, " \n" * 9 * MANY]
)
def test_comments_and_blanks_are_no_statement(idle: str) -> None:
    found = condense(blocks(f"{ROLE}{idle}{ROLE}".encode()), SIZE)

    assert kept(found).count(ROLE) == 2
    assert len(kept(found)) < len(ROLE) * 2 + 70
    assert found.left_out == []


@pytest.mark.usefixtures("small_blocks")
def test_a_large_line_of_data() -> None:
    """The lines before and behind it are read."""
    lines = f"1\t10.0.0.0/8\n{'a' * MANY}\n2\t0.0.0.0/0\n"
    string = f"COPY allowed_ips (id, cidr) FROM stdin;\n{lines}\\.\n{ROLE}"

    found = condense(blocks(string.encode()), SIZE)

    assert kept(found) == string.replace("a" * MANY + "\n", "")
    assert found.left_out == [LeftOut(Cause.STATEMENT, 3, 1)]


@pytest.mark.usefixtures("small_blocks")
def test_rows_with_calls_are_no_larger_than_the_largest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement of many rows is kept in parts that are statements."""
    monkeypatch.setattr(module, "_PART", 300)
    rows = ",\n".join(f"({n}, E'\\';', now(), f((1), \"x)\"))" for n in range(200))
    string = f"INSERT INTO t VALUES\n{rows} ON CONFLICT DO NOTHING;\n{ROLE}"

    found = condense(blocks(string.encode()), SIZE)

    pieces = [kept(found)[one.start : one.end] for one in lexer.pieces(kept(found))]
    assert found.left_out == []
    assert pieces[-1] == ROLE.strip().removesuffix(";")
    assert {one.partition("\n")[0] for one in pieces[:-1]} == {"INSERT INTO t VALUES"}
    assert len(pieces) > 9
    assert max(map(len, pieces)) < SIZE
    assert sum(one.count("now()") for one in pieces) == 200


@pytest.mark.usefixtures("small_blocks")
def test_more_is_kept_than_may_be() -> None:
    found = condense(blocks((ROLE * 100).encode()), SIZE, 10 * len(ROLE))

    assert kept(found) == ROLE * 10
    assert found.left_out == [LeftOut(Cause.KEPT, 11, 1)]
    assert found.lines == 101


FRAGMENTS = (
    *("'", '"', "$$", "$a$", "/*", "*/", "--", "\\", "(", ")", ";", "\n", "E'", "e", "$", "-", "/"),
    *(
        "''",
        "a",
        "é",
        "$1",
        " ",
        "'a\\'",
        "/* ; */",
        "-- ;\n",
        "\\g\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaa;",
    ),
    "SELECT 1;\n",
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join),
    st.integers(10, 40),
    st.integers(1, 70),
)
def test_the_blocks_make_no_difference(string: str, block: int, size: int) -> None:
    """Quotes and comments are the same wherever what is read ends."""
    data = string.encode()
    at_once = condense([data], size)
    before = module._BLOCK
    try:
        module._BLOCK = block
        in_parts = condense(blocks(data, block), size)
    finally:
        module._BLOCK = before

    assert kept(in_parts) == kept(at_once)
    assert in_parts.left_out == at_once.left_out
    assert in_parts.lines == at_once.lines


@pytest.mark.parametrize("again", ["a", "(", "''", "é", "- ", "a;\n"])
def test_memory_is_a_few_times_the_limit(monkeypatch: pytest.MonkeyPatch, again: str) -> None:
    """However long the statement is."""
    monkeypatch.setattr(module, "_BLOCK", 10_000)
    block = (again * 10_000).encode()

    def read() -> Iterator[bytes]:
        yield b"SELECT '"
        for _ in range(200):
            yield block

    tracemalloc.start()
    try:
        found = condense(read(), 50_000)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert found.left_out == [LeftOut(Cause.STATEMENT, 1, 1)]
    assert most < 1_000_000


def reasons(report: Report) -> list[str]:
    assert report.failures == []
    return [f"{one.origin.line}: {one.reason}" for one in report.not_parsed]


def scanned(folder: Path, name: str, data: bytes, **limits: int) -> Report:
    for path, content in ((folder / name, data), (folder / "b/migrations/1.sql", ROLE.encode())):
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    report = scan([folder], Settings(limits=Limits(**limits)))
    found = {(one.policy.id, one.origin.path.rpartition("/")[2]) for one in report.findings}
    assert ("PG001", "1.sql") in found
    return report


STATEMENT = (
    "a statement or line of data of more than 500 bytes is not read;"
    " the setting statement-size in [limits] can be raised"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_statements_are_limited_by_a_setting(tmp_path: Path, encoding: str) -> None:
    text = f"SELECT 1;\nSELECT {'1, ' * 500}1;\n{ROLE}"

    report = scanned(tmp_path, "a/migrations/1.sql", text.encode(encoding), statement_size=500)

    assert reasons(report) == [f"2: {STATEMENT}"]
    lines = {(one.policy.id, one.origin.line) for one in report.findings}
    assert lines == {("PG001", 1), ("PG001", 3), ("PG901", 2)}


def test_packed_statements_are_limited(tmp_path: Path) -> None:
    data = gzip.compress(f"SELECT {'1, ' * 500}1;\n{ROLE}".encode())

    report = scanned(tmp_path, "docker-entrypoint-initdb.d/1.sql.gz", data, statement_size=500)

    assert reasons(report) == [f"1: {STATEMENT}"]


def test_what_is_kept_is_limited_by_a_setting(tmp_path: Path) -> None:
    data = (ROLE * 100).encode()

    report = scanned(tmp_path, "a/migrations/1.sql", data, statement_size=500, kept_size=len(ROLE))

    assert reasons(report) == [
        f"2: more than {len(ROLE)} bytes can matter: those from here on are not read;"
        " the setting kept-size in [limits] can be raised"
    ]


def test_included_files_are_limited(tmp_path: Path) -> None:
    (tmp_path / "x.sql").write_text(f"SELECT {'1, ' * 500}1;\n")

    report = scanned(tmp_path, "a/migrations/1.sql", b"\\ir ../../x.sql\n", statement_size=500)

    assert reasons(report) == [f"1: {STATEMENT}"]


def test_statements_of_programs_are_limited() -> None:
    """They are not read in parts."""
    text = f"CREATE FUNCTION f() RETURNS int AS '{'a' * 600}' LANGUAGE sql;\n{ROLE};SELECT :x;"
    chunk = Chunk(text, decode("a.sql", text.encode())[0].origin)

    facts = [repr(one.alternatives) for one in replay([Script("a.sql", (chunk,))], 500).subjects]

    assert any("the setting statement-size in [limits]" in one for one in facts)


def test_other_products_are_left_out(tmp_path: Path) -> None:
    """What is too large for PostgreSQL does not matter in their files."""
    rows = "INSERT INTO `t` VALUES (" + "1, " * 500 + "x());\n"
    text = "CREATE TABLE `t` (a int AUTO_INCREMENT) ENGINE=InnoDB;\n" + rows

    assert reasons(scanned(tmp_path, "a/migrations/1.sql", text.encode(), statement_size=500)) == []


def test_kept_text_in_utf_16(tmp_path: Path) -> None:
    file = tmp_path / "1.sql"
    file.write_bytes(("-- é😀\n" + ROLE).encode("utf-16"))

    text = condensed_text.load("1.sql", file, Limits())

    assert text.string == "-- é😀\n" + ROLE


def _ratio(run: Callable[[int], object]) -> float:
    """How many times as long eight times as much takes."""

    def cost(size: int) -> float:
        times = []
        for _ in range(7):
            started = time.process_time()
            run(size)
            times.append(time.process_time() - started)
        return min(times)

    return cost(4_000) / cost(500)


@pytest.mark.parametrize(
    "again",
    [
        "a.",
        ":a",
        "a@",
        "(",
        ")",
        "(a",
        "{",
        "{{",
        "%",
        "@",
        "$$",
        "#{",
        "-(",
        "a;",
        ";",
        "'a'",
        "/*",
    ],
)
def test_statements_are_told_apart_in_linear_time(again: str) -> None:
    """Quadratic time would be 64 times as much."""
    assert _ratio(lambda size: list(lexer.pieces(again * size))) < 30


def test_brackets_are_not_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor are braces, quotes or whatever else comes by the thousand."""
    looked: list[int] = []
    token = lexer._token

    def counted(text: str, position: int, *more: int) -> lexer.Token:
        looked.append(position)
        return token(text, position, *more)

    monkeypatch.setattr(lexer, "_token", counted)
    for again in ("(", ")", "a.", "{", "%", "@", "$$a$$", "-(", "('a')", "f(", ";"):
        list(lexer.pieces(again * 1_000))

    assert len(looked) < 60
