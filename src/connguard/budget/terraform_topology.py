# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers and poolers in Terraform: RDS with its proxies, Cloud SQL, Azure, DigitalOcean.

Where a configuration has several servers, references tell whose a pool, a setting or a service is.
A vendor's servers are left out if one of their parts has no such reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from connguard.budget import managed, terraform_services
from connguard.budget.discovered import PoolerReady, Project, ServerRun
from connguard.budget.server import formula
from connguard.engine.reading import Context, SourceFile
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.origin import Known, Origin
from connguard.policies.model.reading import Reading
from connguard.policies.model.terraform_value import Setting, Unresolved, integer
from connguard.policies.model.topology import ANY, Pooler, PoolerEntry
from connguard.terraform.configuration import load
from connguard.terraform.syntax import ReaderUnavailable

TYPES = (
    "aws_db_instance",
    "aws_db_parameter_group",
    "aws_db_proxy_default_target_group",
    "google_sql_database_instance",
    "azurerm_postgresql_flexible_server",
    "azurerm_postgresql_flexible_server_configuration",
    "digitalocean_database_cluster",
    "digitalocean_database_connection_pool",
    "digitalocean_database_user",
    *terraform_services.TYPES,
)
_SERVERS = (TYPES[0], *TYPES[3:9])
_DEFAULT_FORMULA = "LEAST({DBInstanceClassMemory/9531392},5000)"
_HOST = "terraform"


class Body(Protocol):
    """The content of a resource or block, of a configuration or of a plan."""

    @property
    def origin(self) -> Origin: ...

    def setting(self, name: str) -> Setting | None: ...

    def settings(self, *names: str) -> dict[str, Setting]: ...

    def blocks(self, name: str) -> Sequence[Body]: ...


