# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first two layers: which addresses a name has, and which of them answer."""

from __future__ import annotations

import errno
import os
import socket
import stat
from pathlib import Path

from connguard.live.bounded import bounded
from connguard.live.step import Layer, Status, Step
from connguard.live.target import Host
from connguard.policies.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """Where a socket can be opened: an IP address, or the path of a Unix socket."""

    host: Host
    family: socket.AddressFamily
    name: str

    @property
    def text(self) -> str:
        if self.family == socket.AF_UNIX:
            return self.name
        name = f"[{self.name}]" if self.family == socket.AF_INET6 else self.name
        return f"{name}:{self.host.port}"

    def open(self, seconds: float) -> socket.socket:
        """A connected socket. Raises OSError."""
        opened = socket.socket(self.family, socket.SOCK_STREAM)
        opened.settimeout(seconds)
        try:
            opened.connect(
                self.name if self.family == socket.AF_UNIX else (self.name, self.host.port)
            )
        except BaseException:
            opened.close()
            raise
        return opened


def resolve(host: Host, seconds: float) -> tuple[Step, list[Address]]:
    """All addresses of a host, in the order in which a client tries them."""
    if host.is_socket:
        path = f"{host.name}/.s.PGSQL.{host.port}"
        step = Step(Layer.RESOLUTION, Status.OK, str(host), f"a Unix socket: {path}")
        return step, [Address(host, socket.AF_UNIX, path)]
    name = host.address or host.name
    try:
        found = bounded(
            lambda: socket.getaddrinfo(name, host.port, type=socket.SOCK_STREAM), seconds
        )
    except TimeoutError:
        return _unresolved(host, f"no answer about {name} within {seconds:g} s", slow=True), []
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return _unresolved(host, f"{name}: {reason}", slow=False), []
    addresses = list(
        dict.fromkeys(
            Address(host, family, _with_scope(where))
            for family, _, _, _, where in found
            if family in (socket.AF_INET, socket.AF_INET6)
        )
    )
    listed = ", ".join(address.name for address in addresses)
    evidence = f"{name} is {listed}" if name != listed else "an address: nothing to look up"
    return Step(Layer.RESOLUTION, Status.OK, str(host), evidence), addresses


def _with_scope(where: tuple[object, ...]) -> str:
    """The address; a link-local one is none without its interface."""
    name, scope = str(where[0]), where[3] if len(where) > 3 else 0
    return f"{name}%{scope}" if scope and "%" not in name else name


def _unresolved(host: Host, evidence: str, *, slow: bool) -> Step:
    advice = (
        "look at the name servers in /etc/resolv.conf: they do not answer"
        if slow
        else "look at the spelling and the DNS zone; in a container the name is the service's"
    )
    return Step(Layer.RESOLUTION, Status.FAILED, str(host), evidence, advice)


def reach(address: Address, seconds: float) -> tuple[Step, bool]:
    """Whether something answers at an address: refused, silent and unreachable told apart."""
    try:
        address.open(seconds).close()
    except OSError as error:
        status, evidence, advice = _reason(address, error, seconds)
        return Step(Layer.TCP, status, address.text, evidence, advice), False
    return Step(Layer.TCP, Status.OK, address.text, "the connection is accepted"), True


def _reason(address: Address, error: OSError, seconds: float) -> tuple[Status, str, str]:
    if address.family == socket.AF_UNIX:
        return Status.FAILED, *_socket_reason(Path(address.name), error)
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return (
            Status.FAILED,
            f"connection timed out: no answer within {seconds:g} s",
            "packets are dropped: look at firewalls, security groups and routes between here and"
            " the server; the server itself never saw this",
        )
    if error.errno == errno.ECONNREFUSED:
        return (
            Status.FAILED,
            "connection refused: the machine answers, and nothing listens there",
            "on the server: does PostgreSQL run, on which port, and is this address in"
            " listen_addresses (ss -tlnp)? A firewall that rejects looks the same",
        )
    if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return (
            Status.FAILED,
            f"unreachable: {os.strerror(error.errno)}",
            "there is no route to this address: look at routes, VPN and peering, and for IPv6"
            " whether this machine has any",
        )
    reason = error.strerror or str(error)
    return Status.FAILED, reason, "look at the network between here and the server"


def _socket_reason(path: Path, error: OSError) -> tuple[str, str]:
    if error.errno == errno.ENOENT or not path.exists():
        return (
            f"there is no socket {path}",
            "does the server run, and is this folder in unix_socket_directories?",
        )
    if error.errno == errno.EACCES:
        return (
            f"this user may not open {path}",
            "look at the permissions of the folder and at unix_socket_permissions",
        )
    if not stat.S_ISSOCK(path.stat().st_mode):
        return f"{path} is no socket", "look at the host of the connection string"
    if isinstance(error, TimeoutError | BlockingIOError):
        return f"{path}: timed out: its queue is full", "the server accepts no connections"
    return (
        f"connection refused: nobody listens at {path}",
        "the socket is left over from a server that no longer runs",
    )
