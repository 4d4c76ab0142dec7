# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Odyssey: included files, groups of users, and pools that several blocks share."""

from __future__ import annotations

from pathlib import Path

from connguard.budget.run import Run, run
from connguard.engine.settings import Settings
from connguard.policies.model.topology import Pooler

STORAGE = 'storage "pg" { type "remote" host "db" }\n'


def pooler(folder: Path, **files: str) -> Pooler:
    return done(folder, **files).stacks[0][0].topology.poolers[0]


def done(folder: Path, **files: str) -> Run:
    for name, text in files.items():
        path = folder / name.replace("__", ".").replace("_s_", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return run([folder], Settings(), [])


def sizes(found: Pooler) -> list[tuple[str, str | None, str, str]]:
    """Name, client's user, pool size and the file that sets it."""
    return [
        (
            one.name,
            one.client_user,
            str(one.pool_size),
            Path(one.pool_size.origin.path).name if one.pool_size and one.pool_size.origin else "",
        )
        for one in found.entries
    ]


def test_included_files_are_read(tmp_path: Path) -> None:
    """Also those of included files, and by the path that they have on the server."""
    found = pooler(
        tmp_path,
        odyssey__conf=f'include "/etc/odyssey/conf/shop.conf"\n{STORAGE}',
        conf_s_shop__conf=(
            'database "shop" { user "app" { storage "pg" pool_size 7 } }\ninclude "more.conf"\n'
        ),
        more__conf='database "shop" { user "jobs" { storage "pg" pool_size 3 } }\n',
    )
    assert sizes(found) == [
        ("shop", "app", "7", "shop.conf"),
        ("shop", "jobs", "3", "more.conf"),
    ]


def test_a_missing_file_may_route_anything(tmp_path: Path) -> None:
    """A cycle ends, and what is not at hand is not known."""
    found = pooler(
        tmp_path,
        odyssey__conf=(
            f'include "gone.conf"\ninclude "odyssey.conf"\n{STORAGE}'
            'database "shop" { user "app" { storage "pg" pool_size 7 } }\n'
        ),
    )
    assert [one[:3] for one in sizes(found)] == [
        ("shop", "app", "7"),
        ("*", None, "0 or more"),
        ("*", None, "0 or more"),
    ]


def test_users_of_groups_are_not_known(tmp_path: Path) -> None:
    """Their pools are as large as that of some group, or of everybody else."""
    groups = (
        'database "shop" {\n'
        ' group "power" { group_query "SELECT 1" storage "pg" pool_size 20 }\n'
        ' user "app" { storage "pg" pool_size 7 }\n'
        ' user default { storage "pg" pool_size 5 }\n'
        "}\n"
    )
    found = pooler(tmp_path, odyssey__conf=STORAGE + groups)
    assert [one[:3] for one in sizes(found)] == [("shop", None, "5 to 20"), ("shop", "app", "7")]
    assert not found.users_known

    unlimited = groups.replace("pool_size 20", "")
    found = pooler(tmp_path, odyssey__conf=STORAGE + unlimited)
    assert sizes(found)[0][2] == "5 or more"


def test_a_shared_pool_is_one_pool(tmp_path: Path) -> None:
    """Each of its blocks may have all of it, but not all at once."""
    shared = (
        'shared_pool "people" { pool_size 6 }\n'
        'database "a" { user "x" { storage "pg" shared_pool "people" } }\n'
        'database "b" { user "x" { storage "pg" shared_pool "people" } }\n'
    )
    found = pooler(tmp_path, odyssey__conf=STORAGE + shared)
    assert [one[:3] for one in sizes(found)] == [("a", "x", "3 to 6"), ("b", "x", "3 to 6")]
    budget = done(tmp_path, postgresql__conf="max_connections = 20\n").stacks[0][1]
    assert [(one.name, str(one.demand)) for one in budget.roles] == [("x", "6 to 12")]
