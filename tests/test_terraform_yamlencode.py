# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""yamlencode() writes what Terraform's console printed for the same expressions."""

from __future__ import annotations

from pathlib import Path

import pytest
from terraform_scans import context_of, write

from connguard.engine.reading import SourceFile
from connguard.policies.model.simple_yaml import parse
from connguard.terraform.configuration import load
from connguard.terraform.expression_parser import parse_expression

RECORDED = {
    'yamlencode({a=[1,2],b={c="d"},e=[],f={},g=null,h=true,i=1.5,j="x: y",k="",o="no"})': """\
"a":
- 1
- 2
"b":
  "c": "d"
"e": []
"f": {}
"g": null
"h": true
"i": 1.5
"j": "x: y"
"k": ""
"o": "no"
""",
    r'yamlencode({l="multi\nline\n",m="q\"uote\\",n="é<&>",t="tab\there",u="a\nb",v=" lead"})': """\
"l": |
  multi
  line
"m": "q\\"uote\\\\"
"n": "é<&>"
"t": "tab\\there"
"u": |-
  a
  b
"v": " lead"
""",
    'yamlencode([{a=1,b=[1,{c=2}]},"x",[1,[2]],[]])': """\
- "a": 1
  "b":
  - 1
  - "c": 2
- "x"
- - 1
  - - 2
- []
""",
    'yamlencode({"a.b/c"="x","1"=2,"true"=3,w="\\u0001"})': """\
"1": 2
"a.b/c": "x"
"true": 3
"w": "\\x01"
""",
    'yamlencode("text")': '"text"\n',
    "yamlencode({})": "{}\n",
    "yamlencode(5)": "5\n...\n",
}


@pytest.mark.parametrize("expression", RECORDED)
def test_text_is_terraforms(tmp_path: Path, expression: str) -> None:
    """The text is the same to the letter."""
    write(tmp_path, {"main.tf": "locals {\n}\n"})
    (module,) = load([SourceFile(tmp_path / "main.tf", "main.tf")], context_of(tmp_path)).roots

    assert module.evaluate(parse_expression(expression)) == RECORDED[expression]


def test_encoded_values_of_a_chart_are_read() -> None:
    """What yamlencode writes is within the YAML that the policies read."""
    text = '"primary":\n  "service":\n    "loadBalancerSourceRanges":\n    - "10.0.0.0/8"\n'

    assert parse(text) == {"primary": {"service": {"loadBalancerSourceRanges": ["10.0.0.0/8"]}}}
