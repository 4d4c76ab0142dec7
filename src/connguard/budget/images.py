# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What container images run: PostgreSQL servers and poolers, and in which version."""

from __future__ import annotations

import re
from enum import Enum

from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.topology import Version
from connguard.policies.model.whole_numbers import whole


class Kind(Enum):
    POSTGRES = "postgres"
    PGBOUNCER = "pgbouncer"


@dataclass(frozen=True, slots=True)
class Image:
    """`flavour` is who makes the image ("bitnami"), where its settings differ by that."""

    kind: Kind
    flavour: str
    version: Version | None


_POSTGRES = lazily(
    r"(?:^|/)(?:postgres|postgresql|postgis|pgvector|timescaledb(?:-ha)?|supabase/postgres"
    r"|spilo-\d+|postgresql-repmgr|pgvecto-rs|vchord-postgres|paradedb|citus|crunchy-postgres(?:-\w+)*"
    r"|postgresql-\d+(?:-\w+)*|percona-distribution-postgresql|apache/age|pg-?\d*)$"
)
_PGBOUNCER = lazily(r"pgbouncer[^/]*$")
_EXPORTER = lazily(r"exporter|backup|admin|client|init|migrat")
_DEFAULT = lazily(r"\$\{\w++:?-([^}]*+)(\})?")
_VERSION = lazily(r"v?(\d+)(?:[._](\d+))?")


def identify(image: str) -> Image | None:
    """The program of an image; None for any other image."""
    name, tag = _split(image)
    if _EXPORTER.search(name.rpartition("/")[2]):
        return None
    flavour = name.rpartition("/")[0].rpartition("/")[2]
    if _PGBOUNCER.search(name):
        version = _version(tag)
        return Image(Kind.PGBOUNCER, flavour, version if version and version[0] == 1 else None)
    if _POSTGRES.search(name):
        pinned = re.search(r"pg(\d+)", tag)
        found = (whole(pinned[1]), 0) if pinned else _version(tag)
        return Image(Kind.POSTGRES, flavour, found if found and found[0] >= 9 else None)
    return None


def _split(image: str) -> tuple[str, str]:
    name = image.partition("@")[0]
    # `postgres:${VERSION:-16}`: the default counts.
    name = _DEFAULT.sub(lambda match: match[1] if match[2] else match[0], name)
    head, colon, tag = name.rpartition(":")
    return (head, tag) if colon and "/" not in tag else (name, "")


def _version(tag: str) -> Version | None:
    match = _VERSION.match(tag)
    return (whole(match[1]), whole(match[2] or 0)) if match else None
