# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decoding and positions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connguard.engine.text import Text, decode


@pytest.mark.parametrize(
    "data",
    [
        "é ü\nx".encode(),
        b"\xef\xbb\xbf" + "é ü\nx".encode(),
        "é ü\nx".encode("utf-16"),
    ],
)
def test_positions_count_characters_after_any_encoding(data: bytes) -> None:
    """A byte order mark is no character, and a two-byte letter is one."""
    text, remark = decode("f", data)

    assert remark is None
    assert text.position(text.string.index("ü")) == (1, 3)
    assert text.position(text.string.index("x")) == (2, 1)


def test_bytes_that_are_not_utf8_are_read_as_latin1_and_said() -> None:
    """One odd byte in a comment must not hide the file."""
    text, remark = decode("f.sql", b"SELECT 1;\n-- caf\xe9\n")

    assert text.line(2) == "-- café"
    assert remark is not None
    assert remark.startswith("f.sql:2:")


@given(st.text(alphabet="aé\n\r ", max_size=40))
def test_offset_and_position_are_inverse(string: str) -> None:
    """For LF, CRLF and lone CR alike."""
    text = Text("f", string)
    for offset in range(len(string) + 1):
        assert offset == text.offset(*text.position(offset))
    assert string.replace("\r\n", "\n").replace("\r", "\n").split("\n") == [
        text.line(number) for number in range(1, text.line_count + 1)
    ]
