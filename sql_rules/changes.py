# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a role or database statement does to the state, as the server does it.

The refusals are those of PostgreSQL's commands/user.c and commands/dbcommands.c that can be seen
from the statements alone.
"""

from __future__ import annotations

from dataclasses import replace

from connguard.policies.model.facts import UNLIMITED, RefusedLimit, Undecided
from connguard.policies.model.origin import Known, Origin, Related, Unknown, Value
from connguard.policies.model.records import dataclass
from connguard.sql_rules.assignments import SERVER_ONLY, Scope, written_value
from connguard.sql_rules.names import Name
from connguard.sql_rules.placeholders import Blanks
from connguard.sql_rules.state import (
    BOOTSTRAP_ROLE,
    Alternatives,
    Change,
    Entity,
    Existence,
    Kind,
    Refused,
    State,
)
from connguard.sql_rules.statements import (
    AlterDatabase,
    AlterRole,
    ChangeOwner,
    CreateDatabase,
    CreateRole,
    DropDatabase,
    DropRoles,
    ObjectStatement,
    Options,
    Reassign,
    Rename,
    RoleName,
    StoreSetting,
    Touch,
)

Fact = RefusedLimit | Undecided

_DUPLICATE = {Kind.ROLE: "duplicate_object", Kind.DATABASE: "duplicate_database"}
_UNDEFINED = {Kind.ROLE: "undefined_object", Kind.DATABASE: "invalid_catalog_name"}
_POLICY = {Kind.ROLE: "PG001", Kind.DATABASE: "PG004"}
_POLICY_OF_SETTING = {"listen_addresses": "PG205", "max_connections": "PG106", "ssl": "PG401"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`refusal` is why the server refuses the statement; the state is unchanged then.

    `fact` reports it. `error` is the name of the error, as EXCEPTION clauses spell it; without a
    refusal it is one that the server may raise, depending on what exists.
    """

    refusal: str | None = None
    fact: Fact | None = None
    error: str | None = None


DONE = Outcome()


