# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads checked values out of the tables of a TOML file that people write."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from connguard.budget.toml_places import Document
from connguard.engine.settings import SettingsError
from connguard.policies.model.amount import UNBOUNDED
from connguard.policies.model.origin import Origin

TablePath = tuple[str | int, ...]


class TableReader:
    """What readers of declarations share. Every method raises SettingsError with a place.

    `keys` are the known keys of each kind of table, `prefix` is where the tables stand in the file.
    """

    def __init__(
        self,
        document: Document,
        keys: Mapping[str, Collection[str]],
        prefix: tuple[str, ...] = (),
    ) -> None:
        self._document = document
        self._keys = keys
        self._prefix = prefix

    def _tables(self, parent: Mapping[str, Any], kind: str) -> list[tuple[int, Mapping[str, Any]]]:
        tables = parent.get(kind, [])
        if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
            raise self._error(f"must be written as [[{kind}]]", kind)
        for position, table in enumerate(tables):
            self._refuse_unknown((kind, position), kind, table)
        return list(enumerate(tables))

    def _refuse_unknown(self, path: TablePath, kind: str, table: Mapping[str, Any]) -> None:
        for key in table:
            if key not in self._keys[kind]:
                raise self._error(f'unknown key "{key}"', *path, key)

    def _refuse_repeated(self, kind: str, names: Sequence[str]) -> None:
        for position, name in enumerate(names):
            if name in names[:position]:
                raise self._error(f'{kind} "{name}" is declared twice', kind, position)

    def _required(self, path: TablePath, table: Mapping[str, Any], key: str) -> str:
        value = self._string(path, table, key)
        if not value:
            raise self._error(f"{key} is missing", *path)
        return value

    def _string(self, path: TablePath, table: Mapping[str, Any], key: str) -> str | None:
        value = table.get(key)
        if value is not None and not isinstance(value, str):
            raise self._error(f"{key}: must be a string", *path, key)
        return value

    def _flag(self, path: TablePath, table: Mapping[str, Any], key: str, default: bool) -> bool:
        value = table.get(key, default)
        if not isinstance(value, bool):
            raise self._error(f"{key}: must be true or false", *path, key)
        return value

    def _origin(self, *path: str | int) -> Origin:
        return self._document.origin(*self._prefix, *path)

    def _error(self, problem: str, *path: str | int) -> SettingsError:
        return SettingsError(f"{self._origin(*path)}: {problem}")


def is_count(value: object) -> bool:
    """Whether a value is a whole number from 0 on that can be added up."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < UNBOUNDED
