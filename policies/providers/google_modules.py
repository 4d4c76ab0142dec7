# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Google's own modules for Cloud SQL and AlloyDB, by their inputs, where their files are not here.

Each call is read as the instances that the module makes; what it leaves out has the defaults of
the resources.

https://github.com/terraform-google-modules/terraform-google-sql-db/tree/main/modules/postgresql
https://github.com/GoogleCloudPlatform/terraform-google-alloy-db
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_guards import is_surely
from connguard.policies.model.terraform_resource import (
    MODULE,
    Body,
    Inventory,
    Resource,
    ResourceTable,
    ValueBody,
)
from connguard.policies.model.terraform_value import Unresolved
from connguard.policies.providers import google_alloydb, google_sql

MODULE_SOURCES = ("sql-db", "alloy-db")

TABLES = (
    ResourceTable(
        (MODULE,),
        (
            "ip_configuration",
            "read_replicas",
            "connector_enforcement",
            "connection_pool_config",
            "primary_instance",
            "read_pool_instance",
        ),
        "terraform-google-modules/sql-db (postgresql) and GoogleCloudPlatform/alloy-db, where the"
        " module's files are not scanned.",
    ),
)

_CLOUD_SQL = lazily(r"(?:^|[/-])sql-db(?:/google)?(?:\.git)?//modules/postgresql(?:\?|$)")
_ALLOYDB = lazily(r"(?:^|[/-])alloy-db(?:/google)?(?:\.git)?(?:\?|$)")
_POOL = "connection_pool_config"


@dataclass(frozen=True, slots=True)
class _Made:
    """An instance that a module makes."""

    type: str
    name: str
    address: str
    body: Body
    calls: tuple[Related, ...]

    @property
    def origin(self) -> Origin:
        return self.body.origin


def facts(inventory: Inventory) -> Iterator[object]:
    for call in inventory.of(MODULE):
        source = call.body.setting("source")
        text = source.value if source is not None and isinstance(source.value, str) else ""
        if _CLOUD_SQL.search(text):
            for instance in _cloud_sql(call):
                yield from google_sql.instance_facts(inventory, instance)
        elif _ALLOYDB.search(text):
            for instance in _alloydb(call):
                yield from google_alloydb.instance_facts(inventory, instance)


def _cloud_sql(call: Resource) -> Iterator[Resource]:
    yield _instance(call, call.address, call.body, _input(call.body, "ip_configuration"))
    for number, replica in enumerate(call.body.blocks("read_replicas")):
        address = f"{call.address} (replica {number})"
        yield _instance(call, address, replica, _input(replica, "ip_configuration"))


def _instance(
    call: Resource, address: str, body: Body, configuration: tuple[object, Origin]
) -> Resource:
    value, origin = configuration
    enforced = is_surely(call.body, "connector_enforcement", "true")
    pool, _ = _input(body, _POOL)
    enabled = pool.get("enabled") if isinstance(pool, Mapping) else pool
    settings = {
        "connector_enforcement": "REQUIRED" if enforced else None,
        _POOL: {"connection_pooling_enabled": enabled},
        # Without a value, the block is there, and empty.
        "ip_configuration": {} if value is None else value,
    }
    return _made(call, address, origin, {"settings": settings})


def _alloydb(call: Resource) -> Iterator[Resource]:
    for name in ("primary_instance", "read_pool_instance"):
        setting = call.body.setting(name)
        if setting is None or setting.value is None:
            continue
        values = setting.value if isinstance(setting.value, (list, tuple)) else [setting.value]
        for value in values:
            made = _alloydb_instance(value)
            yield _made(call, f"{call.address}.{name}", setting.origin, made)


def _alloydb_instance(value: object) -> dict[str, object]:
    if not isinstance(value, Mapping):
        value = value if isinstance(value, Unresolved) else Unresolved("it is no object")
        return {"network_config": value, "client_connection_config": value}
    ranges = value.get("cidr_range")
    networks: object = ranges
    if isinstance(ranges, (list, tuple)):
        networks = [{"cidr_range": one} for one in ranges]
    return {
        "network_config": {
            "enable_public_ip": value.get("enable_public_ip"),
            "authorized_external_networks": networks,
        },
        "client_connection_config": {
            "require_connectors": value.get("require_connectors"),
            "ssl_config": {"ssl_mode": value.get("ssl_mode")},
        },
        _POOL: value.get(_POOL),
    }


def _made(call: Resource, address: str, origin: Origin, values: Mapping[str, object]) -> Resource:
    body = ValueBody(values, origin, call.body.certain)
    return _Made(MODULE, call.name, address, body, call.calls)


def _input(body: Body, name: str) -> tuple[object, Origin]:
    setting = body.setting(name)
    if setting is None or setting.value is None:
        return None, body.origin
    return setting.value, setting.origin
