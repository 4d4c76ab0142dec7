# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No text makes the Terraform front ends raise."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from terraform_scans import read, read_plan

from connguard.policies.model.origin import Origin
from connguard.policies.model.terraform_postgresql import RESOURCE_TYPES, facts
from connguard.policies.model.terraform_value import Setting, Unresolved
from connguard.terraform.expression_parser import parse_expression, parse_template
from connguard.terraform.expressions import Evaluator
from connguard.terraform.functions import FUNCTIONS
from connguard.terraform.module import NOTHING
from connguard.terraform.syntax import Malformed

quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

TOKENS = st.sampled_from(
    [
        'resource "postgresql_role" "a" {', 'resource "postgresql_database" "b" {', "locals {",
        'variable "v" {', 'module "m" {', 'dynamic "x" {', "content {", "}", "\n", "login = true",
        "connection_limit = ", "-1", "count = ", "for_each = ", "default = ", 'source = "./"',
        "var.v", "local.a", "each.value", "count.index", "a = ", "b", "[", "]", "(", ")", "{", ",",
        '"', '"${', "${", "%{ if x }", "%{ endif }", "%{for x in y}", "<<EOT\n", "<<-E\n", "EOT\n",
        "[for x in ", "{for k, v in ", " : ", " => ", "...", "[*]", ".*", "?", "!", "+", "/", "%",
        "1e9", "0", "1.5", "null", "# c\n", "/*", "*/", "é", "\r\n", "\t", "\\", "$$", "~}", "if",
        "merge(", "flatten(", "format(\"%d\", ", "regex(\"(a+)+$\", ", "range(", "toset(",
    ]
)  # fmt: skip
SOURCES = st.one_of(
    st.text(max_size=200),
    st.lists(TOKENS, max_size=60).map(" ".join),
    st.lists(TOKENS).map("".join),
)


@quick
@given(SOURCES, SOURCES)
def test_any_source(first: str, second: str) -> None:
    """Any text is read as a file and as a neighbour of another one."""
    with tempfile.TemporaryDirectory() as name:
        reading = read(
            Path(name),
            {
                "a.tf": first.encode("utf-8", "surrogatepass"),
                "b.tf.json": second.encode("utf-8", "surrogatepass"),
                "terraform.tfvars": second.encode("utf-8", "surrogatepass"),
                "c.tf": 'variable "v" {}\n' + second,
            },
        )
    assert {"a.tf", "b.tf.json", "c.tf"} == reading.files


@quick
@given(SOURCES)
def test_any_expression(source: str) -> None:
    """Any text is parsed and evaluated as an expression and as a template."""
    for parsed in (parse_expression(source), parse_template(source)):
        assert 0 <= parsed.start <= parsed.end <= len(source) or isinstance(parsed, Malformed)
        Evaluator().evaluate(parsed, NOTHING)


ARGUMENTS = st.sampled_from(
    [
        "null", "true", "0", "-1", "1.5", "1e300", '""', '"a"', '"%s %d"', '"10.0.0.0/8"', '"::/0"',
        "[]", "[1, null]", '["a", "b"]', "{}", "{ a = 1 }", "[[1], {}]", "x", "[x]", "{ a = x }",
        '"/(/"', '"(a*)*b"', '"{\\"a\\": [1]}"', '"a: &x [*x]"', '"99999999999"', "toset([1, 2])",
    ]
)  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(sorted(FUNCTIONS)), st.lists(ARGUMENTS, max_size=4))
def test_any_call(name: str, arguments: list[str]) -> None:
    """No function raises or runs away, whatever it is called with."""
    expression = parse_expression(f"{name}({', '.join(arguments)})")

    assert not isinstance(expression, Malformed)
    Evaluator().evaluate(expression, NOTHING)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                [
                    "planned_values",
                    "root_module",
                    "resources",
                    "child_modules",
                    "address",
                    "type",
                    "values",
                    "name",
                    "login",
                    "connection_limit",
                    "resource_changes",
                    "change",
                    "after_unknown",
                    "format_version",
                    "mode",
                    "resource",
                    "postgresql_role",
                ]
            ),
            inner,
            max_size=6,
        ),
    ),
    max_leaves=30,
)


@quick
@given(JSON, st.integers(0, 400))
def test_any_plan(document: Any, cut: int) -> None:
    """Any JSON, whole or cut off, is read as a plan and as configuration."""
    text = json.dumps(
        {"format_version": "1.2", "planned_values": document, "resource_changes": document}
    )
    with tempfile.TemporaryDirectory() as name:
        read_plan(Path(name), text)
        read_plan(Path(name), text[:-cut] if cut else text)
        read(Path(name), {"a.tf.json": json.dumps(document), "b.tf.json": text[:-cut]})


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(),
    st.lists(st.integers()), st.builds(Unresolved, st.text()), st.just(object()),
    st.sampled_from(["-1", "1e99", "1e9", "10.0", " 5", "0x10", "true", "１"]),
)  # fmt: skip


@quick
@given(
    st.sampled_from(RESOURCE_TYPES),
    st.dictionaries(st.sampled_from(["name", "login", "superuser", "connection_limit"]), VALUES),
)
def test_any_settings(kind: str, values: dict[str, object]) -> None:
    """The mapping to facts takes any value."""
    origin = Origin("main.tf", 1, 1, 1, 2)

    found = facts(
        kind, "address", {name: Setting(value, origin) for name, value in values.items()}, origin
    )

    assert len(found) == 1
