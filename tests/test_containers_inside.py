# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""listen_addresses = '*' is needed in a container, and a finding on a machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from container_scans import findings

EVERYWHERE = "listen_addresses = '*'\n"
ECHO = f'echo "{EVERYWHERE.strip()}" >>'


def _compose(more: str) -> str:
    return f"services:\n  db:\n    image: postgres:17\n    {more}\n"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"postgresql.conf": EVERYWHERE}, {("postgresql.conf", 1, "PG205")}),
        (
            {
                "db/postgresql.conf": EVERYWHERE,
                "compose.yaml": _compose("volumes: ['./db/postgresql.conf:/etc/postgresql.conf']"),
            },
            set(),
        ),
        (
            {
                "db/postgresql.conf": EVERYWHERE,
                "compose.yaml": _compose("volumes: ['./db:/etc/postgresql:ro']"),
            },
            set(),
        ),
        (
            {
                "db/postgresql.conf": EVERYWHERE,
                "compose.yaml": _compose(
                    "volumes: ['./db:/etc/postgresql:ro']\n    network_mode: host\n"
                    "    entrypoint: /start"
                ),
            },
            {("db/postgresql.conf", 1, "PG205")},
        ),
        (
            {
                "db/postgresql.conf": EVERYWHERE,
                "db/Dockerfile": "FROM postgres:17\nCOPY postgresql.conf /etc/postgresql.conf\n",
            },
            set(),
        ),
        (
            {
                "db/postgresql.conf": EVERYWHERE,
                "db/Dockerfile": "FROM postgres:17\nCOPY db/postgresql.conf /etc/postgresql.conf\n",
            },
            set(),
        ),
        (
            {
                "db/postgresql.conf": EVERYWHERE,
                "Dockerfile": "FROM python:3.13\nCOPY . /app\n",
            },
            {("db/postgresql.conf", 1, "PG205")},
        ),
        (
            {"Dockerfile": f"FROM postgres:17\nRUN {ECHO} postgresql.conf\n"},
            set(),
        ),
        (
            {"setup.sh": f"{ECHO} /etc/postgresql/17/main/postgresql.conf\n"},
            {("setup.sh", 1, "PG205")},
        ),
        (
            {"docker/initdb.d/10.sh": f"{ECHO} $PGDATA/postgresql.conf\n"},
            set(),
        ),
        (
            {
                "config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: db}\ndata:\n"
                "  postgresql.conf: |\n    listen_addresses = '*'\n"
            },
            set(),
        ),
        (
            {
                "config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: db}\ndata:\n"
                "  postgresql.conf: |\n    listen_addresses = '*'\n---\n"
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: db}\nspec:\n"
                "  template:\n    spec:\n      hostNetwork: true\n"
            },
            {("config.yaml", 6, "PG205")},
        ),
        (
            {
                "config.yaml": '{"apiVersion": "v1", "kind": "ConfigMap", "data": '
                '{"postgresql.conf": "listen_addresses = \'*\'"}}\n---\n'
                '{"apiVersion": "v1", "kind": "Pod", "spec": {"hostNetwork": true}}\n'
            },
            {("config.yaml", 1, "PG205")},
        ),
        (
            {"site.yml": "postgresql:\n  parameters:\n    listen_addresses: '*'\n"},
            {("site.yml", 3, "PG205")},
        ),
    ],
)
def test_where_the_server_runs(
    tmp_path: Path, files: dict[str, str], found: set[tuple[str, int, str]]
) -> None:
    """Mounted, copied into an image or in a manifest: a container, unless on the host's network."""
    assert findings(tmp_path, files) == found
