# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which roles are members of which, as scripts leave it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from connguard.policies.model.hba import Memberships
from connguard.policies.model.patterns import lazily
from connguard.sql_rules import lexer, syntax
from connguard.sql_rules.script import Chunk, Direction, Script
from connguard.sql_rules.statements import Transaction, transaction
from connguard.sql_rules.syntax import Node, NotReadable, Parsed

_MAY_GRANT = lazily(r"\bgrant\b|\brevoke\b|\brole\b|\bgroup\b|\buser\b", re.I)


def read_memberships(scripts: Sequence[Script]) -> Memberships:
    """The memberships after all scripts ran.

    Where a script may grant roles in a way that cannot be read (a function body, a statement that
    does not parse), no role is taken as known: what is stated holds, what is not may be.
    """
    state = _State()
    for script in scripts:
        for chunk in script.chunks:
            if chunk.direction is Direction.UP:
                for parsed in _statements(chunk, state):
                    state.apply(parsed)
        state.end_of_script()
    return state.memberships()


def _statements(chunk: Chunk, state: _State) -> Iterator[Parsed]:
    try:
        yield from syntax.parse(chunk.text)
    except NotReadable:
        for piece in lexer.pieces(chunk.text):
            text = chunk.text[piece.start : piece.end]
            try:
                yield from syntax.parse(text)
            except NotReadable:
                state.doubt(text)


class _State:
    def __init__(self) -> None:
        self._roles: dict[str, set[str]] = {}
        self._created: set[str] = set()
        self._doubtful = False
        self._saved: list[tuple[str, dict[str, set[str]], set[str]]] = []

    def doubt(self, text: str) -> None:
        """Something that cannot be read may change memberships."""
        self._doubtful = self._doubtful or _MAY_GRANT.search(text) is not None

    def memberships(self) -> Memberships:
        member_of = {role: frozenset(groups) for role, groups in self._roles.items()}
        return Memberships(member_of, frozenset() if self._doubtful else frozenset(self._created))

    def apply(self, parsed: Parsed) -> None:
        node = parsed.node
        match parsed.kind:
            case "TransactionStmt":
                control = transaction(parsed)
                if control is not None:
                    self._transaction(control)
            case "CreateRoleStmt":
                self._create(node)
            case "AlterRoleStmt":
                self._alter(node)
            case "GrantRoleStmt":
                self._grant(node)
            case "DropRoleStmt":
                for role in _names(node.get("roles", [])):
                    self._drop(role)
            case "RenameStmt" if node.get("renameType") == "OBJECT_ROLE":
                self._rename(node.get("subname", ""), node.get("newname", ""))
            case "DoStmt" | "CreateFunctionStmt":
                self.doubt(str(node))

    def end_of_script(self) -> None:
        """Close a transaction that a script leaves open; tools commit it."""
        self._saved.clear()

    def _transaction(self, control: Transaction) -> None:
        """ROLLBACK undoes memberships; the first saved state is that of BEGIN."""
        match control.kind:
            case "BEGIN" | "START" if not self._saved:
                self._save("")
            case "SAVEPOINT" if self._saved:
                self._save(control.savepoint)
            case "ROLLBACK" if self._saved:
                self._restore(0)
                self._saved.clear()
            case "COMMIT" | "PREPARE":
                self._saved.clear()
            case "ROLLBACK_TO":
                names = [name for name, _, _ in self._saved[1:]]
                if control.savepoint in names:
                    index = len(names) - names[::-1].index(control.savepoint)
                    self._restore(index)
                    del self._saved[index + 1 :]

    def _save(self, name: str) -> None:
        roles = {role: set(groups) for role, groups in self._roles.items()}
        self._saved.append((name, roles, set(self._created)))

    def _restore(self, index: int) -> None:
        _, roles, created = self._saved[index]
        self._roles = {role: set(groups) for role, groups in roles.items()}
        self._created = set(created)

    def _create(self, node: Node) -> None:
        role = node.get("role", "")
        self._created.add(role)
        self._roles.setdefault(role, set())
        for name, value in _options(node):
            for other in _names(value):
                if name == "addroleto":
                    self._roles[role].add(other)
                elif name in ("rolemembers", "adminmembers"):
                    self._roles.setdefault(other, set()).add(role)

    def _alter(self, node: Node) -> None:
        """ALTER GROUP … ADD USER or DROP USER."""
        (group,) = _names([{"RoleSpec": node.get("role", {})}]) or [""]
        for name, value in _options(node):
            if name != "rolemembers":
                continue
            for member in _names(value):
                groups = self._roles.setdefault(member, set())
                if node.get("action", 0) < 0:
                    groups.discard(group)
                else:
                    groups.add(group)

    def _grant(self, node: Node) -> None:
        granted = [
            one["AccessPriv"].get("priv_name", "")
            for one in node.get("granted_roles", [])
            if "AccessPriv" in one
        ]
        if not node.get("is_grant") and node.get("opt"):
            return  # only an option of the membership is revoked
        grantees = node.get("grantee_roles", [])
        names = _names(grantees)
        if len(names) < len(grantees):
            self._doubtful = True  # CURRENT_USER and the like
        for member in names:
            groups = self._roles.setdefault(member, set())
            if node.get("is_grant"):
                groups.update(granted)
            else:
                groups.difference_update(granted)

    def _drop(self, role: str) -> None:
        self._roles.pop(role, None)
        self._created.discard(role)
        for groups in self._roles.values():
            groups.discard(role)

    def _rename(self, old: str, new: str) -> None:
        if old in self._roles:
            self._roles[new] = self._roles.pop(old)
        if old in self._created:
            self._created.remove(old)
            self._created.add(new)
        for groups in self._roles.values():
            if old in groups:
                groups.remove(old)
                groups.add(new)


def _options(node: Node) -> Iterator[tuple[str, list[Node]]]:
    for option in node.get("options", []):
        element = option.get("DefElem", {})
        argument = element.get("arg", {})
        if "List" in argument:
            yield element.get("defname", ""), argument["List"].get("items", [])


def _names(nodes: list[Node]) -> list[str]:
    """The names of role specifications, without those that depend on who runs the script."""
    found = []
    for node in nodes:
        specification = node.get("RoleSpec", {})
        if specification.get("roletype") == "ROLESPEC_CSTRING":
            found.append(specification.get("rolename", ""))
    return found
