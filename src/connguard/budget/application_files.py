# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pool settings in applications' own files: Rails' `config/database.yml`.

A file that names no PostgreSQL database is none of ours.
"""

from __future__ import annotations

import re
from pathlib import Path

from connguard.budget import dsn
from connguard.budget.discovered import ServiceFound
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
        if production is None:
            continue
        production = production.get("primary") or production
        adapter = production.get("adapter")
        if adapter is None or "postg" not in (adapter.string or ""):
            continue
        name = path.parent.parent.name or "rails"
        url = production.get("url")
        target = dsn.parse(_text(url)) if url else None
        service = Service(
            name=name,
            origin=production.origin,
            instances=_replicas(name),
            pool=_rails_size(production, target, f"pool of {name}"),
            pooler=None,
            database=(target.database if target else None) or _plain(production.get("database")),
            user=(target.user if target else None) or _plain(production.get("username")),
            database_origin=production.origin,
            needs=_rails_needs(production, target),
        )
        host = (target.host if target else None) or _plain(production.get("host"))
        pool = _value(_rails_pool(production))
        variable = _VARIABLE.search(pool.text) if pool is not None else None
        return ServiceFound(
            service,
            host,
            source=path.parent.parent,
            pool_variable=variable[1] if variable is not None else "",
        )
    return None


def _rails_pool(section: Node) -> Node | None:
    """Rails 8.1 calls it `max_connections`, and reads `pool` where that is not set.

    https://guides.rubyonrails.org/configuring.html#database-pooling
    """
    return section.get("max_connections") or section.get("pool")


def _rails_size(section: Node, target: dsn.Target | None, name: str) -> Amount:
    """What the URL says wins; an older Rails knows no `max_connections`, and reads `pool`."""
    if target is not None and target.pool is not None:
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


def _rails_needs(production: Node, target: dsn.Target | None) -> tuple[tuple[str, Origin], ...]:
    """Rails prepares statements unless it is told not to. Its advisory locks guard migrations,
    which may run elsewhere: only what is turned on explicitly counts.

    https://guides.rubyonrails.org/configuring.html#configuring-a-postgresql-database
    """
    prepared = production.get("prepared_statements")
    locks = production.get("advisory_locks")
    options = target.options if target is not None else {}
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
