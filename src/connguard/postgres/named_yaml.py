# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The access list of a YAML file that the user names: Patroni's, an operator's or a ConfigMap."""

from __future__ import annotations

from connguard.engine import yaml_source
from connguard.engine.reading import Context, SourceFile
from connguard.engine.yaml_source import Node
from connguard.policies.model.origin import Origin
from connguard.postgres.hba_lines import SourceLine, line_at
from connguard.postgres.hba_reader import HbaFile, read_hba_lines
from connguard.postgres.yaml_forms import HbaLines, forms

# What CloudNativePG writes around the lines of a Cluster
# (https://cloudnative-pg.io/documentation/current/postgresql_conf/#the-pg_hba-section).
_CNPG_BEFORE = (
    "local all all peer map=local",
    "hostssl postgres streaming_replica all cert map=cnpg_streaming_replica",
    "hostssl replication streaming_replica all cert map=cnpg_streaming_replica",
    "hostssl all cnpg_pooler_pgbouncer all cert map=cnpg_pooler_pgbouncer",
)
_SCRAM_SINCE = 14


class NotOneList(Exception):
    """The file does not hold exactly one whole access list. The message says why."""


def read_hba_in_yaml(file: SourceFile, context: Context, version: int) -> HbaFile | None:
    """The one access list in a file; None when the file cannot be read. Raises NotOneList."""
    text = context.text(file)
    if text is None:
        return None
    stream = yaml_source.parse(text)
    if stream.gaps:
        raise NotOneList(f"line {stream.gaps[0].origin.line}: {stream.gaps[0].reason}")
    found = [
        (document, form)
        for document in stream.documents
        for form in forms(document, text)
        if isinstance(form, HbaLines)
    ]
    if len(found) != 1:
        places = ", ".join(str(form.whole.line) for _, form in found)
        raise NotOneList(f"several access lists, at lines {places}" if found else "no access list")
    document, form = found[0]
    reason = _incomplete(document, form)
    if reason:
        raise NotOneList(reason)
    lines = form.lines
    if _group(document) == "postgresql.cnpg.io":
        lines = (
            *_at(_CNPG_BEFORE, form.whole),
            *lines,
            *_at((_cnpg_default(version),), form.whole),
        )
    return read_hba_lines(file.name, lines, version, form.whole)


def _cnpg_default(version: int) -> str:
    return f"host all all all {'scram-sha-256' if version >= _SCRAM_SINCE else 'md5'}"


def _incomplete(document: Node, form: HbaLines) -> str | None:
    """Why the list is not all that the server reads, in its order."""
    if not form.ordered:
        return "tasks that add single lines do not show the order of the file"
    if _group(document) == "postgres-operator.crunchydata.com":
        return "the operator puts lines of its own before these, which the file does not show"
    if document.is_mapping and document.get("spec", "postgresql", "ldap") is not None:
        return "the operator adds a line for LDAP, which the file does not show"
    bootstrap = document.get("bootstrap") if document.is_mapping else None
    lines = bootstrap.get("pg_hba") if bootstrap is not None and bootstrap.is_mapping else None
    if lines is not None and lines.origin == form.whole:
        return "Patroni adds bootstrap.pg_hba to the lines of initdb, which the file does not show"
    return None


def _group(document: Node) -> str:
    version = document.get("apiVersion") if document.is_mapping else None
    return ((version.string if version is not None else None) or "").partition("/")[0]


def _at(lines: tuple[str, ...], place: Origin) -> tuple[SourceLine, ...]:
    return tuple(line_at(line, place) for line in lines)
