# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the rows of a fleet as they come: NDJSON, and tables of Parquet.

Every output appears under its name only when it is whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Protocol

from connguard.fleet.engines import EngineError

Row = Mapping[str, Any]

TABLES = {
    "finding": "findings",
    "repository": "repositories",
    "connection": "connections",
    "server": "servers",
    "unattributed": "unattributed",
}
"""The Parquet file of each type of row; the first and last row of a run have none."""

_BATCH = 4096
"""Rows that are held before they are written as a group of a Parquet file."""

_TEXT = "string"
_COUNT = "int64"
_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "finding": {
        **dict.fromkeys(("repository", "server", "id", "name", "severity", "message"), _TEXT),
        "path": _TEXT,
        **dict.fromkeys(("line", "column", "end_line", "end_column"), _COUNT),
        **dict.fromkeys(("fix", "fingerprint"), _TEXT),
        "prevents": "texts",
        "related": "json",
    },
    "repository": {
        **dict.fromkeys(("repository", "path", "commit", "status", "reason"), _TEXT),
        **dict.fromkeys(("exit_code", "files", "errors", "warnings", "notes"), _COUNT),
        **dict.fromkeys(("suppressed", "undecided", "not_parsed"), _COUNT),
        "budget": _TEXT,
        "policies": "json",
        "failures": "json",
        "seconds": "float64",
        "memory": _COUNT,
    },
    "connection": {
        **dict.fromkeys(("repository", "service", "path"), _TEXT),
        "line": _COUNT,
        **dict.fromkeys(("server", "pooler", "attributed_by"), _TEXT),
        "certain": "bool",
        **dict.fromkeys(("reason", "host", "database", "user"), _TEXT),
        "secrets": "texts",
        **{
            f"{name}_{end}": _COUNT
            for name in ("instances", "surge", "processes", "pool", "connections")
            for end in ("min", "max")
        },
    },
    "server": {
        **dict.fromkeys(("server", "repository", "path"), _TEXT),
        "line": _COUNT,
        **dict.fromkeys(("verdict", "server_verdict"), _TEXT),
        **dict.fromkeys(("slots_min", "slots_max", "connections_min", "connections_max"), _COUNT),
        "headroom": _COUNT,
        "undecided": _TEXT,
        "repositories": "texts",
        "shares": "json",
        "limits": "json",
        "findings": _COUNT,
        "known": _COUNT,
    },
    "unattributed": {
        **dict.fromkeys(("repository", "kind", "name", "path"), _TEXT),
        "line": _COUNT,
        "reason": _TEXT,
    },
}
"""The columns of every table. `texts` is a list of strings; `json` is JSON in a string."""


class Output(Protocol):
    """Takes the rows of a run in their order."""

    def write(self, row: Row) -> None: ...


def ndjson_line(row: Row) -> str:
    # Everything outside ASCII is escaped: no control character of a scanned file gets out.
    return json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n"


class _Ndjson:
    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, row: Row) -> None:
        self._stream.write(ndjson_line(row).encode("ascii"))


@contextlib.contextmanager
def ndjson(target: Path | None) -> Iterator[Output]:
    """NDJSON on standard output (None) or in a file. Raises OSError."""
    if target is None:
        yield _Ndjson(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    target = target.absolute()
    descriptor, part = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield _Ndjson(stream)
        os.chmod(part, 0o666 & ~_umask())
        os.replace(part, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise


@contextlib.contextmanager
def parquet(folder: Path) -> Iterator[Output]:
    """One Parquet file for each table, in a folder. Raises OSError, EngineError."""
    tables = _Tables(folder.absolute())
    try:
        yield tables
        tables.finish()
    finally:
        tables.clear()


class _Tables:
    def __init__(self, folder: Path) -> None:
        try:
            self._arrow = import_module("pyarrow")
            self._parquet = import_module("pyarrow.parquet")
        except ImportError as error:
            needed = "Parquet needs connguard[parquet]: pip install 'connguard[parquet]'"
            raise EngineError(needed) from error
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._parts = Path(tempfile.mkdtemp(dir=folder, prefix=".parts."))
        self._schemas = {kind: self._schema(kind) for kind in TABLES}
        self._writers = {
            kind: self._parquet.ParquetWriter(self._parts / f"{name}.parquet", self._schemas[kind])
            for kind, name in TABLES.items()
        }
        self._rows: dict[str, list[Row]] = {kind: [] for kind in TABLES}

    def _schema(self, kind: str) -> Any:
        arrow = self._arrow
        types = {
            "string": arrow.string(),
            "json": arrow.string(),
            "int64": arrow.int64(),
            "float64": arrow.float64(),
            "bool": arrow.bool_(),
            "texts": arrow.list_(arrow.string()),
        }
        return arrow.schema([(name, types[one]) for name, one in _COLUMNS[kind].items()])

    def write(self, row: Row) -> None:
        kind = row["type"]
        if kind in TABLES:
            self._rows[kind].append(row)
            if len(self._rows[kind]) >= _BATCH:
                self._flush(kind)

    def _flush(self, kind: str) -> None:
        columns = {
            name: [
                json.dumps(value, ensure_ascii=True) if one == "json" else value
                for row in self._rows[kind]
                for value in (row.get(name),)
            ]
            for name, one in _COLUMNS[kind].items()
        }
        table = self._arrow.table(columns, schema=self._schemas[kind])
        self._writers[kind].write_table(table)
        self._rows[kind] = []

    def finish(self) -> None:
        for kind, rows in self._rows.items():
            if rows:
                self._flush(kind)
        for writer in self._writers.values():
            writer.close()
        for name in TABLES.values():
            os.replace(self._parts / f"{name}.parquet", self._folder / f"{name}.parquet")

    def clear(self) -> None:
        for writer in self._writers.values():
            with contextlib.suppress(OSError, ValueError):
                writer.close()
        shutil.rmtree(self._parts, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
