# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Session features in programs: calls that run SQL, and what clients do by themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from connguard.budget.session_rules import feature_of
from connguard.budget.session_use import Used
from connguard.engine.text import Text
from connguard.migrations.elixir_host import ElixirHost
from connguard.migrations.go_host import GoHost
from connguard.migrations.javascript_host import JavaScriptHost
from connguard.migrations.jvm import JavaHost, KotlinHost
from connguard.migrations.ruby_host import RubyHost
from connguard.migrations.tree_host import Call, TreeHost
from connguard.policies.model.patterns import lazily
from connguard.policies.model.topology import ADVISORY_LOCKS, LISTEN, PREPARED_STATEMENTS

_EXECUTES: dict[str, frozenset[str]] = {
    "javascript": frozenset(
        (
            *("query", "raw", "execute", "unsafe", "none", "any", "sql", "executeSql"),
            *("$executeRaw", "$executeRawUnsafe", "$queryRaw", "$queryRawUnsafe", "executeQuery"),
        )
    ),
    "go": frozenset(
        (
            *("Exec", "ExecContext", "MustExec", "MustExecContext", "Query", "QueryContext"),
            *("QueryRow", "QueryRowContext", "Raw", "NewRaw", "Get", "GetContext"),
        )
    ),
    "ruby": frozenset(
        (
            *("execute", "exec", "async_exec", "exec_params", "exec_query", "select_value"),
            *("select_all", "select_one", "query_value", "exec_update", "run", "fetch"),
        )
    ),
    "elixir": frozenset(("query", "query!", "execute")),
    "java": frozenset(
        (
            *("execute", "executeQuery", "executeUpdate", "prepareStatement", "queryForObject"),
            *("update", "query", "createNativeQuery", "sql"),
        )
    ),
}
_ARGUMENTS = 2
"""How many of the first arguments may be the SQL: a context or a repository may come first."""

