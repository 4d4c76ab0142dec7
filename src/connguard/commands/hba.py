# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard hba`."""

from __future__ import annotations

import ipaddress
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from connguard.engine.discovery import discover, display_name
from connguard.engine.reading import Context, SourceFile
from connguard.engine.settings import Settings, SettingsError, load, locate
from connguard.policies.model.addresses import IPAddress
from connguard.policies.model.hba import NOTHING_KNOWN, Connection, Memberships, Transport
from connguard.policies.model.hba_cells import TooManyCells
from connguard.postgres.hba_answer import TableRow, answer, answer_lines, table
from connguard.postgres.hba_reader import NEWEST_VERSION, OLDEST_VERSION, HbaFile, read_hba
from connguard.postgres.named_yaml import NotOneList, read_hba_in_yaml
from connguard.postgres.pgbouncer_hba import is_pgbouncer_file, read_pgbouncer_hba
from connguard.postgres.versions import version_for

EXIT_MATCH = 0
EXIT_NO_MATCH = 1


def _address(_: click.Context, __: click.Parameter, value: str | None) -> IPAddress | str | None:
    if value is None or value == "local":
        return value
    try:
        address = ipaddress.ip_address(value)
    except ValueError as error:
        message = f"{error}; give an address, or local for the Unix socket"
        raise click.BadParameter(message) from error
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address  # the server sees such a client with its IPv4 address


@click.command("hba")
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="[FILE]")
@click.option("--user", help="The role that logs in.")
@click.option("--database", help="The database it asks for.")
@click.option("--from", "source", callback=_address, help="Its address, or local for the socket.")
@click.option("--tls", is_flag=True, help="The connection is encrypted with TLS.")
@click.option("--gss", is_flag=True, help="The connection is encrypted with GSSAPI.")
@click.option("--replication", is_flag=True, help="Physical replication.")
@click.option(
    "--server-version",
    type=click.IntRange(OLDEST_VERSION, NEWEST_VERSION),
    help="Major version of the server.  [default: as the files tell, else 17]",
)
@click.option(
    "--roles",
    type=click.Path(exists=True, path_type=Path),
    help="SQL files that make roles and grant memberships, for +role and samerole.",
)
@click.option(
    "--dialect",
    type=click.Choice(("postgresql", "pgbouncer")),
    help="Who reads the file.  [default: as its name and folder tell]",
)
@click.option("--table", "as_table", is_flag=True, help="Show who can log in from where.")
@click.option(
    "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True
)
def command(
    file: Path | None,
    user: str | None,
    database: str | None,
    source: IPAddress | str | None,
    tls: bool,
    gss: bool,
    replication: bool,
    server_version: int | None,
    roles: Path | None,
    dialect: str | None,
    as_table: bool,
    format_: str,
) -> None:
    """Tell which line of a pg_hba.conf decides about a login, or who can log in at all.

    Exit codes: 0 a line other than reject decides (with --table: the server takes the file), 1 any
    other answer, 2 usage or unreadable input.
    """
    hba = _read(file, server_version, dialect)
    memberships = _memberships(roles) if roles else NOTHING_KNOWN
    if as_table:
        _show_table(hba, memberships, format_)
        sys.exit(EXIT_MATCH if hba.loads else EXIT_NO_MATCH)
    if user is None or source is None or (database is None and not replication):
        raise click.UsageError("give --user, --database and --from, or --table")
    if (tls and gss) or (source == "local" and (tls or gss)):
        raise click.UsageError("a connection is of one kind: --tls, --gss or --from local")
    transport = Transport.TLS if tls else Transport.GSS if gss else Transport.PLAIN
    connection = Connection(
        Transport.LOCAL if source == "local" else transport,
        database or "",
        user,
        None if isinstance(source, str) else source,
        replication,
    )
    found = answer(hba, connection, memberships)
    if format_ == "json":
        click.echo(json.dumps(found.document()))
    else:
        click.echo("\n".join(answer_lines(found)))
    sys.exit(EXIT_MATCH if found.result == "match" else EXIT_NO_MATCH)


def _read(file: Path | None, version: int | None, dialect: str | None) -> HbaFile:
    path = (file or _only_hba_file()).absolute()
    try:
        located = locate(path)
        settings = load(located) if located else Settings()
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    context = Context(roots=(path.parent, Path.cwd()), settings=settings, name_of=display_name)
    source = SourceFile(path, display_name(path))
    version = version or version_for(path, settings)
    if dialect is None and is_pgbouncer_file(source, context):
        dialect = "pgbouncer"
    try:
        if path.suffix.lower() in (".yml", ".yaml"):
            hba = read_hba_in_yaml(source, context, version)
        elif dialect == "pgbouncer":
            hba = read_pgbouncer_hba(source, context)
        else:
            hba = read_hba(source, context, version)
    except NotOneList as error:
        raise click.UsageError(f"{source.name}: {error}") from error
    if hba is None or context.unreadable or context.refused:
        failed = [*context.unreadable, *((one.origin.path, one.reason) for one in context.refused)]
        raise click.UsageError("; ".join(f"{name}: {why}" for name, why in failed))
    return hba


def _only_hba_file() -> Path:
    found = discover([Path()], wanted=lambda path: path.name == "pg_hba.conf").files
    if len(found) != 1:
        names = ", ".join(one.name for one in found) or "none"
        raise click.UsageError(f"say which FILE: pg_hba.conf files found here: {names}")
    return found[0].path


def _memberships(path: Path) -> Memberships:
    from connguard.engine.frontends import FRONT_ENDS
    from connguard.migrations.histories import histories
    from connguard.migrations.pool import Pool
    from connguard.sql_rules.memberships import read_memberships

    sql = next(entry for entry in FRONT_ENDS if entry.name == "sql")
    files = discover([path], wanted=sql.claims).files
    root = path.absolute() if path.is_dir() else path.absolute().parent
    context = Context(roots=(root,), settings=Settings(), name_of=display_name)
    scripts = [script for history in histories(Pool(files, context)) for script in history.scripts]
    return read_memberships(scripts)


def _show_table(hba: HbaFile, memberships: Memberships, format_: str) -> None:
    try:
        rows = table(hba, memberships) if hba.loads else []
    except TooManyCells as error:
        message = "the file names too many users and databases for a table; ask for one login"
        raise click.UsageError(message) from error
    if format_ == "json":
        document = {
            "version": 1,
            "file": hba.name,
            "loads": hba.loads,
            "problems": [
                {"file": one.origin.path, "line": one.origin.line, "reason": one.reason}
                for one in hba.problems
            ],
            "rows": [row.document() for row in rows],
        }
        click.echo(json.dumps(document))
        return
    for problem in hba.problems:
        click.echo(f"{problem.origin.path}:{problem.origin.line}: {problem.reason}")
    if not hba.loads:
        click.echo("The server does not take this file.")
        return
    click.echo("\n".join(_columns(rows)))


def _columns(rows: Sequence[TableRow]) -> list[str]:
    cells = [("user", "database", "from", "over", "method", "line")]
    cells += [
        (
            row.users,
            row.databases,
            row.addresses,
            "any" if len(row.transports) == 3 else ", ".join(row.transports),
            row.method + ("" if row.certain else " (perhaps)"),
            f"{row.file}:{row.line}",
        )
        for row in rows
    ]
    widths = [min(40, max(len(line[column]) for line in cells)) for column in range(6)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
