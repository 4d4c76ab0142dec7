# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform resources without a file: every attribute on a line of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verdict_words import line

from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.terraform_resource import Body, value_bodies
from connguard.policies.model.terraform_value import Setting, Unresolved

X = Unresolved("var.x")
HERE = line(1)


@dataclass(frozen=True)
class Block:
    """A block whose attributes stand on the lines after it, in order."""

    values: Mapping[str, object]
    origin: Origin = HERE
    certain: bool = True

    def setting(self, name: str) -> Setting | None:
        if name not in self.values:
            return None
        number = self.origin.line + 1 + list(self.values).index(name)
        return Setting(self.values[name], line(number))

    def blocks(self, name: str) -> Sequence[Body]:
        setting = self.setting(name)
        return value_bodies(setting.value, setting.origin) if setting else []


@dataclass(frozen=True)
class FakeResource:
    type: str
    name: str
    body: Body
    calls: tuple[Related, ...] = ()

    @property
    def address(self) -> str:
        return f"{self.type}.{self.name}"

    @property
    def origin(self) -> Origin:
        return self.body.origin


def resource(kind: str, label: str = "main", at: int = 1, **values: Any) -> FakeResource:
    return FakeResource(kind, label, Block(values, line(at)))
