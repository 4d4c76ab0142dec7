# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One user and one database stand for all that the lines of a pg_hba.conf treat alike."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from connguard.engine.text import Text
from connguard.policies.model.hba import HbaRule, Memberships
from connguard.policies.model.hba_coverage import Coverage, cover, exposures
from connguard.postgres.hba_reader import read_hba_text

USERS = "a b c all all +g +h sameuser /^a /.* x,y a,b,c c,a a,+h"
DATABASES = "a b c all all replication sameuser samerole /^a /.* x,y b,a a,c,replication b,all"
ADDRESSES = (
    "0.0.0.0/0 0.0.0.0/1 128.0.0.0/1 10.0.0.0/8 ::/0 1.2.0.0/16 1.2.3.4/32 samenet all a.example"
)
LINES = st.lists(
    st.builds(
        "{} {} {} {} {}".format,
        st.sampled_from(["host", "host", "host", "hostssl", "hostnossl"]),
        st.sampled_from(DATABASES.split()),
        st.sampled_from(USERS.split()),
        st.sampled_from(ADDRESSES.split()),
        st.sampled_from(["trust", "md5", "reject"]),
    ),
    min_size=1,
    max_size=9,
)
MEMBERSHIPS = st.sampled_from(
    (
        Memberships(),
        Memberships({"g": frozenset({"h"})}, frozenset("g")),
        Memberships({"a": frozenset("g"), "b": frozenset("h")}, frozenset("abgh")),
    )
)


def rules_of(text: str) -> list[HbaRule]:
    return read_hba_text(Text("pg_hba.conf", text), 17).rules


def judged(coverage: Coverage) -> list[object]:
    """All that decisions are made of. Of two logins that are equally bad, either may be shown."""
    return [
        *(
            (one.hidden_by, one.impossible, one.transports, one.addresses())
            for one in coverage.reaches
        ),
        *(one.possible_addresses() for one in coverage.reaches),
        *((one.rule, one.breadth, one.certain) for one in exposures(coverage)),
    ]


@settings(max_examples=300, deadline=None)
@given(LINES, MEMBERSHIPS)
def test_same_as_looking_at_all_pairs(lines: list[str], memberships: Memberships) -> None:
    rules = rules_of("\n".join(lines) + "\n")

    few, all_of_them = cover(rules, memberships, distinct=True), cover(rules, memberships)

    assert judged(few) == judged(all_of_them)
    # Of the databases with roles of the user's, each is looked at.
    if not any("samerole" in line for line in lines):
        assert len(few.cells) <= len(all_of_them.cells)


def test_samerole_makes_as_many_cells_as_lines() -> None:
    """With and without known memberships, which tie some users to a database more."""
    lines = "".join(
        f"host {'samerole' if n % 10 else f'd{n}'} u{n} 10.0.{n // 250}.{n % 250}/32 md5\n"
        for n in range(1000)
    )
    rules = rules_of(f"{lines}host samerole u1,u2 0.0.0.0/0 trust\n")
    known = Memberships({f"u{n}": frozenset(("d10",)) for n in range(1000)}, frozenset(("d10",)))
    for memberships in (Memberships(), known):
        coverage = cover(rules, memberships, distinct=True)

        assert len(coverage.cells) < 25 * 1000
        assert [one.rule.origin.line for one in exposures(coverage)] == [1001]


def test_line_for_each_user_makes_as_many_cells() -> None:
    """Not as many as there are pairs of a user and a database."""
    lines = "".join(f"host d{n} u{n} 10.0.{n // 250}.{n % 250}/32 md5\n" for n in range(1000))
    started = time.process_time()

    coverage = cover(rules_of(f"{lines}host sameuser,all all 0.0.0.0/0 trust\n"), distinct=True)
    found = exposures(coverage)

    assert len(coverage.cells) < 13 * 1000
    assert [one.rule.origin.line for one in found] == [1001]
    assert time.process_time() - started < 20