class Resource(Protocol):
    """An instance of a resource, of a configuration or of a plan."""

    @property
    def type(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> str: ...

    @property
    def body(self) -> Body: ...

    @property
    def origin(self) -> Origin: ...


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """One project for each vendor's server. See `connguard.engine.reading.FrontEnd`."""
    reading = Reading()
    texts = [context.text(file) for file in files]
    if not any(name in text.string for text in texts if text for name in _SERVERS):
        return reading
    try:
        configuration = load(files, context)
    except ReaderUnavailable:
        return reading  # reported by the front end that reads roles
    folder = files[0].path.parent
    sources = {text.path: text for text in texts if text is not None}

    def raw(place: Origin) -> str:
        text = sources.get(place.path)
        if text is None:
            return ""
        start = text.offset(place.line, place.column)
        return text.string[start : text.offset(place.end_line, place.end_column)]

    for project in projects(configuration.resources(*TYPES), folder, raw):
        reading.add(project)
    return reading


def _no_source(_: Origin) -> str:
    return ""


def projects(
    resources: Iterable[Resource], folder: Path, raw: terraform_services.Raw = _no_source
) -> Iterator[Project]:
    """The servers of a configuration or plan with their poolers."""
    found: dict[str, list[Resource]] = {name: [] for name in TYPES}
    for resource in resources:
        found[resource.type].append(resource)
    servers = [
        (name, project)
        for kind, build in _VENDORS.items()
        for name, one in _apart(found, kind, raw)
        if (project := build(one, folder)) is not None
    ]
    if len(servers) == 1:
        ((_, project),) = servers
        proxies = [host for ready in project.poolers for host in sorted(ready.hosts)]
        proxy = proxies[0] if len(proxies) == 1 else None
        services = terraform_services.services(found, raw, _HOST, proxy)
        project.services.extend(service for service, _ in services)
    elif servers:
        _distribute(servers, found, raw)
    yield from (project for _, project in servers)


def _distribute(
    servers: Sequence[tuple[str, Project]],
    found: dict[str, list[Resource]],
    raw: terraform_services.Raw,
) -> None:
    """Give each service to the server that it refers to; or to all, if that is not known."""
    names = [name for name, _ in servers]
    for service, hits in terraform_services.services(found, raw, _HOST, None, names):
        for name, project in servers:
            if hits == {name}:
                project.services.append(service)
            elif not hits or name in hits:
                one = service.service
                reason = f"which of the servers {one.name} uses"
                most = unknown_amount(one.instances.name, reason, one.origin, 0, one.instances.high)
                some = replace(one, instances=most, surge=replace(one.surge, low=0))
                project.services.append(replace(service, service=some))


def _apart(
    found: dict[str, list[Resource]], kind: str, raw: terraform_services.Raw
) -> Iterator[tuple[str, dict[str, list[Resource]]]]:
    """The resources of each server of a vendor, by its reference.

    Nothing where several servers share a name, or where it is not known whose a pooler or a setting
    is: each of them may then have it.
    """
    servers = [one for one in found[kind] if kind != "aws_db_instance" or _is_postgres(one)]
    if len(servers) <= 1:
        yield from ((_reference(one), found) for one in servers)
        return
    names = [_reference(one) for one in servers]
    if len(set(names)) < len(names) or found["aws_db_proxy_default_target_group"]:
        return
    owned: dict[str, dict[str, list[Resource]]] = {name: {} for name in names}
    for part, attribute in _PARTS.get(kind, ()):
        for resource in found[part]:
            owners = [name for name in names if _refers(resource.body, attribute, name, raw)]
            if len(owners) != 1:
                return
            owned[owners[0]].setdefault(part, []).append(resource)
    for server, name in zip(servers, names, strict=True):
        own = {part: owned[name].get(part, []) for part, _ in _PARTS.get(kind, ())}
        groups = [
            group
            for group in found["aws_db_parameter_group"]
            if _refers(server.body, "parameter_group_name", _reference(group), raw)
            or _text(server.body, "parameter_group_name") == _text(group.body, "name") != ""
        ]
        yield name, {**found, **own, kind: [server], "aws_db_parameter_group": groups}


def _reference(resource: Resource) -> str:
    return f"{resource.type}.{resource.name}"


def _refers(body: Body, attribute: str, name: str, raw: terraform_services.Raw) -> bool:
    """Whether an attribute refers to a resource."""
    setting = body.setting(attribute)
    if setting is None:
        return False
    if isinstance(setting.value, Unresolved) and setting.value.refers is not None:
        return setting.value.refers.rpartition(name)[1:] == (name, "")
    return re.search(rf"\b{re.escape(name)}\b(?!\[)", raw(setting.origin)) is not None


def _is_postgres(resource: Resource) -> bool:
    return _text(resource.body, "engine").startswith("postgres")


def _rds(found: dict[str, list[Resource]], folder: Path) -> Project | None:
    instances = [one for one in found["aws_db_instance"] if _is_postgres(one)]
    if len(instances) != 1:
        return None
    (instance,) = instances
    instance_class = _text(instance.body, "instance_class")
    memory = managed.rds_memory(instance_class)
    place = _place(instance.body, "instance_class", instance.origin)
    connections = formula(_DEFAULT_FORMULA, memory, place)
    for group in found["aws_db_parameter_group"]:
        for parameter in group.body.blocks("parameter"):
            if _text(parameter, "name") == "max_connections":
                value = _place(parameter, "value", parameter.origin)
                connections = formula(_text(parameter, "value"), memory, value)
    project = _project(folder, instance, connections, Amount(2, 8, "kept by RDS"))
    for proxy in found["aws_db_proxy_default_target_group"]:
        project.poolers.append(_proxy(proxy, connections))
    return project


def _proxy(resource: Resource, connections: Amount) -> PoolerReady:
    """RDS Proxy opens up to a share of max_connections; its clients are not limited."""
    config = next(iter(resource.body.blocks("connection_pool_config")), resource.body)
    share = _number(config, "max_connections_percent", 100)
    cap = Amount(
        connections.low * share.low // 100,
        connections.high * share.high // 100,
        "max_connections_percent of max_connections",
        share.origin or resource.origin,
        share.reason or connections.reason,
    )
    pooler = Pooler(
        name=resource.address,
        origin=resource.origin,
        kind="rds-proxy",
        instances=exactly(1),
        versions=((1, 24),),
        entries=(PoolerEntry(ANY, resource.origin, host=_HOST, pool_size=cap),),
        default_pool_size=cap,
        max_client_conn=unknown_amount("clients", "how many clients the proxy has", low=1),
        server_cap=cap,
        pool_mode="transaction",
        prepared_statements=exactly(1),
    )
    return PoolerReady(pooler, frozenset({resource.address}))


def _cloud_sql(found: dict[str, list[Resource]], folder: Path) -> Project | None:
    instances = [
        one
        for one in found["google_sql_database_instance"]
        if _text(one.body, "database_version").startswith("POSTGRES")
    ]
    if len(instances) != 1:
        return None
    (instance,) = instances
    settings = next(iter(instance.body.blocks("settings")), None)
    if settings is None:
        return None
    place = _place(settings, "tier", instance.origin)
    default = managed.cloud_sql_connections(_text(settings, "tier"))
    connections = _default(default, place)
    for flag in settings.blocks("database_flags"):
        if _text(flag, "name") == "max_connections":
            connections = _number(flag, "value", 100, "max_connections")
    return _project(folder, instance, connections, exactly(0))


def _azure(found: dict[str, list[Resource]], folder: Path) -> Project | None:
    servers = found["azurerm_postgresql_flexible_server"]
    if len(servers) != 1:
        return None
    (server,) = servers
    sku = _text(server.body, "sku_name")
    place = _place(server.body, "sku_name", server.origin)
    connections = _default(managed.azure_connections(sku), place)
    values: dict[str, Body] = {}
    for resource in found["azurerm_postgresql_flexible_server_configuration"]:
        values[_text(resource.body, "name").lower()] = resource.body
    if "max_connections" in values:
        connections = _number(values["max_connections"], "value", 100, "max_connections")
    kept = exactly(managed.AZURE_RESERVED, "kept by Azure")
    project = _project(folder, server, connections, kept, superuser=0)
    enabled = values.get("pgbouncer.enabled")
    if enabled is not None and _text(enabled, "value").lower() in ("true", "on"):

        def size(name: str, default: int) -> Amount:
            body = values.get(f"pgbouncer.{name}")
            return _number(body, "value", default, name) if body else exactly(default, name)

        mode = values.get("pgbouncer.pool_mode")
        pooler = Pooler(
            name="pgbouncer of Azure",
            origin=enabled.origin,
            kind="pgbouncer",
            instances=exactly(1),
            versions=managed.AZURE_PGBOUNCER,
            entries=(PoolerEntry(ANY, enabled.origin, host=_HOST),),
            prepared_statements=size("max_prepared_statements", 0),
            default_pool_size=size("default_pool_size", managed.AZURE_POOL),
            min_pool_size=size("min_pool_size", 0),
            max_client_conn=size("max_client_conn", managed.AZURE_CLIENTS),
            pool_mode=(_text(mode, "value").lower() if mode else "") or "transaction",
        )
        project.poolers.append(PoolerReady(pooler, frozenset({"pgbouncer"})))
    return project


def _digitalocean(found: dict[str, list[Resource]], folder: Path) -> Project | None:
    clusters = [
        one
        for one in found["digitalocean_database_cluster"]
        if _text(one.body, "engine") in ("pg", "")
    ]
    if len(clusters) != 1:
        return None
    (cluster,) = clusters
    gigabytes = managed.digitalocean_gigabytes(_text(cluster.body, "size"))
    place = _place(cluster.body, "size", cluster.origin)
    number = None if gigabytes is None else gigabytes * managed.DIGITALOCEAN_PER_GB
    kept = exactly(managed.DIGITALOCEAN_RESERVED, "kept by DigitalOcean")
    project = _project(folder, cluster, _default(number, place), kept, superuser=0)
    pools = found["digitalocean_database_connection_pool"]
    entries = tuple(
        PoolerEntry(
            name=_text(pool.body, "name") or pool.name,
            origin=pool.origin,
            database=_text(pool.body, "db_name") or None,
            user=_text(pool.body, "user") or None,
            pool_size=_number(pool.body, "size", 1, f"size of {pool.name}"),
            pool_mode=_text(pool.body, "mode") or None,
            host=_HOST,
        )
        for pool in pools
    )
    if entries:
        users = frozenset(
            _text(user.body, "name") for user in found["digitalocean_database_user"]
        ) - {""}
        pooler = Pooler(
            name="pools of DigitalOcean",
            origin=pools[0].origin,
            kind="pgbouncer",
            instances=exactly(1),
            versions=((1, 21), (1, 23)),
            entries=entries,
            login_users=users | {"doadmin"},
            console_users=frozenset({"doadmin"}),
            users_known=bool(users),
            default_pool_size=exactly(1),
            max_client_conn=exactly(managed.DIGITALOCEAN_CLIENTS, "client connections"),
            pool_mode="transaction",
        )
        project.poolers.append(PoolerReady(pooler, frozenset()))
    return project


def _project(
    folder: Path,
    resource: Resource,
    connections: Amount,
    kept: Amount,
    superuser: int | None = None,
) -> Project:
    settings = {"max_connections": connections}
    if superuser is not None:
        settings["superuser_reserved_connections"] = exactly(superuser)
    server = ServerRun(
        resource.address,
        resource.origin,
        frozenset({_HOST}),
        None,
        settings,
        provider_reserved=kept,
    )
    return Project(folder, servers=[server])


_VENDORS = {
    "aws_db_instance": _rds,
    "google_sql_database_instance": _cloud_sql,
    "azurerm_postgresql_flexible_server": _azure,
    "digitalocean_database_cluster": _digitalocean,
}
_PARTS = {
    "azurerm_postgresql_flexible_server": (
        ("azurerm_postgresql_flexible_server_configuration", "server_id"),
    ),
    "digitalocean_database_cluster": (
        ("digitalocean_database_connection_pool", "cluster_id"),
        ("digitalocean_database_user", "cluster_id"),
    ),
}
"""What belongs to a server of a vendor, and the attribute that says to which."""


def _default(number: int | None, place: Origin) -> Amount:
    if number is None:
        return unknown_amount("max_connections", "the size of the server", place)
    return exactly(number, "max_connections (by size)", place)


def _number(body: Body, name: str, default: int, label: str = "") -> Amount:
    settings = body.settings(name)
    value = integer(settings, name)
    if value is None:
        return exactly(default, label or name)
    if isinstance(value, Known):
        return exactly(max(0, value.value), label or name, value.origin)
    return unknown_amount(label or name, value.reason, value.origin)


def _text(body: Body, name: str) -> str:
    """The text of an attribute; empty where it is not set or not known."""
    setting = body.setting(name)
    if setting is None or setting.value is None or isinstance(setting.value, Unresolved):
        return ""
    return str(setting.value)


def _place(body: Body, name: str, default: Origin) -> Origin:
    setting: Setting | None = body.setting(name)
    return setting.origin if setting is not None else default
