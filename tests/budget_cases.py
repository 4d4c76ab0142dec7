# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Budgets of small stacks that tests write out as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from connguard.budget.run import Run, run
from connguard.engine.settings import Settings, load
from connguard.policies.model.usage import RoleUsage, Usage

USERS = ("app", "jobs", "report", "admin_user")


@dataclass(frozen=True, slots=True)
class Stack:
    """The files of a stack; `run` computes its budget."""

    folder: Path

    def run(self) -> Run:
        config = self.folder / "connguard.toml"
        return run([self.folder], load(config) if config.exists() else Settings(), [])


def ini(databases: str, settings: str = "", users: str = "") -> str:
    """A pgbouncer.ini with these lines; every user of `USERS` may log in."""
    section = f"[users]\n{users}\n" if users else ""
    return (
        f"[databases]\n{databases}\n{section}[pgbouncer]\nauth_type = scram-sha-256\n"
        f"auth_file = userlist.txt\npool_mode = transaction\n{settings}\n"
    )


def service(
    name: str, clients: int, database: str = "shop", user: str = "app", via: str = "pgbouncer"
) -> str:
    return (
        f'[[service]]\nname = "{name}"\npool = {clients}\nvia = "{via}"\n'
        f'database = "{database}"\nuser = "{user}"\n'
    )


def write(folder: Path, pooler: str | None, declared: str, version: str | None = "1.24") -> Stack:
    """Write the stack. `declared` is connguard.toml without the pooler."""
    text = declared
    if pooler is not None:
        (folder / "pgbouncer.ini").write_text(pooler, encoding="utf-8")
        users = "".join(f'"{user}" "secret"\n' for user in USERS)
        (folder / "userlist.txt").write_text(users, encoding="utf-8")
        text += '[[pooler]]\nname = "pgbouncer"\nconfig = "pgbouncer.ini"\n'
        if version is not None:
            text += f'version = "{version}"\n'
    (folder / "connguard.toml").write_text(text, encoding="utf-8")
    return Stack(folder)


def role(done: Run, name: str) -> RoleUsage:
    ((_, budget),) = done.stacks
    return next(usage for usage in budget.roles if usage.name == name)


def database(done: Run, name: str) -> Usage:
    ((_, budget),) = done.stacks
    return next(usage for usage in budget.databases if usage.name == name)


def server(done: Run) -> Usage:
    ((_, budget),) = done.stacks
    assert budget.server is not None
    return budget.server


def ids(done: Run) -> set[tuple[str, str, int]]:
    """The findings: id, file and line."""
    return {
        (one.policy.id, one.origin.path.rpartition("/")[2], one.origin.line)
        for one in done.report.findings
    }
