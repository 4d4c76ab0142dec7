# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a repository that decide about a symptom, whether they violate a policy or not.

A limit that was reached is no mistake in itself, nor is a timeout that ended a session; but it is
the line that somebody looks for at that moment.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace

from connguard.budget.discovered import PoolerFile, PoolerReady
from connguard.policies.model.amount import Amount
from connguard.policies.model.facts import Database, Role
from connguard.policies.model.hba import (
    Answer,
    Connection,
    HbaRule,
    Name,
    NameKind,
    Transport,
    decide,
    examine,
)
from connguard.policies.model.hba_facts import AccessList
from connguard.policies.model.origin import Known, Origin, Unknown
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Subject
from connguard.policies.model.records import dataclass
from connguard.policies.model.setting_facts import EffectiveSetting
from connguard.policies.model.symptom import Place, PlaceKind
from connguard.policies.model.topology import Pooler, PoolerEntry, PoolerUser
from connguard.policies.model.usage import DatabaseUsage, RoleUsage, ServerUsage, Usage

Values = Mapping[str, str]
"""What the message names: role, database, client, port, …"""

_MOST = 8
"""Access rules shown where the message does not say which one it was."""
_SCOPE = lazily(r'(role|database) "([^"]*)"')
_TRANSPORTS = {
    "no encryption": (Transport.PLAIN,),
    "SSL off": (Transport.PLAIN,),
    "SSL encryption": (Transport.TLS,),
    "SSL on": (Transport.TLS,),
    "GSS encryption": (Transport.GSS,),
}
_ANYBODY = (Name(NameKind.ALL, "all"),)


@dataclass(frozen=True, slots=True)
class Deciding:
    """A line that decides; `certain` is False where it does so only perhaps."""

    message: str
    origin: Origin
    certain: bool = True


def deciding_lines(
    places: Iterable[Place], subjects: Sequence[Subject], values: Values
) -> tuple[Deciding, ...]:
    """The lines of these kinds, narrowed by what the message names; each line once."""
    facts = [fact for subject in subjects for fact in subject.alternatives]
    found: dict[tuple[str, int], Deciding] = {}
    for place in places:
        for line in _FINDERS[place.kind](facts, place.name, values):
            known = found.setdefault((line.origin.path, line.origin.line), line)
            if line.certain and not known.certain:
                found[line.origin.path, line.origin.line] = line
    return tuple(found.values())


def _fits(value: str | None, name: str) -> bool:
    return value is None or value == name


# Limits of roles and databases.


def _role_limits(facts: Sequence[object], _: str, values: Values) -> Iterator[Deciding]:
    wanted = values.get("role")
    for fact in facts:
        if isinstance(fact, Role) and _fits(wanted, fact.name):
            yield from _limit(fact, f'role "{fact.name}"')
        elif isinstance(fact, RoleUsage) and _fits(wanted, fact.name):
            yield from _budgeted(fact, f'role "{fact.name}"')


def _database_limits(facts: Sequence[object], _: str, values: Values) -> Iterator[Deciding]:
    wanted = values.get("database")
    for fact in facts:
        if isinstance(fact, Database) and _fits(wanted, fact.name):
            yield from _limit(fact, f'database "{fact.name}"')
        elif isinstance(fact, DatabaseUsage) and _fits(wanted, fact.name):
            yield from _budgeted(fact, f'database "{fact.name}"')


def _limit(fact: Role | Database, subject: str) -> Iterator[Deciding]:
    limit = fact.connection_limit
    if isinstance(limit, Unknown):
        message = f"the connection limit of {subject} is not known: {limit.reason}"
        yield Deciding(message, limit.origin, certain=False)
    elif limit is not None and limit.value >= 0:
        yield Deciding(f"the connection limit of {subject} is {limit.value}", limit.origin)
    elif isinstance(fact, Role) and isinstance(fact.can_login, Known) and not fact.can_login.value:
        yield Deciding(f"{subject} may not log in", fact.can_login.origin)


def _budgeted(usage: Usage, subject: str) -> Iterator[Deciding]:
    if usage.limit is not None and usage.limit.origin is not None:
        message = f"the connection limit of {subject} is {usage.limit}"
        yield Deciding(message, usage.limit.origin, certain=usage.limit.exact)


