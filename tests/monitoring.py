# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus, its promtool, and postgres_exporter, for tests. A missing program is a failure."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from servers import ANSWER_SECONDS, REPOSITORY, Postgres, ServerFailed, ServerMissing, free_port

_UNPACKED = REPOSITORY / "build" / "test-servers" / "debian" / "usr" / "bin"


def program(name: str) -> str:
    """The path of a program; raises ServerMissing."""
    unpacked = _UNPACKED / name
    found = str(unpacked) if unpacked.exists() else shutil.which(name)
    if found is None:
        raise ServerMissing(f"{name} is missing: tools/install_test_servers.sh installs it")
    return found


def promtool(*arguments: str, folder: Path) -> str:
    """What promtool prints; raises AssertionError with it when promtool is not content."""
    done = subprocess.run(
        [program("promtool"), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def exporter(server: Postgres, queries: Path, user: str) -> Iterator[str]:
    """A running postgres_exporter for a server, with nothing but these queries; its address."""
    address = f"127.0.0.1:{free_port()}"
    arguments = [
        f"--web.listen-address={address}",
        f"--extend.query-path={queries}",
        "--disable-default-metrics",
        "--disable-settings-metrics",
    ]
    dsn = f"postgresql://{user}@127.0.0.1:{server.port}/postgres?sslmode=disable"
    with _running(
        [program("prometheus-postgres-exporter"), *arguments],
        f"http://{address}/metrics",
        {"DATA_SOURCE_NAME": dsn},
        queries.parent,
    ):
        yield address


@contextmanager
def prometheus(folder: Path, rules: Path, targets: Mapping[str, str]) -> Iterator[str]:
    """A running Prometheus that scrapes each job's address every second; its base URL."""
    address = f"127.0.0.1:{free_port()}"
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [target]}]}
            for job, target in targets.items()
        ],
    }
    path = folder / "prometheus.yml"
    path.write_text(json.dumps(config))  # JSON is YAML
    arguments = [
        f"--config.file={path}",
        f"--web.listen-address={address}",
        f"--storage.tsdb.path={folder / 'series'}",
    ]
    with _running([program("prometheus"), *arguments], f"http://{address}/-/ready", {}, folder):
        yield f"http://{address}"


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:
        return str(answer.read().decode())


def ask(base: str, expression: str) -> dict[frozenset[tuple[str, str]], float]:
    """An instant query: values by labels, without the name, job, instance and server."""
    query = urlencode({"query": expression})
    document: dict[str, Any] = json.loads(fetch(f"{base}/api/v1/query?{query}"))
    return {
        frozenset(
            (key, value)
            for key, value in one["metric"].items()
            if key not in ("__name__", "job", "instance", "server")
        ): float(one["value"][1])
        for one in document["data"]["result"]
    }


@contextmanager
def _running(
    command: list[str], url: str, environment: Mapping[str, str], folder: Path
) -> Iterator[None]:
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=dict(environment))
    try:
        end = time.monotonic() + ANSWER_SECONDS
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > end:
                raise ServerFailed(f"{command[0]}:\n{(folder / 'log').read_text()}")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(ANSWER_SECONDS)


def _answers(url: str) -> bool:
    try:
        fetch(url)
    except (urllib.error.URLError, OSError):
        return False
    return True
