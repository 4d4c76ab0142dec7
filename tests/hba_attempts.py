# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a real server does with a pg_hba.conf: which line decides which login attempt.

PostgreSQL names the line that decided only when password authentication fails ("Connection matched
pg_hba.conf line 3"). Which line matches does not depend on its method, so every attempt is made
twice: with the file as it is, which tells whether it is rejected, and with a copy in which every
method is `password`, which tells the line.
"""

from __future__ import annotations

import atexit
import functools
import re
import shutil
import socket
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import dict_row
from servers import Installation, Postgres, ServerMissing, give_to_server_user, scratch_directory
from wire import Client, Refused

MATCHED = re.compile(
    r'Connection matched (?:pg_hba\.conf|file "(?P<file>[^"]+)") line (?P<line>\d+)'
)
Result = Literal["match", "reject", "no-entry"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A login attempt. `source` is a loopback address, or "local" for the Unix socket.

    `replication` is "physical" or "logical"; logical replication names a database, physical none.
    """

    user: str
    database: str
    source: str = "127.0.0.1"
    tls: bool = False
    replication: Literal["physical", "logical"] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the server did: the deciding file and line (None without one), and its own words.

    `result` is "match" when a line other than reject decides; authentication by its method
    follows, and may fail. `file` is relative to the data directory.
    """

    result: Result
    file: str | None
    line: int | None
    sqlstate: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the server made of a file: whether it took it, its log, and pg_hba_file_rules."""

    taken: bool
    log: str
    rules: list[dict[str, Any]] = field(default_factory=list)

    @property
    def errors(self) -> dict[int, str]:
        """The errors by line number (of any file)."""
        return {rule["line_number"]: rule["error"] for rule in self.rules if rule["error"]}


class HbaServer:
    """A running server that takes one pg_hba.conf after the other.

    Use it as a context manager. `tls` is the server's setting ssl; it needs an installation that
    was built with OpenSSL. Roles and databases are made with `server.execute(...)` before the first
    `load`, or with `admin` (a superuser session that stays open whatever the rules are).
    """

    def __init__(self, installation: Installation, *, tls: bool = True) -> None:
        conf: dict[str, str | int] = {"listen_addresses": "127.0.0.1, ::1", "max_connections": 50}
        if tls:
            if not installation.tls:
                raise ServerMissing(
                    f"{installation} in {installation.bindir} was built without TLS"
                )
            certificate, key = self_signed_certificate()
            conf |= {"ssl": "on", "ssl_cert_file": str(certificate), "ssl_key_file": str(key)}
        self.server = Postgres(installation, conf=conf)
        self._admin: Connection[tuple[Any, ...]] | None = None
        self._text = ""
        self._includes: dict[str, str] = {}
        self._lists: dict[str, str] = {}
        self._taken = False

    def __enter__(self) -> HbaServer:
        self.server.start()
        self._admin = self.server.connect(host=str(self.server.directory))
        return self

    def __exit__(self, *_: object) -> None:
        if self._admin is not None:
            self._admin.close()
        self.server.stop()

    @property
    def admin(self) -> Connection[tuple[Any, ...]]:
        assert self._admin is not None, "the server does not run: use it in a with statement"
        return self._admin

    def load(
        self,
        text: str,
        *,
        includes: Mapping[str, str] | None = None,
        lists: Mapping[str, str] | None = None,
    ) -> Loaded:
        """Write pg_hba.conf, reload, and return what the server thinks of it.

        `includes` are files named by include directives (rules themselves), `lists` are files
        named with @; both by path relative to the data directory.
        """
        self._text = text
        self._includes = dict(includes or {})
        self._lists = dict(lists or {})
        log = self._write(text, self._includes)
        self._taken = "was not reloaded" not in log
        with self.admin.cursor(row_factory=dict_row) as cursor:
            rules = cursor.execute("SELECT * FROM pg_hba_file_rules").fetchall()
        return Loaded(self._taken, log, rules)

    def _write(self, text: str, includes: Mapping[str, str]) -> str:
        for name, content in {**self._lists, **includes, "pg_hba.conf": text}.items():
            self.server.write_file(name, content)
        return self.server.reload()

    def attempt(self, attempts: Iterable[Attempt]) -> list[Outcome]:
        """Make the attempts with the file loaded last. Raises ValueError if it was not taken."""
        if not self._taken:
            raise ValueError("the server did not take the file")
        wanted = list(attempts)
        answers = [self._answer(attempt) for attempt in wanted]
        traced = {name: with_password_method(text) for name, text in self._includes.items()}
        log = self._write(with_password_method(self._text), traced)
        if "was not reloaded" in log:
            raise AssertionError(f"the copy with the method password is invalid:\n{log}")
        places = [self._place(attempt) for attempt in wanted]
        self._write(self._text, self._includes)
        outcomes = []
        for attempt, (sqlstate, message), (file, line) in zip(wanted, answers, places, strict=True):
            result = _result(message)
            if (line is None) != (result == "no-entry"):
                raise AssertionError(f"{attempt}: {message!r}, but line {line} matches")
            outcomes.append(Outcome(result, file, line, sqlstate, message))
        return outcomes

    def _answer(self, attempt: Attempt) -> tuple[str | None, str]:
        """SQLSTATE and text of the server's answer; ("00000", "") when it let us in."""
        local = attempt.source == "local"
        host = "::1" if ":" in attempt.source else self.server.host
        try:
            Client(
                str(self.server.directory) if local else host,
                self.server.port,
                user=attempt.user,
                database=attempt.database,
                password="not the password",
                source=None if local else attempt.source,
                tls=attempt.tls,
                replication={None: None, "physical": "true", "logical": "database"}[
                    attempt.replication
                ],
            ).close()
        except Refused as refused:
            if refused.sqlstate is None and "authentication request" not in refused.message:
                raise
            return refused.sqlstate, refused.message
        return "00000", ""

    def _place(self, attempt: Attempt) -> tuple[str | None, int | None]:
        before = len(self.server.log)
        _, message = self._answer(attempt)
        if _result(message) == "no-entry":
            return None, None
        matched = MATCHED.search(self.server.log[before:])
        if matched is None:
            raise AssertionError(
                f"{attempt}: no line named in the log:\n{self.server.log[before:]}"
            )
        named = Path(matched["file"] or "pg_hba.conf")
        if named.is_absolute():
            named = named.relative_to(self.server.data)
        return str(named), int(matched["line"])


def _result(message: str) -> Result:
    if "no pg_hba.conf entry for" in message:
        return "no-entry"
    return "reject" if "pg_hba.conf rejects" in message else "match"


@functools.cache
def self_signed_certificate() -> tuple[Path, Path]:
    """Certificate and key for localhost, made once per process, owned by the server user."""
    openssl = shutil.which("openssl")
    if openssl is None:
        raise ServerMissing("openssl is needed for a self-signed certificate")
    directory = scratch_directory("certificate")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    certificate, key = directory / "server.crt", directory / "server.key"
    request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"]
    files = ["-subj", "/CN=localhost", "-out", str(certificate), "-keyout", str(key)]
    subprocess.run([openssl, *request, *files], check=True, capture_output=True, timeout=60)
    for path in (certificate, key):
        path.chmod(0o600)
        give_to_server_user(path)
    return certificate, key


def with_password_method(text: str) -> str:
    """A valid pg_hba.conf with every method and its options replaced by `password`.

    Line numbers stay: a rule that goes on over several lines keeps their number.
    """
    lines = []
    for line in re.findall(r"(?:\\\r?\n|[^\n])*(?:\n|\Z)", text):
        fields = _fields(line)
        method = _method_field(fields)
        if method is None or method >= len(fields):
            lines.append(line)
            continue
        start = fields[method][0]
        tail = line[start:]
        kept = "\\\n" * len(re.findall(r"\\\r?\n", tail))
        lines.append(f"{line[:start]}password {kept}" + ("\n" if tail.endswith("\n") else ""))
    return "".join(lines)


def _method_field(fields: list[tuple[int, str]]) -> int | None:
    """The number of the field that holds the method; None for a line that is no rule."""
    if not fields or fields[0][1].startswith("include"):
        return None
    if fields[0][1] == "local":
        return 3
    if len(fields) < 5:
        return None
    return 5 if _is_address(fields[3][1]) else 4


def _is_address(field_text: str) -> bool:
    """Whether it is an address without a mask, so that the mask follows as a field of its own."""
    try:
        socket.getaddrinfo(field_text.strip('"'), None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return False
    return True


def _fields(line: str) -> list[tuple[int, str]]:
    """Start and text of the fields of a rule; a comma lets a field go on after blanks."""
    text = re.sub(r"\\\r?\n", lambda seam: " " * len(seam[0]), line)
    fields: list[tuple[int, str]] = []
    at, joined = 0, False
    token = re.compile(r'[\s,]*((?:"[^"\n]*"|[^\s,"#])+)(,?)')
    while True:
        found = token.match(text, at)
        if found is None:
            return fields
        if joined:
            fields[-1] = (fields[-1][0], f"{fields[-1][1]},{found[1]}")
        else:
            fields.append((found.start(1), found[1]))
        joined = bool(found[2])
        at = found.end()
