# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The address ranges that SQL writes into allow-lists, as the scripts leave them.

What tells an allow-list from other places of addresses, in this order:

* Only addresses that are written count: rows of INSERT, values of UPDATE … SET, data of COPY,
  DEFAULTs, arguments of functions, values of settings, lines for pg_hba.conf. Conditions (WHERE,
  CASE, comparisons), comments, and literals that hold other text beside the addresses do not.
* A name with a word such as deny, block, ban, bogon, reserved, egress, log, geo or test makes no
  allow-list, whatever else it says (`firewall_log`, `blocked_ips`). A script that is test data by
  its own or its folder's name is left out.
* A name with a word such as allow, whitelist, permit, trust, firewall, ingress, acl or hba does
  (`list_names`). The name of the column decides before that of the table; a function must also
  have a verb (`set_firewall_rule`, not `is_allowed`).
* Other columns of the row can say that it denies, is switched off or is about outgoing traffic; in
  a table with a neutral name, one that says "allow" makes the row an entry of an allow-list.
* `allowed_ips` is WireGuard's word for the routes of a peer: beside its other words (public_key,
  keepalive, listen_port …) a column of that name is no allow-list, nor are tables of tunnels and
  peers.

Entries leave a list again by DELETE and UPDATE (where the condition names a value of the row, or
there is none), TRUNCATE and DROP TABLE.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field

from connguard.policies.model.addresses import AddressSet, Breadth, BreadthLimits, breadth
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.statement_facts import AllowedAddresses, AllowedRange
from connguard.sql_rules import address_literals, list_names
from connguard.sql_rules.expressions import function_name, walk
from connguard.sql_rules.list_names import Meaning, meaning, word_set
from connguard.sql_rules.observed import Observed, observe
from connguard.sql_rules.placeholders import Source
from connguard.sql_rules.relevance import holds_any
from connguard.sql_rules.syntax import Node, Parsed

_ADDRESS = lazily(
    r"\d{1,3}(?:\.\d{1,3}){3}|::|\b\d{1,3}/\d|\ball[ \t]+(?:md5|trust|scram|password)"
)
_FOUR_NUMBERS = lazily(r"\.(?<=\d\.)\d{1,3}\.\d{1,3}\.\d")
_COLONS = lazily(r"::[0-9a-fA-F]{0,4}(?!\w)")
_PREFIX = lazily(r"/(?:(?<=\b\d/)|(?<=\b\d\d/)|(?<=\b\d\d\d/))\d")
_ALL_BY_METHOD = lazily(r"all(?<=\ball)[ \t]+(?:md5|trust|scram|password)")
"""One of the four is in the text of every statement with an address: the same as above, without the
casts that `::` mostly stands for there. Each starts with a fixed character, which makes it fast."""

_NAMES = (
    "accept",
    "access",
    "acl",
    "allow",
    "authoris",
    "authoriz",
    "firewall",
    "hba",
    "inbound",
    "ingress",
    "passlist",
    "permit",
    "safelist",
    "trust",
    "white",
)
"""Parts of names of allow-lists; without one of them in a script there is none."""

