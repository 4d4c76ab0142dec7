# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes src/connguard/postgres/server_settings.json from pg_settings of the servers at hand.

Run it with the test servers installed: python tools/make_setting_table.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
TARGET = REPOSITORY / "src" / "connguard" / "postgres" / "server_settings.json"
sys.path.insert(0, str(REPOSITORY / "tests"))

from servers import Postgres, available_postgres  # noqa: E402

QUERY = """
SELECT name, vartype, unit, min_val, max_val, enumvals FROM pg_settings
WHERE name !~ '[.]' ORDER BY name
"""


def main() -> None:
    """One entry per name; the newest server at hand describes it."""
    table: dict[str, dict[str, Any]] = {}
    versions = []
    for installation in available_postgres():
        versions.append(installation.major)
        with Postgres(installation) as server, server.connect() as connection:
            for name, kind, unit, least, most, choices in connection.execute(QUERY):
                entry = table.setdefault(name, {"versions": []})
                if installation.major not in entry["versions"]:
                    entry["versions"].append(installation.major)
                entry["type"] = kind
                for key, value in (("unit", unit), ("min", least), ("max", most)):
                    if value is not None:
                        entry[key] = value
                if choices:
                    entry["choices"] = sorted({*entry.get("choices", []), *choices})
    lines = [
        f"    {json.dumps(name)}: {json.dumps(entry, sort_keys=True)}"
        for name, entry in sorted(table.items())
    ]
    TARGET.write_text(
        f'{{\n  "versions": {json.dumps(sorted(set(versions)))},\n  "settings": {{\n'
        + ",\n".join(lines)
        + "\n  }\n}\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
