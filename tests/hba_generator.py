# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random pg_hba.conf files and login attempts that hit their lines about as often as not."""

from __future__ import annotations

import random

from hba_attempts import Attempt

ROLES_SQL = """
CREATE ROLE app LOGIN;
CREATE ROLE app_ro LOGIN;
CREATE ROLE "Mixed" LOGIN;
CREATE ROLE "all" LOGIN;
CREATE ROLE "/^app_" LOGIN;
CREATE ROLE "a b,c" LOGIN;
CREATE ROLE staff;
CREATE ROLE ops IN ROLE staff;
CREATE ROLE alice LOGIN IN ROLE ops;
CREATE ROLE boss LOGIN SUPERUSER;
CREATE ROLE repl LOGIN REPLICATION;
CREATE ROLE shop LOGIN;
"""
USERS = ("app", "app_ro", "Mixed", "all", "/^app_", "a b,c", "alice", "boss", "repl", "shop")
DATABASES = ("app", "app_ro", "postgres", "shop", "all", "staff", "replication", "Mixed")
SOURCES = ("127.0.0.1", "127.0.0.2", "127.0.1.7", "127.9.0.1", "127.128.0.1", "::1", "local")

_USER_TOKENS = (
    *("app", "app_ro", "all", "all", "all", '"all"', "Mixed", "mixed", '"Mixed"', "+staff"),
    *("+ops", '"+ops"', "+app", "ALL", '"a b,c"', "shop", "alice", "repl", "@users.txt"),
)
_DATABASE_TOKENS = (
    *("all", "all", "all", '"all"', "app", "app_ro", "postgres", "sameuser", "samerole"),
    *("samegroup", "replication", '"replication"', "shop", "staff", '"sameuser"', "@dbs.txt"),
)
_REGEXES = ("/^app", "/^app$", "/o", '"/^a b,c$"', "/^app_", "/.*", "/^(app|shop)_?", "/[A-Z]")
_ADDRESSES = (
    *("127.0.0.1/32", "127.0.0.0/8", "127.0.0.0/24", "127.0.1.7/16", "127.0.0.1/0", "0.0.0.0/0"),
    *("0.0.0.0/1", "128.0.0.0/1", "127.0.0.1 255.255.255.255", "127.0.0.1 255.255.0.255"),
    *("127.0.0.0  255.0.0.0", "127/8", "0177.0.0.0/8", "0x7f.1/32", "127.1/32", "10/8", "all"),
    *("all", '"all"', "samehost", "samenet", "::1/128", "::/0", "::1 ffff::", "::ffff:0:0/96"),
    *("::ffff:127.0.0.1/128", "127.0.0.300", "ALL", "127.128.0.0/9", "fe80::/10", "2130706433/32"),
)
_METHODS = ("trust", "reject", "md5", "password", "scram-sha-256", "reject", "trust")
_TYPES = ("host", "host", "host", "hostssl", "hostnossl", "hostnogssenc", "hostgssenc", "local")
_SPOILERS = (
    "HOST all all all trust",
    "host all all all TRUST",
    "host all all 127.0.0.1/33 trust",
    "host all all 127.0.0.1/ trust",
    "host all all 127.0.0.1/8x trust",
    "host all all 127.0.0.1 trust",
    "host all all 127.0.0.1",
    "host all all",
    "host all",
    "host",
    "local all all",
    "host all all localhost/8 trust",
    "host all all 127.0.0.300/32 trust",
    "host all all 127.0.0.1 ::1 trust",
    "host all app app_ro all trust",
    "host all all all peer",
    "host all all all cert",
    "local all all gss",
    "host all all all scram",
    "host all all all trust map=x",
    "host all all all trust foo=bar",
    "host all all all trust foo",
    "host all all all ident map=x clientcert=verify-full",
    "hostssl all all all cert clientcert=verify-ca",
    "hostssl all all all scram-sha-256 clientname=XX",
    "host,local all all all trust",
    "host all all 127.0.0.1/32,127.0.0.2/32 trust",
    "host all all all trust,reject",
    "host all all 127.0.0.1 255.0.0.0,255.0.0.0 trust",
    "host all @missing.txt all trust",
    "host all all all radius",
    "host all all all radius radiusservers=127.0.0.1",
    "host all all 08.0.0.0/8 trust",
    "host all all 1.2.3.4.5/8 trust",
    "host all all 256.0.0.0/8 trust",
    "include x y",
    "include_dir",
    "host all all all oauth",
    "host all all all krb5",
    "host all all /8 trust",
    'host all all "" trust',
    '"host" all all all "trust" ""',
)

LISTS = {"users.txt": "app shop, alice # people\n+ops\n", "dbs.txt": "shop\nsameuser,app\n"}


def rules(chance: random.Random, version: int) -> str:
    """A file of 1 to 9 rules that a server of this major version takes."""
    lines = []
    for _ in range(chance.randint(1, 9)):
        if chance.random() < 0.1:
            lines.append(chance.choice(("", "# nothing", "   # a, b", "\t")))
        lines.append(_rule(chance, version))
    return "\n".join(lines) + chance.choice(("", "\n"))


def spoiled(chance: random.Random, version: int) -> str:
    """A file with one line that servers refuse, or seem to."""
    lines = rules(chance, version).split("\n")
    lines.insert(chance.randrange(len(lines) + 1), chance.choice(_SPOILERS))
    return "\n".join(lines) + "\n"


def attempt(chance: random.Random, *, tls: bool) -> Attempt:
    source = chance.choice(SOURCES)
    replication = chance.choice((None, None, None, None, "physical", "logical"))
    return Attempt(
        "repl" if replication else chance.choice(USERS),
        "" if replication == "physical" else chance.choice(DATABASES),
        source,
        tls and source != "local" and chance.random() < 0.4,
        replication,  # type: ignore[arg-type]
    )


def _rule(chance: random.Random, version: int) -> str:
    kind = chance.choice(_TYPES)
    regexes = _REGEXES if version >= 16 else ("/^app_",)
    fields = [
        kind,
        _tokens(chance, (*_DATABASE_TOKENS, *(chance.choice(regexes),))),
        _tokens(chance, (*_USER_TOKENS, *(chance.choice(regexes),))),
    ]
    if kind != "local":
        fields.append(chance.choice(_ADDRESSES))
    fields.append(chance.choice(_METHODS))
    blank = chance.choice((" ", " ", "\t", "   ", " \\\n " if version >= 14 else "  "))
    line = blank.join(fields)
    return line + chance.choice(("", "", " # a remark", " "))


def _tokens(chance: random.Random, choices: tuple[str, ...]) -> str:
    count = chance.choice((1, 1, 1, 2, 3))
    return chance.choice((",", ", ")).join(chance.choice(choices) for _ in range(count))