class Changes:
    """Applies statements to one state. `in_code` means inside a DO block or a function, where a
    refused statement ends the run of the code."""

    def __init__(
        self, state: State, origin: Origin, blanks: Blanks, *, in_code: bool = False
    ) -> None:
        self._state = state
        self._origin = origin
        self._blanks = blanks
        self._in_code = in_code

    def apply(self, statement: ObjectStatement) -> Outcome:
        risk = self._risk(statement)
        outcome = self._apply(statement)
        if outcome.refusal is None:
            return replace(outcome, error=risk)
        kind = Kind.DATABASE if _about_database(statement) else Kind.ROLE
        return replace(outcome, error=_error_name(kind, outcome.refusal))

    def _risk(self, statement: ObjectStatement) -> str | None:
        """The error that the server raises when the object is there, or is missing."""
        kind = Kind.DATABASE if _about_database(statement) else Kind.ROLE
        match statement:
            case DropRoles():
                names = (
                    [] if statement.missing_ok else [self._role(role) for role in statement.roles]
                )
            case DropDatabase():
                names = [] if statement.missing_ok else [self._blanks.name(statement.name)]
            case AlterRole():
                names = [self._role(statement.role)]
            case StoreSetting() if statement.role is not None:
                names = [self._role(statement.role)]
            case StoreSetting() | Touch() | ChangeOwner() | Reassign():
                return None
            case _:
                names = [self._blanks.name(statement.name)]
        creates = isinstance(statement, CreateRole | CreateDatabase)
        fine = Existence.ABSENT if creates else Existence.PRESENT
        for name in names:
            found = self._state.get(kind, name)
            if name.symbolic or any(entity.existence is not fine for entity in found):
                return _DUPLICATE[kind] if creates else _UNDEFINED[kind]
        return None

    def _apply(self, statement: ObjectStatement) -> Outcome:
        match statement:
            case CreateRole():
                return self._create(Kind.ROLE, statement.name, statement.options, statement.user)
            case CreateDatabase():
                return self._create(Kind.DATABASE, statement.name, statement.options, False)
            case AlterRole():
                return self._alter(Kind.ROLE, self._role(statement.role), statement.options)
            case AlterDatabase():
                name = self._blanks.name(statement.name)
                return self._alter(Kind.DATABASE, name, statement.options)
            case DropRoles():
                names = [self._role(role) for role in statement.roles]
                return self._drop(Kind.ROLE, names, statement.missing_ok)
            case DropDatabase():
                names = [self._blanks.name(statement.name)]
                return self._drop(Kind.DATABASE, names, statement.missing_ok)
            case Rename():
                return self._rename(statement)
            case StoreSetting():
                return self._store(statement)
            case Touch():
                return self._touch(statement)
            case ChangeOwner():
                return self._change_owner(statement)
            case Reassign():
                return self._reassign(statement)

    def _role(self, role: RoleName) -> Name:
        if role.current:
            return Name(f"<{role.text}>", role.text, symbolic=True)
        return self._blanks.name(role.text)

    def _create(self, kind: Kind, text: str, options: Options, user: bool) -> Outcome:
        name = self._blanks.name(text)
        refused = self._refused_options(kind, name, options)
        if refused:
            return refused
        if kind is Kind.ROLE and _reserved(name):
            return self._refusal(kind, f'role name "{name.shown}" is reserved')
        if kind is Kind.ROLE and any(self._role(role) == name for role in options.roles):
            return self._refusal(kind, f'role "{name.shown}" would be a member of itself')
        limit = self._limit(options)
        origin = self._origin

        def create(entity: Entity) -> Entity | Refused:
            if entity.existence is Existence.PRESENT and not name.symbolic:
                where = f" since {entity.made}" if entity.made else ""
                return Refused(f"{entity.label} already exists{where}")
            new = Entity(
                kind,
                name,
                Existence.PRESENT,
                limit=limit,
                made=origin,
                touched=origin,
                template=bool(options.template),
                owner=options.owner,
                history=(Related(f"{entity.label} is created here", origin),),
            )
            if kind is Kind.DATABASE:
                return new
            login = user if options.login is None else options.login
            return replace(
                new,
                login=Known(login, origin),
                superuser=Known(bool(options.superuser), origin),
            )

        return self._change(kind, name, create)

    def _alter(self, kind: Kind, name: Name, options: Options) -> Outcome:
        refused = self._refused_options(kind, name, options)
        if refused:
            return refused
        if kind is Kind.ROLE and _reserved(name):
            return self._refusal(kind, f'role name "{name.shown}" is reserved')
        limit = self._limit(options)
        return self._change(kind, name, lambda entity: self._altered(entity, options, limit))

    def _altered(
        self, entity: Entity, options: Options, limit: Value[int] | None
    ) -> Entity | Refused:
        """The altered object. One that no script makes does not exist for sure because of that:
        another file may make it, and run earlier."""
        if entity.existence is Existence.ABSENT and not entity.name.symbolic:
            return Refused(f"{entity.label} does not exist")
        origin = self._origin
        if limit is not None:
            entity = replace(entity, limit=limit).noting(_limit_message(limit), origin)
        if options.superuser is not None:
            word = "a" if options.superuser else "no"
            entity = replace(entity, superuser=_set(entity.superuser, options.superuser, origin))
            entity = entity.noting(f"it becomes {word} superuser here", origin)
        if options.login is not None:
            entity = replace(entity, login=_set(entity.login, options.login, origin))
            word = "can" if options.login else "cannot"
            entity = entity.noting(f"it {word} log in from here on", origin)
        if options.template is not None:
            entity = replace(entity, template=options.template)
        if entity.kind is Kind.ROLE and entity.name.key == BOOTSTRAP_ROLE and not entity.superuser:
            reason = f'"{BOOTSTRAP_ROLE}" is usually the bootstrap role, which is a superuser'
            entity = replace(entity, superuser=Unknown(reason, origin))
        return entity

    def _drop(self, kind: Kind, names: list[Name], missing_ok: bool) -> Outcome:
        origin = self._origin

        def drop(entity: Entity) -> Entity | Refused:
            if entity.existence is Existence.ABSENT and not entity.name.symbolic:
                return entity if missing_ok else Refused(f"{entity.label} does not exist")
            if entity.template:
                return Refused(f"{entity.label} is a template and cannot be dropped")
            return Entity(kind, entity.name, Existence.ABSENT, touched=origin)

        trial = self._state.copy()
        for name in names:
            database = self._state.owned(name) if kind is Kind.ROLE else None
            if database is not None:
                label = f'role "{name.shown}"'
                return Outcome(f'{label} cannot be dropped: it owns database "{database}"')
            reason = trial.change(kind, name, drop, drop_refused=self._in_code)
            if reason:
                return Outcome(reason)
            if kind is Kind.ROLE:
                trial.settings.drop_role(name)
            else:
                trial.settings.drop_database(name)
        if len(names) > 1 and not self._in_code:
            # One name that may be missing lets the server keep all of them.
            refusing = {
                name
                for name in names
                if any(isinstance(drop(one), Refused) for one in self._state.get(kind, name))
            }
            for name in names:
                if len(refusing) > 1 or (refusing and name not in refusing):
                    before = self._state.get(kind, name)
                    trial.put(kind, name, (*trial.get(kind, name), *before))
            if refusing and len(set(names)) > 1:
                trial.settings = trial.settings.join(self._state.settings)
        self._state.objects, self._state.settings = trial.objects, trial.settings
        return DONE

    def _rename(self, statement: Rename) -> Outcome:
        kind = Kind.DATABASE if statement.database else Kind.ROLE
        old = self._blanks.name(statement.name)
        new = self._blanks.name(statement.new_name)
        if kind is Kind.ROLE and _reserved(old):
            return self._refusal(kind, f'role name "{old.shown}" is reserved')
        before = self._state.get(kind, old)
        target = self._state.get(kind, new)
        if all(entity.existence is Existence.ABSENT for entity in before) and not old.symbolic:
            return self._refusal(kind, f"{before[0].label} does not exist")
        # RenameRole of the server looks for the old name before it looks at the new one.
        if kind is Kind.ROLE and _reserved(new):
            return self._refusal(kind, f'role name "{new.shown}" is reserved')
        taken_surely = all(entity.existence is Existence.PRESENT for entity in target)
        if (taken_surely or old == new) and not new.symbolic:
            return self._refusal(kind, f"{target[0].label} already exists")
        renamed = [
            replace(entity, name=new, existence=Existence.PRESENT).noting(
                f'it is renamed from "{old.shown}" here', self._origin
            )
            for entity in before
            if entity.existence is not Existence.ABSENT or old.symbolic
        ]
        left = [Entity(kind, old, Existence.ABSENT, touched=self._origin)]
        if not self._in_code:
            # In the states in which the server refuses it, both names stay as they are.
            taken = [entity for entity in target if entity.existence is Existence.PRESENT]
            missing = any(entity.existence is Existence.ABSENT for entity in before)
            left += before if taken else ()
            renamed += target if missing else taken
        self._state.put(kind, old, left)
        self._state.put(kind, new, renamed)
        if kind is Kind.ROLE:
            self._state.settings.rename_role(old, new)
        else:
            self._state.settings.rename_database(old, new)
        return DONE

    def _store(self, statement: StoreSetting) -> Outcome:
        role = self._role(statement.role) if statement.role else None
        database = self._blanks.name(statement.database) if statement.database else None
        if role is not None and _reserved(role):
            return self._refusal(Kind.ROLE, f'role name "{role.shown}" is reserved')
        missing = self._missing(statement.role) if statement.role else None
        if missing:
            return self._refusal(Kind.ROLE, missing)
        missing = self._missing_database(database) if database else None
        if missing:
            return Outcome(missing)
        name = statement.name
        if name in SERVER_ONLY and not statement.system and statement.value is not None:
            reason = f'parameter "{name}" cannot be changed for a role or database'
            policy = _POLICY_OF_SETTING.get(name, "PG902")
            text = f"the server refuses this statement: {reason}"
            return Outcome(reason, Undecided(policy, text, self._origin))
        scope = Scope(role, database, statement.system)
        if name is None or statement.value is None:
            self._state.settings.reset(scope, name)
            return DONE
        shown = self._blanks.shown(statement.value)
        value = written_value(statement.value, shown, self._origin)
        if statement.from_session:
            value = Unknown("it is the current value of the session", self._origin)
        self._state.settings.store(scope, self._blanks.shown(name), value, self._origin)
        return DONE

    def _touch(self, statement: Touch) -> Outcome:
        missing = [self._missing(role) for role in statement.roles]
        missing += [self._missing_database(self._blanks.name(each)) for each in statement.databases]
        return Outcome(next((reason for reason in missing if reason), None))

    def _change_owner(self, statement: ChangeOwner) -> Outcome:
        name = self._blanks.name(statement.database)
        reason = self._missing_database(name) or self._missing(statement.owner)
        if reason:
            return Outcome(reason)
        owner = self._role(statement.owner).key
        found = self._state.get(Kind.DATABASE, name)
        self._state.put(Kind.DATABASE, name, [replace(each, owner=owner) for each in found])
        return DONE

    def _reassign(self, statement: Reassign) -> Outcome:
        missing = [self._missing(role) for role in (*statement.roles, statement.owner)]
        reason = next((reason for reason in missing if reason), None)
        if reason:
            return Outcome(reason)
        roles = frozenset(self._role(role).key for role in statement.roles)
        self._state.reassign(roles, self._role(statement.owner).key)
        return DONE

    def _missing_database(self, name: Name) -> str | None:
        absent = not name.symbolic and _all_absent(self._state.get(Kind.DATABASE, name))
        return f'database "{name.shown}" does not exist' if absent else None

    def _change(self, kind: Kind, name: Name, change: Change) -> Outcome:
        reason = self._state.change(kind, name, change, drop_refused=self._in_code)
        return self._refusal(kind, reason) if reason else DONE

    def _limit(self, options: Options) -> Value[int] | None:
        if not options.limits or options.limits[0] is None:
            return None
        limit = self._blanks.limit(options.limits[0])
        if isinstance(limit, str):
            return Unknown(limit, self._origin)
        return Known(limit, self._origin)

    def _refused_options(self, kind: Kind, name: Name, options: Options) -> Outcome | None:
        subject = f'{kind.value} "{name.shown}"'
        reason = None
        if len(options.limits) > 1:
            reason = "conflicting or redundant options"
        elif options.limits:
            limit = options.limits[0]
            if limit is None:
                reason = "it is not an integer"
            elif isinstance(self._blanks.limit(limit), int) and limit < UNLIMITED:
                reason = f"invalid connection limit: {limit}"
        if reason:
            return Outcome(reason, RefusedLimit(subject, reason, self._origin))
        if options.repeated:
            return self._refusal(kind, f"conflicting or redundant options for {subject}")
        for role in options.roles:
            reason = self._missing(role)
            if reason:
                return self._refusal(kind, reason)
        if options.copied_from is not None:
            template = self._blanks.name(options.copied_from)
            found = self._state.get(Kind.DATABASE, template)
            if not template.symbolic and _all_absent(found):
                text = f'template database "{template.shown}" does not exist'
                return self._refusal(kind, text)
        return None

    def _missing(self, role: RoleName) -> str | None:
        name = self._role(role)
        if name.symbolic:
            return None
        found = self._state.get(Kind.ROLE, name)
        return f'role "{name.shown}" does not exist' if _all_absent(found) else None

    def _refusal(self, kind: Kind, reason: str) -> Outcome:
        text = f"the server refuses this statement: {reason}"
        return Outcome(reason, Undecided(_POLICY[kind], text, self._origin))