# Settings.


def _server_settings(facts: Sequence[object], name: str, values: Values) -> Iterator[Deciding]:
    for fact in facts:
        if isinstance(fact, EffectiveSetting) and fact.name == name:
            yield from _setting(fact, values)
        elif isinstance(fact, ServerUsage):
            for amount in fact.settings:
                if amount.name == name and amount.origin is not None:
                    yield Deciding(f"{name} is {amount}", amount.origin, certain=amount.exact)


def _setting(fact: EffectiveSetting, values: Values) -> Iterator[Deciding]:
    for kind, owner in _SCOPE.findall(fact.scope):
        if not _fits(values.get(kind), owner):
            return
    if isinstance(fact.value, Unknown):
        message = f"{fact.name} is not known: {fact.value.reason}"
        yield Deciding(message, fact.value.origin, certain=False)
        return
    value = fact.value.value
    if fact.name.endswith("_timeout") and re.fullmatch(r"0+\s*(?:us|ms|s|min|h|d)?", value):
        return  # switched off: it ends nothing
    scope = f" for {fact.scope}" if _SCOPE.search(fact.scope) else ""
    note = ""
    if fact.name == "port" and _differs(values.get("port"), value):
        note = f", and the client asked for {values['port']}"
    yield Deciding(f"{fact.name} is {value or 'empty'}{scope}{note}", fact.origin)


def _differs(asked: str | None, value: str) -> bool:
    return asked is not None and value.isdigit() and asked != value


def _pooler_settings(facts: Sequence[object], name: str, values: Values) -> Iterator[Deciding]:
    for fact in facts:
        if isinstance(fact, PoolerFile):
            yield from _in_file(fact, name, values)
        elif isinstance(fact, PoolerReady):
            yield from _in_pooler(fact.pooler, name, values)


def _in_file(file: PoolerFile, name: str, values: Values) -> Iterator[Deciding]:
    configuration = file.configuration
    setting = configuration.settings.get(name)
    if setting is not None:
        note = ""
        if name == "listen_port" and _differs(values.get("port"), setting.text):
            note = f", and the client asked for {values['port']}"
        yield Deciding(f"{name} is {setting.text}{note}", setting.origin)
    named = (
        ("database", configuration.databases),
        ("role", configuration.users),
    )
    for kind, lines in named:
        for line in lines.values():
            if line.name != "*" and not _fits(values.get(kind), line.name):
                continue
            if name == "[databases]" and kind == "database":
                yield Deciding(f"the pooler's database {line.name} leads to this", line.origin)
            parameter = line.parameters.get(name)
            if parameter is not None:
                message = f"{name} of {line.name} is {parameter.text}"
                yield Deciding(message, parameter.origin)


def _in_pooler(pooler: Pooler, name: str, values: Values) -> Iterator[Deciding]:
    parts: list[Pooler | PoolerEntry | PoolerUser] = [pooler]
    parts += [one for one in pooler.entries if _fits(values.get("database"), one.name)]
    parts += [one for one in pooler.users if _fits(values.get("role"), one.name)]
    for part in parts:
        known = {one.name for one in fields(part)}
        amount = getattr(part, name) if name in known else None
        if isinstance(amount, Amount) and amount.origin is not None:
            yield Deciding(f"{name} is {amount}", amount.origin, certain=amount.exact)


# Access rules.


def _access_rules(facts: Sequence[object], _: str, values: Values) -> Iterator[Deciding]:
    for fact in facts:
        if isinstance(fact, AccessList):
            yield from _login(fact, values)


def _login(access: AccessList, values: Values) -> Iterator[Deciding]:
    connections = list(_connections(values))
    if not connections:
        for rule in [one for one in access.rules if one.rejects][:_MOST]:
            yield Deciding("this line rejects", rule.origin, certain=False)
        return
    for connection in connections:
        decision = decide(access.rules, connection, access.memberships)
        if decision.doubt is not None:
            message = f"this line may decide: {decision.doubt.reason}"
            yield Deciding(message, decision.doubt.rule.origin, certain=False)
        elif decision.rule is None:
            yield from _near_misses(access, connection)
        elif decision.rule.rejects:
            yield Deciding("this line is the first that matches, and rejects", decision.rule.origin)
        else:
            message = (
                f"by this file the line would let the login try ({decision.rule.method}): the"
                " server reads another file, was not reloaded, or sees another address"
            )
            yield Deciding(message, decision.rule.origin, certain=False)


