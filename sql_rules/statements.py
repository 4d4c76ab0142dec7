# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role and database statements, summed up from PostgreSQL's syntax trees."""

from __future__ import annotations

from collections import Counter

from connguard.policies.model.facts import UNLIMITED
from connguard.policies.model.records import dataclass
from connguard.sql_rules.syntax import Node, Parsed

CURRENT = {
    "ROLESPEC_CURRENT_ROLE": "CURRENT_ROLE",
    "ROLESPEC_CURRENT_USER": "CURRENT_USER",
    "ROLESPEC_SESSION_USER": "SESSION_USER",
}
"""Roles that depend on who runs the script."""

_LIMIT_OPTIONS = ("connectionlimit", "connection_limit")


@dataclass(frozen=True, slots=True)
class RoleName:
    """A role as a statement names it; `current` is the keyword of a role that depends on who
    runs the script."""

    text: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a CREATE or ALTER statement that matter here; None is not given.

    `limits` has every CONNECTION LIMIT in order, None for one that is no integer. `repeated` names
    the first option that is given twice, and `roles` the roles that the statement needs to exist.
    """

    limits: tuple[int | None, ...] = ()
    login: bool | None = None
    superuser: bool | None = None
    template: bool | None = None
    copied_from: str | None = None
    owner: str | None = None
    repeated: str | None = None
    roles: tuple[RoleName, ...] = ()


@dataclass(frozen=True, slots=True)
class CreateRole:
    name: str
    options: Options
    user: bool


@dataclass(frozen=True, slots=True)
class AlterRole:
    role: RoleName
    options: Options


@dataclass(frozen=True, slots=True)
class DropRoles:
    roles: tuple[RoleName, ...]
    missing_ok: bool


@dataclass(frozen=True, slots=True)
class CreateDatabase:
    name: str
    options: Options


@dataclass(frozen=True, slots=True)
class AlterDatabase:
    name: str
    options: Options


@dataclass(frozen=True, slots=True)
class DropDatabase:
    name: str
    missing_ok: bool


@dataclass(frozen=True, slots=True)
class Rename:
    """`database` tells a database from a role."""

    name: str
    new_name: str
    database: bool


@dataclass(frozen=True, slots=True)
class Transaction:
    """`kind` is the parser's name without TRANS_STMT_: BEGIN, COMMIT, ROLLBACK_TO …"""

    kind: str
    savepoint: str
    chain: bool = False


@dataclass(frozen=True, slots=True)
class Touch:
    """A statement that changes nothing that is followed, but fails when the objects are missing."""

    roles: tuple[RoleName, ...] = ()
    databases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeOwner:
    """ALTER DATABASE … OWNER TO."""

    database: str
    owner: RoleName


@dataclass(frozen=True, slots=True)
class StoreSetting:
    """ALTER SYSTEM, ALTER DATABASE … SET, ALTER ROLE … SET, and their RESET.

    `name` is in lower case, None for RESET ALL. `value` is None for RESET and SET … TO DEFAULT.
    Without a role it is for all of them, without a database for every one.
    """

    role: RoleName | None
    database: str | None
    system: bool
    name: str | None
    value: str | None
    from_session: bool = False


@dataclass(frozen=True, slots=True)
class Reassign:
    """REASSIGN OWNED: the databases of some roles get a new owner."""

    roles: tuple[RoleName, ...]
    owner: RoleName


ObjectStatement = (
    CreateRole
    | AlterRole
    | DropRoles
    | CreateDatabase
    | AlterDatabase
    | DropDatabase
    | Rename
    | StoreSetting
    | Touch
    | ChangeOwner
    | Reassign
)


