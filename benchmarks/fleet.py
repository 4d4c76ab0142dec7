# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How `connguard fleet` grows with repositories, processes and engines.

    python benchmarks/fleet.py --sizes 10,100,1000 --workers 1,2 --engines local

Repositories are generated: migrations with roles, a deployment, an application's pool, some
Terraform; one of them holds the server that a share of all services use. Each measurement is a
process of its own. Times are CPU seconds of all processes (user and system) and wall seconds; the
memory is the peak of the process that joins, and of the largest scanner.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_DRIVER = """
import atexit, resource, sys
from connguard.engine.cli import main
def tell():
    own = resource.getrusage(resource.RUSAGE_SELF)
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = own.ru_utime + own.ru_stime
    print(cpu, cpu + others.ru_utime + others.ru_stime, own.ru_maxrss, others.ru_maxrss,
          file=sys.stderr)
atexit.register(tell)
main()
"""

_FLEET = """
[[server]]
name = "main"
repository = "infra"
hosts = ["main-db.internal"]
"""
_INFRA = """
resource "aws_db_parameter_group" "main" {
  family = "postgres16"
  parameter {
    name         = "max_connections"
    value        = "5000"
    apply_method = "pending-reboot"
  }
}

resource "aws_db_instance" "main" {
  engine               = "postgres"
  instance_class       = "db.m6g.4xlarge"
  parameter_group_name = aws_db_parameter_group.main.name
}
"""
_DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  replicas: {replicas}
  template:
    spec:
      containers:
        - name: web
          image: registry.example.com/{name}:1
          env:
            - name: DATABASE_URL
              value: postgresql://{name}@{host}:5432/{name}
            - name: DB_POOL
              value: "{pool}"
"""
_MIGRATION = """
CREATE TABLE t{number}_{part} (id bigint PRIMARY KEY, name text NOT NULL, at timestamptz);
CREATE INDEX CONCURRENTLY t{number}_{part}_name ON t{number}_{part} (name);
ALTER TABLE t{number}_{part} ADD COLUMN note text DEFAULT '';
INSERT INTO t{number}_{part} (id, name) VALUES (1, 'one'), (2, 'two'), (3, 'three');
"""


def generate(folder: Path, count: int, seed: int = 1) -> None:
    """Write `count` repositories and a fleet file; about 24 files each."""
    chance = random.Random(seed)
    infra = folder / "infra"
    infra.mkdir(parents=True)
    (infra / "main.tf").write_text(_INFRA)
    (folder / "connguard-fleet.toml").write_text(_FLEET)
    for number in range(count - 1):
        name = f"service{number:05}"
        root = folder / name
        for folder_name in ("migrations", "deploy", "src"):
            (root / folder_name).mkdir(parents=True)
        limit = chance.choice([10, 20, 50])
        statements = f"CREATE ROLE {name} LOGIN CONNECTION LIMIT {limit};\n"
        (root / "migrations" / "V1__role.sql").write_text(statements)
        for part in range(2, 12):
            text = _MIGRATION.format(number=number, part=part) * chance.randint(1, 4)
            (root / "migrations" / f"V{part}__t.sql").write_text(text)
        shared = chance.random() < 0.2
        (root / "deploy" / "deployment.yaml").write_text(
            _DEPLOYMENT.format(
                name=name,
                replicas=chance.randint(1, 4),
                host="main-db.internal" if shared else f"{name}-db.internal",
                pool=chance.randint(2, 10),
            )
        )
        for part in range(10):
            code = "".join(f"def f{one}(x):\n    return x + {one}\n\n" for one in range(40))
            (root / "src" / f"module{part}.py").write_text(code)
        (root / "README.md").write_text(f"# {name}\n")


def measure(folder: Path, engine: str, workers: int, *more: str) -> dict[str, Any]:
    """One run; the rows go to a file, as they would."""
    rows = folder.parent / "rows.ndjson"
    arguments = ["fleet", str(folder), "--quiet", "--engine", engine, "--workers", str(workers)]
    command = [sys.executable, "-c", _DRIVER, *arguments, "--report", f"ndjson={rows}", *more]
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall = time.monotonic() - started
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    joining, cpu, own, largest = done.stderr.split()[-4:]
    end = json.loads(rows.read_text().splitlines()[-1])
    return {
        "repositories": end["repositories"],
        "engine": engine,
        "workers": workers,
        "options": " ".join(more),
        "wall_s": round(wall, 2),
        "cpu_s": round(float(cpu), 2),
        "joining_cpu_s": round(float(joining), 2),
        "repositories_per_cpu_s": round(end["repositories"] / float(cpu), 1),
        "memory_mib": round(int(own) / 1024),
        "scanner_mib": round(int(largest) / 1024),
        "rows_bytes": rows.stat().st_size,
    }


def measurements(
    folder: Path, sizes: list[int], workers: list[int], engines: list[str]
) -> Iterator[dict[str, Any]]:
    for size in sizes:
        fleet = folder / f"fleet{size}"
        generate(fleet, size)
        for engine in engines:
            for count in workers:
                yield measure(fleet, engine, count)
        if engines == ["local"]:
            cache = ("--cache-dir", str(folder / f"cache{size}"))
            measure(fleet, "local", workers[-1], *cache)
            yield {**measure(fleet, "local", workers[-1], *cache), "options": "unchanged, cached"}
        shutil.rmtree(fleet, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", default="10,100")
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--engines", default="local")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as name:
        sizes = [int(one) for one in options.sizes.split(",")]
        workers = [int(one) for one in options.workers.split(",")]
        for row in measurements(Path(name), sizes, workers, options.engines.split(",")):
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