_WIREGUARD = ("wireguard", "keepalive", "preshared_key", "public_key", "listen_port")
_ROUTES = (["allowed", "ips"], ["default", "allowed", "ips"], ["client", "allowed", "ips"])
_LIMITS = BreadthLimits()
_FILE_FUNCTION = lazily(r"file_write|write_file|lo_export|file_put")
_ALLOWS = frozenset({"allow", "allowed", "accept", "permit", "pass", "grant", "whitelist"})
_DENIES = word_set(
    """
    deny denied block blocked drop reject rejected ban banned forbid blacklist denylist
    egress outbound out disabled inactive
    """
)
_ON = word_set(
    """
    allow allowed allows enabled active permit permitted whitelisted
    """
)
_OFF = word_set(
    """
    deny denied blocked block banned disabled deleted inactive is_deny
    """
)


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant, and where it stands."""

    text: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class _Entry:
    range: AllowedRange
    row: frozenset[str]


def may_write_address(text: str, lowered: str) -> bool:
    """Whether a script may write an address to an allow-list, as far as its text alone tells.

    Here and below, `lowered` is the text in lower case.
    """
    return _may_hold_address(text) and holds_any(_NAMES, lowered)


def speaks_of_wireguard(lowered: str) -> bool:
    return "allowed_ips" in lowered and holds_any(_WIREGUARD, lowered)


@dataclass(slots=True)
class AllowLists:
    """Collects what statements write, in the order in which they run."""

    _entries: dict[str, list[_Entry]] = field(default_factory=dict)
    _hba_lines: dict[str, list[_Entry]] = field(default_factory=dict)
    _wireguard: bool = False

    def may_matter(self, text: str, *, address: bool, wireguard: bool) -> bool:
        """A cheap test of a script's text, of which the two tests above are known."""
        self._wireguard = self._wireguard or wireguard
        return address or self._names_list(text)

    @property
    def has_entries(self) -> bool:
        """Whether any list was seen, so that what names it matters."""
        return bool(self._entries or self._hba_lines)

    def concerns(self, text: str) -> bool:
        """A cheap test of a statement's text."""
        return _may_hold_address(text) or self._names_list(text)

    def see(self, source: Source, parsed: Parsed) -> None:
        """Take in a statement."""
        if not self.concerns(source.text[parsed.start : parsed.end]):
            return
        places = _Places(source)
        for statement in observe(source, parsed):
            _Statement(self, statement, places if statement.source is source else None).read()

    def see_data(self, parsed: Parsed, source: Source, data: tuple[int, int]) -> None:
        """Take in the lines behind a COPY … FROM stdin; `data` is their range."""
        self._copied(parsed.node, source, data)

    def facts(self) -> Iterator[AllowedAddresses]:
        """One fact for each place that lets the internet in by itself, and one for the rest of
        each list."""
        for target, entries in self._entries.items():
            lines: dict[tuple[str, int], list[AllowedRange]] = {}
            for entry in entries:
                origin = entry.range.origin
                lines.setdefault((origin.path, origin.line), []).append(entry.range)
            rest: list[AllowedRange] = []
            for ranges in lines.values():
                union = AddressSet.union_of(one.addresses for one in ranges)
                large = union.size(4) >= _LIMITS.internet_v4 or union.size(6) >= _LIMITS.internet_v6
                if large and breadth(union) is Breadth.INTERNET:
                    yield AllowedAddresses(target, (AllowedRange(union, ranges[0].origin),))
                else:
                    rest += ranges
            if rest:
                yield AllowedAddresses(target, tuple(rest))

    def meaning(self, column: str) -> Meaning:
        """What the name of a column says."""
        if self._wireguard and list_names.words(column) in _ROUTES:
            return Meaning.NOTHING
        return meaning(column)

    def add(self, target: str, addresses: AddressSet, origin: Origin, row: frozenset[str]) -> None:
        if addresses:
            self._entries.setdefault(target, []).append(
                _Entry(AllowedRange(addresses, origin), row)
            )

    def add_row(self, table: str, columns: list[str], row: list[list[Literal]]) -> None:
        """A row of a table; `columns` is empty where the statement does not name them."""
        texts = frozenset(one.text for cell in row for one in cell)
        for cell in row:
            for one in cell:
                lines = address_literals.hba_lines(one.text)
                if lines:
                    entry = _Entry(AllowedRange(lines, one.origin), texts)
                    self._hba_lines.setdefault(table, []).append(entry)
        says_allow = _row_says(columns, row)
        if says_allow is False:
            return
        whole = meaning(table)
        target = f'table "{table}"'
        for index, cell in enumerate(row):
            column = columns[index] if index < len(columns) else ""
            own = self.meaning(column)
            allows = own is Meaning.ALLOW or whole is Meaning.ALLOW or says_allow is True
            if not allows or Meaning.DENY in (own, whole):
                continue
            for one in cell:
                self.add(target, _addresses(one.text), one.origin, texts)
                if "hba" in list_names.words(table):
                    self.add(target, address_literals.hba_lines(one.text), one.origin, texts)
        if whole is not Meaning.DENY and (whole is Meaning.ALLOW or says_allow):
            self._pairs(target, columns, row, texts)

    def _pairs(
        self, target: str, columns: list[str], row: list[list[Literal]], texts: frozenset[str]
    ) -> None:
        """First and last address in columns of their own, or side by side."""
        cells = [cell[0] if len(cell) == 1 else None for cell in row]
        for index, first in enumerate(cells[:-1]):
            if first is None:
                continue
            if columns and not (index < len(columns) and list_names.is_start(columns[index])):
                continue
            for later in range(index + 1, len(cells)):
                last = cells[later]
                named = later < len(columns) and list_names.is_end(columns[later])
                if last is not None and (named or (not columns and later == index + 1)):
                    found = address_literals.between(first.text, last.text)
                    self.add(target, found, first.origin, texts)

    def add_arguments(self, target: str, arguments: list[list[Literal]]) -> None:
        """The arguments of a function that adds to an allow-list."""
        texts = frozenset(one.text for cell in arguments for one in cell)
        if any(text.lower() in _DENIES for text in texts):
            return
        for cell in arguments:
            for one in cell:
                self.add(target, _addresses(one.text), one.origin, texts)
        self._pairs(target, [], arguments, texts)

    def written_to_hba(self, table: str) -> None:
        """COPY table TO pg_hba.conf."""
        for entry in self._hba_lines.get(table, []):
            self._entries.setdefault("pg_hba.conf", []).append(entry)

    def replace_default(self, target: str) -> None:
        self._entries.pop(target, None)

    def remove(self, table: str, condition: Node | None) -> None:
        """DELETE, or the old values of an UPDATE."""
        target = f'table "{table}"'
        if target not in self._entries:
            return
        if condition is None:
            del self._entries[target]
            return
        if any(
            "BoolExpr" in each and each["BoolExpr"].get("boolop") == "NOT_EXPR"
            for each in walk(condition)
        ) or any(_operator(each["A_Expr"]) != "=" for each in walk(condition) if "A_Expr" in each):
            return
        named = set(_strings(condition))
        self._entries[target] = [
            entry for entry in self._entries[target] if not (entry.row & named)
        ]

    def drop(self, table: str) -> None:
        self._entries.pop(f'table "{table}"', None)
        for target in [each for each in self._entries if each.endswith(f' of table "{table}"')]:
            del self._entries[target]

    def rename(self, old: str, new: str) -> None:
        found = self._entries.pop(f'table "{old}"', None)
        if found and meaning(new) is not Meaning.DENY:
            self._entries.setdefault(f'table "{new}"', []).extend(found)

    def _names_list(self, text: str) -> bool:
        """Whether a text names a list that has entries."""
        if self._hba_lines and "hba" in text.lower():
            return True
        if not self._entries:
            return False
        return any(target.split('"')[-2] in text for target in self._entries if '"' in target)

    def _copied(self, node: Node, source: Source, data: tuple[int, int]) -> None:
        table = node.get("relation", {}).get("relname", "")
        columns = [each.get("String", {}).get("sval", "") for each in node.get("attlist", [])]
        separator = _separator(node)
        position = data[0]
        for line in source.text[data[0] : data[1]].splitlines(keepends=True):
            stripped = line.rstrip("\r\n")
            if _ADDRESS.search(stripped):
                origin = source.place(position, position + len(stripped))
                cells = [part.strip('"') for part in stripped.split(separator)]
                row = [[Literal(cell, origin)] if cell != "\\N" else [] for cell in cells]
                self.add_row(table, columns, row)
            position += len(line)