def object_statement(parsed: Parsed) -> ObjectStatement | None:
    """The summary of a role or database statement; None for any other one."""
    node = parsed.node
    match parsed.kind:
        case "CreateRoleStmt":
            user = node.get("stmt_type") == "ROLESTMT_USER"
            return CreateRole(node.get("role", ""), _options(node), user)
        case "AlterRoleStmt":
            return AlterRole(_role(node.get("role", {})), _options(node))
        case "AlterRoleSetStmt":
            role = _role(node["role"]) if "role" in node else None
            return _setting(node, role, node.get("database"))
        case "AlterDatabaseSetStmt":
            return _setting(node, None, node.get("dbname", ""))
        case "AlterSystemStmt":
            return _setting(node, None, None, system=True)
        case "DropRoleStmt":
            roles = tuple(_role(each.get("RoleSpec", {})) for each in node.get("roles", []))
            return DropRoles(roles, node.get("missing_ok", False))
        case "CreatedbStmt":
            return CreateDatabase(node.get("dbname", ""), _options(node))
        case "AlterDatabaseStmt":
            return AlterDatabase(node.get("dbname", ""), _options(node))
        case "DropdbStmt":
            return DropDatabase(node.get("dbname", ""), node.get("missing_ok", False))
        case "RenameStmt":
            renamed = node.get("renameType")
            if renamed in ("OBJECT_ROLE", "OBJECT_DATABASE"):
                database = renamed == "OBJECT_DATABASE"
                return Rename(node.get("subname", ""), node.get("newname", ""), database)
        case "GrantRoleStmt":
            granted = [each.get("AccessPriv", {}) for each in node.get("granted_roles", [])]
            names = [RoleName(each.get("priv_name", "")) for each in granted]
            grantees = [_role(each.get("RoleSpec", {})) for each in node.get("grantee_roles", [])]
            return Touch((*names, *grantees))
        case "AlterOwnerStmt" if node.get("objectType") == "OBJECT_DATABASE":
            name = node.get("object", {}).get("String", {}).get("sval", "")
            return ChangeOwner(name, _role(node.get("newowner", {})))
        case "ReassignOwnedStmt":
            roles = tuple(_role(each.get("RoleSpec", {})) for each in node.get("roles", []))
            return Reassign(roles, _role(node.get("newrole", {})))
    return None


def transaction(parsed: Parsed) -> Transaction | None:
    if parsed.kind != "TransactionStmt":
        return None
    kind = parsed.node.get("kind", "TRANS_STMT_BEGIN").removeprefix("TRANS_STMT_")
    node = parsed.node
    return Transaction(kind, node.get("savepoint_name", ""), node.get("chain", False))


def _setting(
    node: Node, role: RoleName | None, database: str | None, *, system: bool = False
) -> StoreSetting:
    statement = node.get("setstmt", {})
    kind = statement.get("kind", "VAR_SET_VALUE")
    name = None if kind == "VAR_RESET_ALL" else str(statement.get("name", "")).lower()
    if kind == "VAR_SET_CURRENT":
        return StoreSetting(role, database, system, name, "", from_session=True)
    value = None
    if kind == "VAR_SET_VALUE":
        value = ", ".join(_constant(each) for each in statement.get("args", []))
    return StoreSetting(role, database, system, name, value)


def _constant(node: Node) -> str:
    """A constant as the server stores it for a setting."""
    constant = node.get("A_Const", {})
    if "ival" in constant:
        return str(constant["ival"].get("ival", 0))
    for kind in ("sval", "fval"):
        if kind in constant:
            return str(constant[kind].get(kind, ""))
    if "boolval" in constant:
        return "on" if constant["boolval"].get("boolval") else "off"
    return _constant(node["TypeCast"].get("arg", {})) if "TypeCast" in node else ""


def _role(spec: Node) -> RoleName:
    keyword = CURRENT.get(spec.get("roletype", ""))
    return RoleName(keyword, True) if keyword else RoleName(spec.get("rolename", ""))


def _options(node: Node) -> Options:
    elements = [each["DefElem"] for each in node.get("options", []) if "DefElem" in each]
    counts = Counter(element.get("defname", "") for element in elements)
    repeated = next((name for name, count in counts.items() if count > 1 and name != "sysid"), None)
    limits: list[int | None] = []
    flags: dict[str, bool] = {}
    roles: list[RoleName] = []
    copied_from = owner = None
    for element in elements:
        name, argument = element.get("defname", ""), element.get("arg", {})
        if name in _LIMIT_OPTIONS:
            limits.append(_integer(argument) if argument else UNLIMITED)
        elif name in ("canlogin", "superuser", "is_template"):
            # IS_TEMPLATE DEFAULT, which has no value, means false.
            flags[name] = bool(argument) and _boolean(argument)
        elif name in ("addroleto", "rolemembers", "adminmembers"):
            items = argument.get("List", {}).get("items", [])
            roles.extend(_role(item.get("RoleSpec", {})) for item in items)
        elif name == "owner":
            owner = argument.get("String", {}).get("sval")
            roles += [RoleName(owner)] if owner else []
        elif name == "template":
            copied_from = argument.get("String", {}).get("sval")
    return Options(
        limits=tuple(limits),
        login=flags.get("canlogin"),
        superuser=flags.get("superuser"),
        template=flags.get("is_template"),
        copied_from=copied_from,
        owner=owner,
        repeated=repeated,
        roles=tuple(roles),
    )


def _integer(argument: Node) -> int | None:
    return int(argument["Integer"].get("ival", 0)) if "Integer" in argument else None


def _boolean(argument: Node) -> bool:
    if "Boolean" in argument:
        return bool(argument["Boolean"].get("boolval", False))
    if "Integer" in argument:
        return bool(argument["Integer"].get("ival", 0))
    text = str(argument.get("String", {}).get("sval", "true"))
    return text.lower() in ("true", "on")
