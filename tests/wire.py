# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small client for PostgreSQL's wire protocol (version 3).

libpq neither tells the SQLSTATE of a refused connection nor lets a client choose its source
address; this client does both. It knows the authentication methods trust, password, md5 and
scram-sha-256. Protocol: https://www.postgresql.org/docs/current/protocol.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import socket
import ssl
import struct
from types import TracebackType
from typing import Self

SSL_REQUEST = 80877103
PROTOCOL_3 = 196608


class Refused(Exception):
    """The server said no. `sqlstate` is None where no error packet came (a closed socket)."""

    def __init__(self, sqlstate: str | None, message: str) -> None:
        super().__init__(f"{sqlstate}: {message}")
        self.sqlstate = sqlstate
        self.message = message


class Client:
    """One open connection. Constructing it connects and logs in; raises `Refused` or OSError.

    `host` is an address, or the path of a Unix socket when it starts with a slash. `source` is the
    address that the connection comes from. `replication` is the start-up parameter: "true" for
    physical replication, "database" for logical. `timeout` counts for every single answer, in
    seconds.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        user: str,
        database: str,
        password: str = "",
        source: str | None = None,
        tls: bool = False,
        replication: str | None = None,
        timeout: float = 60.0,
    ) -> None:
        self._socket = _open(host, port, source, timeout)
        try:
            if tls:
                self._start_tls()
            parameters = {"user": user, "database": database}
            if replication is not None:
                parameters["replication"] = replication
            self._log_in(parameters, user, password)
        except BaseException:
            self._socket.close()
            raise

    def _start_tls(self) -> None:
        self._socket.sendall(struct.pack("!ii", 8, SSL_REQUEST))
        if self._read(1) != b"S":
            raise Refused(None, "the server does not support TLS")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._socket = context.wrap_socket(self._socket)

    def _log_in(self, parameters: dict[str, str], user: str, password: str) -> None:
        body = b"".join(f"{key}\0{value}\0".encode() for key, value in parameters.items())
        self._socket.sendall(struct.pack("!ii", len(body) + 9, PROTOCOL_3) + body + b"\0")
        scram: _Scram | None = None
        while True:
            kind, payload = self._packet()
            if kind == b"Z":
                return
            if kind != b"R":
                continue
            request = struct.unpack("!i", payload[:4])[0]
            if request == 3:
                self._send(b"p", password.encode() + b"\0")
            elif request == 5:
                self._send(b"p", _md5(user, password, payload[4:8]) + b"\0")
            elif request == 10:
                scram = _Scram(password)
                first = scram.first_message()
                self._send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", len(first)) + first)
            elif request == 11 and scram is not None:
                self._send(b"p", scram.final_message(payload[4:]))
            elif request not in (0, 12):
                raise Refused(None, f"authentication request {request} is not supported")

    def query(self, sql: str) -> list[tuple[str | None, ...]]:
        """Run one simple query; returns its rows as text. Raises Refused on an error answer."""
        self._send(b"Q", sql.encode() + b"\0")
        rows: list[tuple[str | None, ...]] = []
        error: Refused | None = None
        while True:
            try:
                kind, payload = self._packet()
            except Refused as refused:
                if refused.sqlstate is None or self._fatal:
                    raise
                error = refused
                continue
            if kind == b"D":
                rows.append(_columns(payload))
            elif kind == b"Z":
                if error is not None:
                    raise error
                return rows

    def close(self) -> None:
        """Say goodbye and close the socket."""
        try:
            self._send(b"X", b"")
        except OSError:
            pass  # the server has closed it already
        finally:
            self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    _fatal = False

    def _packet(self) -> tuple[bytes, bytes]:
        kind = self._read(1)
        length = struct.unpack("!i", self._read(4))[0]
        payload = self._read(length - 4)
        if kind == b"E":
            fields = {part[:1]: part[1:].decode() for part in payload.split(b"\0") if part}
            self._fatal = fields.get(b"S") in ("FATAL", "PANIC")
            raise Refused(fields.get(b"C"), fields.get(b"M", ""))
        return kind, payload

    def _send(self, kind: bytes, payload: bytes) -> None:
        self._socket.sendall(kind + struct.pack("!i", len(payload) + 4) + payload)

    def _read(self, count: int) -> bytes:
        parts = []
        while count:
            part = self._socket.recv(count)
            if not part:
                raise Refused(None, "the server closed the connection")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


def _open(host: str, port: int, source: str | None, timeout: float) -> socket.socket:
    if host.startswith("/"):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout)
        connection.connect(f"{host}/.s.PGSQL.{port}")
        return connection
    origin = None if source is None else (source, 0)
    connection = socket.create_connection((host, port), timeout=timeout, source_address=origin)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _columns(payload: bytes) -> tuple[str | None, ...]:
    count = struct.unpack("!h", payload[:2])[0]
    columns: list[str | None] = []
    at = 2
    for _ in range(count):
        length = struct.unpack("!i", payload[at : at + 4])[0]
        at += 4
        columns.append(None if length < 0 else payload[at : at + length].decode())
        at += max(length, 0)
    return tuple(columns)


def _md5(user: str, password: str, salt: bytes) -> bytes:
    inner = hashlib.md5((password + user).encode()).hexdigest()
    return b"md5" + hashlib.md5(inner.encode() + salt).hexdigest().encode()


class _Scram:
    """The client's half of SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding."""

    def __init__(self, password: str) -> None:
        self._password = password.encode()
        self._bare = f"n=,r={secrets.token_urlsafe(18)}"

    def first_message(self) -> bytes:
        return f"n,,{self._bare}".encode()

    def final_message(self, challenge: bytes) -> bytes:
        server_first = challenge.decode()
        parts = dict(part.split("=", 1) for part in server_first.split(","))
        salted = hashlib.pbkdf2_hmac(
            "sha256", self._password, base64.b64decode(parts["s"]), int(parts["i"])
        )
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        without_proof = f"c=biws,r={parts['r']}"
        message = f"{self._bare},{server_first},{without_proof}".encode()
        signature = hmac.digest(hashlib.sha256(client_key).digest(), message, "sha256")
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()
