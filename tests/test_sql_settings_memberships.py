# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memberships of roles as the scripts leave them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers import Postgres, newest_postgres
from sql_findings import script
from sql_session import Session

from connguard.sql_rules.memberships import read_memberships

MEMBERS = """
SELECT m.rolname, g.rolname FROM pg_auth_members AS a
JOIN pg_roles AS m ON m.oid = a.member JOIN pg_roles AS g ON g.oid = a.roleid
WHERE m.oid >= 16384
"""

CASES = [
    "CREATE ROLE g; CREATE ROLE a IN ROLE g; CREATE ROLE b; GRANT g TO b",
    "CREATE ROLE g; CREATE ROLE a; GRANT g TO a; REVOKE g FROM a",
    "CREATE ROLE g; CREATE ROLE a IN ROLE g; ALTER ROLE g RENAME TO h; ALTER ROLE a RENAME TO b",
    "CREATE ROLE g; CREATE ROLE a IN ROLE g; DROP ROLE g",
    "CREATE ROLE a; CREATE ROLE b; CREATE ROLE g ROLE a ADMIN b; ALTER GROUP g DROP USER a",
    "CREATE ROLE g; CREATE ROLE a; BEGIN; GRANT g TO a; ROLLBACK",
    "CREATE ROLE g; CREATE ROLE a; BEGIN; GRANT g TO a; COMMIT",
    "CREATE ROLE g; CREATE ROLE a; CREATE ROLE b; BEGIN; GRANT g TO a; SAVEPOINT s; GRANT g TO b;"
    " ROLLBACK TO s; COMMIT",
    "CREATE ROLE g; CREATE ROLE a IN ROLE g; REVOKE ADMIN OPTION FOR g FROM a",
    "CREATE ROLE g; CREATE ROLE a IN ROLE g; DROP OWNED BY g; REASSIGN OWNED BY a TO g",
    "CREATE ROLE g; CREATE ROLE a; SET ROLE g; RESET ROLE; GRANT g TO a",
]


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Postgres(newest_postgres()) as server:
        opened = Session(server)
        yield opened
        opened.close()


@pytest.mark.parametrize("text", CASES)
def test_the_server_has_the_same_memberships(text: str, session: Session) -> None:
    """pg_auth_members of a real server holds what is read from the script."""
    session.clean()
    errors = session.run([each for each in text.split(";") if each.strip()])
    stored = {(str(member), str(group)) for member, group in session.rows(MEMBERS)}

    found = read_memberships([script("V1.sql", text + ";")])

    assert not any(errors)
    assert {(role, group) for role, groups in found.member_of.items() for group in groups} == stored
