# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform's functions that read and write YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, ClassVar

import yaml

from connguard.policies.model.patterns import lazily
from connguard.terraform.text_formats import json_text, number_of
from connguard.terraform.values import (
    MAX_DEPTH,
    Blocked,
    bounded_text,
    is_number,
    mistake,
    number_text,
    to_text,
)

_MAX_YAML = 200_000


def yamlencode(value: object) -> object:
    """Terraform's own style: every string quoted or literal, lists not indented."""
    events = [
        yaml.StreamStartEvent(),
        yaml.DocumentStartEvent(explicit=False),
        *_yaml_events(value, 0),
        yaml.DocumentEndEvent(explicit=False),
        yaml.StreamEndEvent(),
    ]
    return bounded_text(yaml.emit(events, allow_unicode=True, width=float("inf")))


def _yaml_events(value: object, depth: int) -> Iterator[yaml.Event]:
    if depth > MAX_DEPTH:
        raise Blocked("a value is nested too deeply")
    if isinstance(value, dict):
        yield yaml.MappingStartEvent(None, None, implicit=True, flow_style=not value)
        for key in sorted(value):
            yield _yaml_text(key)
            yield from _yaml_events(value[key], depth + 1)
        yield yaml.MappingEndEvent()
    elif isinstance(value, list):
        yield yaml.SequenceStartEvent(None, None, implicit=True, flow_style=not value)
        for item in value:
            yield from _yaml_events(item, depth + 1)
        yield yaml.SequenceEndEvent()
    elif isinstance(value, str):
        yield _yaml_text(value)
    else:
        text = number_text(value) if is_number(value) else json_text(value, depth)
        yield yaml.ScalarEvent(None, None, (True, False), text)


def _yaml_text(text: str) -> yaml.Event:
    return yaml.ScalarEvent(None, None, (False, True), text, style="|" if "\n" in text else '"')


class _Loader(yaml.SafeLoader):
    """YAML as Terraform resolves plain scalars."""

    # The stubs take it for a variable of objects, PyYAML for one of the class.
    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            # Aliases can blow up without bounds.
            raise Blocked("YAML with aliases")
        return super().compose_node(parent, index)


def _construct_number(loader: yaml.SafeLoader, node: yaml.Node) -> object:
    digits = str(node.value)
    if re.fullmatch(r"0[xX][0-9a-fA-F]{1,100}|0o[0-7]{1,100}", digits):
        return int(digits, 0)
    return number_of(digits)


_TRUE = "y|Y|yes|Yes|YES|on|On|ON|true|True|TRUE"
_FALSE = "n|N|no|No|NO|off|Off|OFF|false|False|FALSE"
_RESOLVERS = (
    ("tag:connguard,2026:true", _TRUE, "yYoOtT"),
    ("tag:connguard,2026:false", _FALSE, "nNoOfF"),
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (
        "tag:connguard,2026:number",
        r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|0[xX][0-9a-fA-F]+|0o[0-7]+",
        "-+.0123456789",
    ),
    (
        "tag:connguard,2026:refused",
        r"\d{4}-\d\d?-\d\d?(?:[Tt \t].*)?|[-+]?0[bB][01_]+|[-+]?\d[\d_]*_[\d_]*|\d+(?::\d+)+"
        r"|[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("tag:yaml.org,2002:merge", r"<<", "<"),
)


def _refuse(loader: yaml.SafeLoader, node: yaml.Node) -> object:
    raise Blocked("a date or an unusual number in YAML")


for _tag, _pattern, _first in _RESOLVERS:
    _Loader.add_implicit_resolver(_tag, lazily(f"^(?:{_pattern})$"), list(_first))
_Loader.add_constructor("tag:connguard,2026:number", _construct_number)
_Loader.add_constructor("tag:connguard,2026:refused", _refuse)
_Loader.add_constructor("tag:connguard,2026:true", lambda loader, node: True)
_Loader.add_constructor("tag:connguard,2026:false", lambda loader, node: False)


def yamldecode(text: object) -> object:
    source = to_text(text)
    if len(source) > _MAX_YAML:
        raise Blocked("a YAML text is too long")
    if not source.strip():
        raise mistake("yamldecode() of an empty text")
    try:
        return _plain(yaml.load(source, Loader=_Loader), 0)
    except RecursionError as error:
        raise Blocked("a text is nested too deeply") from error
    except (yaml.YAMLError, ValueError, TypeError, AttributeError) as error:
        raise mistake("yamldecode() cannot read the text") from error


def _plain(value: object, depth: int) -> object:
    """The value with keys as text. Raises Blocked for types that Terraform has not."""
    if depth > MAX_DEPTH:
        raise Blocked("a value is nested too deeply")
    if isinstance(value, dict):
        return {to_text(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    if value is None or isinstance(value, (str, bool, int, Fraction)):
        return value
    raise Blocked("a YAML value that is not evaluated")
