# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of addresses behave as sets: compared with plain Python sets over a small part of them."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connguard.policies.model.addresses import (
    ALL_IPV4,
    EVERYWHERE,
    GLOBAL,
    LOOPBACK,
    NOWHERE,
    AddressSet,
    Breadth,
    breadth,
    masked,
    share,
)

POINTS = range(40)
INTERVALS = st.lists(st.tuples(st.integers(-5, 45), st.integers(-5, 45)), max_size=6)


def _plain(intervals: list[tuple[int, int]]) -> set[int]:
    return {point for first, last in intervals for point in range(max(first, 0), last + 1)}


def _members(addresses: AddressSet, version: int) -> set[int]:
    kind = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    return {point for point in POINTS if kind(point) in addresses}


@given(INTERVALS, INTERVALS, st.sampled_from((4, 6)))
def test_operators_are_those_of_sets(
    left: list[tuple[int, int]], right: list[tuple[int, int]], version: int
) -> None:
    """Union, intersection, subtraction, inclusion, size and equality."""
    one, two = AddressSet.intervals(version, left), AddressSet.intervals(version, right)
    a, b = _plain(left), _plain(right)
    points = set(POINTS)
    assert _members(one | two, version) == (a | b) & points
    assert _members(one & two, version) == a & b & points
    assert _members(one - two, version) == (a - b) & points
    assert (one <= two) == (a <= b)
    assert (one == two) == (a == b)
    assert bool(one) == bool(a)
    assert one.size(version) == len(a)
    assert one.size(10 - version) == 0
    assert AddressSet.of(*one.networks()) == one


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_masks_with_holes(base: int, holes: int, probe: int) -> None:
    """A mask matches where its bits are equal, contiguous or not."""
    mask = 0xFFFFFFFF & ~(holes & 0x00FF00FF & (holes >> 3))
    found = masked(4, base, mask)
    if found is not None:
        near = (base & mask) | (probe & ~mask)
        for one in (probe, base, near):
            assert (ipaddress.IPv4Address(one) in found) == ((one ^ base) & mask == 0)


@pytest.mark.parametrize(
    ("networks", "expected"),
    [
        (("0.0.0.0/0",), Breadth.INTERNET),
        (("0.0.0.0/1",), Breadth.INTERNET),
        (("8.0.0.0/9",), Breadth.INTERNET),
        (("8.0.0.0/10",), Breadth.PUBLIC_BLOCK),
        (("8.8.0.0/16",), Breadth.PUBLIC_BLOCK),
        (("8.8.0.0/17", "8.8.128.0/17"), Breadth.PUBLIC_BLOCK),
        (("8.8.0.0/17",), Breadth.NARROW),
        (("10.0.0.0/8",), Breadth.PRIVATE_CLASS),
        (("10.0.0.0/9", "10.128.0.0/9"), Breadth.PRIVATE_CLASS),
        (("10.0.0.0/9",), Breadth.NARROW),
        (("192.168.0.0/16",), Breadth.PRIVATE_CLASS),
        (("127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4"), Breadth.NARROW),
        (("::/0",), Breadth.INTERNET),
        (("2a00::/16",), Breadth.INTERNET),
        (("2a00:1::/32",), Breadth.PUBLIC_BLOCK),
        (("2a00:1:2::/48",), Breadth.NARROW),
        (("fd00::/8",), Breadth.PRIVATE_CLASS),
        (("::ffff:0:0/96",), Breadth.NARROW),
    ],
)
def test_breadth(networks: tuple[str, ...], expected: Breadth) -> None:
    """The internet, a public block, a whole private range, or less."""
    assert breadth(AddressSet.of(*networks)) is expected


def test_words() -> None:
    """Sets and their share of the internet, as findings show them."""
    assert str(NOWHERE) == "no address"
    assert str(AddressSet.of("10.0.0.0/9", "10.128.0.0/9")) == "10.0.0.0/8"
    assert share(ALL_IPV4) == "the whole IPv4 internet"
    assert share(EVERYWHERE) == "the whole IPv4 internet and the whole IPv6 internet"
    assert share(LOOPBACK) == "no public address"
    assert not GLOBAL & LOOPBACK
