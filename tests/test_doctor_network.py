# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard doctor` below the log-in: names, addresses, silence, TLS, and connection strings."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from doctor_runs import HANGS, MARGIN, SHORT, dropped_port, failed, only_failure, peer, run
from doctor_runs import look as look_long
from hba_attempts import self_signed_certificate
from servers import free_port

from connguard.live.examination import Examination
from connguard.live.step import Layer, Status
from connguard.live.target import TargetError, parse_target


def look(connection: str) -> Examination:
    """With a short time limit: most peers here say nothing."""
    return look_long(connection, seconds=SHORT)


def dsn(port: int, **options: str) -> str:
    return " ".join(
        f"{key}={value}"
        for key, value in {"host": "127.0.0.1", "port": port, "user": "app", **options}.items()
    )


def test_a_closed_port_is_refused() -> None:
    """Nothing listens: refused at once, and nothing behind it is guessed at."""
    broken = only_failure(look(dsn(free_port())))

    assert broken.layer is Layer.TCP
    assert broken.evidence.startswith("connection refused")
    assert broken.symptom == "connection-refused"
    assert "listen_addresses" in broken.next


def test_dropped_packets_are_a_timeout() -> None:
    """Silence on the way is told apart from a refusal, and ends after the time limit."""
    with dropped_port() as port:
        began = time.monotonic()
        broken = only_failure(look(dsn(port)))

    assert broken.layer is Layer.TCP
    assert broken.evidence.startswith("connection timed out")
    assert "firewall" in broken.next
    assert time.monotonic() - began < SHORT + MARGIN


