# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role memberships as scripts leave them."""

from __future__ import annotations

from connguard.engine.text import Text
from connguard.policies.model.hba import Answer, Memberships
from connguard.sql_rules.memberships import read_memberships
from connguard.sql_rules.script import Chunk, Direction, Script


def _read(sql: str, down: str = "") -> Memberships:
    chunks = [
        Chunk(text, Text("roles.sql", text).origin, direction)
        for text, direction in ((sql, Direction.UP), (down, Direction.DOWN))
    ]
    return read_memberships([Script("roles.sql", tuple(chunks))])


def test_statements_that_change_memberships() -> None:
    """CREATE ROLE with IN ROLE, ROLE and ADMIN, GRANT, REVOKE, ALTER GROUP, RENAME and DROP."""
    found = _read(
        "CREATE ROLE staff; CREATE ROLE ops IN ROLE staff; CREATE USER ann IN GROUP ops;"
        "CREATE ROLE boss ROLE ann ADMIN bob; CREATE ROLE bob; GRANT staff, boss TO eve, ann;"
        "REVOKE boss FROM ann; ALTER GROUP staff ADD USER zoe; ALTER GROUP staff DROP USER zoe;"
        "ALTER ROLE ann RENAME TO anna; REVOKE ADMIN OPTION FOR staff FROM eve;"
        "CREATE ROLE gone IN ROLE staff; DROP ROLE gone;",
        down="GRANT staff TO bob;",
    )
    assert found.roles_of("anna") == {"anna", "ops", "staff"}
    assert found.roles_of("bob") == {"bob", "boss"}
    assert found.roles_of("eve") == {"eve", "staff", "boss"}
    assert found.roles_of("zoe") == {"zoe"}
    assert found.answer("anna", "staff") is Answer.YES
    assert found.answer("anna", "boss") is Answer.NO
    assert found.answer("eve", "ops") is Answer.MAYBE  # made elsewhere
    assert "gone" not in found.known


def test_what_cannot_be_read_leaves_memberships_open() -> None:
    """A function body that may grant roles, or a statement that does not parse: never "no"."""
    roles = "CREATE ROLE staff; CREATE ROLE bob;"
    assert _read(roles).answer("bob", "staff") is Answer.NO
    block = roles + "DO $$ BEGIN EXECUTE 'GRANT staff TO ' || who; END $$;"
    assert _read(block).answer("bob", "staff") is Answer.MAYBE
    assert _read(roles + "GRANT staff TO ${app};").answer("bob", "staff") is Answer.MAYBE
    assert _read(roles + "GRANT staff TO CURRENT_USER;").answer("bob", "staff") is Answer.MAYBE
