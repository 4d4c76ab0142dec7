# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a text of SQL shows at one pass: its statements, and whether it has certain words.

That takes most of the time that a scan of migrations needs, and is the same wherever the text runs:
it can be had in another process, before anything is known about the order of the files.
"""

from __future__ import annotations

from typing import NamedTuple

from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import mentions_suppression
from connguard.sql_rules import allow_lists, isolation, passwords, syntax
from connguard.sql_rules.bearing import Statement, statements

_BIG_TEXT = 8_000_000
"""Characters."""
_LIMIT = lazily(r"\bconnection\s+limit\b")


class Outline(NamedTuple):
    """What is known about a text.

    `statements` are the ranges of a text that PostgreSQL's parser takes as a whole, each with its
    bearing; None where it does not, or the text has to be read piece by piece. Statements that can
    change nothing are left out unless it `has_all`: most texts have no others.

    The rest tells that the text may hold a password, an address of an allow-list, what WireGuard
    has, CONNECTION LIMIT, or a comment that suppresses a finding.
    """

    statements: tuple[Statement, ...] | None
    has_all: bool
    password: bool
    address: bool
    wireguard: bool
    limit: bool
    suppression: bool

    @property
    def is_idle(self) -> bool:
        """Whether nothing in the text matters, unless it names something that matters elsewhere."""
        return not (
            self.statements is None
            or self.statements
            or self.wireguard
            or self.limit
            or self.suppression
        )


def outline(text: str, *, runs: bool = True, with_all: bool = False) -> Outline:
    """The outline of a text; without its statements if it is none that runs. Never raises."""
    lowered = text.lower()
    password = passwords.has_word(lowered)
    address = allow_lists.may_write_address(text, lowered)
    has_all = runs and (with_all or password or address)
    return Outline(
        statements=_statements(text, lowered, has_all) if runs else (),
        has_all=has_all,
        password=password,
        address=address,
        wireguard=allow_lists.speaks_of_wireguard(lowered),
        limit="connection" in lowered and _LIMIT.search(lowered) is not None,
        suppression=mentions_suppression(text),
    )


def _statements(text: str, lowered: str, has_all: bool) -> tuple[Statement, ...] | None:
    if len(text) > _BIG_TEXT or isolation.has_long_operator(text):
        return None
    ranges = syntax.split_if_readable(text)
    return None if ranges is None else tuple(statements(text, lowered, ranges, with_all=has_all))
