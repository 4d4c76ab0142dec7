# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zalando's image Spilo: PostgreSQL under Patroni, configured by a variable.

SPILO_CONFIGURATION, else PATRONI_CONFIGURATION, is YAML that is laid over the image's own Patroni
configuration; that has one connection for 30 MB of memory, at least 100 and at most 1000
(postgres-appliance/scripts/configure_spilo.py of https://github.com/zalando/spilo).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from connguard.budget.server_facts import parameters_of_patroni
from connguard.engine import yaml_source
from connguard.engine.text import Text
from connguard.policies.model.amount import Amount, unknown_amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily

LEAST, MOST = 100, 1000
VARIABLES = ("SPILO_CONFIGURATION", "PATRONI_CONFIGURATION")
_IMAGE = lazily(r"(?:^|/)spilo(?:-\w+)?(?::|@|$)")


def is_spilo(image: str) -> bool:
    return _IMAGE.search(image) is not None


def settings(
    environment: Mapping[str, tuple[str, Origin, bool]], place: Origin, text: Text | None
) -> dict[str, Amount]:
    """The server's slots; `text` is the file in which the variables stand."""
    found = {
        "max_connections": unknown_amount(
            "max_connections", "the memory of the server", place, LEAST, MOST
        )
    }
    name = next((one for one in VARIABLES if one in environment), None)
    if name is None:
        return found
    value, origin, known = environment[name]
    if not known:
        found["max_connections"] = unknown_amount(
            "max_connections", f"{name} is set elsewhere", origin
        )
        return found
    for document in yaml_source.parse(Text(origin.path, value)).documents:
        for key, amount in parameters_of_patroni(document).items():
            own = _place(key, origin, text)
            found[key] = Amount(amount.low, amount.high, key, own, amount.reason)
    return found


def _place(key: str, origin: Origin, text: Text | None) -> Origin:
    """Where the number stands in the variable, if it stands there once."""
    if text is None or text.path != origin.path:
        return origin
    start = text.offset(origin.line, origin.column)
    end = text.offset(origin.end_line, origin.end_column)
    pattern = re.compile(rf"\b{key}\b[\"']?[ \t]*:[ \t]*[\"']?([^\s\"',}}]+)")
    matches = list(pattern.finditer(text.string, start, end))
    return text.origin(*matches[0].span(1)) if len(matches) == 1 else origin
