# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a container connects to PostgreSQL, as its environment says."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connguard.budget import dsn
from connguard.containers.compose_service import Variable
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.ports import POSTGRES
from connguard.policies.model.records import dataclass
from connguard.policies.model.whole_numbers import whole

_HOST = lazily(
    r"(?P<prefix>(?:.*_)?(?P<family>PG|POSTGRES(?:QL)?|DB|DATABASE))(?P<join>_?)"
    r"(?:HOST(?:NAME)?|URL_HOST)"
)
_NOT_FOR_US = lazily(
    r"(?:^|_)(?:TESTS?|EXTERNAL|PUBLIC|EXAMPLE|ALLOWED|TRUSTED|MYSQL|MARIADB|MONGO\w*|REDIS|"
    r"CLICKHOUSE|MSSQL|ORACLE|INFLUX\w*|NEO4J|ELASTIC\w*)(?:_|$)"
)
_HOST_NAME = lazily(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?|::1|\[::1\]")
_OTHER_KIND = lazily(r"(?i)mysql|maria|mongo|sqlite|mssql|sqlserver|oracle")
_KIND = lazily(
    r"(?i)^(?:.*_)?(?:DB|DATABASE)_?(?:TYPE|ENGINE|CONNECTION|DRIVER|CLIENT|VENDOR|BACKEND|DIALECT|ADAPTER)$"
)
_VARIABLE_PORT = lazily(r"(?:@|//)[^@/?]*:\$[^@]*$|\bport=\$", re.IGNORECASE)

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1", "[::1]")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A place to which a container connects.

    `port` is None where it is not known; `explicit` tells that a variable says it. `certain` tells
    that the variable is about PostgreSQL, and not about just any database.
    """

    variable: str
    host: str
    port: int | None
    origin: Origin
    certain: bool
    explicit: bool = False
    from_file: bool = False

    @property
    def text(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        return self.host in LOOPBACK_NAMES


def wanted(environment: Mapping[str, Variable]) -> list[Wanted]:
    """Everything that the variables of a container say about where it connects."""
    other = any(
        _KIND.match(key) and _OTHER_KIND.search(one.text) for key, one in environment.items()
    )
    found = []
    for key, variable in environment.items():
        name = key.upper().replace(".", "_").replace("__", "_")
        if _NOT_FOR_US.search(name):
            continue
        one = _connection_string(key, variable) or _host(key, name, variable, environment)
        if one is not None and not (other and not one.certain):
            found.append(one)
    return found


def _connection_string(key: str, variable: Variable) -> Wanted | None:
    text = variable.text.strip()
    if key == "DATA_SOURCE_URI":  # of postgres_exporter
        text = f"postgresql://{text}"
    target = dsn.parse(text)
    if target is None or target.host is None or not _HOST_NAME.fullmatch(target.host):
        return None
    scheme = text.lower()
    if "cockroachdb" in scheme or (";" in scheme and "postgres" not in key.lower() + scheme):
        return None
    port = None if _VARIABLE_PORT.search(text) else target.port or POSTGRES
    return Wanted(
        key,
        target.host,
        port,
        variable.origin,
        certain=True,
        explicit=target.port is not None,
        from_file=variable.from_file,
    )


def _host(
    key: str, name: str, variable: Variable, environment: Mapping[str, Variable]
) -> Wanted | None:
    match = _HOST.fullmatch(name)
    if match is None or not variable.known or not variable.text:
        return None
    host, colon, own_port = variable.text.strip().partition(":")
    if variable.text in LOOPBACK_NAMES:
        host, colon = variable.text, ""
    if not _HOST_NAME.fullmatch(host) or (colon and not own_port.isdecimal()):
        return None
    family = match["family"]
    certain = family not in ("DB", "DATABASE")
    if colon:
        return Wanted(
            key, host, whole(own_port), variable.origin, certain, True, variable.from_file
        )
    port = POSTGRES if name == "PGHOST" else None  # what others take is for the program to say
    explicit = False
    for other, one in environment.items():
        if re.fullmatch(rf"{re.escape(match['prefix'])}_?(?:URL_)?PORT", other.upper()):
            explicit = True
            port = whole(one.text) if one.known and one.text.isdecimal() else None
    return Wanted(key, host, port, variable.origin, certain, explicit, variable.from_file)