class _Places:
    """Places of constants: the parser counts bytes."""

    def __init__(self, source: Source) -> None:
        self._source = source
        text = source.text
        self._encoded = None if text.isascii() else text.encode("utf-8", "replace")
        self._byte = self._character = 0

    def of(self, location: int, length: int) -> Origin:
        start = location
        if self._encoded is not None:
            if location < self._byte:
                self._byte = self._character = 0
            between = self._encoded[self._byte : location]
            self._character += len(between.decode("utf-8", "replace"))
            self._byte = location
            start = self._character
        return self._source.place(start, min(start + length + 2, len(self._source.text)))


class _Statement:
    """One statement, and what it writes."""

    def __init__(self, lists: AllowLists, observed: Observed, places: _Places | None) -> None:
        self._lists = lists
        self._observed = observed
        self._places = places

    def read(self) -> None:
        node = self._observed.node
        handler: Callable[[Node], None] | None = {
            "InsertStmt": self._insert,
            "UpdateStmt": self._update,
            "DeleteStmt": self._delete,
            "TruncateStmt": self._truncate,
            "DropStmt": self._drop,
            "RenameStmt": self._rename,
            "CreateStmt": self._create,
            "AlterTableStmt": self._alter,
            "CopyStmt": self._copy,
            "SelectStmt": self._select,
            "CallStmt": self._call,
            "AlterSystemStmt": self._setting,
            "AlterRoleSetStmt": self._setting,
            "AlterDatabaseSetStmt": self._setting,
        }.get(self._observed.kind)
        if handler is not None:
            handler(node)

    def _insert(self, node: Node) -> None:
        table = _table(node)
        columns = [each["ResTarget"].get("name", "") for each in node.get("cols", [])]
        select = node.get("selectStmt", {}).get("SelectStmt", {})
        for row in _rows(select):
            self._lists.add_row(table, columns, [self._literals(cell) for cell in row])
        update = node.get("onConflictClause", {}).get("targetList", [])
        self._assigned(table, update)

    def _update(self, node: Node) -> None:
        table = _table(node)
        targets = node.get("targetList", [])
        if any(_ADDRESS.search(text) for text in _strings(targets)):
            self._lists.remove(table, node.get("whereClause"))
        self._assigned(table, targets)

    def _assigned(self, table: str, targets: list[Node]) -> None:
        columns = [each.get("ResTarget", {}).get("name", "") for each in targets]
        values = [each.get("ResTarget", {}).get("val") for each in targets]
        if columns:
            self._lists.add_row(table, columns, [self._literals(each) for each in values])

    def _delete(self, node: Node) -> None:
        self._lists.remove(_table(node), node.get("whereClause"))

    def _truncate(self, node: Node) -> None:
        for each in node.get("relations", []):
            self._lists.remove(each.get("RangeVar", {}).get("relname", ""), None)

    def _drop(self, node: Node) -> None:
        if node.get("removeType") == "OBJECT_TABLE":
            for each in node.get("objects", []):
                names = each.get("List", {}).get("items", [])
                if names:
                    self._lists.drop(names[-1].get("String", {}).get("sval", ""))

    def _rename(self, node: Node) -> None:
        if node.get("renameType") == "OBJECT_TABLE":
            self._lists.rename(_table(node), node.get("newname", ""))

    def _create(self, node: Node) -> None:
        for each in node.get("tableElts", []):
            if "ColumnDef" in each:
                self._column(_table(node), each["ColumnDef"])

    def _alter(self, node: Node) -> None:
        for each in node.get("cmds", []):
            command = each.get("AlterTableCmd", {})
            definition = command.get("def", {})
            match command.get("subtype"):
                case "AT_AddColumn" if "ColumnDef" in definition:
                    self._column(_table(node), definition["ColumnDef"])
                case "AT_ColumnDefault":
                    self._default(_table(node), command.get("name", ""), definition)
                case "AT_DropColumn":
                    self._default(_table(node), command.get("name", ""), None)

    def _column(self, table: str, definition: Node) -> None:
        for each in definition.get("constraints", []):
            constraint = each.get("Constraint", {})
            if constraint.get("contype") == "CONSTR_DEFAULT":
                self._default(table, definition.get("colname", ""), constraint.get("raw_expr"))

    def _default(self, table: str, column: str, value: Node | None) -> None:
        target = f'the default of column "{column}" of table "{table}"'
        self._lists.replace_default(target)
        both = (self._lists.meaning(column), meaning(table))
        if not value or Meaning.DENY in both or Meaning.ALLOW not in both:
            return
        for one in self._literals(value):
            self._lists.add(target, _addresses(one.text), one.origin, frozenset({one.text}))

    def _copy(self, node: Node) -> None:
        goal = str(node.get("filename", ""))
        if "hba" not in goal.lower():
            return
        for one in [*self._literals(node.get("query")), Literal(goal, self._observed.origin)]:
            lines = address_literals.hba_lines(one.text)
            self._lists.add("pg_hba.conf", lines, one.origin, frozenset())
        if not node.get("is_from"):
            self._lists.written_to_hba(_table(node))

    def _select(self, node: Node) -> None:
        for row in _rows(node):
            for cell in row:
                self._functions(cell)

    def _call(self, node: Node) -> None:
        self._functions({"FuncCall": node.get("funccall", {})})

    def _functions(self, expression: Node) -> None:
        for each in walk(expression):
            if "funcname" not in each:
                continue
            name = function_name(each)
            arguments = [self._literals(argument) for argument in each.get("args", [])]
            if list_names.writes_allow_list(name):
                self._lists.add_arguments(f'function "{name}"', arguments)
            elif _FILE_FUNCTION.search(name) and any(
                "hba" in one.text.lower() for cell in arguments for one in cell
            ):
                for one in (one for cell in arguments for one in cell):
                    lines = address_literals.hba_lines(one.text)
                    self._lists.add("pg_hba.conf", lines, one.origin, frozenset())

    def _setting(self, node: Node) -> None:
        statement = node.get("setstmt", {})
        name = str(statement.get("name", ""))
        if meaning(name) is not Meaning.ALLOW:
            return
        target = f'setting "{name}"'
        self._lists.replace_default(target)
        for argument in statement.get("args", []):
            for one in self._literals(argument):
                self._lists.add(target, _addresses(one.text), one.origin, frozenset())

    def _literals(self, node: Node | None) -> list[Literal]:
        """The constants that an expression may give; those of its conditions are none."""
        found: list[Literal] = []
        waiting: list[object] = [node]
        while waiting:
            current = waiting.pop()
            if isinstance(current, list):
                waiting.extend(reversed(current))
            elif isinstance(current, dict):
                if "A_Const" in current:
                    found += self._constant(current["A_Const"])
                    continue
                if "A_Expr" in current and _operator(current["A_Expr"]) != "||":
                    continue
                for key, value in reversed(current.items()):
                    if key not in ("whereClause", "expr", "funcname", "typeName", "havingClause"):
                        waiting.append(value)
        return found

    def _constant(self, constant: Node) -> list[Literal]:
        text = constant.get("sval", {}).get("sval")
        if "boolval" in constant:
            text = "true" if constant["boolval"].get("boolval") else "false"
        if not isinstance(text, str):
            return []
        origin = self._observed.origin
        if self._places is not None and _ADDRESS.search(text):
            origin = self._places.of(constant.get("location", 0), len(text))
        return [Literal(text, origin)]


