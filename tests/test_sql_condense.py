# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Large dumps are read piece by piece: what is kept says the same, in the same places."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connguard.engine import condensed_text, reading
from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.engine.text import Text, decode
from connguard.sql_rules.condense import condense
from connguard.sql_rules.replay import replay
from connguard.sql_rules.script import Chunk, Script

HEAD = """--
-- PostgreSQL database dump
--

CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO log VALUES (1);
  RETURN NEW;
END $$;

CREATE TABLE public.people (id integer, name text);
"""
TAIL = "\nCREATE ROLE app LOGIN;\nALTER ROLE app CONNECTION LIMIT -1;\n"
FRAGMENTS = (
    HEAD,
    TAIL,
    "INSERT INTO people VALUES (1, 'a');\n",
    "INSERT INTO people (id, name) VALUES (1, 'it''s; ( -- a'), (-2.5e3, NULL),\r\n (3, true);\r\n",
    "INSERT INTO public.people VALUES\n\t(1, 'é'),\n\t(2, '10.0.0.1'),\n\t(3, 'x');\n",
    "INSERT INTO allowed_ips VALUES (1, 'x'), (2, '0.0.0.0/0'), (3, 'y');\n",
    "INSERT INTO allowed_ips VALUES ('10.0.0.0/8') ON CONFLICT DO NOTHING;\n",
    "INSERT INTO rules VALUES ('deny', '0.0.0.0/0'), ('allow', '0.0.0.0/1');\n",
    "INSERT INTO t VALUES (1), (f('ALTER ROLE app LOGIN'));\n",
    "INSERT INTO t VALUES (dblink_exec('x', 'ALTER ROLE app CONNECTION LIMIT -1'));\n",
    "INSERT INTO user VALUES (1);\n",
    "INSERT INTO t SELECT 1;\n",
    "INSERT INTO t VALUES (E'a\\'); CREATE ROLE x LOGIN; --');\n",
    "INSERT INTO t VALUES ('a'\n'b');\n",
    "COPY people (id, name) FROM stdin;\n1\tit's\n2\tx; $$\n\\.\n",
    'COPY public."allowed_ips" (id, cidr) FROM stdin;\n1\t10.0.0.0/8\n2\t0.0.0.0/0\né\n\\.\n\n',
    "COPY t FROM stdin;\n\\.\n",
    "COPY t FROM stdin;\nCREATE ROLE y LOGIN;\n",
    "SELECT 'é', \"a'b\", E'\\'', $q$ INSERT INTO people VALUES (1);\n $q$;\n",
    "DO $$ BEGIN\nINSERT INTO people VALUES (1, 'x');\nCREATE ROLE z LOGIN;\nEND $$;\n",
    "/* COPY t FROM stdin;\n /* '\" */ */ ",
    "-- connguard: ignore PG001 why\n",
    "\\set x 1\n",
    ";",
    "\n",
    "\r",
    "  ",
)


def blocks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def facts(text: Text) -> set[str]:
    chunk = Chunk(text.string, text.origin)
    found = replay([Script("a.sql", (chunk,))])
    return {repr(fact) for subject in found.subjects for fact in subject.alternatives}


@settings(max_examples=250, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join), st.integers(1, 60))
def test_nothing_is_lost_and_everything_has_its_place(string: str, size: int) -> None:
    """All facts of the whole text, with the same lines and columns, whatever the blocks are."""
    data = string.encode()
    whole, _ = decode("a.sql", data)
    kept = condensed_text.read("a.sql", blocks(data, size))
    assert facts(kept) == facts(whole)
    assert kept.line_count == whole.line_count


@settings(max_examples=250, deadline=None)
@given(
    st.lists(st.sampled_from((*FRAGMENTS, "'", "$$", "/*")), max_size=12).map("".join),
    st.integers(1, 60),
)
def test_every_kept_character_is_that_of_its_place(string: str, size: int) -> None:
    """But for the head and the commas of an INSERT of which only some rows are kept."""
    data = string.encode()
    whole, _ = decode("a.sql", data)
    for stretch in condense(blocks(data, size)).stretches:
        text = stretch.data.decode()
        start = whole.offset(stretch.line, stretch.column)
        assert text == "," or whole.string[start : start + len(text)] == text


def test_rows_of_data_are_left_out() -> None:
    """A dump of rows is no larger than its other statements."""
    rows = "".join(f"INSERT INTO people VALUES ({n}, 'P {n}; $$ -- ''');\n" for n in range(5_000))
    many = "INSERT INTO people VALUES\n" + ",\n".join(f"({n}, 'x{n}')" for n in range(5_000))
    copied = "COPY people FROM stdin;\n" + "1\tit's $$ ;\n" * 5_000 + "\\.\n"
    string = HEAD + rows + many + ";\n" + copied + TAIL
    text = condensed_text.read("a.sql", [string.encode()])
    assert len(text.string) < len(HEAD + TAIL) + 100
    assert text.line_count == string.count("\n") + 1
    place = text.origin(text.string.index("ALTER ROLE app"), len(text.string))
    assert (place.line, place.column) == (text.line_count - 1, 1)


def test_lines_are_those_of_the_file() -> None:
    """A line of which nothing is kept is not taken for a blank one."""
    string = HEAD + "INSERT INTO people VALUES (1, 'a');\n" * 3 + TAIL
    whole, _ = decode("a.sql", string.encode())
    kept = condensed_text.read("a.sql", [string.encode()])
    for number in range(1, whole.line_count + 1):
        line = whole.line(number)
        left_out = "(1, 'a')" in line
        assert kept.line(number) == (condensed_text.LEFT_OUT if left_out else line) or not line


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_a_scan_reports_the_same_of_a_large_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    """From the files to the findings, with their lines."""
    copied = "COPY allowed_ips (id, cidr) FROM stdin;\n1\tx\n2\t0.0.0.0/0\n3\ty\n\\.\n"
    rows = "INSERT INTO people VALUES (1, 'a');\n" * 300
    ignored = "-- connguard: ignore PG001 for a while\nCREATE ROLE quiet LOGIN;\n"
    file = tmp_path / "migrations" / "1.sql"
    file.parent.mkdir()
    file.write_bytes(start + (HEAD + rows + copied + rows + ignored + TAIL).encode())

    def found() -> list[tuple[str, int, int, str]]:
        report = scan([tmp_path], Settings())
        assert [one.finding.origin.line for one in report.suppressed]
        return [
            (one.policy.id, one.origin.line, one.origin.column, one.message)
            for one in report.findings
        ]

    whole = found()
    assert {one[0] for one in whole} >= {"PG001", "PG204"}
    monkeypatch.setattr(reading, "WHOLE", 1_000)
    assert found() == whole
