# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares pg_hba_file_rules of a live server with the pg_hba.conf of the files, by meaning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connguard.engine.reading import Context
from connguard.live.snapshot import Compared, LiveServer, LiveSource
from connguard.policies.model.facts import Undecided
from connguard.policies.model.hba import HbaRule, Transport
from connguard.policies.model.hba_cells import TooManyCells
from connguard.policies.model.hba_difference import Difference, differences
from connguard.policies.model.hba_facts import Dialect, EffectiveRule
from connguard.policies.model.live_facts import LiveHbaDifference, LiveHbaError
from connguard.policies.model.origin import Origin
from connguard.policies.model.reading import Subject
from connguard.postgres.hba_lines import line_at
from connguard.postgres.hba_reader import HbaFile, read_hba, read_hba_lines
from connguard.postgres.known_roles import known_memberships
from connguard.postgres.pgbouncer_hba import is_pgbouncer_file
from connguard.postgres.versions import version_for

_SHOWN = 10


def hba_facts(
    server: LiveServer, subjects: Sequence[Subject], context: Context
) -> Iterator[object]:
    """Lines that the server cannot load, and logins that both sides decide differently."""
    source = server.source
    rows = source.tables.get("hba")
    broken = False
    for row in rows or ():
        if row.text("error"):
            broken = True
            yield LiveHbaError(
                row.text("file") or "pg_hba.conf",
                row.number("line") or 0,
                row.text("error") or "",
                source.name,
                row.origin,
            )
    lists = _lists(server, subjects, context)
    if not lists or broken:
        return
    name, rules, whole = lists[0]
    if rows is None:
        yield Undecided("PG605", _unseen(source), whole)
        return
    live = read_hba_lines(
        source.name,
        [line_at(row.text("rule") or "", row.origin) for row in rows],
        server.version,
        source.origin,
    )
    yield Compared("pg_hba.conf", source.name)
    try:
        found = [_differences(file_rules, live, source, context) for _, file_rules, _ in lists]
    except TooManyCells:
        reason = "the files and the server name too many users and databases to compare them"
        yield Undecided("PG605", reason, source.origin)
        return
    best = min(range(len(lists)), key=lambda index: len(found[index]))
    name, rules, whole = lists[best]
    doubt = next((rule for rule in rules if rule.is_gap), None)
    if doubt is not None:
        reason = f"{name} has lines that are not among the files: {doubt.databases[0].text}"
        yield Undecided("PG605", reason, doubt.origin)
        return
    for difference in found[best][:_SHOWN]:
        yield LiveHbaDifference(difference, whole, source.origin, source.name)


def _unseen(source: LiveSource) -> str:
    said = next((one for one in source.hidden if one.startswith("pg_hba_file_rules: ")), None)
    reason = said.partition(": ")[2] if said else "it is not in the snapshot"
    return (
        f"pg_hba_file_rules of {source.name} could not be read: {reason} (it needs a superuser, or"
        " GRANT SELECT on it and EXECUTE on pg_hba_file_rules())"
    )


def _lists(
    server: LiveServer, subjects: Sequence[Subject], context: Context
) -> list[tuple[str, Sequence[HbaRule], Origin]]:
    """The access lists of the files: whole files, then lists within other files."""
    files: list[HbaFile] = []
    for file in context.files:
        named = file.path.suffix == ".conf" and "hba" in file.path.name
        if named and not is_pgbouncer_file(file, context):
            version = server.version or version_for(file.path, context.settings)
            hba = read_hba(file, context, version)
            if hba is not None and hba.loads and "hba" in file.path.name:
                files.append(hba)
    included = {name for hba in files for name in hba.files if name != hba.name}
    found: list[tuple[str, Sequence[HbaRule], Origin]] = [
        (hba.name, hba.rules, Origin(hba.name, 1, 1, 1, 1))
        for hba in files
        if hba.name not in included
    ]
    seen = {name for hba in files for name in hba.files}
    within: dict[str, list[HbaRule]] = {}
    for subject in subjects:
        for fact in subject.alternatives:
            if isinstance(fact, EffectiveRule) and fact.dialect is Dialect.POSTGRESQL:
                path = fact.rule.origin.path
                if path not in seen and not path.endswith(".conf"):
                    within.setdefault(path, []).append(fact.rule)
    found.extend((path, rules, rules[0].origin) for path, rules in within.items())
    return found


def _differences(
    rules: Sequence[HbaRule], live: HbaFile, source: LiveSource, context: Context
) -> list[Difference]:
    transports = set(Transport)
    if any(
        row.text("name") == "ssl" and row.text("value") == "off"
        for row in source.tables.get("settings", ())
    ):
        transports.discard(Transport.TLS)
    memberships = known_memberships(rules, context)
    return differences(rules, live.rules, frozenset(transports), memberships)
