# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The spellings of published ports in Compose files."""

from __future__ import annotations

from pathlib import Path

import pytest
from container_scans import SETTINGS, messages, places

from connguard.containers.compose_files import applications
from connguard.containers.compose_ports import published
from connguard.engine.reading import Context, SourceFile
from connguard.engine.scan import scan
from connguard.policies.model.origin import Known, Unknown

ALL = None


def _one(tmp_path: Path, port: str) -> list[tuple[object, object, tuple[int, int]]]:
    path = tmp_path / "compose.yaml"
    path.write_text(
        f"services:\n  db:\n    image: postgres\n    ports:\n{port}\n", encoding="utf-8"
    )
    context = Context((tmp_path,), SETTINGS, name_of=lambda one: one.name)
    (application,) = applications([SourceFile(path, path.name)], context)
    return [
        (_plain(one.address), _plain(one.host), one.container)
        for one in published(application.services["db"])
    ]


def _plain(value: object) -> object:
    return value.value if isinstance(value, Known) else value and type(value)


SPELLINGS: list[tuple[str, object, object, tuple[int, int]]] = [
    ("- 5432", ALL, None, (5432, 5432)),
    ('- "5432"', ALL, None, (5432, 5432)),
    ('- "5432:5432"', ALL, (5432, 5432), (5432, 5432)),
    ("- 15432:5432", ALL, (15432, 15432), (5432, 5432)),
    ("- 22:22", ALL, (22, 22), (22, 22)),
    ('- "5432:5432/tcp"', ALL, (5432, 5432), (5432, 5432)),
    ('- "127.0.0.1:5432:5432"', "127.0.0.1", (5432, 5432), (5432, 5432)),
    ('- "127.0.0.1::5432"', "127.0.0.1", None, (5432, 5432)),
    ('- "[::1]:5432:5432"', "::1", (5432, 5432), (5432, 5432)),
    ('- "::1:5432:5432"', "::1", (5432, 5432), (5432, 5432)),
    ('- "5432-5433:5432-5433"', ALL, (5432, 5433), (5432, 5433)),
    ('- "0.0.0.0:5400-5500:5400-5500"', "0.0.0.0", (5400, 5500), (5400, 5500)),
    ('- "${PORT}:5432"', ALL, Unknown, (5432, 5432)),
    ('- "${PORT:-5433}:5432"', ALL, (5433, 5433), (5432, 5432)),
    ('- "${BIND:-127.0.0.1}:${PORT:-5433}:5432"', "127.0.0.1", (5433, 5433), (5432, 5432)),
    ('- "${BIND}:5432:5432"', Unknown, (5432, 5432), (5432, 5432)),
    ('- "${DB_BIND}:5432"', Unknown, None, (5432, 5432)),
    ('- "5432:${INSIDE:-5432}"', ALL, (5432, 5432), (5432, 5432)),
    ("- {target: 5432}", ALL, None, (5432, 5432)),
    ("- {target: 5432, published: 5432}", ALL, (5432, 5432), (5432, 5432)),
    ('- {target: 5432, published: "5432", mode: host}', ALL, (5432, 5432), (5432, 5432)),
    (
        "- {target: 5432, published: 5432, host_ip: 127.0.0.1}",
        *("127.0.0.1", (5432, 5432), (5432, 5432)),
    ),
]


@pytest.mark.parametrize(("text", "address", "host", "container"), SPELLINGS)
def test_spellings(
    tmp_path: Path, text: str, address: object, host: object, container: tuple[int, int]
) -> None:
    """Every spelling of the specification, and variables with and without a default."""
    assert _one(tmp_path, f"      {text}") == [(address, host, container)]


@pytest.mark.parametrize(
    "text",
    ['- "5432:5432/udp"', "- {target: 5432, protocol: udp}", '- "${ANY}"', "- {published: 5432}"],
)
def test_what_is_no_tcp_port(tmp_path: Path, text: str) -> None:
    """UDP is no exposure, and a port that nobody knows is no finding."""
    assert _one(tmp_path, f"      {text}") == []


@pytest.mark.parametrize(
    ("text", "open_to_all"),
    [
        ("5432:5432", True),
        ("5432", True),
        ("0.0.0.0:5432:5432", True),
        ("[::]:5432:5432", True),
        ("203.0.113.7:5432:5432", True),
        ("5430-5440:5430-5440", True),
        ("127.0.0.1:5432:5432", False),
        ("127.0.0.53:5432:5432", False),
        ("[::1]:5432:5432", False),
        ("10.0.0.5:5432:5432", False),
        ("localhost:5432:5432", False),
        ("9187:9187", False),
        ("5432:5432/udp", False),
    ],
)
def test_who_reaches_it(tmp_path: Path, text: str, open_to_all: bool) -> None:
    """A port of the server on all addresses, or on a public one, is open."""
    expected = {(5, "PG206")} if open_to_all else set()
    assert (
        places(
            tmp_path,
            f"""
            services:
              db:
                image: postgres:17
                ports:
                  - "{text}"
            """,
        )
        == expected
    )


def test_an_unknown_address_is_undecided(tmp_path: Path) -> None:
    """A variable without a value decides on which address the port is published."""
    compose = """
    services:
      db:
        image: postgres:17
        ports:
          - "${DB_BIND}:5432:5432"
    """
    assert messages(tmp_path, {"compose.yaml": compose}) == [
        "PG206 is undecided: the address on which db is published is not known: ${DB_BIND} is set"
        " elsewhere"
    ]


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ('"${DB_PORTS}"', {(5, "PG902")}),
        ('"${DB_PORT}:${DB_PORT}"', {(5, "PG902")}),
        ('"0.0.0.0:${DB_PORT}:${DB_PORT}"', {(5, "PG902")}),
        ('{target: "${DB_PORT}", published: 5432}', {(5, "PG902")}),
        ('"127.0.0.1:${DB_PORT}:${DB_PORT}"', set()),
        ('{target: "${DB_PORT}", published: 5432, host_ip: 127.0.0.1}', set()),
        ('"${DB_PORT}:${DB_PORT}/udp"', set()),
        ('"${DB_PORT:-5432}:${DB_PORT:-5432}"', {(5, "PG206")}),
    ],
)
def test_a_port_of_the_container_that_a_variable_says(
    tmp_path: Path, port: str, expected: set[tuple[int, str]]
) -> None:
    """It may be the server's: that is undecided, unless only the host itself can reach it."""
    text = f"services:\n  db:\n    image: postgres:17\n    ports:\n      - {port}\n"
    assert places(tmp_path, text) == expected


def test_the_fix_names_the_ports_that_are_published(tmp_path: Path) -> None:
    """Not another one: it is meant to be copied."""
    (tmp_path / "compose.yaml").write_text(
        "services:\n  db:\n    image: postgres:17\n    ports:\n      - '5433:5432'\n"
    )
    (finding,) = scan([tmp_path], SETTINGS).findings
    assert finding.policy.id == "PG206"
    assert '"127.0.0.1:5433:5432"' in finding.fix
