# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role memberships, as the SQL scripts of the same scan leave them, for `+role` and samerole.

Superusers need no care: the server takes them for members only where that is granted
(https://www.postgresql.org/docs/current/auth-pg-hba-conf.html).
"""

from __future__ import annotations

from collections.abc import Sequence

from connguard.engine.reading import Context
from connguard.policies.model.hba import NOTHING_KNOWN, HbaRule, Memberships, NameKind

_BY_MEMBERSHIP = (NameKind.MEMBER, NameKind.SAMEROLE)
_TERRAFORM_ROLES = ("postgresql_role", "postgresql_grant_role")


def known_memberships(rules: Sequence[HbaRule], context: Context) -> Memberships:
    """What the scanned scripts tell about memberships, if any rule asks for one.

    Which history belongs to the server of the rules is not told. So memberships hold when one
    history alone states any; and only when there is no other, and no Terraform file makes roles,
    is a role that it makes no member of what it is not granted.
    """
    if not any(
        name.kind in _BY_MEMBERSHIP for rule in rules for name in (*rule.users, *rule.databases)
    ):
        return NOTHING_KNOWN  # and the SQL parser need not be loaded
    if not context.histories:
        return NOTHING_KNOWN
    from connguard.sql_rules.memberships import read_memberships

    found = [read_memberships(scripts) for scripts in context.histories]
    stating = [one for one in found if any(one.member_of.values())]
    if len(found) == 1 and not _terraform_makes_roles(context):
        return found[0]
    return Memberships(stating[0].member_of) if len(stating) == 1 else NOTHING_KNOWN


def _terraform_makes_roles(context: Context) -> bool:
    return any(
        text is not None and any(word in text.string for word in _TERRAFORM_ROLES)
        for path, text in context.texts.items()
        if path.name.endswith((".tf", ".tf.json", ".tofu", ".tofu.json"))
    )
