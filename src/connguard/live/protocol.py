# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first messages of a connection, up to the server's request for a password.

No password is sent: pg_hba.conf has decided when the server asks for one, and a server that has no
slot left, starts up or shuts down says so before. libpq keeps the SQLSTATE of a refused connection
to itself; here it is seen. Protocol: https://www.postgresql.org/docs/current/protocol-flow.html
"""

from __future__ import annotations

import os
import socket
import ssl
import struct
import time
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

from connguard.policies.model.records import dataclass

_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_PROTOCOL_3 = 196608
_HUNG_UP = "closes the connection without an answer"
_LONGEST = 1 << 20
"""No message before the log-in is longer."""

METHODS = {
    0: "nothing (trust, or a certificate or user of the operating system that fits)",
    2: "Kerberos",
    3: "a password in clear text (password, ldap, pam, radius)",
    5: "an MD5-hashed password",
    7: "GSSAPI",
    9: "SSPI",
    10: "SASL",
}


class Broken(Exception):
    """The peer closed the connection, or what it says is not PostgreSQL's protocol."""


class Offer(Enum):
    """The answer to the question for TLS."""

    YES = "S"
    NO = "N"
    ERROR = "E"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server's error message. `sqlstate` is None where only a client library told it."""

    sqlstate: str | None
    message: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.message} (SQLSTATE {self.sqlstate})" if self.sqlstate else self.message


@dataclass(frozen=True, slots=True)
class Greeting:
    """How far the start of a connection came.

    `request` is the method that the server asks for, as in `METHODS`, None before that. `complete`
    is whether the log-in was over without any password.
    """

    request: int | None = None
    mechanisms: tuple[str, ...] = ()
    complete: bool = False
    refusal: Refusal | None = None

    @property
    def method(self) -> str:
        if self.request == 10 and self.mechanisms:
            return " or ".join(self.mechanisms)
        return METHODS.get(self.request if self.request is not None else -1, "an unknown method")


class Wire:
    """A socket with one time limit for everything that is said on it, in seconds from now."""

    def __init__(self, opened: socket.socket, seconds: float) -> None:
        self._socket = opened
        self._end = time.monotonic() + seconds

    def close(self) -> None:
        """Hang up, and wait until the server has done so: until then our backend holds a slot."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
            while self._left() and self._socket.recv(4096):
                pass
        except OSError:
            pass  # it is gone already, or says nothing
        finally:
            self._socket.close()

    def ask_for_tls(self) -> Offer:
        """Raises Broken, or OSError (TimeoutError for a peer that says nothing)."""
        self._send(_SSL_REQUEST)
        answer = self._read(1)
        try:
            return Offer(answer.decode("ascii"))
        except (ValueError, UnicodeDecodeError) as error:
            raise Broken(f"answers {answer!r} where PostgreSQL says S or N") from error

    def start_tls(self, context: ssl.SSLContext, name: str) -> str:
        """Encrypt, and return protocol and cipher. Raises OSError (ssl.SSLError is one)."""
        self._limit()
        self._socket = context.wrap_socket(self._socket, server_hostname=name or None)
        cipher = self._socket.cipher()
        return f"{self._socket.version()}, {cipher[0] if cipher else 'no cipher'}"

    def greet(self, parameters: Mapping[str, str]) -> Greeting:
        """Say who we are and see what the server wants, but never send a password."""
        body = b"".join(f"{key}\0{value}\0".encode() for key, value in parameters.items()) + b"\0"
        self._send(struct.pack("!ii", len(body) + 8, _PROTOCOL_3) + body)
        request: int | None = None
        mechanisms: tuple[str, ...] = ()
        while True:
            kind, payload = self._packet()
            if kind == b"E":
                return Greeting(request, mechanisms, refusal=_refusal(payload))
            if kind == b"Z":
                self._send(b"X" + struct.pack("!i", 4))
                return Greeting(request, mechanisms, complete=True)
            if kind == b"R":
                if len(payload) < 4:
                    raise Broken("sends an authentication request without a method")
                request = struct.unpack("!i", payload[:4])[0]
                names = payload[4:].split(b"\0") if request == 10 else []
                mechanisms = tuple(name.decode("ascii", "replace") for name in names if name)
                if request:
                    return Greeting(request, mechanisms)
            elif kind not in (b"N", b"S", b"K", b"v"):
                raise Broken(f"sends a message {kind!r} that does not belong there")

    def _packet(self) -> tuple[bytes, bytes]:
        kind, length = struct.unpack("!ci", self._read(5))
        if not 4 <= length <= _LONGEST:
            raise Broken(f"does not speak PostgreSQL's protocol (it begins with {kind!r})")
        return kind, self._read(length - 4)

    def _left(self) -> bool:
        """Whether time is left; the socket then waits no longer than that."""
        left = self._end - time.monotonic()
        if left <= 0:
            return False
        self._socket.settimeout(left)
        return True

    def _limit(self) -> None:
        if not self._left():
            raise TimeoutError

    def _send(self, data: bytes) -> None:
        self._limit()
        try:
            self._socket.sendall(data)
        except ConnectionError as error:
            raise Broken(_HUNG_UP) from error

    def _read(self, count: int) -> bytes:
        parts = []
        while count:
            self._limit()
            try:
                part = self._socket.recv(count)
            except ConnectionError as error:
                raise Broken(_HUNG_UP) from error
            if not part:
                raise Broken(_HUNG_UP)
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


def _refusal(payload: bytes) -> Refusal:
    fields = {
        part[:1]: part[1:].decode("utf-8", "replace") for part in payload.split(b"\0") if part
    }
    return Refusal(fields.get(b"C"), fields.get(b"M", ""), fields.get(b"D", ""))


def tls_context(options: Mapping[str, str], *, verify: bool) -> ssl.SSLContext:
    """The TLS settings of a connection string, for our own look at the server's certificate.

    Raises OSError for files that cannot be read (ssl.SSLError is one).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = verify and options.get("sslmode") == "verify-full"
    context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    if verify:
        root = root_certificate(options)
        if root == "system":
            context.load_default_certs()
        else:
            context.load_verify_locations(root)
    certificate, key = _client_certificate(options)
    if certificate:
        # An empty password: never ask for one on the terminal.
        context.load_cert_chain(certificate, key, password=options.get("sslpassword", ""))
    if options.get("sslnegotiation") == "direct":
        context.set_alpn_protocols(["postgresql"])
    return context


def root_certificate(options: Mapping[str, str]) -> str:
    """The file of certificates that are trusted, or "system"."""
    return options.get("sslrootcert") or str(Path.home() / ".postgresql" / "root.crt")


def _client_certificate(options: Mapping[str, str]) -> tuple[str | None, str | None]:
    folder = Path.home() / ".postgresql"
    certificate = options.get("sslcert") or str(folder / "postgresql.crt")
    key = options.get("sslkey") or str(folder / "postgresql.key")
    if os.path.exists(certificate) and os.path.exists(key):
        return certificate, key
    return None, None
