# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions have the value that `terraform console` gives them.

tools/record_terraform_console.py made recorded.json with Terraform 1.11.4.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from terraform_scans import context_of

from connguard.engine.reading import SourceFile
from connguard.terraform.configuration import load
from connguard.terraform.expression_parser import parse_expression
from connguard.terraform.module import Module
from connguard.terraform.text_formats import jsonencode
from connguard.terraform.values import Blocked, Unknown, fully_known

FOLDER = Path(__file__).resolve().parent / "data" / "terraform_console"
RECORDED: list[dict[str, Any]] = json.loads((FOLDER / "recorded.json").read_text("utf-8"))

# Terraform knows the value, and we rather say that we do not: the types of collections are not
# tracked, and dates in YAML not read.
UNDECIDED = {
    'local.list == ["x", "y", "z"]',
    "[] == []",
}


@pytest.fixture(scope="module")
def module() -> Module:
    context = context_of(FOLDER)
    return load([SourceFile(FOLDER / "main.tf", "main.tf")], context).roots[0]


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: recorded["expression"])
def test_value_is_terraforms(module: Module, recorded: dict[str, Any]) -> None:
    """Known values are equal to Terraform's; what Terraform refuses is unknown."""
    value = module.evaluate(parse_expression(recorded["expression"]))
    try:
        found = jsonencode(fully_known(value))
    except Blocked as blocked:
        found = blocked.unknown

    if "error" in recorded or recorded["expression"] in UNDECIDED or "2020-01-01" in str(recorded):
        assert isinstance(found, Unknown)
    else:
        assert found == recorded["json"]


def test_enough_is_recorded() -> None:
    """The recording is complete and not only of errors."""
    lines = (FOLDER / "expressions.txt").read_text("utf-8").split("\n")

    assert [one["expression"] for one in RECORDED] == [line for line in lines if line]
    assert sum("json" in one for one in RECORDED) > 300
