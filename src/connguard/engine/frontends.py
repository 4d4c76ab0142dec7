# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which front end reads which files. A front end is imported only when it has files to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePath
from typing import cast

from connguard.budget.claims import may_hold_topology
from connguard.budget.pool_claims import may_make_pools
from connguard.budget.session_claims import may_use_sessions
from connguard.engine.reading import FrontEnd, SourceFile
from connguard.live.claims import may_be_snapshot
from connguard.migrations.claims import may_hold_sql


@dataclass(frozen=True, slots=True)
class Entry:
    """A front end: its name, the module that reads, and a test of the file's path."""

    name: str
    module: str
    claims: Callable[[PurePath], bool]

    def takes(self, file: SourceFile) -> bool:
        """Whether to read a file. One named by the user need not lie in a migrations folder."""
        named = file.named and self.claims(PurePath("migrations", file.path.name))
        return named or self.claims(file.path)

    def load(self) -> FrontEnd:
        return cast(FrontEnd, import_module(self.module))


def _is_terraform(path: PurePath) -> bool:
    return path.name.endswith((".tf", ".tf.json", ".tofu", ".tofu.json"))


def _may_be_plan(path: PurePath) -> bool:
    return path.suffix == ".json" and not _is_terraform(path)


def _is_hba(path: PurePath) -> bool:
    return path.suffix == ".conf" and any(word in path.name for word in ("hba", "pg_ident"))


def _is_server_conf(path: PurePath) -> bool:
    return (
        path.suffix == ".conf"
        and "postgres" in path.name
        and not (_is_hba(path) or "postgrest" in path.name)
    )


def _is_yaml(path: PurePath) -> bool:
    return path.suffix.lower() in (".yml", ".yaml")


def _may_hold_server_files(path: PurePath) -> bool:
    return path.suffix.lower() in (".yml", ".yaml", ".sh", ".bash") or (
        path.name.startswith(("Dockerfile", "Containerfile"))
    )


FRONT_ENDS = (
    Entry("terraform", "connguard.terraform.frontend", _is_terraform),
    Entry("terraform networks", "connguard.terraform.inventory", _is_terraform),
    Entry("terraform plan", "connguard.terraform.plan_frontend", _may_be_plan),
    Entry("planned networks", "connguard.terraform.plan_inventory", _may_be_plan),
    Entry("sql", "connguard.migrations.frontend", may_hold_sql),
    Entry("pg_hba.conf", "connguard.postgres.hba_frontend", _is_hba),
    Entry("postgresql.conf", "connguard.postgres.conf_frontend", _is_server_conf),
    Entry("embedded", "connguard.postgres.embedded_frontend", _may_hold_server_files),
    Entry("containers", "connguard.containers.frontend", _is_yaml),
    Entry("topology", "connguard.budget.frontend", may_hold_topology),
    Entry("connection pools of code", "connguard.budget.code_pools", may_make_pools),
    Entry("session features of code", "connguard.budget.session_code", may_use_sessions),
    Entry("terraform topology", "connguard.budget.terraform_topology", _is_terraform),
    Entry("planned topology", "connguard.budget.plan_topology", _may_be_plan),
    Entry("live snapshot", "connguard.live.snapshot", may_be_snapshot),
)
