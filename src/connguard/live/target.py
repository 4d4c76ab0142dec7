# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where to connect to, from a connection string, the environment and the service file.

libpq does the reading, so that every form that a client takes is taken here, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass

_SECRETS = (
    "password",
    "sslpassword",
    "oauth_client_secret",
    "scram_client_key",
    "scram_server_key",
)
_QUOTED = lazily(r'"[^"]*"|\'[^\']*\'')
HIDDEN = "(hidden)"


class TargetError(ValueError):
    """A connection string that cannot be used; the message holds nothing of it that is secret."""


@dataclass(frozen=True, slots=True)
class Host:
    """One host of a connection string. `name` is a host name, an address or a socket's folder.

    `address` is hostaddr, the address to use without looking up `name`.
    """

    name: str
    port: int
    address: str | None = None

    @property
    def is_socket(self) -> bool:
        return self.address is None and self.name.startswith(("/", "@"))

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"{name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Target:
    """A connection string with everything that the environment adds to it.

    `options` are the options of libpq, without host, hostaddr and port.
    """

    hosts: tuple[Host, ...]
    options: Mapping[str, str]

    @property
    def user(self) -> str:
        return self.options.get("user", "")

    @property
    def database(self) -> str:
        return self.options.get("dbname") or self.user

    @property
    def sslmode(self) -> str:
        return self.options.get("sslmode", "prefer")

    @property
    def label(self) -> str:
        """Host, port and database; nothing secret."""
        return f"{','.join(str(host) for host in self.hosts)}/{self.database}"

    def redact(self, text: str) -> str:
        """A text of somebody else's without the secrets of the connection string."""
        for name in _SECRETS:
            secret = self.options.get(name)
            if secret:
                for form in (secret, quote(secret, safe="")):
                    text = text.replace(form, HIDDEN)
        return text


def parse_target(dsn: str) -> Target:
    """Read a connection string: a URI, `key=value` pairs, or nothing (the environment alone).

    Raises TargetError.
    """
    try:
        given = {
            key: str(value) for key, value in conninfo_to_dict(dsn).items() if value is not None
        }
    except psycopg.ProgrammingError as error:
        # The message quotes what it stumbled over, and that may be the password.
        raise TargetError(_QUOTED.sub('"…"', str(error)).strip()) from None
    service = given.get("service")
    with _service(service):
        defaults = {
            option.keyword.decode(): option.val.decode()
            for option in pq.Conninfo.get_defaults()
            if option.val is not None
        }
    named = service or os.environ.get("PGSERVICE")
    if named:
        _check_service(named)
    options = {**defaults, **given}
    hosts = _hosts(options)
    for key in ("host", "hostaddr", "port", "service"):
        options.pop(key, None)
    return Target(hosts, options)


def _hosts(options: Mapping[str, str]) -> tuple[Host, ...]:
    names = options.get("host", "").split(",")
    addresses = options.get("hostaddr", "").split(",")
    ports = (options.get("port") or "5432").split(",")
    count = max(len(names), len(addresses))
    if len(names) not in (1, count) or len(addresses) not in (1, count):
        raise TargetError(f"{len(names)} hosts, but {len(addresses)} host addresses")
    if len(ports) not in (1, count):
        raise TargetError(f"{count} hosts, but {len(ports)} ports")
    hosts = []
    for index in range(count):
        name = names[index] if index < len(names) else ""
        address = addresses[index] if index < len(addresses) else ""
        port = ports[index] if len(ports) > 1 else ports[0]
        if not (port or "5432").isdecimal() or not 0 < int(port or "5432") < 65536:
            raise TargetError("the port is no port number")
        name = name or address or _default_host()
        hosts.append(Host(name, int(port or "5432"), address or None))
    return tuple(hosts)


def _default_host() -> str:
    """The folder of the Unix socket that libpq was built with."""
    connection = pq.PGconn.connect_start(b"host='' hostaddr='' port=1")
    try:
        return connection.host.decode() or "localhost"
    finally:
        connection.finish()


@contextmanager
def _service(name: str | None) -> Iterator[None]:
    """libpq reads the section of the service file that the environment names."""
    before = os.environ.get("PGSERVICE")
    if name:
        os.environ["PGSERVICE"] = name
    try:
        yield
    finally:
        if name and before is None:
            del os.environ["PGSERVICE"]
        elif name and before is not None:
            os.environ["PGSERVICE"] = before


def _check_service(name: str) -> None:
    """libpq passes over a missing section when asked for defaults, and says so on connecting."""
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    attempt = pq.PGconn.connect_start(f"service='{escaped}' host=/nonexistent".encode())
    message = attempt.error_message.decode(errors="replace").strip()
    attempt.finish()
    if "service" in message and "nonexistent" not in message:
        raise TargetError(message)
