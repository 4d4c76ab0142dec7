# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of `connguard hba`: which line decides about a login, and who can log in at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from connguard.policies.model.addresses import ALL_IPV6, IPV4_MAPPED, AddressSet
from connguard.policies.model.hba import (
    NOTHING_KNOWN,
    AddressKind,
    Answer,
    Connection,
    HbaRule,
    Memberships,
    Name,
    NameKind,
    Step,
    Transport,
    decide,
    written,
)
from connguard.policies.model.hba_cells import DatabaseKind, UserCell
from connguard.policies.model.hba_coverage import Row, cover, rows
from connguard.policies.model.records import dataclass
from connguard.postgres.hba_reader import HbaFile, HbaProblem


@dataclass(frozen=True, slots=True)
class LoginAnswer:
    """What happens to a login.

    `result` is "match" (a line other than reject decides, and authentication by its method
    follows), "reject", "no-entry", "not-loaded" (the server refuses the file) or "unknown".
    `skipped` are lines that PgBouncer leaves out.
    """

    result: str
    file: str
    line: int | None
    method: str | None
    reason: str
    steps: tuple[Step, ...] = ()
    skipped: tuple[HbaProblem, ...] = ()

    def document(self) -> dict[str, Any]:
        return {
            "result": self.result,
            "file": self.file,
            "line": self.line,
            "method": self.method,
            "reason": self.reason,
        }


def answer(
    file: HbaFile, connection: Connection, memberships: Memberships = NOTHING_KNOWN
) -> LoginAnswer:
    """Which line of a file decides about a connection."""
    if not file.loads:
        first = file.problems[0]
        place = first.origin
        return LoginAnswer(
            "not-loaded",
            place.path,
            place.line,
            None,
            f"{first.reason}: the server does not start with this file, and a running one keeps"
            " its old rules",
        )
    found = _answer(file, connection, memberships)
    return replace(found, skipped=tuple(file.problems))


def _answer(file: HbaFile, connection: Connection, memberships: Memberships) -> LoginAnswer:
    decision = decide(file.rules, connection, memberships)
    if decision.doubt is not None:
        place = decision.doubt.rule.origin
        return LoginAnswer(
            "unknown",
            place.path,
            place.line,
            decision.doubt.rule.method or None,
            f"line {place.line} decides if it matches: {decision.doubt.reason}",
            decision.steps,
        )
    if decision.rule is None:
        return LoginAnswer("no-entry", file.name, None, None, "no line matches", decision.steps)
    rule = decision.rule
    outcome = "rejects the connection" if rule.rejects else f"asks for {rule.method}"
    return LoginAnswer(
        "reject" if rule.rejects else "match",
        rule.origin.path,
        rule.origin.line,
        rule.method,
        f"line {rule.origin.line} is the first that matches, and {outcome}",
        decision.steps,
    )


def rule_text(rule: HbaRule) -> str:
    """A rule as one line, fields parted by two blanks."""
    if rule.is_gap:
        return "lines that are not among the scanned files"
    fields = [
        rule.type,
        ",".join(written(name) for name in rule.databases),
        ",".join(written(name) for name in rule.users),
        rule.address.text,
        rule.method,
        *(f"{name}={value}" for name, value in rule.options),
    ]
    return "  ".join(part for part in fields if part)


def answer_lines(found: LoginAnswer) -> Iterator[str]:
    """The answer for people: what decides, then why the lines before it do not."""
    place = f"{found.file}:{found.line}" if found.line else found.file
    yield f"{found.result}: {place}: {found.reason}"
    for problem in found.skipped:
        yield f"  {problem.origin.path}:{problem.origin.line}: skipped: {problem.reason}"
    for step in found.steps:
        origin = step.rule.origin
        verdict = {Answer.YES: "decides", Answer.NO: "no", Answer.MAYBE: "perhaps"}[step.answer]
        yield f"  {origin.path}:{origin.line}: {rule_text(step.rule)}"
        yield f"      {verdict}" + (f": {step.reason}" if step.reason else "")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of the table: who may log in from where, and which line lets them."""

    file: str
    line: int
    method: str
    transports: tuple[str, ...]
    users: str
    databases: str
    addresses: str
    certain: bool

    def document(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "line": self.line,
            "method": self.method,
            "transports": list(self.transports),
            "users": self.users,
            "databases": self.databases,
            "addresses": self.addresses,
            "certain": self.certain,
        }


def table(
    file: HbaFile,
    memberships: Memberships = NOTHING_KNOWN,
    transports: frozenset[Transport] = frozenset(Transport),
) -> list[TableRow]:
    """Who every line effectively lets in, in the order of the file; lines that never match are
    left out, and so are those that reject.
    """
    coverage = cover(file.rules, memberships, transports)
    users = {user for cell in coverage.cells for user in cell.users if user.name is not None}
    found = []
    for reach in coverage.reaches:
        for row in rows(reach) if not reach.rule.rejects else ():
            found.append(_table_row(row, len(users)))
    return found


def _table_row(row: Row, named_users: int) -> TableRow:
    origin = row.rule.origin
    return TableRow(
        origin.path,
        origin.line,
        row.rule.method or "unknown",
        tuple(transport.value for transport in Transport if transport in row.transports),
        _users(row, named_users),
        _databases(row),
        _addresses(row),
        row.certain,
    )


def _users(row: Row, named_users: int) -> str:
    named = [_name(user.name) for user in row.users if user.name is not None]
    others = [user for user in row.users if user.name is None]
    if any(not user.groups for user in others):
        if len(named) == named_users:
            return "all"
        return ", ".join((*named, "all others"))
    groups = [_group(user, row) for user in others]
    return ", ".join((*named, *dict.fromkeys(groups)))


def _name(text: str) -> str:
    return written(Name(NameKind.NAME, text))


def _group(user: UserCell, row: Row) -> str:
    own = [written(name) for name in row.rule.users if name.text in user.groups]
    return own[0] if own else f"members of {', '.join(sorted(user.groups))}"


def _databases(row: Row) -> str:
    kinds = {database.kind for database in row.databases}
    parts = [
        _name(database.name) for database in row.databases if database.kind is DatabaseKind.NAMED
    ]
    if DatabaseKind.OTHER in kinds:
        written_all = any(name.text == "all" for name in row.rule.databases)
        parts = ["all"] if written_all else [*parts, "others"]
    elif DatabaseKind.SAME in kinds:
        parts.append("the one called like the user")
    if DatabaseKind.REPLICATION in kinds:
        parts.append("replication")
    return ", ".join(parts)


def _addresses(row: Row) -> str:
    if row.transports == frozenset((Transport.LOCAL,)):
        return "Unix socket"
    address = row.rule.address
    if row.addresses == address.possible:
        return address.text
    if address.kind not in (AddressKind.NETWORK, AddressKind.ALL):
        return f"{address.text}, without what earlier lines take"
    taken = address.possible - row.addresses
    if len(list(taken.networks())) < len(list(row.addresses.networks())):
        return f"{address.text} except {taken.text}"
    return _plain(row.addresses).text


def _plain(addresses: AddressSet) -> AddressSet:
    """With the IPv4-mapped addresses, from which nobody comes, where that is simpler to say."""
    simpler = addresses | IPV4_MAPPED
    return addresses if ALL_IPV6 - simpler else simpler
