# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validates SARIF files against a JSON schema: `validate_sarif.py SCHEMA FILE...`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from jsonschema import FormatChecker
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for


def errors(validator: Validator, document: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def main(schema_path: str, *paths: str) -> int:
    schema = json.loads(Path(schema_path).read_text(encoding="utf-8-sig"))
    validator = validator_for(schema)(schema, format_checker=FormatChecker())
    if not errors(validator, {"version": "2.1.0", "runs": [{"results": [{}]}]}):
        print(f"{schema_path} refuses nothing")
        return 2
    found = {
        path: errors(validator, json.loads(Path(path).read_text(encoding="utf-8")))
        for path in paths
    }
    for path, messages in found.items():
        for message in messages:
            print(f"{path}: {message}")
    print(f"{len(paths)} files, {sum(map(len, found.values()))} errors")
    return int(not paths or any(found.values()))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
