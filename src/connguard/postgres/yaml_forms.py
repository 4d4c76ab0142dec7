# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""pg_hba.conf and postgresql.conf inside YAML.

Lists of lines (Patroni, CloudNativePG, Zalando, Crunchy: `pg_hba`), whole files as block scalars
(ConfigMaps, Helm values, Ansible's copy and blockinfile), structured rules (Ansible roles and the
module postgresql_pg_hba, Crunchy's authentication rules), and mappings of parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connguard.engine.text import ChangedText, Text
from connguard.engine.yaml_source import Node
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.postgres.hba_lines import SourceLine, line_at, lines_between

_HBA_KEYS = lazily(
    r"pg_?hba(?:\.conf|Configuration|_conf|_config|_entries|_lines|_rules|_custom)?"
    r"|[\w.-]*pg_?hba\.conf|(?:custom_|extra_|additional_)pg_?hba|pg_hba_(?:extra|additional)|"
    r"(?:postgres(?:ql)?|pg|patroni)_(?:pg_)?hba(?:_[a-z]+)*",
    re.IGNORECASE,
)
_CONF_KEYS = lazily(
    r"[\w-]*postgres(?:ql)?\.conf|postgresqlConf|extendedConfiguration|postgresqlExtendedConf"
)
_HBA_TARGET = lazily(r"pg_?hba(?:(?!pg_?hba)[\w.-])*(?:\.conf|\}\}|$)", re.IGNORECASE)
_CONF_TARGET = lazily(r"postgres(?:ql)?(?:\.auto)?\.conf")
_FILE_MODULES = lazily(r"(?:ansible\.builtin\.)?(copy|lineinfile|blockinfile)")
_HBA_MODULE = lazily(r"(?:community\.(?:general|postgresql)\.)?postgresql_pg_hba")
_RULE = lazily(r"\s*\"?(?:local|host|include)", re.IGNORECASE)
_OTHER_LINE_END = lazily("\r(?!\n)|[\x85\u2028\u2029]")
"""What ends a line for YAML, and for a server does not."""
_PLAIN_SETTING = lazily(r"[A-Za-z_][A-Za-z0-9_.]*")


@dataclass(frozen=True, slots=True)
class HbaLines:
    """Rules that stand together, in their order. `ordered` is False for one that others may come
    before, in an order that the file does not show."""

    lines: tuple[SourceLine, ...]
    whole: Origin
    ordered: bool = True


@dataclass(frozen=True, slots=True)
class ConfText:
    """A postgresql.conf as a scalar: the text that holds it, and the range of its characters.

    Where YAML changes the characters (quotes with escapes, folded lines), the text is what is left
    after that, and each place in it stands for the whole scalar.
    """

    text: Text
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """A server setting as an entry of a mapping. `value` is None when it is no scalar."""

    name: str
    value: str | None
    origin: Origin


Form = HbaLines | ConfText | Parameter


def forms(document: Node, text: Text) -> Iterator[Form]:
    """Everything in a YAML document that a PostgreSQL server will read."""
    for node in document.walk():
        for key, value in node.items():
            name = key.string or ""
            if _HBA_MODULE.fullmatch(name) and value.is_mapping:
                yield from _module_rules(value)
            elif _HBA_KEYS.fullmatch(name):
                yield from _hba_value(name, value, text)
            elif _CONF_KEYS.fullmatch(name) and value.is_scalar:
                yield from _conf_scalar(value, text)
            elif _FILE_MODULES.fullmatch(name) and value.is_mapping:
                yield from _file_module(value, text)
            elif name == "postgresql" and value.is_mapping:
                yield from _parameters(value.get("parameters"))
            elif name == "authentication" and value.is_mapping:
                yield from _crunchy_rules(value, text)


def scalar_lines(node: Node, text: Text) -> tuple[SourceLine, ...]:
    """The lines of a scalar, each with its place; lines that YAML changes stand for the whole."""
    string = node.string
    if string is None:
        return ()
    start = text.offset(node.origin.line, node.origin.column)
    end = text.offset(node.origin.end_line, node.origin.end_column)
    raw = text.string[start:end]
    if _is_verbatim(raw):
        first = node.content_offset
        return tuple(lines_between(text, first, end))
    inner = raw[1:-1] if raw[:1] in "'\"" else raw
    if inner == string and "\n" not in string:
        offset = start + (raw[:1] in "'\"")
        return tuple(lines_between(text, offset, offset + len(string)))
    whole = node.origin
    return tuple(line_at(line, whole) for line in string.split("\n"))


def _is_verbatim(raw: str) -> bool:
    """Whether the lines of a scalar stand in the file as the server sees them."""
    return raw.startswith("|") and not _OTHER_LINE_END.search(raw)


def _hba_value(key: str, value: Node, text: Text) -> Iterator[HbaLines]:
    if value.is_scalar:
        if re.fullmatch(r"\s*\{\{.*\}\}\s*", value.string or "", re.DOTALL):
            return  # what it stands for is read where it is written
        lines = scalar_lines(value, text)
        is_file = "\n" in (value.string or "") and key.endswith((".conf", "Configuration"))
        if is_file or any(_RULE.match(line.text) for line in lines):  # and not a path, for example
            yield HbaLines(lines, value.origin)
    elif value.is_sequence:
        lines = ()
        for element in value.elements():
            if element.is_mapping:
                lines += _structured(element)
            else:
                lines += scalar_lines(element, text)
        if lines:
            yield HbaLines(lines, value.origin)


def _structured(rule: Node) -> tuple[SourceLine, ...]:
    """A rule as a mapping of its fields, in the spellings of widespread Ansible roles."""
    kind = _first(rule, "type", "contype", "connection")
    if kind is None:
        return ()
    method = _first(rule, "auth_method", "method", "auth-method")
    fields = [kind, _first(rule, "database", "databases") or "all"]
    fields.append(_first(rule, "user", "users", "role") or "all")
    if kind != "local":
        fields.append(_first(rule, "address", "source", "cidr", "ip_address") or "samehost")
        netmask = _first(rule, "ip_mask", "netmask", "mask")
        fields += [netmask] if netmask else []
    fields.append(method or "md5")
    options = _first(rule, "auth_options", "options")
    fields += [options] if options else []
    return (line_at(" ".join(fields), rule.origin),)


def _first(rule: Node, *names: str) -> str | None:
    """The value of the first of these keys that is there; lists become comma lists."""
    for name in names:
        node = rule.get(name)
        if node is None or node.is_null:
            continue
        if node.is_sequence:
            return ",".join(_quoted(one.string or "") for one in node.elements())
        if node.is_scalar and node.string:
            return node.string
    return None


def _quoted(name: str) -> str:
    return f'"{name}"' if re.search(r"[\s,]", name) and not name.startswith('"') else name


def _module_rules(task: Node) -> Iterator[HbaLines]:
    """Tasks of postgresql_pg_hba. The module sorts the rules, so their order means nothing."""
    if (task.get("state") or task).string == "absent":
        return
    rules = task.get("rules")
    for rule in rules.elements() if rules is not None and rules.is_sequence else [task]:
        lines = _structured(rule)
        if lines:
            yield HbaLines(lines, rule.origin, ordered=False)


def _file_module(module: Node, text: Text) -> Iterator[Form]:
    target = " ".join(
        node.string or ""
        for node in (module.get("path"), module.get("dest"), module.get("name"))
        if node is not None
    )
    if (module.get("state") or module).string == "absent":
        return
    for key in ("content", "block", "line"):
        value = module.get(key)
        if value is None or not value.is_scalar:
            continue
        if _HBA_TARGET.search(target):
            yield HbaLines(scalar_lines(value, text), value.origin, ordered=key != "line")
        elif _CONF_TARGET.search(target):
            yield from _conf_scalar(value, text)


def _conf_scalar(value: Node, text: Text) -> Iterator[ConfText]:
    start = text.offset(value.origin.line, value.origin.column)
    end = text.offset(value.origin.end_line, value.origin.end_column)
    raw = text.string[start:end]
    if _is_verbatim(raw):
        yield ConfText(text, value.content_offset, end)
        return
    string = value.string or ""
    quote = 1 if raw[:1] in "'\"" else 0
    if "\n" not in raw and raw[quote : len(raw) - quote] == string:
        yield ConfText(text, start + quote, end - quote)
    else:
        yield ConfText(ChangedText(string, value.origin), 0, len(string))


def _parameters(parameters: Node | None) -> Iterator[Parameter]:
    if parameters is None or not parameters.is_mapping:
        return
    for key, value in parameters.items():
        name = key.string or ""
        if _PLAIN_SETTING.fullmatch(name):
            yield Parameter(name, value.string if value.is_scalar else None, value.origin)


def _crunchy_rules(authentication: Node, text: Text) -> Iterator[HbaLines]:
    rules = authentication.get("rules")
    if rules is None or not rules.is_sequence:
        return
    lines: tuple[SourceLine, ...] = ()
    for rule in rules.elements():
        hba = rule.get("hba")
        if hba is not None and hba.is_scalar:
            lines += scalar_lines(hba, text)
        elif rule.get("connection") is not None and rule.get("method") is not None:
            lines += (_crunchy_line(rule),)
    if lines:
        yield HbaLines(lines, rules.origin)


def _crunchy_line(rule: Node) -> SourceLine:
    """A structured rule; the operator writes `all` for what is not given."""
    kind = _first(rule, "connection") or "host"
    fields = [kind, _first(rule, "databases") or "all", _first(rule, "users") or "all"]
    if kind != "local":
        fields.append("all")
    return line_at(" ".join((*fields, _first(rule, "method") or "")), rule.origin)
