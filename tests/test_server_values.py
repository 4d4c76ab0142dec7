# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of server settings, on cases that servers were seen to read so."""

from __future__ import annotations

from fractions import Fraction

import pytest

from connguard.policies.model.server_values import (
    parse_boolean,
    parse_choice,
    parse_integer,
    parse_number,
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
        ("089", None, None),
        ("08.5", None, None),
        ("0777.5", None, 778),
        ("-0x10", None, -16),
        ("-7", None, -7),
        ("0X1.8", None, 2),
        ("0x1e2", None, 482),
        ("0x", None, None),
        ("0x1p3", None, None),
        ("00x1", None, None),
        (".5", None, 0),
        (" .5", None, None),
        ("+.5", None, None),
        ("1e-400", None, None),
        ("1e999999999", None, None),
        ("1E2", None, 100),
        ("2147483647", None, 2147483647),
        ("-2147483648", None, -2147483648),
        ("-2147483649", None, None),
        ("0" * 399 + "7", None, 7),
        ("0" * 401, None, None),
        ("1003.9999kB", "8kB", 126),
        ("820.00001kB", "8kB", 102),
        ("1003.5kB", "8kB", 125),
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


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("1.5", None, Fraction(3, 2)),
        ("1e+2", None, Fraction(100)),
        ("2e-5", None, Fraction(1, 50_000)),
        (" -.5 ", None, Fraction(-1, 2)),
        ("010", None, Fraction(10)),
        ("08", None, Fraction(8)),
        ("0x1p3", None, Fraction(8)),
        ("0x.8", None, Fraction(1, 2)),
        ("0X1F", None, Fraction(31)),
        ("1e308", None, Fraction(10**308)),
        ("1e400", None, None),
        ("1e-400", None, None),
        ("1e999999999", None, None),
        ("0x1p99999", None, None),
        ("0x1.8p-99999", None, None),
        ("0e999999999", None, Fraction(0)),
        ("-0.00", None, Fraction(0)),
        ("0x0p99999", None, Fraction(0)),
        ("0x0ep1", None, Fraction(28)),
        ("0.0e0 s", "ms", Fraction(0)),
        ("1.5 ms", "ms", Fraction(3, 2)),
        ("500us", "ms", Fraction(1, 2)),
        ("1.5us", "ms", Fraction(3, 2000)),
        ("1.33337ms", "ms", Fraction(1333, 1000)),
        ("1.33337", "ms", Fraction(133337, 100_000)),
        ("1.5ms", None, None),
        ("2.2250738585072014e-308", None, Fraction("2.2250738585072014e-308")),
        ("2.2250738585072009e-308", None, None),
        ("1.7976931348623157e308", None, Fraction("1.7976931348623157e308")),
        ("1.7976931348623159e308", None, None),
        ("inf", None, None),
        ("nan", None, None),
        ("0x", None, None),
        ("12e", None, None),
        ("1.5.2", None, None),
        ("", None, None),
        ("1" * 401, None, None),
    ],
)
def test_reals(text: str, unit: str | None, value: Fraction | None) -> None:
    """What a double holds, exactly; what is too large or too small for one is refused."""
    assert parse_number(text, unit) == value


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
    assert split_list('"a""b"') == ['a"b']
    assert split_list("") == []
    assert split_list("a,,b") is None
    assert split_list("a,") is None
