# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pool settings in applications' own files: Rails' `config/database.yml`.

A file that names no PostgreSQL database is none of ours.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from connguard.budget import dsn
from connguard.budget.discovered import FurtherPool, ServiceFound
from connguard.engine.text import Text
from connguard.engine.yaml_source import Node, parse
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.topology import (
    ADVISORY_LOCKS,
    PREPARED_STATEMENTS,
    Service,
)
from connguard.policies.model.whole_numbers import whole

_DEFAULT = lazily(r"\$\{[\w.]++:([^}]*+)(\})?")
_ERB = lazily(r"<%=((?:[^<%\n]|<(?!%=)|%(?!>))*+)%>")
_ERB_DEFAULT = lazily(r"(?:\{|,|\|\|)\s*+[\"']?(\w++)")
_VARIABLE = lazily(
    r"<%=(?:[^<E\n]|<(?!%=)|E(?!NV(?:\.fetch\(|\[)))*+ENV(?:\.fetch\(\s*|\[)[\"'](\w+)[\"']"
)
_RAILS_POOL = 5


@dataclass(frozen=True, slots=True)
class _Value:
    text: str
    origin: Origin


def read(text: Text, path: Path) -> ServiceFound | None:
    """The service that the file belongs to; None if it does not use PostgreSQL."""
    for document in parse(text).documents:
        production = document.get("production")
        sections = _sections(production) if production is not None else []
        if not sections:
            continue
        name = path.parent.parent.name or "rails"
        section = sections[0][1]
        target = _target(section)
        service = Service(
            name=name,
            origin=section.origin,
            instances=_replicas(name),
            pool=_rails_size(section, target, f"pool of {name}"),
            pooler=None,
            database=target.database,
            user=target.user,
            database_origin=section.origin,
            needs=_rails_needs(section, target),
        )
        return ServiceFound(
            service,
            target.host,
            source=path.parent.parent,
            pool_variable=_variable(_rails_pool(section)),
            further=tuple(_further(*one, f"pool of {name}") for one in sections[1:]),
        )
    return None


def _sections(production: Node) -> list[tuple[str, Node]]:
    """The PostgreSQL databases of production, the primary one first: each has a pool.

    https://guides.rubyonrails.org/active_record_multiple_databases.html
    """
    if production.get("adapter") is not None:
        every = [("primary", production)]
    else:
        every = [(key.string or "", one) for key, one in production.items() if one.is_mapping]
        every.sort(key=lambda one: one[0] != "primary")
    return [one for one in every if "postg" in _text(one[1].get("adapter"))]


def _further(label: str, section: Node, name: str) -> FurtherPool:
    target = _target(section)
    named = _variable(section.get("url"))
    return FurtherPool(
        label,
        target,
        _rails_size(section, target, name),
        _variable(_rails_pool(section)),
        _variable(section.get("host")),
        tuple(one for one in (named, f"{label.upper()}_DATABASE_URL") if one),
    )


def _target(section: Node) -> dsn.Target:
    """Where a database's URL says that it is, and what its own keys say where that is silent."""
    url = dsn.parse(_text(section.get("url"))) or dsn.Target(None, None, None, None)
    return replace(
        url,
        host=url.host or _plain(section.get("host")),
        database=url.database or _plain(section.get("database")),
        user=url.user or _plain(section.get("username")),
    )


def _variable(node: Node | None) -> str:
    match = _VARIABLE.search(_text(node))
    return match[1] if match is not None else ""


def _rails_pool(section: Node) -> Node | None:
    """Rails 8.1 calls it `max_connections`, and reads `pool` where that is not set.

    https://guides.rubyonrails.org/configuring.html#database-pooling
    """
    return section.get("max_connections") or section.get("pool")


def _rails_size(section: Node, target: dsn.Target, name: str) -> Amount:
    """What the URL says wins; an older Rails knows no `max_connections`, and reads `pool`."""
    if target.pool is not None:
        url = section.get("url")
        return exactly(target.pool, name, url.origin if url else section.origin)
    size = _size(_value(_rails_pool(section)), _RAILS_POOL, name)
    older = section.get("pool")
    if section.get("max_connections") is None or older is None:
        return size
    other = _size(_value(older), _RAILS_POOL, name)
    if (other.low, other.high) == (size.low, size.high):
        return size
    larger = max(size, other, key=lambda one: one.high)
    reason = "whether this Rails reads max_connections (from 8.1 on) or pool"
    return Amount(min(size.low, other.low), larger.high, name, larger.origin, reason)


def _rails_needs(production: Node, target: dsn.Target) -> tuple[tuple[str, Origin], ...]:
    """Rails prepares statements unless it is told not to. Its advisory locks guard migrations,
    which may run elsewhere: only what is turned on explicitly counts.

    https://guides.rubyonrails.org/configuring.html#configuring-a-postgresql-database
    """
    prepared = production.get("prepared_statements")
    locks = production.get("advisory_locks")
    options = target.options
    needs = []
    if prepared is None and options.get("prepared_statements") != "false":
        needs.append((PREPARED_STATEMENTS, production.origin))
    elif prepared is not None and prepared.string == "true":
        needs.append((PREPARED_STATEMENTS, prepared.origin))
    if locks is not None and locks.string == "true":
        needs.append((ADVISORY_LOCKS, locks.origin))
    return tuple(needs)


def _replicas(name: str) -> Amount:
    return unknown_amount(f"replicas of {name}", f"how many replicas {name} has", low=1)


def _size(value: _Value | None, default: int, name: str) -> Amount:
    if value is None:
        return exactly(default, f"{name} (default)")
    text = _ERB.sub(_embedded_default, _with_defaults(value.text)).strip()
    if not text.isdecimal():
        return unknown_amount(name, f"{value.text} is set elsewhere", value.origin)
    return exactly(whole(text), name, value.origin)


def _with_defaults(text: str) -> str:
    """The text with the default in the place of each `${name:default}`."""
    return _DEFAULT.sub(lambda match: match[1] if match[2] else match[0], text)


def _embedded_default(embedded: re.Match[str]) -> str:
    """The default of an embedded `ENV.fetch`; the text as it is where it has none."""
    found = _ERB_DEFAULT.search(embedded[1])
    return found[1] if found else embedded[0]


def _plain(node: Node | None) -> str | None:
    text = _text(node)
    return text if text and "<%" not in text else None


def _text(node: Node | None) -> str:
    return (node.string if node else None) or ""


def _value(node: Node | None) -> _Value | None:
    return _Value(node.string, node.origin) if node is not None and node.string else None
