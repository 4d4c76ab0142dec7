# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The front end for pg_hba.conf, pg_ident.conf and PgBouncer's HBA files."""

from __future__ import annotations

from collections.abc import Sequence

from connguard.engine.limits import passed
from connguard.engine.reading import Context, SourceFile
from connguard.policies.model.facts import NotParsed, Undecided
from connguard.policies.model.hba import AddressKind, Answer, Transport
from connguard.policies.model.hba_cells import TooManyCells
from connguard.policies.model.hba_coverage import Coverage, Reach, cover, cover_each, exposures
from connguard.policies.model.hba_facts import AccessList, Dialect, EffectiveRule, InvalidRule
from connguard.policies.model.origin import Known, Origin
from connguard.policies.model.reading import Reading
from connguard.policies.model.records import dataclass
from connguard.policies.model.setting_facts import Listener
from connguard.postgres.conf import ServerSettings, read_conf
from connguard.postgres.declared_logins import add_declared_logins
from connguard.postgres.hba_reader import HbaFile, read_hba
from connguard.postgres.ident_reader import read_ident_text
from connguard.postgres.known_roles import known_memberships
from connguard.postgres.pgbouncer_hba import is_pgbouncer_file, read_pgbouncer_hba
from connguard.postgres.versions import version_for

CONF_NAME = "postgresql.conf"
_FEW = 3


@dataclass(frozen=True, slots=True)
class Server:
    """What is known about the server that reads a file, besides the file."""

    version: int
    dialect: Dialect = Dialect.POSTGRESQL
    settings: ServerSettings | None = None

    @property
    def ssl_off(self) -> Origin | None:
        """The setting that switches TLS off; None when it is on, or nothing is said."""
        ssl = self.settings.boolean("ssl") if self.settings else None
        return ssl.origin if isinstance(ssl, Known) and not ssl.value else None


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """Every file that no other one includes is the access list of a server of its own."""
    reading = Reading()
    found: list[tuple[SourceFile, HbaFile, Server]] = []
    for file in files:
        if "ident" in file.path.name:
            _read_ident(file, context, reading)
            continue
        pgbouncer = is_pgbouncer_file(file, context)
        hba = (
            read_pgbouncer_hba(file, context)
            if pgbouncer
            else read_hba(file, context, version_for(file.path, context.settings))
        )
        if hba is not None:
            server = Server(
                hba.version,
                Dialect.PGBOUNCER if pgbouncer else Dialect.POSTGRESQL,
                None if pgbouncer else _settings_beside(file, context),
            )
            found.append((file, hba, server))
    included = {name for file, hba, _ in found for name in hba.files if name != file.name}
    servers = []
    for file, hba, server in found:
        if file.name in included:
            continue
        if _is_foreign(file, hba):
            reading.log.append(f"{file.name}: not a pg_hba.conf, left out")
            continue
        if server.dialect is Dialect.POSTGRESQL:
            servers.append(hba)
        add_hba(hba, server, context, reading)
    add_declared_logins(servers, context, reading)
    return reading


def add_hba(hba: HbaFile, server: Server, context: Context, reading: Reading) -> None:
    """Add everything that the policies need to know about one file."""
    reading.files.update(hba.files)
    reading.notes.extend(hba.notes)
    for gap in hba.gaps:
        reading.add(gap)
    for problem in hba.problems:
        reading.add(InvalidRule(problem.reason, problem.origin, server.dialect))
    transports = set(Transport)
    if server.ssl_off is not None:
        transports.discard(Transport.TLS)
    # What is wrong with the other lines is worth knowing even before a bad line is mended.
    memberships = known_memberships(hba.rules, context)
    reading.add(AccessList(hba.name, tuple(hba.rules), memberships, hba.loads, server.dialect))
    most = context.settings.limits.hba_comparisons
    try:
        coverage = cover(hba.rules, memberships, frozenset(transports), most, distinct=True)
    except TooManyCells:
        coverage = cover_each(hba.rules, memberships, frozenset(transports))
        what = "whether lines hide others: they name too many users and databases"
        reason = passed("hba-comparisons", what)
        reading.add(NotParsed(reason, hba.rules[0].origin))
    for reach in coverage.reaches:
        if not reach.rule.is_gap:
            reading.add(
                EffectiveRule(reach.rule, reach, server.dialect, server.version, server.ssl_off)
            )
    for exposure in exposures(coverage, context.settings.addresses.limits()):
        reading.add(exposure)
    _add_undecided(coverage, reading)
    _add_listener(coverage, server, reading)


def _add_undecided(coverage: Coverage, reading: Reading) -> None:
    for reach in coverage.reaches:
        if reach.lives and not reach.rule.rejects and not reach.rule.is_gap:
            place = reach.rule.fields.get("address", reach.rule.origin)
            if reach.rule.address.kind is AddressKind.SAMENET:
                reason = "samenet is as wide as the networks of the server's interfaces"
                reading.add(Undecided("PG301", reason, place))
            elif reach.rule.address.kind is AddressKind.UNKNOWN:
                reading.add(Undecided("PG301", reach.rule.address.text, place))


def _add_listener(coverage: Coverage, server: Server, reading: Reading) -> None:
    """Whether the server listens where its rules let clients come from."""
    settings = server.settings
    if settings is None or not settings.complete or not settings.files:
        return
    wanted = next(
        (reach.rule for reach in coverage.reaches if _lets_others_in(reach, server)), None
    )
    setting = settings.setting("listen_addresses")
    start = Origin(settings.files[0], 1, 1, 1, 1)
    if setting is None:
        reading.add(Listener(Known("localhost", start), True, wanted, start))
    else:
        reading.add(Listener(setting.value, False, wanted, setting.value.origin))


def _lets_others_in(reach: Reach, server: Server) -> bool:
    rule = reach.rule
    if rule.rejects or rule.is_gap:
        return False
    fact = EffectiveRule(rule, reach, server.dialect, server.version, server.ssl_off)
    return fact.reaches_other_machines() is Answer.YES


def _settings_beside(file: SourceFile, context: Context) -> ServerSettings | None:
    conf = context.file(file.path.parent / CONF_NAME)
    return read_conf(conf, context) if conf else None


def _is_foreign(file: SourceFile, hba: HbaFile) -> bool:
    """Whether it is the file of another program: most lines are no rules at all."""
    if "pg_hba" in file.path.name or "bouncer" in file.path.name:
        return False
    return len(hba.problems) >= max(_FEW, len(hba.rules)) or not (hba.rules or hba.gaps)


def _read_ident(file: SourceFile, context: Context, reading: Reading) -> None:
    text = context.text(file)
    if text is None:
        return
    found = read_ident_text(text, version_for(file.path, context.settings), file.path, context)
    reading.files.update(found.files)
    reading.notes.extend(found.notes)
    for gap in found.gaps:
        reading.add(gap)
    for problem in found.problems:
        reading.add(InvalidRule(problem.reason, problem.origin))
