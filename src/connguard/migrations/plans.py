# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tools that write the order into a file: sqitch, Drizzle, Atlas; and Supabase's fixed order."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import orjson

from connguard.engine import disk, paths
from connguard.engine.natural import natural_key, path_key
from connguard.engine.reading import SourceFile
from connguard.migrations.history import History
from connguard.migrations.pool import Pool, shown
from connguard.migrations.settings_text import git_config
from connguard.policies.model.patterns import lazily
from connguard.sql_rules.script import Direction

_SQITCH_CHANGE = lazily(r"^\s*(?P<operator>[+-]?)\s*(?P<name>[^\s%#@+-]\S*)")
_SQITCH_TAG = lazily(r"^\s*@(?P<tag>\S+)")
_ATLAS_LINE = lazily(r"^(?P<name>.+\.sql) h1:\S+\s*$", re.MULTILINE)

Order = Callable[[Path, list[SourceFile], Pool], "History | None"]


def planned_histories(pool: Pool) -> Iterator[History]:
    """The histories whose order a plan file gives."""
    plans: tuple[tuple[str, str, Order], ...] = (
        ("", "sqitch.plan", _sqitch),
        ("meta", "_journal.json", _drizzle),
        ("", "atlas.sum", _atlas),
        ("", "migrations", _supabase),
        ("", "committed", _graphile),
    )
    near = pool.nearby
    signs = {below or name for below, name, _ in plans}

    def may_be_planned(folder: str) -> bool:
        names = near.listed(folder)
        return names is None or not names.isdisjoint(signs)

    for here in pool.folders(pool.sql(), may_be_planned):
        for below, name, order in plans:
            if below and not near.may_hold(here, below):
                continue
            if near.exists(paths.within(here) + below if below else here, name):
                folder = Path(here)
                history = order(folder, pool.sql_below(folder), pool)
                if history and history.files:
                    yield history


def _directly_in(folder: Path, files: Iterable[SourceFile]) -> list[SourceFile]:
    wanted = str(folder)
    return [file for file in files if paths.parent(str(file.path)) == wanted]


def _sqitch(folder: Path, files: list[SourceFile], pool: Pool) -> History | None:
    """Deploy scripts in the order of the plan; revert scripts make no state.

    https://sqitch.org/docs/manual/sqitchtutorial/
    """
    plan = pool.text(folder / "sqitch.plan")
    if plan is None or not files:
        return None
    base = pool.nearest(folder, "sqitch.conf") or folder
    configuration = pool.text(base / "sqitch.conf")
    entries = git_config(configuration.string) if configuration else {}
    # The plan lies in the top directory, unless the configuration says otherwise.
    top = base / entries["core.top_dir"] if "core.top_dir" in entries else folder
    folders = {
        name: base / entries.get(f"core.{name}_dir", str(top / name))
        for name in ("deploy", "revert", "verify")
    }
    history = History(shown(folder, files[0]), "sqitch, order of the plan")
    variables = {
        key.removeprefix("deploy.variables."): value
        for key, value in entries.items()
        if key.startswith("deploy.variables.")
    }
    tops = {kind: str(disk.resolve(top_of_kind)) for kind, top_of_kind in folders.items()}
    claimed = {str(disk.resolve(file.path)): file for file in files}
    for names in _sqitch_scripts(plan.string):
        for kind, direction in (("deploy", Direction.UP), ("revert", Direction.DOWN)):
            candidates = [os.path.join(tops[kind], f"{name}.sql") for name in names]
            path = next((path for path in candidates if path in claimed), None)
            if path is not None:
                pool.add_sql(history, claimed.pop(path), direction, variables)
    for path, file in claimed.items():
        # Verify scripts are rolled back; scripts that the plan does not name never run.
        if any(path.startswith(paths.within(top)) for top in tops.values()):
            pool.take(file)
            if path.startswith(paths.within(tops["verify"])):
                history.files.add(file.name)
            else:
                pool.log.append(f"{file.name}: not in the sqitch plan, never run; left out")
    return history


