# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins that the settings declare: `[[service]]` tables with `from`, the clients' subnets.

[[service]]
name = "web"
user = "app"
database = "shop"
from = ["10.0.1.0/24"]   # the addresses that the server sees
tls = true               # default false
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from connguard.budget import toml_places
from connguard.engine.reading import Context, SourceFile
from connguard.policies.model.addresses import AddressSet
from connguard.policies.model.facts import NotParsed, Undecided
from connguard.policies.model.hba import Memberships, Transport
from connguard.policies.model.hba_coverage import outcome
from connguard.policies.model.hba_facts import DeclaredLogin
from connguard.policies.model.reading import Reading
from connguard.postgres.hba_reader import HbaFile
from connguard.postgres.known_roles import known_memberships


def add_declared_logins(lists: Sequence[HbaFile], context: Context, reading: Reading) -> None:
    """Add what the rules make of every declared login.

    With several access lists it is not told which one is the server's: what all of them refuse is
    refused, and where they differ nothing is decided.
    """
    loaded = [hba for hba in lists if hba.loads]
    services = context.settings.topology.get("service", [])
    document = _document(context)
    if not loaded or document is None or not isinstance(services, list):
        return
    memberships = [known_memberships(hba.rules, context) for hba in loaded]
    for index, service in enumerate(services):
        if isinstance(service, Mapping) and "from" in service:
            _add(list(zip(loaded, memberships, strict=True)), service, index, document, reading)


def _add(
    lists: Sequence[tuple[HbaFile, Memberships]],
    service: Mapping[str, Any],
    index: int,
    document: toml_places.Document,
    reading: Reading,
) -> None:
    prefix = ("tool", "connguard") if document.text.path.endswith("pyproject.toml") else ()
    origin = document.origin(*prefix, "service", index, "from")
    user, database = service.get("user"), service.get("database")
    if not isinstance(user, str) or not isinstance(database, str):
        reading.add(NotParsed("a service with `from` needs `user` and `database`", origin))
        return
    subnets = service["from"]
    try:
        addresses = AddressSet.of(*([subnets] if isinstance(subnets, str) else subnets))
    except (ValueError, TypeError) as error:
        reading.add(NotParsed(f"`from` must be a list of addresses or networks: {error}", origin))
        return
    transport = Transport.TLS if service.get("tls") is True else Transport.PLAIN
    logins = []
    for hba, memberships in lists:
        found = outcome(hba.rules, user, database, transport, addresses, memberships)
        logins.append(
            DeclaredLogin(
                service=str(service.get("name", user)),
                user=user,
                database=database,
                transport=transport,
                file=hba.name,
                refused=found.refused,
                doubtful=found.doubtful,
                by=found.by,
                origin=origin,
            )
        )
    first = logins[0]
    if all(bool(login.refused) == bool(first.refused) for login in logins):
        reading.add(*logins)
    else:
        names = ", ".join(login.file for login in logins if login.refused)
        reason = f"{names} refuses the service, another access list does not"
        reading.add(Undecided("PG308", reason, origin))


def _document(context: Context) -> toml_places.Document | None:
    path = context.settings.path
    if path is None:
        return None
    text = context.text(SourceFile(path, context.name_of(path)))
    try:
        return toml_places.parse(text) if text is not None else None
    except tomllib.TOMLDecodeError:
        return None
