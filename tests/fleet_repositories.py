# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random fleets, written as several repositories and as one with the same contents."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from connguard.fleet.budget import FleetBudget, budgets
from connguard.fleet.declared import FleetFile, load
from connguard.fleet.facts import Facts
from connguard.fleet.join import Contribution, join
from connguard.fleet.plain import from_plain
from connguard.fleet.repository import Job, Result, scan_repository

POOLER = "pgbouncer"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def scanned(folder: Path, names: list[str]) -> dict[str, Result]:
    """The results of repositories below a folder, scanned in this process."""
    return {name: scan_repository(Job(name, str(folder / name))) for name in names}


def joined(results: dict[str, Result], fleet: FleetFile) -> FleetBudget:
    contributions = [
        Contribution(name, from_plain(Facts, result["facts"]))
        for name, result in results.items()
        if result["facts"] is not None
    ]
    return budgets(join(contributions, fleet), fleet, list(results), frozenset())


def fleet_of(folder: Path, text: str) -> FleetFile:
    path = folder / "connguard-fleet.toml"
    path.write_text(text)
    return load(path, path.name)


@dataclass(frozen=True, slots=True)
class Declaration:
    """The tables of one settings file, and the files beside it."""

    tables: str
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class RandomFleet:
    """A server with a pooler in one repository, roles in another, services in the others."""

    parts: dict[str, Declaration]
    pooled: bool

    def write_fleet(self, folder: Path) -> list[str]:
        """One repository for each part."""
        for name, part in self.parts.items():
            write(folder / name, {**part.files, "connguard.toml": part.tables})
        return list(self.parts)

    def write_one(self, folder: Path) -> None:
        """One repository: the same files in folders, all tables in one settings file."""
        tables = []
        for name, part in self.parts.items():
            write(folder / name, part.files)
            tables.append(part.tables.replace('config = "', f'config = "{name}/'))
        (folder / "connguard.toml").write_text("\n".join(tables))


def random_fleet(seed: int) -> RandomFleet:
    chance = random.Random(seed)
    databases = ["shop", "stock"]
    users = ["app", "worker", "report"]
    pooled = chance.random() < 0.8
    parts = {"infra": _infra(chance, databases, users, pooled), "roles": _roles(chance, users)}
    for number in range(chance.randint(1, 5)):
        parts[f"team{number}"] = Declaration(
            "\n".join(
                _service(chance, f"s{number}x{position}", databases, users, pooled)
                for position in range(chance.randint(1, 3))
            ),
            {"README.md": "a service\n"},
        )
    return RandomFleet(parts, pooled)


def _infra(
    chance: random.Random, databases: list[str], users: list[str], pooled: bool
) -> Declaration:
    tables = [f"[server]\nmax_connections = {chance.choice([40, 100, 200, 400])}"]
    if chance.random() < 0.5:
        tables.append(f"reserved_connections = {chance.randint(0, 5)}")
    if chance.random() < 0.5:
        tables.append(f"superuser_reserved_connections = {chance.randint(0, 5)}")
    files = {}
    if pooled:
        tables.append(f'[[pooler]]\nname = "{POOLER}"\nconfig = "{POOLER}.ini"')
        tables.append(f'instances = {chance.randint(1, 3)}\nversion = "1.22"')
        files = {f"{POOLER}.ini": _ini(chance, databases, users)}
        files["userlist.txt"] = "".join(f'"{user}" ""\n' for user in users)
    if chance.random() < 0.3:
        tables.append(f"[headroom]\nadmin = {chance.randint(0, 10)}")
    return Declaration("\n".join(tables), files)


def _ini(chance: random.Random, databases: list[str], users: list[str]) -> str:
    lines = ["[databases]"]
    for database in databases:
        forced = f" user={chance.choice(users)}" if chance.random() < 0.4 else ""
        size = f" pool_size={chance.randint(1, 30)}" if chance.random() < 0.4 else ""
        cap = f" max_db_connections={chance.randint(5, 60)}" if chance.random() < 0.2 else ""
        lines.append(f"{database} = host=db dbname={database}{forced}{size}{cap}")
    lines += [
        "[pgbouncer]",
        "auth_file = userlist.txt",
        f"pool_mode = {chance.choice(['session', 'transaction'])}",
        f"default_pool_size = {chance.randint(1, 40)}",
        f"max_client_conn = {chance.choice([50, 200, 1000])}",
    ]
    for key in ("reserve_pool_size", "max_db_connections", "max_user_connections"):
        if chance.random() < 0.25:
            lines.append(f"{key} = {chance.randint(1, 60)}")
    return "\n".join(lines) + "\n"


def _roles(chance: random.Random, users: list[str]) -> Declaration:
    statements = [
        f"CREATE ROLE {user} LOGIN CONNECTION LIMIT {chance.choice([5, 20, 60, 150])};\n"
        for user in users
        if chance.random() < 0.8
    ]
    if chance.random() < 0.5:
        statements.append(f"ALTER DATABASE shop CONNECTION LIMIT {chance.randint(10, 200)};\n")
    if chance.random() < 0.3:
        statements.append("CREATE ROLE boss LOGIN SUPERUSER;\n")
    tables = ""
    if chance.random() < 0.3:
        tables = f'[[role]]\nname = "worker"\nlimit = {chance.randint(5, 90)}'
    return Declaration(tables, {"migrations/V1__roles.sql": "".join(statements)})


def _service(
    chance: random.Random, name: str, databases: list[str], users: list[str], pooled: bool
) -> str:
    via = POOLER if pooled and chance.random() < 0.6 else "direct"
    lines = [
        "[[service]]",
        f'name = "{name}"',
        f"instances = {chance.randint(1, 6)}",
        f"pool = {chance.randint(1, 12)}",
        f'via = "{via}"',
    ]
    if via != "direct" or chance.random() < 0.8:
        lines.append(f'database = "{chance.choice(databases)}"')
        lines.append(f'user = "{chance.choice(users)}"')
    for key in ("processes", "surge"):
        if chance.random() < 0.4:
            lines.append(f"{key} = {chance.randint(1, 4)}")
    return "\n".join(lines)
