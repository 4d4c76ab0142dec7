# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random stacks for the comparison of the connection budget with real servers.

A stack is written out as the files that a user would have (connguard.toml and pgbouncer.ini), and
as the load that is the worst case for it: every pool of every service, all at once.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

from load import Group

NAMES = ("shop", "stock", "alias")
DATABASES = ("shop", "stock")
USERS = ("app", "jobs", "report")


@dataclass(slots=True)
class GeneratedStack:
    """One random stack. `groups` are the clients; pooler processes are numbered from 0."""

    ini: str
    declared: str
    roles: dict[str, int]
    databases: dict[str, int]
    conf: dict[str, int]
    processes: int
    groups: list[Group] = field(default_factory=list)
    forced: dict[str, str] = field(default_factory=dict)

    def role_of(self, group: Group) -> str:
        """The role that a group's server connections have."""
        return group.user if group.pooler is None else self.forced.get(group.database, group.user)

    def database_of(self, group: Group) -> str:
        """The database that a group's server connections are to."""
        return "stock" if group.database == "stock" else "shop"

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "connguard.toml").write_text(self.declared, encoding="utf-8")
        (folder / "pgbouncer.ini").write_text(self.ini, encoding="utf-8")
        users = "".join(f'"{user}" ""\n' for user in USERS)
        (folder / "userlist.txt").write_text(users, encoding="utf-8")


def generate(seed: int, version: tuple[int, int], server_major: int) -> GeneratedStack:
    """The stack of this seed, with settings that this version of PgBouncer knows."""
    chance = random.Random(seed)
    entries = _entries(chance)
    settings = _settings(chance)
    users = _users(chance, version)
    lines = ["[databases]", *entries, "", *users, "[pgbouncer]", "auth_type = trust"]
    lines += ["auth_file = userlist.txt", *(f"{key} = {value}" for key, value in settings.items())]
    processes = chance.choice((1, 1, 2))
    roles = {user: chance.choice((-1, 2, 3, 4, 6, 8, 10)) for user in USERS}
    databases = {name: chance.choice((-1, -1, 3, 5, 8, 12)) for name in DATABASES}
    conf = {"max_connections": chance.choice((8, 12, 16, 40))}
    conf["superuser_reserved_connections"] = chance.choice((0, 1, 3))
    if server_major >= 16:
        conf["reserved_connections"] = chance.choice((0, 2))
    stack = GeneratedStack("\n".join(lines) + "\n", "", roles, databases, conf, processes)
    for entry in entries:
        match = re.match(r"(\w+) .*user=(\w+)", entry)
        if match:
            stack.forced[match[1]] = match[2]
    services = []
    for number in range(chance.randint(1, 3)):
        name, user = chance.choice([entry.split(" ")[0] for entry in entries]), chance.choice(USERS)
        direct = number > 0 and chance.random() < 0.3  # a pooler without services is open to all
        database = chance.choice(DATABASES) if direct else name
        instances, pool = chance.randint(1, 3), chance.randint(1, 4)
        services.append((f"service{number}", instances, pool, direct, database, user))
        for process in [None] if direct else range(processes):
            stack.groups.append(Group(instances * pool, user, database, process))
    stack.declared = _declared(stack, services, version, server_major)
    return stack


def _entries(chance: random.Random) -> list[str]:
    entries = []
    for name in NAMES:
        parts = [f"{name} = host=127.0.0.1 dbname={'stock' if name == 'stock' else 'shop'}"]
        if chance.random() < 0.3:
            parts.append(f"user={chance.choice(USERS)}")
        if chance.random() < 0.4:
            parts.append(f"pool_size={chance.randint(1, 6)}")
        if chance.random() < 0.2:
            parts.append(f"reserve_pool={chance.randint(0, 2)}")
        if chance.random() < 0.3:
            parts.append(f"max_db_connections={chance.randint(0, 6)}")
        if chance.random() < 0.2:
            parts.append(f"min_pool_size={chance.randint(0, 3)}")
        entries.append(" ".join(parts))
    return entries


def _settings(chance: random.Random) -> dict[str, object]:
    settings: dict[str, object] = {
        "pool_mode": chance.choice(("session", "transaction")),
        "default_pool_size": chance.randint(1, 6),
        "reserve_pool_timeout": 1,
        "server_login_retry": 1,
        "query_wait_timeout": 20,
        "max_client_conn": chance.choice((6, 20, 60)),
    }
    for key, likely, most in (
        ("reserve_pool_size", 0.4, 3),
        ("min_pool_size", 0.2, 3),
        ("max_db_connections", 0.3, 8),
        ("max_user_connections", 0.3, 8),
    ):
        if chance.random() < likely:
            settings[key] = chance.randint(0, most)
    return settings


def _users(chance: random.Random, version: tuple[int, int]) -> list[str]:
    lines = []
    for user in USERS:
        parts = []
        if chance.random() < 0.3:
            parts.append(f"max_user_connections={chance.randint(1, 6)}")
        if version >= (1, 23) and chance.random() < 0.3:
            parts.append(f"pool_size={chance.randint(1, 6)}")
        if version >= (1, 24) and chance.random() < 0.2:
            parts.append(f"reserve_pool_size={chance.randint(0, 2)}")
        if parts:
            lines.append(f"{user} = {' '.join(parts)}")
    return ["[users]", *lines, ""] if lines else []


def _declared(
    stack: GeneratedStack,
    services: list[tuple[str, int, int, bool, str, str]],
    version: tuple[int, int],
    server_major: int,
) -> str:
    lines = []
    for name, instances, pool, direct, database, user in services:
        lines += [
            "[[service]]",
            f'name = "{name}"',
            f"instances = {instances}",
            f"pool = {pool}",
            f'via = "{"direct" if direct else "pgbouncer"}"',
            f'database = "{database}"',
            f'user = "{user}"',
        ]
    lines += ["[[pooler]]", 'name = "pgbouncer"', 'config = "pgbouncer.ini"']
    lines += [f"instances = {stack.processes}", f'version = "{version[0]}.{version[1]}"']
    lines += ["[server]", f'version = "{server_major}"']
    lines += [f"{key} = {value}" for key, value in stack.conf.items()]
    for role, limit in stack.roles.items():
        lines += ["[[role]]", f'name = "{role}"', f"connection_limit = {limit}"]
    for database, limit in stack.databases.items():
        lines += ["[[database]]", f'name = "{database}"', f"connection_limit = {limit}"]
    return "\n".join(lines) + "\n"