def _may_hold_address(text: str) -> bool:
    return bool(
        _FOUR_NUMBERS.search(text)
        or _COLONS.search(text)
        or _PREFIX.search(text)
        or _ALL_BY_METHOD.search(text)
    )


def _addresses(text: str) -> AddressSet:
    return address_literals.addresses(text, lambda key: meaning(key) is Meaning.DENY)


def _table(node: Node) -> str:
    return str(node.get("relation", {}).get("relname", ""))


def _rows(select: Node) -> Iterator[list[Node]]:
    """The rows that a query writes out, and its expressions where it reads them elsewhere."""
    waiting = [select]
    while waiting:
        current = waiting.pop()
        if current.get("op", "SETOP_NONE") != "SETOP_NONE":
            waiting += [current.get("rarg", {}), current.get("larg", {})]
            continue
        for row in current.get("valuesLists", []):
            yield row.get("List", {}).get("items", [])
        if current.get("targetList"):
            yield [each.get("ResTarget", {}).get("val", {}) for each in current["targetList"]]
        for each in current.get("fromClause", []):
            inner = each.get("RangeSubselect", {}).get("subquery", {}).get("SelectStmt")
            if inner:
                waiting.append(inner)
            for item in each.get("RangeFunction", {}).get("functions", []):
                yield item.get("List", {}).get("items", [])