def _sqitch_scripts(plan: str) -> list[list[str]]:
    """The scripts of the plan's changes, each with the names that it may have.

    A change that is named again after a tag was reworked: its earlier script has the name of one of
    the tags between the two, whichever is there.
    """
    changes: list[list[str]] = []
    last: dict[str, int] = {}
    tags: list[tuple[int, str]] = []
    for line in plan.splitlines():
        if not line.strip() or line.lstrip().startswith(("%", "#")):
            continue
        tag = _SQITCH_TAG.match(line)
        change = _SQITCH_CHANGE.match(line)
        if tag and changes:
            tags.append((len(changes) - 1, tag["tag"]))
        elif change and change["operator"] != "-":
            name = change["name"]
            if name in last:
                before = last[name]
                changes[before] = [f"{name}@{tag}" for index, tag in tags if index >= before]
            last[name] = len(changes)
            changes.append([name])
    return changes


def _drizzle(folder: Path, files: list[SourceFile], pool: Pool) -> History | None:
    """Drizzle: the journal lists the files. https://orm.drizzle.team/docs/drizzle-kit-generate"""
    journal = pool.text(folder / "meta" / "_journal.json")
    own = _directly_in(folder, files)
    if journal is None or not own:
        return None
    try:
        document = orjson.loads(journal.string)
        entries = [(int(entry["idx"]), str(entry["tag"])) for entry in document["entries"]]
        dialect = str(document.get("dialect", "postgresql"))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
    if dialect not in ("postgresql", "pg"):
        for file in own:
            pool.take(file)
            pool.log.append(f"{file.name}: for {dialect}, not PostgreSQL; left out")
        return None
    history = History(shown(folder, own[0]), "Drizzle, order of the journal")
    _listed(history, own, [f"{tag}.sql" for _, tag in sorted(entries)], pool)
    return history


def _atlas(folder: Path, files: list[SourceFile], pool: Pool) -> History | None:
    """Atlas: atlas.sum lists the files. https://atlasgo.io/concepts/migration-directory-integrity"""
    listing = pool.text(folder / "atlas.sum")
    own = _directly_in(folder, files)
    if listing is None or not own:
        return None
    history = History(shown(folder, own[0]), "Atlas, order of atlas.sum")
    names = [match["name"] for match in _ATLAS_LINE.finditer(listing.string)]
    _listed(history, own, names, pool)
    return history


def _listed(
    history: History, files: Iterable[SourceFile], names: Iterable[str], pool: Pool
) -> None:
    """Add the files in the order of `names`, new ones that are not listed yet at the end."""
    place = {name: index for index, name in enumerate(names)}
    for file in sorted(
        files,
        key=lambda file: (place.get(file.path.name, len(place)), natural_key(file.path.name)),
    ):
        pool.add_sql(history, file, pool.direction_of(file))


def _supabase(folder: Path, files: list[SourceFile], pool: Pool) -> History | None:
    """Supabase runs roles.sql before the migrations.

    https://supabase.com/docs/guides/local-development/overview
    """
    if folder.name != "supabase":
        return None
    migrations = _directly_in(folder / "migrations", files)
    if not migrations:
        return None
    roles = [file for file in files if file.path == folder / "roles.sql"]
    history = History(shown(folder, migrations[0]), "Supabase")
    for file in [*roles, *sorted(migrations, key=lambda file: path_key(file.path.name))]:
        pool.add_sql(history, file, pool.direction_of(file))
    return history


def _graphile(folder: Path, files: list[SourceFile], pool: Pool) -> History | None:
    """graphile-migrate: the committed migrations, then the current one.

    https://github.com/graphile/migrate
    """
    committed = _directly_in(folder / "committed", files)
    alone = folder / "current.sql"
    current = [
        *(file for file in files if file.path == alone),
        *_directly_in(folder / "current", files),
    ]
    if not committed or not (current or folder.name == "migrations"):
        return None
    history = History(shown(folder, committed[0]), "graphile-migrate")
    for group in (committed, current):
        for file in sorted(group, key=lambda file: path_key(file.path.name)):
            pool.add_sql(history, file, pool.direction_of(file))
    return history
