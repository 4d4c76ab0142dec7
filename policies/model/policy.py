# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""The metadata of a policy, and the failures that policies prevent."""

from __future__ import annotations

from enum import Enum

from connguard.policies.model.records import dataclass
from connguard.policies.model.verdict import Severity


class Failure(Enum):
    """What production sees when a policy is violated: the reason why the policy exists."""

    ROLE_LIMIT = 'too many connections for role "…" (SQLSTATE 53300)'
    DATABASE_LIMIT = 'too many connections for database "…" (SQLSTATE 53300)'
    SERVER_SLOTS = "sorry, too many clients already (SQLSTATE 53300)"
    REJECTED = "the server rejected the connection (SQLSTATE 08004)"
    LOST = "connection failure: the connection was lost (SQLSTATE 08006)"
    REFUSED = "connection refused"
    TIMEOUT = "connection or query timed out"
    NO_HBA_ENTRY = "no pg_hba.conf entry for host (SQLSTATE 28000)"
    EXPOSED = "the database is open to the internet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything that is said about a policy, said once.

    `id` is `PG` and three digits and is never reused; `name` reads after "allow …". `about` is the
    fact class, or the classes, that the module's `decide` takes. `condition` says when the policy
    fails, `effect` what happens in production then, `fix` what to write instead. `references` are
    URLs.
    """

    id: str
    name: str
    severity: Severity
    about: type[object] | tuple[type[object], ...]
    condition: str
    effect: str
    fix: str
    prevents: tuple[Failure, ...]
    references: tuple[str, ...]

    @property
    def facts(self) -> tuple[type[object], ...]:
        """The fact classes that the policy decides about."""
        return self.about if isinstance(self.about, tuple) else (self.about,)

    @property
    def checkov_id(self) -> str:
        """The id under which Checkov shows the policy: PG001 is CKV_CUSTOM_PG_001."""
        return f"CKV_CUSTOM_PG_{self.id.removeprefix('PG')}"
