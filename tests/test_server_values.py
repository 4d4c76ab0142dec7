# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of server settings, on cases that servers were seen to read so."""

from __future__ import annotations

import pytest

from connguard.policies.model.server_values import (
    parse_boolean,
    parse_choice,
    parse_integer,
    split_list,
)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("100", None, 100),
        ("0x20", None, 32),
        ("0010", None, 8),
        ("100.4", None, 100),
        ("1e2", None, 100),
        (" 5 ", None, 5),
        ("08", None, None),
        ("1 e2", None, None),
        ("", None, None),
        ("2147483648", None, None),
        ("5MB", None, None),
        ("1min", "ms", 60000),
        ("1.5 h", "s", 5400),
        ("2500us", "ms", 2),
        ("30 sec", "ms", None),
        ("128MB", "8kB", 16384),
        ("30.1GB", "8kB", 3945216),
        ("4mb", "kB", None),
        ("1MB", "ms", None),
    ],
)
def test_integers(text: str, unit: str | None, value: int | None) -> None:
    """Octal, hexadecimal, rounding and units; None is what the server refuses."""
    assert parse_integer(text, unit) == value


def test_booleans_and_choices() -> None:
    """Clear beginnings of words, in any case."""
    for text in ("on", "ON", "t", "tru", "yes", "y", "1"):
        assert parse_boolean(text) is True
    for text in ("off", "of", "f", "no", "n", "0"):
        assert parse_boolean(text) is False
    for text in ("", "o", "2", "enabled", "onn"):
        assert parse_boolean(text) is None
    assert parse_choice("SCRAM-sha-256", ("md5", "scram-sha-256")) == "scram-sha-256"
    assert parse_choice("scram", ("md5", "scram-sha-256")) is None


def test_lists() -> None:
    """Elements of listen_addresses; None is what the server refuses."""
    assert split_list("localhost, 10.0.0.1") == ["localhost", "10.0.0.1"]
    assert split_list('"a b",c') == ["a b", "c"]
    assert split_list("") == []
    assert split_list("a,,b") is None
    assert split_list("a,") is None
