# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evaluates policies/opa with rego-cpp.

Two things that rego-cpp 1.5 does otherwise than OPA are worked round here. It writes strings of the
input without escaping quotes, so that its own output is no JSON: `plain_text` takes such characters
out of the input, on which no decision rests. And it cannot evaluate `with input as` over rules that
call functions: the modules *_test.rego, which do, are left to `opa test`, and the cases in them are
evaluated one by one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import regopy
from regopy.rego_shared import rego_get_error

from connguard.exporting import opa

FOLDER = Path(opa.__file__).parents[1] / "policies" / "opa"
PACKAGES = ("roles", "budget", "network", "tls", "reading")


class Rego:
    """The policies, and an input for them."""

    def __init__(self, *, cases: bool = False) -> None:
        """With the cases of the unit tests, or without: each query compiles all modules."""
        self._interpreter = regopy.Interpreter()
        for path in sorted(FOLDER.glob("*.rego")):
            is_case = path.name.endswith("_cases.rego") or path.name == "testing.rego"
            if not path.name.endswith("_test.rego") and (cases or not is_case):
                self._interpreter.add_module(path.name, path.read_text(encoding="utf-8"))

    def query(self, query: str, document: object) -> Any:
        """The value of an expression. Raises ValueError with what rego-cpp says."""
        self._interpreter.set_input(plain_text(document))
        output = self._interpreter.query(query)
        if not output.results:
            raise ValueError(rego_get_error(self._interpreter._impl))
        return output.results[0].expressions[0]

    def results(self, document: object) -> set[tuple[str, str, str, int, int]]:
        """Policy, severity and place of all that is denied or warned of.

        Raises AssertionError where `deny` holds what is no error, or `warn` what is one.
        """
        fields = "r.policy, r.severity, r.location.path, r.location.line, r.location.column"
        wanted = (
            f"[[{fields}] | some found in ["
            + ", ".join(f"data.connguard.{package}.{rule}" for package in PACKAGES)
            + "]; some r in found]"
            for rule in ("deny", "warn")
        )
        denied, warned = (
            {
                (policy, severity, path, line, column)
                for policy, severity, path, line, column in results
            }
            for results in self.query(f"[{', '.join(wanted)}]", document)
        )
        assert {severity for _, severity, *_ in denied} <= {"error"}
        assert {severity for _, severity, *_ in warned} <= {"warning", "note"}
        return denied | warned


def plain_text(value: object) -> Any:
    """The value with every character that JSON escapes replaced in its texts."""
    if isinstance(value, str):
        return "".join(one if one.isprintable() and one not in '"\\' else "'" for one in value)
    if isinstance(value, list):
        return [plain_text(one) for one in value]
    if isinstance(value, dict):
        return {plain_text(key): plain_text(one) for key, one in value.items()}
    return value
