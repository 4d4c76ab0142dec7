# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords that are written out in statements. They never leave this module."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connguard.policies.model.patterns import lazily
from connguard.policies.model.statement_facts import PasswordForm, PasswordLiteral
from connguard.sql_rules.expressions import walk
from connguard.sql_rules.observed import Observed, observe
from connguard.sql_rules.placeholders import Source
from connguard.sql_rules.relevance import holds_any
from connguard.sql_rules.syntax import Node, Parsed

_WORDS = ("password", "passwd", "postgres://", "postgresql://")
_ROLE = frozenset({"CreateRoleStmt", "AlterRoleStmt"})
_FOREIGN = {
    "CreateUserMappingStmt": "a user mapping",
    "AlterUserMappingStmt": "a user mapping",
    "CreateForeignServerStmt": "a foreign server",
    "AlterForeignServerStmt": "a foreign server",
}
_SUBSCRIPTION = frozenset({"CreateSubscriptionStmt", "AlterSubscriptionStmt"})
_OPTIONS = frozenset({"password", "passwd"})

_IN_KEYWORDS = lazily(r"\bpassword\s*=\s*(?:'((?:[^'\\]|\\.)*)'|([^\s'\"]+))", re.IGNORECASE)
_OTHER_KEYWORD = lazily(r"\b(?:host|hostaddr|dbname|user|port|service)\s*=", re.IGNORECASE)
_IN_URI = lazily(r"\bpostgres(?:ql)?://[^\s:/@]*:([^\s/@]+)@", re.IGNORECASE)
_MD5 = lazily(r"md5[0-9a-f]{32}")
_SCRAM = lazily(r"SCRAM-SHA-256\$\d+:[^$]+\$[^:]+:.+", re.DOTALL)
_FILLED_IN = lazily(r"[$#]\{|\$\(|\{\{|<%|%\(\w+\)|cg_blank_\d+_")
_STANDS_FOR = lazily(
    r"\$\w+|:\w+|:'\w+'|%\w+%|%[sd]|@\w+@|__\w+__|<[^<>]+>|\[[^\[\]]+\]|\*+|x{3,}|\.{3}|…|\?|\{\w*\}",
    re.IGNORECASE,
)


def may_hold(text: str) -> bool:
    """A cheap test: a text in which it fails holds no password that is found here."""
    return has_word(text.lower())


def has_word(lowered: str) -> bool:
    """As `may_hold`, for a text in lower case."""
    return ("passw" in lowered or "postgres" in lowered) and holds_any(_WORDS, lowered)


def passwords(source: Source, parsed: Parsed, written: str) -> Iterator[PasswordLiteral]:
    """Every password in a statement and in the code that it holds.

    `written` is the text of the script: a password that is not in it comes from elsewhere, as the
    value of a placeholder. Where the whole statement is in it, so are its passwords, which may be
    written with escapes or in several parts.
    """
    text = source.text[parsed.start : parsed.end]
    if not may_hold(text):
        return
    for statement in observe(source, parsed):
        for owner, password in _written(statement):
            form = _form(password)
            if form is not None and (
                password in written or password.replace("'", "''") in written or text in written
            ):
                yield PasswordLiteral(owner, form, statement.origin)


def _written(statement: Observed) -> Iterator[tuple[str, str]]:
    """Whose passwords a statement writes out, and the passwords."""
    kind, node = statement.kind, statement.node
    if kind in _ROLE:
        role = node.get("role", "")
        name = role if isinstance(role, str) else role.get("rolename", "CURRENT_USER")
        for password in _option_values(node):
            yield f'role "{statement.blanks.shown(name)}"', password
    elif kind in _FOREIGN:
        for password in _option_values(node):
            yield _FOREIGN[kind], password
    elif kind in _SUBSCRIPTION:
        for password in _in_connection_string(node.get("conninfo", "")):
            yield "a subscription", password
    else:
        for each in walk(node):
            if "funcname" in each:
                for text in _strings(each.get("args", [])):
                    for password in _in_connection_string(text):
                        yield "a connection string", password


def _option_values(node: Node) -> Iterator[str]:
    for each in node.get("options", []):
        element = each.get("DefElem", {})
        if element.get("defname", "").lower() in _OPTIONS:
            yield element.get("arg", {}).get("String", {}).get("sval", "")


def _strings(arguments: list[Node]) -> Iterator[str]:
    for argument in arguments:
        while "NamedArgExpr" in argument or "TypeCast" in argument:
            argument = next(iter(argument.values())).get("arg", {})
        text = argument.get("A_Const", {}).get("sval", {}).get("sval")
        if text:
            yield text


def _in_connection_string(text: str) -> Iterator[str]:
    for match in _IN_URI.finditer(text):
        yield match[1]
    if _OTHER_KEYWORD.search(text):
        for match in _IN_KEYWORDS.finditer(text):
            yield match[1] if match[1] is not None else match[2]


def _form(password: str) -> PasswordForm | None:
    """None for what is no password: a placeholder, or nothing."""
    if not password or _FILLED_IN.search(password) or _STANDS_FOR.fullmatch(password):
        return None
    if _SCRAM.fullmatch(password):
        return PasswordForm.SCRAM
    return PasswordForm.MD5 if _MD5.fullmatch(password) else PasswordForm.PLAIN