def _row_says(columns: list[str], row: list[list[Literal]]) -> bool | None:
    """Whether the other values of a row say that it allows (True) or denies (False)."""
    says = None
    for index, cell in enumerate(row):
        column = set(list_names.words(columns[index])) if index < len(columns) else set()
        for one in cell:
            word = one.text.strip().lower()
            if word in _DENIES:
                return False
            if word in ("false", "f", "no", "off") and column & _ON:
                return False
            if word in ("true", "t", "yes", "on") and column & _OFF:
                return False
            if word in _ALLOWS:
                says = True
    return says


def _strings(node: object) -> Iterator[str]:
    for each in walk(node):
        text = each.get("sval")
        if isinstance(text, str):
            yield text


def _operator(expression: Node) -> str:
    names = expression.get("name", [])
    return str(names[-1].get("String", {}).get("sval", "")) if names else ""


def _separator(node: Node) -> str:
    options = {
        each["DefElem"].get("defname", ""): each["DefElem"].get("arg", {})
        for each in node.get("options", [])
        if "DefElem" in each
    }
    given = options.get("delimiter", {}).get("String", {}).get("sval")
    if given:
        return str(given)
    csv = options.get("format", {}).get("String", {}).get("sval", "").lower() == "csv"
    return "," if csv else "\t"
