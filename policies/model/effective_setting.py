# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""The fact about one setting of a PostgreSQL server, wherever it is written."""

from __future__ import annotations

from connguard.policies.model.origin import Origin, Related, Value
from connguard.policies.model.records import dataclass

SERVER = "the server"
ALL_ROLES = "all roles"


@dataclass(frozen=True, slots=True)
class EffectiveSetting:
    """A setting in the state in which the scanned files leave it.

    `name` is in lower case. `value` is the text as written, without quotes. `scope` says for whom
    it holds, in words: "the server", "all roles", 'role "app"', 'database "shop"', 'role "app" in
    database "shop"'. `history` holds the earlier places that set it, oldest first.
    """

    name: str
    value: Value[str]
    origin: Origin
    scope: str = SERVER
    history: tuple[Related, ...] = ()
