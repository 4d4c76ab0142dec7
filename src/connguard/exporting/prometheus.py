# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The format prometheus: rules, queries for postgres_exporter, log rules for Loki, and SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator

from connguard.budget.run import run
from connguard.exporting import metrics
from connguard.exporting.formats import Exported, Request
from connguard.exporting.limits import Walls, walls
from connguard.exporting.rules import Alert, Group, Record, groups, share

RULES = "connguard.rules.yml"
QUERIES = "queries.yaml"
LOGS = "connguard.loki.yml"
SQL = "connguard.sql"

_MADE = "# Made by connguard export --format prometheus; make it anew when limits change."


def export(request: Request) -> Exported:
    """The four files. Raises SettingsError for a wrong declaration."""
    done = run(request.paths, request.settings, [])
    found = walls(done, request.warning, request.critical)
    failures = [f"{failed.path}: {failed.reason}" for failed in done.report.failures]
    return Exported(files(found), failures, found.notes)


def files(found: Walls) -> dict[str, str]:
    return {
        RULES: _text(_rules(found)),
        QUERIES: _text(_queries()),
        LOGS: _text(_logs()),
        SQL: _text(_sql(found)),
    }


def _text(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _rules(found: Walls) -> Iterator[str]:
    yield _MADE
    yield f"# Alerts at {share(found.warning)} and {share(found.critical)} of a limit. Metrics:"
    yield f"# postgres_exporter with {QUERIES}, and prometheus-community/pgbouncer_exporter."
    yield "groups:"
    for group in groups(found):
        yield from _group(group)


def _group(group: Group) -> Iterator[str]:
    yield f"  - name: {group.name}"
    yield "    rules:"
    for rule in group.rules:
        yield from _record(rule) if isinstance(rule, Record) else _alert(rule)


def _record(rule: Record) -> Iterator[str]:
    yield f"      - record: {rule.name}"
    yield from _block("expr", rule.expression, 8)


def _alert(rule: Alert) -> Iterator[str]:
    yield f"      - alert: {rule.name}"
    yield from _block("expr", rule.expression, 8)
    yield f"        for: {rule.lasts}"
    yield "        labels:"
    yield f"          severity: {rule.severity}"
    yield "        annotations:"
    yield f"          summary: {_scalar(rule.summary)}"
    yield f"          description: {_scalar(rule.description)}"


def _block(key: str, text: str, indent: int) -> Iterator[str]:
    """A text that stands as it is, over several lines where it has some."""
    yield f"{' ' * indent}{key}: |-"
    yield from (f"{' ' * (indent + 2)}{line}" for line in text.strip("\n").split("\n"))


def _scalar(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _queries() -> Iterator[str]:
    yield _MADE
    yield "# postgres_exporter --extend.query-path=queries.yaml; its role needs pg_monitor."
    for query in metrics.QUERIES:
        yield f"{query.name}:"
        yield from _block("query", query.sql, 2)
        # The same for every database of a server: ask once.
        yield "  master: true"
        yield "  metrics:"
        for usage, columns in (("LABEL", query.labels), ("GAUGE", query.gauges)):
            for column, description in columns:
                yield f"    - {column}:"
                yield f"        usage: {usage}"
                yield f"        description: {_scalar(description)}"


def _logs() -> Iterator[str]:
    pattern = "|".join(metrics.LOGIN_FAILURES)
    yield _MADE
    yield "# Rules for Loki's ruler, over the logs of PostgreSQL and of PgBouncer: the only places"
    yield '# where every hit of a wall is told. Put your own labels in place of {job=~"…"}.'
    yield "groups:"
    yield "  - name: connguard-logs"
    yield "    rules:"
    yield "      - alert: ConnguardConnectionsRefused"
    expression = (
        "sum by (job, instance) (\n"
        f'  count_over_time({{job=~"postgres.*|pgbouncer.*"}} |~ {_scalar(pattern)} [5m])\n'
        ") > 0"
    )
    yield from _block("expr", expression, 8)
    yield "        labels:"
    yield "          severity: critical"
    yield "        annotations:"
    yield f"          summary: {_scalar('{{ $labels.instance }} refuses connections')}"
    text = (
        "Matched by its words, not by SQLSTATE class 53: PgBouncer until 1.19 says 08P01 instead"
        " of 53300, all versions say 08P01 for query_wait_timeout, and clients of a warm pool see"
        " no error at all."
    )
    yield f"          description: {_scalar(text)}"


def _sql(found: Walls) -> Iterator[str]:
    yield "-- Made by connguard export --format prometheus. For psql, as a role with pg_monitor."
    yield "-- Reads only. The same numbers as the metrics, with what the repository says."
    yield ""
    for kind, these in (("role", found.roles), ("database", found.databases)):
        query = next(one for one in metrics.QUERIES if one.name == f"connguard_{kind}")
        yield f"-- Connections of each {kind}, the fullest first."
        yield "SELECT live.*, repository.repository_limit, repository.budget,"
        yield "       round(100.0 * live.connections / nullif("
        yield "           least(nullif(live.connection_limit, -1),"
        yield "                 repository.repository_limit), 0)) AS percent"
        yield f"FROM ({query.sql.strip()}) AS live"
        yield "LEFT JOIN (VALUES"
        rows = [
            f"    ({_literal(one.name)}, {_number(one.limit)}, {_number(one.demand)})"
            for one in these
        ]
        yield ",\n".join(rows or ["    (NULL::text, NULL::int, NULL::int)"])
        yield f") AS repository ({kind}, repository_limit, budget) USING ({kind})"
        yield "ORDER BY percent DESC NULLS LAST, live.connections DESC;"
        yield ""
    yield "-- The server's slots."
    yield next(one for one in metrics.QUERIES if one.name == "connguard_server").sql.strip() + ";"
    yield ""
    yield "-- Who holds connections, and what is idle in transaction for how long."
    yield """SELECT usename, datname, application_name, client_addr, state, count(*) AS sessions,
       max(clock_timestamp() - state_change) AS longest_in_this_state
FROM pg_catalog.pg_stat_activity
WHERE usesysid IS NOT NULL
GROUP BY usename, datname, application_name, client_addr, state
ORDER BY sessions DESC
LIMIT 20;"""


def _literal(text: str) -> str:
    """A string constant that means the same whatever standard_conforming_strings is."""
    escaped = text.replace("'", "''")
    return f"E'{escaped.replace(chr(92), chr(92) * 2)}'" if "\\" in text else f"'{escaped}'"


def _number(number: int | None) -> str:
    return "NULL::int" if number is None else str(number)