def _connections(values: Values) -> Iterator[Connection]:
    """The logins that the message can mean."""
    role, database = values.get("role"), values.get("database", "")
    client = values.get("client", "")
    if role is None:
        return
    if client == "[local]":
        yield Connection(Transport.LOCAL, database, role)
        return
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return
    replication = "database" not in values
    for transport in _TRANSPORTS.get(
        values.get("encryption", ""), (Transport.PLAIN, Transport.TLS)
    ):
        yield Connection(transport, database, role, address, replication)


def _near_misses(access: AccessList, connection: Connection) -> Iterator[Deciding]:
    """The rules that would match but for one of their fields."""
    for rule in access.rules:
        if rule.is_gap:
            continue
        for field, changed, login in _relaxed(rule, connection):
            if examine(changed, login, access.memberships).answer is Answer.YES:
                reason = examine(rule, connection, access.memberships).reason
                effect = "reject" if rule.rejects else "match"
                yield Deciding(
                    f"this line would {effect} but for its {field}: {reason}", rule.origin
                )
                break


def _relaxed(rule: HbaRule, login: Connection) -> Iterator[tuple[str, HbaRule, Connection]]:
    if login.transport not in rule.transports and rule.type != "local":
        yield "connection type", replace(rule, type="host"), login
    if login.transport in rule.transports:
        yield "address", rule, replace(login, address=None)
        if not login.replication:
            yield "database", replace(rule, databases=_ANYBODY), login
        yield "user", replace(rule, users=_ANYBODY), login


def _password_rules(facts: Sequence[object], _: str, values: Values) -> Iterator[Deciding]:
    """The rules by which a password, certificate or other proof is asked for."""
    for fact in facts:
        if not isinstance(fact, AccessList):
            continue
        line = values.get("hba_line")
        named = [one for one in fact.rules if line and str(one.origin.line) == line]
        logins = list(_connections(values))
        if named:
            message = f"the server's log names this line; it asks for {named[0].method}"
            yield Deciding(message, named[0].origin)
        elif logins:
            yield from _asked(fact, logins)
        else:
            yield from _that_ask(fact, values)


def _asked(access: AccessList, logins: Iterable[Connection]) -> Iterator[Deciding]:
    for login in logins:
        rule = decide(access.rules, login, access.memberships).rule
        if rule is not None and not rule.rejects:
            yield Deciding(f"this line decides; it asks for {rule.method}", rule.origin)


def _that_ask(access: AccessList, values: Values) -> Iterator[Deciding]:
    role, database = values.get("role"), values.get("database")
    shown = 0
    for rule in access.rules:
        if rule.is_gap or rule.rejects or rule.method == "trust" or shown >= _MOST:
            continue
        relaxed = rule if role is not None else replace(rule, users=_ANYBODY)
        if database is None:
            relaxed = replace(relaxed, databases=_ANYBODY)
        logins = (
            Connection(transport, database or "", role or "") for transport in rule.transports
        )
        answers = [examine(relaxed, login, access.memberships).answer for login in logins]
        if any(answer is not Answer.NO for answer in answers):
            shown += 1
            yield Deciding(f"this line asks for {rule.method}", rule.origin, certain=False)


_FINDERS: dict[PlaceKind, Callable[[Sequence[object], str, Values], Iterator[Deciding]]] = {
    PlaceKind.ROLE_LIMIT: _role_limits,
    PlaceKind.DATABASE_LIMIT: _database_limits,
    PlaceKind.SERVER_SETTING: _server_settings,
    PlaceKind.POOLER_SETTING: _pooler_settings,
    PlaceKind.ACCESS_RULE: _access_rules,
    PlaceKind.PASSWORD_RULE: _password_rules,
}
