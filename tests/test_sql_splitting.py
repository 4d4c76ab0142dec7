# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Splitting SQL in long stretches gives what splitting it token by token does."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connguard.sql_rules import lexer, syntax
from connguard.sql_rules.ahead import with_verdicts
from connguard.sql_rules.lexer import Mark, Piece

FRAGMENTS = [
    *("select", "a", "1", "1.5", "a.b", "é", "fooe", "e", "E", "U&", "1a", "a$b$", "a$", "1$"),
    *("'", "''", "'x'", "e'", "fooe'", '"', '""', "$", "$$", "$a$", "$1", "${", "}", "{{", "}}"),
    *("{%", "%}", "{#", "#}", "#", "#{", "%(x)s", "%s", "%(", "%", "?", "@x@", "@", ":", "::"),
    *(":x", ":'x'", ':"x"', ":=", ";", "\\;", "\\g", "\\gexec", "\\echo a", "\\", "-", "--"),
    *("-- c\n", "/*", "*/", "/", "*", "(", "((", ")", "))", "[", "]", "`", "&", "^", "\0"),
    *("\n", "\r", "\r\n", " ", "\t", "\u00a0"),
]
TEXTS = st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join)

Cut = tuple[int, int, str | None, list[int], int | None]


def token_by_token(text: str) -> list[Cut]:
    """The pieces of a text without COPY and routines; an open quote by its start."""
    found: list[Cut] = []
    start: int | None = None
    end = depth = 0
    inner: list[int] = []
    quote: int | None = None

    def cut(command: str | None) -> None:
        nonlocal start, depth, inner, quote
        if start is not None:
            found.append((start, start + len(text[start:end].rstrip()), command, inner, quote))
        start, depth, inner, quote = None, 0, [], None

    for token in lexer.tokens(text):
        written = text[token.start : token.end]
        if not token.matters and token.closed:
            continue
        if token.mark is Mark.COMMAND:
            if start is None:
                found.append((token.start, token.end, written.rstrip(), [], None))
            elif re.match(r"\\g(?:exec)?\b", written):
                cut(written.rstrip())
        elif token.mark is Mark.SEMICOLON and depth <= 0:
            cut(None)
        elif start is not None or token.mark is not Mark.TAG:
            start, end = token.start if start is None else start, token.end
            inner += [token.start] * (token.mark is Mark.SEMICOLON)
            depth += (token.mark is Mark.OPEN) - (token.mark is Mark.CLOSE)
            quote = quote if token.closed else token.start
    cut(None)
    return found


def _cut(piece: Piece) -> Cut:
    quote = piece.open_quote.start if piece.open_quote else None
    return piece.start, piece.end, piece.command, piece.inner, quote


@settings(max_examples=1500)
@given(TEXTS)
def test_stretches_end_where_tokens_do(text: str) -> None:
    """Statements, commands, open quotes and semicolons in parentheses are the same."""
    assert [_cut(piece) for piece in lexer.pieces(text)] == token_by_token(text)


@pytest.mark.parametrize(
    ("first", "repeated", "last"),
    [
        ("", "a b ", "e'x'"),
        ("{{x}}", ":::", '"x"'),
        ("a ", "@", "$1"),
        ("a,{", "-- c\n", ""),
        ("a (", "-- c\n", "$$"),
        ("", "(a ", ""),
        ("(", "(a) ", ";"),
        ("", "(;", ""),
        ("", "a.b", "$1"),
        ("", ".", "$1"),
        ("", "('", ""),
        ("", "a$", "'"),
    ],
)
def test_the_time_of_splitting_grows_with_the_text(first: str, repeated: str, last: str) -> None:
    """Eight times the text takes far less than 64 times as long."""

    def seconds(count: int) -> float:
        text = first + repeated * count + last
        least = 1e9
        for _ in range(7):
            start = time.process_time()
            list(lexer.pieces(text))
            least = min(least, time.process_time() - start)
        return least

    assert seconds(16_000) < 24 * seconds(2_000) + 0.05


@settings(max_examples=500)
@given(TEXTS)
def test_marked_tokens_are_those_among_all(text: str) -> None:
    """Placeholders, tags and psql commands are found where a look at every token finds them."""
    marks = (Mark.TAG, Mark.COMMAND, Mark.PLACEHOLDER)

    assert list(lexer.tokens_marked(text, marks)) == [
        token for token in lexer.tokens(text) if token.mark in marks
    ]


STATEMENTS = st.sampled_from(
    [
        *(
            "SELECT 1",
            "SELECT 'é;'",
            "SELECT (1;",
            "CREATE TABLE t (a int)",
            "SELEC 1",
            "\\echo x\n",
        ),
        *(
            "DO $$ BEGIN END $$",
            "SELECT :x",
            "{% if x %}",
            "/* c */",
            "-- c\n",
            "",
            "SELECT 1 \\g\n",
        ),
        *(
            "COPY t FROM stdin",
            "VALUES (1)",
            "SELECT '",
            "CREATE RULE r AS ON INSERT TO t DO (a; b)",
        ),
    ]
)


@settings(max_examples=500)
@given(st.lists(STATEMENTS, max_size=80).map(";\n".join))
def test_what_is_read_together_parses_alone(text: str) -> None:
    """A statement that is known to parse does, and no piece is lost."""
    pieces = list(lexer.pieces(text))
    known = list(with_verdicts(text, iter(pieces)))

    assert [piece for piece, _ in known] == pieces
    for piece, parses in known:
        assert not parses or syntax.is_readable(text[piece.start : piece.end])


def test_statements_are_read_together() -> None:
    """Those around a broken one are known to parse, too."""
    text = "SELECT 1;\n" * 20 + "SELEC 1;\n" + "SELECT 1;\n" * 20
    known = [parses for _, parses in with_verdicts(text, lexer.pieces(text))]

    assert known.count(True) >= 36
    assert known[20] is False
