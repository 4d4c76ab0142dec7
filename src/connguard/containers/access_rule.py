# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The line of pg_hba.conf that the official image writes: `host all all all <method>`.

https://github.com/docker-library/postgres (pg_setup_hba_conf in docker-entrypoint.sh): the method
is POSTGRES_HOST_AUTH_METHOD, else the one in which the server stores passwords. The image chooses
the addresses and the type of the line, so that the variable answers for the method alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connguard.budget.images import identify
from connguard.containers.compose_service import Variable
from connguard.containers.databases import BITNAMI, program
from connguard.policies.model.facts import Undecided
from connguard.policies.model.origin import Value

METHOD = "POSTGRES_HOST_AUTH_METHOD"


def facts(
    image: str, environment: Mapping[str, Variable], given: Mapping[str, Value[str]]
) -> Iterator[object]:
    """What the method of the image's line lets in; nothing where the variable is not set.

    `given` are the settings of the server's command line.
    """
    method = environment.get(METHOD)
    what = program(image)
    if method is None or what is None or not what.is_server or what.flavour in BITNAMI:
        return
    if "hba_file" in given:
        return  # the server reads another list
    if not method.known:
        reason = f"who logs in without a password is not known: {METHOD} is set elsewhere"
        yield Undecided("PG303", reason, method.origin)
    elif method.text:
        # Few containers set it: what reads access lists is loaded then.
        from connguard.postgres.image_rule import facts_of_method

        known = identify(image)
        version = known.version[0] if known is not None and known.version is not None else None
        yield from facts_of_method(method.text, method.origin, version)