def _set(before: Value[bool] | None, value: bool, origin: Origin) -> Value[bool]:
    """A property after a statement that sets it; one that had this value keeps its origin."""
    return before if isinstance(before, Known) and before.value == value else Known(value, origin)


def _about_database(statement: ObjectStatement) -> bool:
    if isinstance(statement, Rename):
        return statement.database
    return isinstance(statement, CreateDatabase | AlterDatabase | DropDatabase)


def _error_name(kind: Kind, refusal: str) -> str:
    for words, error in (
        ("already exists", _DUPLICATE[kind]),
        ("does not exist", _UNDEFINED[kind]),
        ("is reserved", "reserved_name"),
        ("conflicting", "syntax_error"),
        ("not an integer", "syntax_error"),
        ("is a template", "wrong_object_type"),
        ("cannot be dropped", "dependent_objects_still_exist"),
    ):
        if words in refusal:
            return error
    return "invalid_parameter_value"


def _all_absent(alternatives: Alternatives) -> bool:
    return all(entity.existence is Existence.ABSENT for entity in alternatives)


def _limit_message(limit: Value[int]) -> str:
    if isinstance(limit, Known):
        return f"its limit is set to {limit.value} here"
    return "its limit is set here"


def _reserved(name: Name) -> bool:
    """Whether the server keeps the name for its own roles (IsReservedName)."""
    return not name.symbolic and name.key.startswith("pg_")
