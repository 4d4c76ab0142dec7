# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which containers run PostgreSQL or a pooler, and where these listen.

https://hub.docker.com/_/postgres: the image sets listen_addresses to '*' in the configuration that
it makes, and leaves a configuration that it is given as it is, whose default is localhost.
https://github.com/bitnami/containers (POSTGRESQL_PORT_NUMBER, PGBOUNCER_PORT),
https://github.com/edoburu/docker-pgbouncer (LISTEN_PORT).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from connguard.budget.images import Kind, identify
from connguard.containers.compose_service import Variable, Word
from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.policies.model.patterns import lazily
from connguard.policies.model.ports import POSTGRES
from connguard.policies.model.records import dataclass
from connguard.policies.model.whole_numbers import whole

_OTHER_POOLERS = {
    "pgcat": (6432,),
    "pgdog": (6432,),
    "odyssey": (6432,),
    "pgpool": (),
    "pgpool2": (),
    "supavisor": (5432, 6543),
}
_PGBOUNCER_PORT = 6432
_OTHER_DATABASES = lazily(
    r"(?:^|/)(?:mysql|mariadb|mongo|mssql|oracle|percona|cockroach|clickhouse|cassandra|yugabyte)"
)
BITNAMI = ("bitnami", "bitnamilegacy", "bitnamisecure")
_ADDRESS_VARIABLES = {"bitnami": "PGBOUNCER_LISTEN_ADDRESS", "edoburu": "LISTEN_ADDR"}
_PLAIN = ("", "library", "postgis", "pgvector", "timescale", "ankane", "imresamu", "tensorchord")
"""Makers of images with the entry script of the official one."""
_SETTING = lazily(r"^(?:--|-c\s*)?([A-Za-z_][\w.-]*)\s*=\s*(.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Program:
    """What a container runs.

    `is_plain` tells an image with the entry script of the official one, whose handling of
    listen_addresses is known. `ports` are those on which it listens by default; empty when that is
    not known.
    """

    is_server: bool
    is_plain: bool
    flavour: str
    ports: tuple[int, ...]


def program(image: str) -> Program | None:
    """The database or pooler of an image; None for any other image."""
    known = identify(image)
    if known is None:
        name = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
        ports = _OTHER_POOLERS.get(name)
        return None if ports is None else Program(False, False, name, ports)
    if known.kind is Kind.POSTGRES:
        return Program(True, known.flavour in _PLAIN, known.flavour, (POSTGRES,))
    return Program(False, False, known.flavour, _pgbouncer_ports(known.flavour))


def is_other_database(image: str) -> bool:
    """Whether it is the image of a database that is not PostgreSQL."""
    return _OTHER_DATABASES.search(image) is not None


def settings(words: Sequence[Word]) -> dict[str, Value[str]]:
    """What `postgres -c name=value --name=value -p port -h address` sets; the last one counts."""
    found: dict[str, Value[str]] = {}
    options = {"-p": "port", "-h": "listen_addresses", "-N": "max_connections"}
    for position, word in enumerate(words):
        before = words[position - 1].text if position else ""
        name, value = None, word.text
        if before in options:
            name = options[before]
        elif before == "-c" or word.text.startswith(("--", "-c")):
            match = _SETTING.match(word.text)
            if match is not None:
                name, value = match[1].replace("-", "_").lower(), match[2]
        elif word.text[:2] in options and len(word.text) > 2:
            name, value = options[word.text[:2]], word.text[2:]
        if name is not None:
            found[name] = _value(value.strip(), word)
    return found


def listen_ports(
    what: Program,
    environment: Mapping[str, Variable],
    given: Mapping[str, Value[str]],
    *,
    configured: Value[str] | None = None,
) -> tuple[int, ...]:
    """Where the program listens; empty when that is not known.

    `given` are the settings of its command line, `configured` is the port that a configuration file
    of the repository sets.
    """
    if what.is_server:
        names = ["POSTGRESQL_PORT_NUMBER"] if what.flavour in BITNAMI else ["PGPORT"]
        values: list[Value[str] | None] = [given.get("port"), configured]
        values[1:1] = [_variable(environment, name) for name in names]
    else:
        named = "PGBOUNCER_PORT" if what.flavour in BITNAMI else "LISTEN_PORT"
        values = [configured, _variable(environment, named)]
    for value in values:
        if isinstance(value, Unknown):
            return ()
        if value is not None and value.value.isdecimal():
            return (whole(value.value),)
    return what.ports


def pooler_addresses(
    what: Program, environment: Mapping[str, Variable], configured: Value[str] | None, place: Origin
) -> list[Value[str] | None]:
    """Where a pooler listens: None is everywhere, and nothing is for no other machine.

    `configured` is the listen_addr of a configuration of the repository. The images of Bitnami and
    edoburu listen everywhere unless a variable says otherwise; of others that is not known.
    """
    named = _ADDRESS_VARIABLES.get("bitnami" if what.flavour in BITNAMI else what.flavour)
    given = configured
    if given is None and named is not None:
        said = environment.get(named)
        if said is None or (said.known and not said.text):
            return [None]
        given = _value_of(said.text or named, said.origin, said.known)
    if given is None:
        given = Unknown(f"the configuration of {what.flavour or 'the pooler'} is not read", place)
    if isinstance(given, Unknown):
        return [given]
    addresses = [one.strip() for one in given.value.split(",")]
    if any(one in ("*", "0.0.0.0", "::") for one in addresses):
        return [None]
    others = (one for one in addresses if one and one.lower() != "localhost")
    return [Known(one, given.origin) for one in others]


def _pgbouncer_ports(flavour: str) -> tuple[int, ...]:
    if flavour == "edoburu":
        return (POSTGRES,)
    return (_PGBOUNCER_PORT,) if flavour in BITNAMI else ()


def _variable(environment: Mapping[str, Variable], name: str) -> Value[str] | None:
    found = environment.get(name)
    if found is None or not found.text:
        return None
    return _value_of(found.text, found.origin, found.known)


def _value(text: str, word: Word) -> Value[str]:
    return _value_of(text.strip("'\""), word.origin, word.known)


def _value_of(text: str, origin: Origin, known: bool) -> Value[str]:
    if not known:
        return Unknown(f"{text} is set elsewhere", origin)
    return Known(text, origin)
