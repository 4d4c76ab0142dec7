# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which front end reads which files. A front end is imported only when it has files to read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from pathlib import PurePath
from typing import cast

from connguard.budget.claims import TOPOLOGY_SUFFIXES, may_hold_topology
from connguard.budget.pool_claims import POOL_SUFFIXES, may_make_pools
from connguard.budget.session_claims import SESSION_SUFFIXES, may_use_sessions
from connguard.engine import paths
from connguard.engine.reading import FrontEnd, SourceFile
from connguard.live.claims import may_be_snapshot
from connguard.migrations.claims import PLAIN_SUFFIXES, may_hold_sql
from connguard.migrations.claims import SUFFIXES as SQL_SUFFIXES
from connguard.policies.model.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A front end: its name, the module that reads, and a test of the file's path.

    It claims only files whose names have one of the `suffixes`, in any letter case, or start with
    one of the `starts`. Of the suffixes in `whole` it claims all files, wherever they lie.
    """

    name: str
    module: str
    claims: Callable[[PurePath], bool]
    suffixes: frozenset[str]
    starts: tuple[str, ...] = ()
    whole: frozenset[str] = frozenset()

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


_TERRAFORM = frozenset((".tf", ".tofu", ".json"))
_HCL = frozenset((".tf", ".tofu"))
_JSON = frozenset((".json",))
_CONF = frozenset((".conf",))
_YAML = frozenset((".yml", ".yaml"))

FRONT_ENDS = (
    Entry("terraform", "connguard.terraform.frontend", _is_terraform, _TERRAFORM, whole=_HCL),
    Entry(
        "terraform networks",
        "connguard.terraform.inventory",
        _is_terraform,
        _TERRAFORM,
        whole=_HCL,
    ),
    Entry("terraform plan", "connguard.terraform.plan_frontend", _may_be_plan, _JSON),
    Entry("planned networks", "connguard.terraform.plan_inventory", _may_be_plan, _JSON),
    Entry("sql", "connguard.migrations.frontend", may_hold_sql, SQL_SUFFIXES, whole=PLAIN_SUFFIXES),
    Entry("pg_hba.conf", "connguard.postgres.hba_frontend", _is_hba, _CONF),
    Entry("postgresql.conf", "connguard.postgres.conf_frontend", _is_server_conf, _CONF),
    Entry(
        "embedded",
        "connguard.postgres.embedded_frontend",
        _may_hold_server_files,
        frozenset((*_YAML, ".sh", ".bash")),
        ("Dockerfile", "Containerfile"),
    ),
    Entry("containers", "connguard.containers.frontend", _is_yaml, _YAML),
    Entry("topology", "connguard.budget.frontend", may_hold_topology, TOPOLOGY_SUFFIXES),
    Entry("connection pools of code", "connguard.budget.code_pools", may_make_pools, POOL_SUFFIXES),
    Entry(
        "session features of code",
        "connguard.budget.session_code",
        may_use_sessions,
        SESSION_SUFFIXES,
    ),
    Entry(
        "terraform topology",
        "connguard.budget.terraform_topology",
        _is_terraform,
        _TERRAFORM,
        whole=_HCL,
    ),
    Entry("planned topology", "connguard.budget.plan_topology", _may_be_plan, _JSON),
    Entry("live snapshot", "connguard.live.snapshot", may_be_snapshot, _JSON),
)

_STARTS = tuple({start for entry in FRONT_ENDS for start in entry.starts})
_SUFFIXES = frozenset().union(*(entry.suffixes for entry in FRONT_ENDS))
_WHOLE = frozenset().union(*(entry.whole for entry in FRONT_ENDS))


def possible(name: str) -> tuple[Entry, ...]:
    """The front ends that may claim a file of this name, whatever folder it lies in."""
    suffix = paths.suffix(name)
    if name.startswith(_STARTS):
        return tuple(
            entry
            for entry in FRONT_ENDS
            if suffix in entry.suffixes or name.startswith(entry.starts)
        )
    return _with_suffix(suffix)


@cache
def _with_suffix(suffix: str) -> tuple[Entry, ...]:
    return tuple(entry for entry in FRONT_ENDS if suffix in entry.suffixes)


def may_be_claimed(name: str) -> bool:
    """Whether any front end may claim a file of this name."""
    return paths.suffix(name) in _SUFFIXES or name.startswith(_STARTS)


def is_claimed(path: PurePath) -> bool:
    """Whether any front end claims a file in a scanned folder."""
    name = path.name
    return paths.written_suffix(name) in _WHOLE or any(
        entry.claims(path) for entry in possible(name)
    )


def by_front_end(files: Iterable[SourceFile]) -> dict[Entry, list[SourceFile]]:
    """The files of each front end that takes any, in the order of FRONT_ENDS."""
    found: dict[Entry, list[SourceFile]] = {entry: [] for entry in FRONT_ENDS}
    for file in files:
        name = file.path.name
        suffix = paths.written_suffix(name)
        for entry in possible(name):
            if suffix in entry.whole or entry.takes(file):
                found[entry].append(file)
    return {entry: taken for entry, taken in found.items() if taken}