_JS_IMPORT = r"(?:from\s+|require\(\s*|import\(\s*)[\"']{name}[\"']"
_PG_LISTEN = lazily(_JS_IMPORT.format(name="pg-listen"))
_GRAPHILE = lazily(
    r"(?:import|const|let|var)\s*\{(?=[^{}]{0,999}\brun\b)[^{}]*\}\s*(?:=\s*)?"
    + _JS_IMPORT.format(name="graphile-worker")
)
_PG_BOSS = lazily(r"\buseListenNotify\s*:\s*true\b")
_RIVER = lazily(r"\briver\.NewClient\(\s*riverpgxv5\.New\(")
_RIVER_OFF = lazily(r"\bPollOnly:\s*true\b")
_NODE_PG = lazily(_JS_IMPORT.format(name="pg(?:-pool|-promise)?"))
_POSTGRES_JS = lazily(
    r"(?:import\s+(\w+)\s+|(?:const|let|var)\s+(\w+)\s*=\s*)" + _JS_IMPORT.format(name="postgres")
)
_PREPARE_FALSE = lazily(r"\bprepare\s*:\s*false\b")
_PGX = lazily(r"\"github\.com/jackc/pgx/v[45](?:/pgxpool|/stdlib)?\"|\"gorm\.io/driver/postgres\"")
_PGX_OFF = lazily(
    r"QueryExecMode(?:SimpleProtocol|Exec|DescribeExec|CacheDescribe)\b"
    r"|PreferSimpleProtocol\s*[:=]\s*true|default_query_exec_mode=(?!cache_statement)"
    r"|statement_cache_(?:capacity=0|mode=describe)|BuildStatementCache\s*[:=]\s*nil"
)
_PGX_OPENS = ("New", "NewWithConfig", "Connect", "ConnectConfig", "Open")
_GO_LIB_PQ = ("pq", "pgdriver")
_RUBY_QUEUE = lazily(r"^[^#\n]*\b(?:queue_adapter\s*=\s*:(?:good_job|que)\b)", re.MULTILINE)
_RUBY_TRANSACTION = lazily(r"\btransaction(?::|\s*=>)\s*true|advisory_xact_lock")
_RUBY_LOCK = ("with_advisory_lock", "with_advisory_lock!", "with_advisory_lock_result")
_OBAN = lazily(r"^config\s*+(?:\(\s*+)?:\w++,\s*+Oban\b(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
_OBAN_NOTIFIER = lazily(r"\bnotifier:\s*+(?:\{\s*+)?Oban\.Notifiers\.(?!Postgres\b)\w+")
_OBAN_QUIET = lazily(r"\b(?:queues:\s*(?:false|\[\])|testing:)")
_POSTGREX = lazily(
    r"^[^#\n]*(?:\{\s*Postgrex\.Notifications\s*,|Postgrex\.Notifications\.start_link)",
    re.MULTILINE,
)
_RUST = lazily(r"^(?:(?!//)[^\n])*?\bPgListener::connect\w*\(", re.MULTILINE)
_PRISMA_PROVIDER = lazily(r"^[ \t]*provider\s*=\s*\"postgres(?:ql)?\"", re.MULTILINE)
_PRISMA_ADAPTER = lazily(
    r"driverAdapters|engineType\s*=\s*\"client\"|provider\s*=\s*\"prisma-client\""
)


def javascript(text: Text) -> list[Used]:
    host = JavaScriptHost(text)
    string = text.string
    found = list(_statements(host, "javascript"))
    for pattern in (_PG_LISTEN, _GRAPHILE, *((_PG_BOSS,) if "pg-boss" in string else ())):
        found.extend(_at(text, pattern, LISTEN))
    has_pg = _NODE_PG.search(string) is not None
    library = _POSTGRES_JS.search(string)
    maker = (library[1] or library[2]) if library else None
    if library and _PREPARE_FALSE.search(string):
        found.append(Used(PREPARED_STATEMENTS, text.origin(*library.span()), "postgres.js", True))
    for call in host.calls():
        place = text.origin(*host.source.range(call.node))
        codes = [host.source.code(one) for one in call.arguments[:1]]
        if call.name in ("on", "once", "addListener") and has_pg and codes:
            if codes[0].strip("\"'`") == "notification":
                found.append(Used(LISTEN, place))
        elif call.name == "query" and has_pg and _is_named_query(host, call):
            found.append(Used(PREPARED_STATEMENTS, place))
        elif maker and call.receiver is None and call.name == maker:
            found.append(Used(PREPARED_STATEMENTS, place, "postgres.js"))
        elif (
            maker
            and call.name == "listen"
            and call.receiver is not None
            and host.source.code(call.receiver) in _made_by(string, maker)
        ):
            found.append(Used(LISTEN, place))
    return found


def _made_by(string: str, maker: str) -> set[str]:
    """The names of what postgres.js makes."""
    pattern = re.compile(rf"(?:const|let|var)\s+(\w+)\s*(?::[^=\n]+)?=\s*{re.escape(maker)}\(")
    return {match[1] for match in pattern.finditer(string)}


def _is_named_query(host: JavaScriptHost, call: Call) -> bool:
    """node-postgres prepares a query that has a name."""
    first = call.arguments[0] if call.arguments else None
    if first is None or first.type != "object":
        return False
    keys = {
        host.source.code(key)
        for pair in first.named_children
        if (key := pair.child_by_field_name("key") or pair) is not None
    }
    return {"name", "text"} <= keys


def go(text: Text) -> list[Used]:
    host = GoHost(text)
    found = list(_statements(host, "go"))
    if "Queues:" in text.string and not _RIVER_OFF.search(text.string):
        found.extend(_at(text, _RIVER, LISTEN))
    pgx = _PGX.search(text.string)
    off = _PGX_OFF.search(text.string)
    if off:
        found.append(Used(PREPARED_STATEMENTS, text.origin(*off.span()), "pgx", off=True))
    for call in host.calls():
        place = text.origin(*host.source.range(call.node))
        receiver = host.source.code(call.receiver) if call.receiver is not None else ""
        if call.name == "WaitForNotification" or (
            call.name == "NewListener" and receiver in _GO_LIB_PQ
        ):
            found.append(Used(LISTEN, place))
        elif pgx and call.name in _PGX_OPENS and _opens_pgx(host, call, receiver):
            found.append(Used(PREPARED_STATEMENTS, place, "pgx"))
    return found


def _opens_pgx(host: GoHost, call: Call, receiver: str) -> bool:
    if receiver in ("pgx", "pgxpool"):
        return True
    if receiver == "postgres" and "gorm.io/driver/postgres" in host.source.text.string:
        return True
    first = host.source.code(call.arguments[0]) if call.arguments else ""
    return receiver in ("sql", "sqlx") and first.strip('"') == "pgx"


def ruby(text: Text) -> list[Used]:
    host = RubyHost(text)
    found = list(_statements(host, "ruby"))
    for match in _RUBY_QUEUE.finditer(text.string):
        # Both take session-level locks and listen for jobs.
        found.append(Used(ADVISORY_LOCKS, text.origin(*match.span())))
    for call in host.calls():
        place = text.origin(*host.source.range(call.node))
        code = host.source.code(call.node)
        head = code.partition("\n")[0]
        if call.name in _RUBY_LOCK and not _RUBY_TRANSACTION.search(head):
            found.append(Used(ADVISORY_LOCKS, place))
        elif call.name in ("wait_for_notify", "get_advisory_lock"):
            feature = LISTEN if call.name == "wait_for_notify" else ADVISORY_LOCKS
            found.append(Used(feature, place))
    return found


def elixir(text: Text) -> list[Used]:
    found = list(_statements(ElixirHost(text), "elixir")) if "query" in text.string else []
    found.extend(_at(text, _POSTGREX, LISTEN))
    for match in _OBAN.finditer(text.string):
        place = text.origin(match.start(), match.start(1))
        if _OBAN_NOTIFIER.search(match[1]):
            found.append(Used(LISTEN, place, "Oban", off=True))
        elif "repo:" in match[1] and not _OBAN_QUIET.search(match[1]):
            found.append(Used(LISTEN, place, "Oban"))
    return found


def java(text: Text) -> list[Used]:
    return _jvm(JavaHost(text))


def kotlin(text: Text) -> list[Used]:
    return _jvm(KotlinHost(text))


def _jvm(host: TreeHost) -> list[Used]:
    found = list(_statements(host, "java"))
    text = host.source.text
    if "org.postgresql" in text.string:
        found.extend(
            Used(LISTEN, text.origin(*host.source.range(call.node)))
            for call in host.calls()
            if call.name == "getNotifications"
        )
    return found


def rust(text: Text) -> list[Used]:
    return list(_at(text, _RUST, LISTEN))


def prisma(text: Text) -> list[Used]:
    """Prisma's own engine prepares statements, unless the URL says that a PgBouncer is there.

    https://www.prisma.io/docs/orm/prisma-client/setup-and-configuration/databases-connections/pgbouncer
    """
    provider = _PRISMA_PROVIDER.search(text.string)
    if provider is None or _PRISMA_ADAPTER.search(text.string):
        return []
    return [Used(PREPARED_STATEMENTS, text.origin(*provider.span()), "Prisma")]


def cable(text: Text) -> list[Used]:
    """Action Cable's adapter for PostgreSQL listens for what it broadcasts.

    https://guides.rubyonrails.org/action_cable_overview.html#postgresql-adapter
    """
    match = re.search(
        r"^production:[ \t]*\r?\n(?:[ \t][^\n]*\n|\r?\n)*?[ \t]+(adapter:[ \t]*[\"']?postgresql\b)",
        text.string,
        re.MULTILINE,
    )
    return [Used(LISTEN, text.origin(*match.span(1)))] if match else []


def _statements(host: TreeHost, language: str) -> Iterator[Used]:
    """Calls that run a statement with a feature."""
    names = _EXECUTES[language]
    for call in host.calls():
        if call.name not in names:
            continue
        for argument in call.arguments[:_ARGUMENTS]:
            value = host.value(argument)
            feature = feature_of(value.text) if value is not None else None
            if feature is not None:
                yield Used(feature, host.source.text.origin(*host.source.range(call.node)))
                break


def _at(text: Text, pattern: re.Pattern[str], feature: str) -> Iterator[Used]:
    for match in pattern.finditer(text.string):
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        yield Used(feature, text.origin(start, match.end()))


READERS: dict[str, Callable[[Text], list[Used]]] = {
    "javascript": javascript,
    "go": go,
    "ruby": ruby,
    "elixir": elixir,
    "java": java,
    "kotlin": kotlin,
    "rust": rust,
    "prisma": prisma,
    "cable": cable,
}