def test_an_address_without_a_route_is_unreachable() -> None:
    """In a network of its own a machine reaches nothing: neither refused nor timed out."""
    unshare = shutil.which("unshare")
    assert unshare is not None
    ran = subprocess.run(
        [
            *(unshare, "--map-root-user", "--net", sys.executable, "-m", "connguard", "doctor"),
            *("--dsn", "host=192.0.2.1 user=app", "--format", "json"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.returncode == 1, ran.stderr
    steps = json.loads(ran.stdout)["targets"][0]["steps"]
    (broken,) = [step for step in steps if step["status"] == "failed"]
    assert broken["layer"] == "network path"
    assert broken["evidence"] == "unreachable: Network is unreachable"


def test_a_name_that_does_not_resolve() -> None:
    """The first layer: `.invalid` never has an address (RFC 2606)."""
    broken = only_failure(look("host=db.invalid user=app"))

    assert broken.layer is Layer.RESOLUTION
    assert "db.invalid" in broken.evidence


def test_a_silent_name_server_does_not_hang_the_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    """getaddrinfo has no time limit of its own."""

    def silent(*_: object, **__: object) -> list[object]:
        time.sleep(HANGS)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    began = time.monotonic()
    broken = only_failure(look("host=db.example user=app"))

    assert broken.layer is Layer.RESOLUTION
    assert "no answer" in broken.evidence
    assert time.monotonic() - began < SHORT + MARGIN


def test_every_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with one dead and one silent address shows both."""
    with dropped_port() as port:
        real = socket.getaddrinfo

        def several(host: str, *rest: object, **named: object) -> list[object]:
            if host != "db.example":
                return list(real(host, *rest, **named))  # type: ignore[arg-type]
            return [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
                for address in ("127.0.0.9", "127.0.0.1")
            ]

        monkeypatch.setattr(socket, "getaddrinfo", several)
        found = look(f"host=db.example port={port} user=app")

    reached = [step for step in found.looked[0].steps if step.layer is Layer.TCP]
    assert [(step.subject, step.evidence.partition(":")[0]) for step in reached] == [
        (f"127.0.0.9:{port}", "connection refused"),
        (f"127.0.0.1:{port}", "connection timed out"),
    ]


def test_every_host_of_a_connection_string_is_tried() -> None:
    """Several hosts, each with its own port."""
    first, second = free_port(), free_port()
    found = look(f"postgresql://app@127.0.0.1:{first},localhost:{second}/shop")

    assert {step.subject for step in failed(found)} == {
        f"127.0.0.1:{first}",
        f"127.0.0.1:{second}",
    }


def silent(connection: socket.socket) -> None:
    """Accepts, and never says a word."""


def hangs_up(connection: socket.socket) -> None:
    connection.close()


def speaks_http(connection: socket.socket) -> None:
    connection.recv(8)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def accepts_tls_and_sleeps(connection: socket.socket) -> None:
    connection.recv(8)
    connection.sendall(b"S")


def refuses_tls(connection: socket.socket) -> bool:
    """Whether the client has asked for TLS; it is told that there is none."""
    asked = connection.recv(8)[4:] == struct.pack("!i", 80877103)
    if asked:
        connection.sendall(b"N")
    return asked


def no_tls_then_silent(connection: socket.socket) -> None:
    refuses_tls(connection)


@pytest.mark.parametrize(
    ("answer", "options", "layer", "words"),
    [
        (silent, {}, Layer.TLS, "timed out"),
        (silent, {"sslmode": "disable"}, Layer.SERVER, "timed out"),
        (hangs_up, {}, Layer.SERVER, "closes the connection"),
        (speaks_http, {}, Layer.SERVER, "where PostgreSQL says S or N"),
        (speaks_http, {"sslmode": "disable"}, Layer.SERVER, "does not speak PostgreSQL's protocol"),
        (accepts_tls_and_sleeps, {}, Layer.TLS, "no end of the TLS handshake"),
        (no_tls_then_silent, {}, Layer.SERVER, "says nothing"),
        (no_tls_then_silent, {"sslmode": "require"}, Layer.TLS, "does not offer TLS"),
    ],
)
def test_a_peer_that_is_no_working_server(
    answer: Callable[[socket.socket], object], options: dict[str, str], layer: Layer, words: str
) -> None:
    """Whatever answers there, the doctor ends in time and says at which layer it went wrong."""
    with peer(answer) as port:
        began = time.monotonic()
        found = look(dsn(port, **options))
        took = time.monotonic() - began

    (broken,) = failed(found)
    assert broken.layer is layer
    assert words in broken.evidence
    assert took < 3 * SHORT + MARGIN


def authentication_that_never_ends(connection: socket.socket) -> None:
    """Asks for a password, and is stuck then, like a server that waits for LDAP."""
    if refuses_tls(connection):
        connection.recv(4096)
    connection.sendall(b"R" + struct.pack("!ii", 8, 3))


def test_a_log_in_that_hangs_ends_in_time() -> None:
    """The password is taken, and nothing comes back."""
    with peer(authentication_that_never_ends) as port:
        began = time.monotonic()
        broken = only_failure(look(dsn(port, password="secret-77")))

    assert broken.layer is Layer.AUTHENTICATION
    assert "timed out" in broken.evidence
    assert time.monotonic() - began < 3 * SHORT + MARGIN


def endless_talk(connection: socket.socket) -> None:
    connection.recv(4096)
    while True:
        connection.sendall(b"S\0\0\0\x0ba\0b\0\0\0\0")


def test_a_peer_that_talks_without_end_is_given_up() -> None:
    """The time limit is for the whole exchange, not for each message."""
    with peer(endless_talk) as port:
        began = time.monotonic()
        (broken,) = failed(look(dsn(port, sslmode="disable")))

    assert broken.layer is Layer.SERVER
    assert "timed out" in broken.evidence
    assert time.monotonic() - began < 3 * SHORT + MARGIN


def tls_peer(connection: socket.socket) -> None:
    """TLS with a certificate for localhost, then silence."""
    connection.recv(8)
    connection.sendall(b"S")
    certificate, key = self_signed_certificate()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.wrap_socket(connection, server_side=True).recv(100)


def speaks_no_tls(connection: socket.socket) -> None:
    """Offers TLS and does not know it."""
    if takes_tls(connection):
        connection.recv(4096)
        connection.sendall(b"this is no TLS record")
        connection.close()


def takes_tls(connection: socket.socket) -> bool:
    asked = connection.recv(8)[4:] == struct.pack("!i", 80877103)
    if asked:
        connection.sendall(b"S")
    return asked


def test_broken_tls_is_told_even_where_a_client_goes_on_without() -> None:
    """sslmode=prefer falls back to no encryption, as libpq does; require does not."""
    with peer(speaks_no_tls) as port:
        preferred = look(dsn(port)).looked[0].steps
        required = only_failure(look(dsn(port, sslmode="require")))

    tls = next(step for step in preferred if step.layer is Layer.TLS)
    assert tls.status is Status.WARNING
    assert "goes on without encryption" in tls.evidence
    assert required.layer is Layer.TLS
    assert required.symptom == "tls-broken-off"


def test_certificates_are_verified_as_sslmode_says(tmp_path: Path) -> None:
    """Accepted unseen, by its issuer, and by the host name; or told why not."""
    certificate, _ = self_signed_certificate()
    roots = {"sslrootcert": str(certificate)}
    with peer(tls_peer) as port:
        unseen = look(dsn(port, sslmode="require"))
        other_name = look(dsn(port, sslmode="verify-full", **roots))
        by_issuer = look(dsn(port, sslmode="verify-ca", **roots))
        missing = look(dsn(port, sslmode="verify-ca", sslrootcert=str(tmp_path / "none.crt")))
        system = look(dsn(port, sslmode="verify-full", sslrootcert="system"))

    steps = [
        next(step for step in found.looked[0].steps if step.layer is Layer.TLS)
        for found in (unseen, other_name, by_issuer, missing, system)
    ]
    assert [step.status for step in steps] == [
        Status.OK,
        Status.FAILED,
        Status.OK,
        Status.FAILED,
        Status.FAILED,
    ]
    assert "not verified" in steps[0].evidence
    assert "127.0.0.1" in steps[1].evidence
    assert "is verified" in steps[2].evidence
    assert "none.crt" in steps[3].evidence
    assert "certificate" in steps[4].evidence


def test_a_unix_socket_that_is_not_there(tmp_path: Path) -> None:
    """Missing, left over, and no socket at all."""
    missing = only_failure(look(f"host={tmp_path} user=app"))
    (tmp_path / ".s.PGSQL.6000").write_text("")
    no_socket = only_failure(look(f"host={tmp_path} port=6000 user=app"))
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / ".s.PGSQL.6001"))
    left.close()
    refused = only_failure(look(f"host={tmp_path} port=6001 user=app"))

    assert "there is no socket" in missing.evidence
    assert "is no socket" in no_socket.evidence
    assert "nobody listens" in refused.evidence


def test_forms_of_connection_strings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A URI, pairs, the environment, and the service file say the same."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    service = tmp_path / "pg_service.conf"
    service.write_text("[shop]\nhost=db.example\nport=6000\nuser=app\ndbname=shop\n")
    monkeypatch.setenv("PGSERVICEFILE", str(service))
    forms = [
        parse_target("postgresql://app@db.example:6000/shop"),
        parse_target("host=db.example port=6000 user=app dbname=shop"),
        parse_target("service=shop"),
    ]
    monkeypatch.setenv("PGSERVICE", "shop")
    forms.append(parse_target(""))
    monkeypatch.delenv("PGSERVICE")
    for name, value in (("HOST", "db.example"), ("PORT", "6000"), ("USER", "app")):
        monkeypatch.setenv(f"PG{name}", value)
    forms.append(parse_target("dbname=shop"))

    for target in forms:
        (host,) = target.hosts
        assert (str(host), target.user, target.database) == ("db.example:6000", "app", "shop")


def test_several_hosts_sockets_and_host_addresses() -> None:
    """Ports go with their hosts; hostaddr saves the look-up; a folder is a Unix socket."""
    several = parse_target("postgresql://app@a:1,b:2/shop").hosts
    given = parse_target("host=db.example hostaddr=192.0.2.7 user=app").hosts
    local = parse_target("host=/run/postgresql user=app").hosts

    assert [str(host) for host in several] == ["a:1", "b:2"]
    assert (given[0].name, given[0].address) == ("db.example", "192.0.2.7")
    assert local[0].is_socket
    assert parse_target("host='' user=app").hosts[0].is_socket


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://app:secret-77@db:notaport/shop",
        "host=db password='secret-77",
        "secret-77",
        "host=a,b port=1,2,3 password=secret-77",
        "postgresql://app:secret-77@[::1/shop",
        "host=db pasword=secret-77",
        "host=db port=70000 password=secret-77",
    ],
)
def test_a_connection_string_that_cannot_be_used_is_not_repeated(text: str) -> None:
    """Exit code 2, a reason, and never the password, wherever in the string it stands."""
    ran = run("--dsn", text)

    assert ran.code == 2
    assert "secret-77" not in ran.output + ran.errors
    assert "Error: " in ran.errors


def test_a_service_that_is_not_defined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a mistake in the call, not a broken server."""
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "pg_service.conf"))
    (tmp_path / "pg_service.conf").write_text("[other]\nhost=db\n")
    with pytest.raises(TargetError, match="shop"):
        parse_target("service=shop")


def echoes_a_secret(connection: socket.socket) -> None:
    """A peer that puts what it knows into its error message."""
    if refuses_tls(connection):
        connection.recv(4096)
        return
    message = b"SFATAL\0C28000\0Mno, not with secret-77 nor with p%20w\0\0"
    connection.sendall(b"E" + struct.pack("!i", len(message) + 4) + message)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_secret_in_a_foreign_message_is_hidden(form: str) -> None:
    """Whatever comes back, the password of the connection string is not in the output."""
    with peer(echoes_a_secret) as port:
        first = run(
            *("--dsn", f"host=127.0.0.1 port={port} user=app password=secret-77"),
            *("--format", form, "--verbose"),
        )
        second = run(
            *("--dsn", f"postgresql://app:p%20w@127.0.0.1:{port}/shop", "--format", form),
        )

    assert "(hidden)" in first.output
    assert "secret-77" not in first.output + first.errors
    assert "(hidden)" in second.output
    assert "p%20w" not in second.output + second.errors


def test_the_time_limit_is_chosen() -> None:
    """--timeout holds for each step; nonsense is refused."""
    with peer(silent) as port:
        began = time.monotonic()
        ran = run("--dsn", dsn(port), "--timeout", "0.3")
        took = time.monotonic() - began

    assert ran.code == 1
    assert "within 0.3 s" in ran.output
    assert took < 0.3 + MARGIN
    assert run("--dsn", "host=db", "--timeout", "0").code == 2


def test_nothing_to_look_at_is_a_usage_error() -> None:
    """Without any connection string there is nothing to do."""
    assert run().code == 2


def test_without_psycopg_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The library is an extra: nobody needs it for scans."""
    import connguard.commands.doctor as module

    monkeypatch.setattr(module, "find_spec", lambda _: None)
    ran = run("--dsn", "host=db")

    assert ran.code == 2
    assert "pip install 'connguard[doctor]'" in ran.errors
