# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access rules stay what they are: drawn files, what they let in, and all that is said about them.

When something is meant to change, write them anew and read the difference:

    UPDATE_SNAPSHOTS=1 pytest tests/test_hba_drawn.py && git diff tests/data/hba_drawn
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Iterator

import pytest
from hba_generator import DATABASES, SOURCES, USERS, rules
from snapshots import assert_snapshot
from verdict_words import PASSES, words

from connguard.engine.registry import policies
from connguard.engine.text import Text
from connguard.policies.model.hba import (
    CLIENT_ADDRESSES,
    Connection,
    Decision,
    HbaRule,
    Memberships,
    Transport,
    decide,
)
from connguard.policies.model.hba_cells import UserCell
from connguard.policies.model.hba_coverage import cover, exposures, outcome, rows
from connguard.policies.model.hba_difference import differences
from connguard.policies.model.hba_facts import Dialect, EffectiveRule
from connguard.postgres.hba_reader import read_hba_text

_MEMBERSHIPS = Memberships(
    {"alice": frozenset(("ops",)), "ops": frozenset(("staff",))},
    frozenset((*USERS, "ops", "staff")) - {"boss"},
)


def _rules(number: int) -> tuple[str, list[HbaRule]]:
    text = rules(random.Random(f"hba:{number}"), 17)
    return text, list(read_hba_text(Text("hba", text), 17).rules)


def _connection(chance: random.Random) -> Connection:
    source = chance.choice(SOURCES)
    transport = chance.choice((Transport.PLAIN, Transport.TLS, Transport.GSS))
    return Connection(
        Transport.LOCAL if source == "local" else transport,
        chance.choice(DATABASES),
        chance.choice((*USERS, "somebody")),
        None if source == "local" else ipaddress.ip_address(source),
        chance.random() < 0.1,
    )


def _decided(decision: Decision) -> str:
    rule = f"line {decision.rule.origin.line}" if decision.rule else "no line"
    doubt = f", unless line {decision.doubt.rule.origin.line}" if decision.doubt else ""
    return f"{rule}{doubt}"


def _lines(number: int) -> Iterator[str]:
    text, found = _rules(number)
    yield f"== {number}"
    yield from text.splitlines()
    coverage = cover(found, _MEMBERSHIPS)
    dialect = Dialect.PGBOUNCER if number % 5 == 0 else Dialect.POSTGRESQL
    facts: list[object] = list(exposures(coverage))
    for reach in coverage.reaches:
        yield (
            f"{reach.rule.origin.line}: {reach.possible_addresses()} of which"
            f" {reach.addresses()}{' alone' if reach.impossible else ''}"
        )
        facts.append(EffectiveRule(reach.rule, reach, dialect))
    for fact in facts:
        for registered in policies():
            if isinstance(fact, registered.policy.facts):
                said = words(registered.decide(fact))
                if said != PASSES:
                    yield from (f"  {registered.policy.id} {one}" for one in said)
    for one in differences(found, _rules(number + 1)[1], memberships=_MEMBERSHIPS):
        origins = [side.origin.line if side else None for side in (one.first, one.second)]
        yield (
            f"  {one.change.value} {origins}: {one.user} to {one.database} from {one.addresses}"
            f" ({one.transport.value}) {one.depends}".rstrip()
        )
    chance = random.Random(f"logins:{number}")
    for _ in range(6):
        login = _connection(chance)
        decision = decide(found, login, _MEMBERSHIPS)
        yield f"  {login.user} to {login.database} from {login.address}: {_decided(decision)}"
        yield from (f"    {one.rule.origin.line} {one.reason}" for one in decision.steps)


def _at(*found: HbaRule | None) -> str:
    return ", ".join(str(rule.origin.line) if rule else "none" for rule in found)


def _user(cell: UserCell) -> str:
    return cell.name or f"any other {sorted(cell.groups)}"


def _shares(number: int) -> Iterator[str]:
    text, found = _rules(number)
    yield f"== {number}"
    yield from text.splitlines()
    coverage = cover(found, _MEMBERSHIPS)
    yield f"{len(coverage.cells)} cells"
    for reach in coverage.reaches:
        yield f"line {_at(reach.rule)}, hidden by {_at(*reach.hidden_by) or 'none'}"
        for row in rows(reach):
            users = "; ".join(map(_user, row.users))
            databases = "; ".join(f"{one.kind.value} {one.name}".strip() for one in row.databases)
            transports = ", ".join(sorted(one.value for one in row.transports))
            certain = "" if row.certain else ", perhaps"
            yield f"  {users} to {databases} ({transports}) from {row.addresses}{certain}"
    for one in exposures(coverage):
        yield (
            f"exposed by {_at(one.rule)} and {_at(*one.others) or 'no other'}: {one.addresses},"
            f" {one.breadth.value}, surely {one.certain.value}, unless {_at(one.doubt)}"
        )
    fewer = cover(found, _MEMBERSHIPS, distinct=True)
    yield f"{len(fewer.cells)} cells that are distinct"
    for cell, reach in zip(fewer.cells[:12], fewer.reaches, strict=False):
        who = "; ".join(map(_user, cell.users))
        yield f"  {cell.transport.value} {who} to {len(cell.databases)} at first"
        arriving = sorted(one.value for one in reach.transports)
        named = sum(piece.named for piece in reach.pieces)
        yield (
            f"  line {_at(reach.rule)}: {reach.addresses()} of {reach.possible_addresses()},"
            f" {arriving}, {len(reach.pieces)} pieces, {named} surely,"
            f" hidden by {_at(*reach.hidden_by) or 'none'}"
        )
    chance = random.Random(f"outcomes:{number}")
    for _ in range(8):
        user, database = chance.choice((*USERS, "somebody")), chance.choice(DATABASES)
        transport = chance.choice(list(Transport))
        came = outcome(found, user, database, transport, CLIENT_ADDRESSES, _MEMBERSHIPS)
        yield (
            f"{user} to {database} ({transport.value}): let in {came.accepted},"
            f" refused {came.refused}, perhaps {came.doubtful}, by {_at(*came.by) or 'none'}"
        )


@pytest.mark.parametrize("part", range(4))
def test_who_comes_in_where_stays_what_it_is(part: int) -> None:
    """Rows of users, databases and addresses, exposures, and what becomes of whole networks."""
    lines = [one for number in range(100 + 6 * part, 106 + 6 * part) for one in _shares(number)]

    assert_snapshot(f"hba_drawn/shares_{part}.txt", "\n".join(lines) + "\n")
    assert any(one.startswith("exposed by") for one in lines)


@pytest.mark.parametrize("part", range(8))
def test_what_rules_let_in_stays_what_it_is(part: int) -> None:
    """Reach, findings, differences to the next file, and who decides about logins, and why."""
    lines = [one for number in range(5 * part, 5 * part + 5) for one in _lines(number)]

    assert_snapshot(f"hba_drawn/{part}.txt", "\n".join(lines) + "\n")
    assert any(" fail " in one for one in lines)
