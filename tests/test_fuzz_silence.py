# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that hold what is checked, and are broken: none of them is passed over in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from connguard.engine.scan import scan
from connguard.engine.settings import Settings

COMPOSE = """\
services:
  db:
    image: postgres:16
    ports: ["5432:5432"]
    logging: {options: {tag: "{{.Name}}"}}
    broken: [
"""
PATRONI = "postgresql:\n  pg_hba:\n  - host all all 0.0.0.0/0 trust\n  broken: [\n"
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: db}
spec:
  type: LoadBalancer
  selector: {app: [db}
  ports: [{port: 5432}]
"""
CHART = "apiVersion: v2\nname: shop\ndependencies: [{name: postgresql, version: 16.x}]\n"
VALUES = "postgresql:\n  primary:\n    service: {type: LoadBalancer}\n  broken: [\n"


@pytest.mark.parametrize(
    ("files", "broken"),
    [
        ({"compose.yml": COMPOSE}, "compose.yml"),
        ({"patroni.yml": PATRONI}, "patroni.yml"),
        ({"k8s/service.yaml": SERVICE}, "k8s/service.yaml"),
        ({"k8s/all.yaml": f"{SERVICE}---\npostgresql:\n  pg_hba:\n"}, "k8s/all.yaml"),
        ({"Chart.yaml": CHART, "values.yaml": VALUES}, "values.yaml"),
        ({"pgcat.toml": "[pools.shop]\npool_mode = \n"}, "pgcat.toml"),
        ({"pgcat.toml": "x = " + "[" * 5000}, "pgcat.toml"),
        ({"pgdog.toml": "[general]\n", "users.toml": "[[users]\n"}, "users.toml"),
        ({"supabase/config.toml": "[db.pooler]\nenabled = \n"}, "supabase/config.toml"),
    ],
)
def test_a_broken_file_is_reported(files: dict[str, str], broken: str, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")

    report = scan([tmp_path], Settings())

    assert report.failures == []
    assert [(one.policy.id, Path(one.origin.path)) for one in report.findings] == [
        ("PG901", tmp_path / broken)
    ]


def test_a_template_is_not_called_broken(tmp_path: Path) -> None:
    """It becomes YAML when it is filled in."""
    text = "pg_hba:\n{% for rule in rules %}\n- {{ rule }}\n{% endfor %}\n"
    (tmp_path / "patroni.yml").write_text(text, "utf-8")

    assert scan([tmp_path], Settings()).findings == []
