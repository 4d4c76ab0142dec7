# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The readers: which targets run one and the same reader, as a whole or in part."""

from __future__ import annotations

from collections.abc import Mapping

from .functions import FUNCTIONS
from .reports import REPORTS
from .targets import TARGETS

_SHELL = ("migrations-shell", "dockerfile", "text-migrations-shell", "text-dockerfile")
_POOLERS = ("odyssey", "pgcat", "pgpool", "supabase", "systemd", "platforms", "app-json")
_APPLICATIONS = ("application-files", "application-yaml")


def _starting(*starts: str, but: tuple[str, ...] = ()) -> tuple[str, ...]:
    return tuple(
        name for name in (*TARGETS, *FUNCTIONS) if name.startswith(starts) and name not in but
    )


ROWS: Mapping[str, tuple[str, ...]] = {
    "Compose": ("compose", "text-compose"),
    "Kubernetes, Helm, YAML": (
        *("kubernetes", "charts", "text-kubernetes", "text-helm", "text-yaml"),
    ),
    "Liquibase changelogs": _starting("liquibase-", "text-liquibase-"),
    "live snapshots": ("snapshot", "text-snapshot"),
    "messages for `explain`": ("text-symptoms",),
    "migrations in programs": _starting(
        "migrations-", "text-migrations-", but=("migrations-sql", *_SHELL)
    ),
    "pg_hba.conf, pg_ident.conf": ("hba", "ident", "text-hba", "text-pgbouncer-hba"),
    "PgBouncer": ("pgbouncer", "text-pgbouncer"),
    "pools of code": _starting("code-", "text-pools-"),
    "postgresql.conf": ("postgresql.conf", "text-conf"),
    "report formats": REPORTS,
    "session features of code": _starting("text-sessions-"),
    "settings and access lists in YAML": ("embedded", "text-embedded"),
    "settings, baseline, suppressions, git": (
        *("suppressions", "text-settings", "text-baseline", "text-git"),
    ),
    "shell scripts and Dockerfiles": _SHELL,
    "SQL migrations": ("migrations-sql", "text-sections"),
    "SQL: lexer and replay": ("sql", "text-replay", "text-lexer"),
    "SQL: PL/pgSQL": ("plpgsql", "text-plpgsql"),
    "SQL: psql": ("psql", "text-psql"),
    "Terraform plans": ("terraform-plan", "text-plan", "text-planned-networks", "text-json"),
    "Terraform: evaluator": ("text-evaluator",),
    "Terraform: networks": ("terraform-networks", "text-networks"),
    "Terraform: syntax and modules": (
        *("terraform", "terraform-values", "terraform-json"),
        *("text-hcl", "text-terraform", "text-tf-json"),
    ),
    "topology of services and poolers": (
        *("topology", "terraform-topology", *_POOLERS, *_APPLICATIONS),
        *_starting("text-topology-", "text-dsn"),
    ),
}


def row_of(target: str) -> str:
    """The reader of a target. "reports" is one of the report formats, drawn case by case."""
    if target == "reports":
        return "report formats"
    return next(row for row, targets in ROWS.items() if target in targets)
