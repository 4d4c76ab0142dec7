# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""The PostgreSQL servers and proxies that AWS runs: engine, port, groups, subnets, public address.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connguard.policies.model.aws_module_calls import (
    AURORA,
    CLOUDPOSSE_CLUSTER,
    CLOUDPOSSE_CLUSTER_PORT,
    CLOUDPOSSE_RDS,
    RDS,
    Module,
    calls,
    is_off,
)
from connguard.policies.model.aws_rules import items, port_number
from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.policies.model.ports import POSTGRES, USUAL_PORTS
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_resource import Inventory, Resource
from connguard.policies.model.terraform_value import Setting, Unresolved, boolean

INSTANCE = "aws_db_instance"
CLUSTER = "aws_rds_cluster"
CLUSTER_INSTANCE = "aws_rds_cluster_instance"
SHARD_GROUP = "aws_rds_shard_group"
PROXY = "aws_db_proxy"
PROXY_ENDPOINT = "aws_db_proxy_endpoint"

_MAX_REPLICA_CHAIN = 5


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """Whether a server has a public address, and which setting says so."""

    public: Value[bool]
    because: str


@dataclass(frozen=True, slots=True)
class AwsDatabase:
    """A database that guards stand in front of.

    `is_postgres` is None where the engine is not known. `groups` is the attribute that names its
    security groups; `own_group` is the key of a group that a module makes for it. `public` is None
    where nothing says it. `subnets` names its subnets, `network` its subnet group.
    """

    resource: Resource
    is_postgres: bool | None
    ports: tuple[int, ...]
    groups: Setting | None
    public: PublicAddress | None
    own_group: str | None = None
    subnet_group: Setting | None = None
    subnets: Setting | None = None

    @property
    def name(self) -> str:
        return self.resource.address

    @property
    def origin(self) -> Origin:
        return self.resource.origin

    @property
    def has_public_address(self) -> bool | None:
        public = self.public.public if self.public is not None else None
        return public.value if isinstance(public, Known) else None


def databases(inventory: Inventory) -> Iterator[AwsDatabase]:
    """All of them, also those that are certainly not PostgreSQL."""
    for instance in inventory.of(INSTANCE):
        yield AwsDatabase(
            instance,
            is_postgres(instance, inventory),
            _ports(instance, "port", inventory),
            instance.body.setting("vpc_security_group_ids"),
            public_address(instance),
            subnet_group=instance.body.setting("db_subnet_group_name"),
        )
    instances = members(inventory)
    for cluster in inventory.of(CLUSTER):
        yield AwsDatabase(
            cluster,
            is_postgres(cluster, inventory),
            _ports(cluster, "port", inventory),
            cluster.body.setting("vpc_security_group_ids"),
            _cluster_address(cluster, instances.get(cluster.address, ())),
            subnet_group=cluster.body.setting("db_subnet_group_name"),
        )
    for proxy in inventory.of(PROXY, PROXY_ENDPOINT):
        yield AwsDatabase(
            proxy,
            _proxies_postgres(proxy, inventory),
            (POSTGRES,),
            proxy.body.setting("vpc_security_group_ids"),
            PublicAddress(Known(False, proxy.origin), "a proxy has no public address"),
            subnets=proxy.body.setting("vpc_subnet_ids"),
        )
    yield from module_databases(inventory)


def module_databases(inventory: Inventory) -> Iterator[AwsDatabase]:
    """Those that calls of well-known modules make."""
    for call, module in calls(inventory):
        found = _of_module(call, module, inventory)
        if found is not None:
            yield found


# --- engine and port -----------------------------------------------------------------------------


def is_postgres(database: Resource, inventory: Inventory, depth: int = 0) -> bool | None:
    """Whether the engine is PostgreSQL; that of a replica is its source's."""
    body = database.body
    for name in ("engine", "engine_family"):
        setting = body.setting(name)
        if setting is not None and isinstance(setting.value, str) and setting.value:
            return "postgres" in setting.value.lower()
    source = body.setting("replicate_source_db")
    if source is not None and depth < _MAX_REPLICA_CHAIN:
        for target in inventory.named(INSTANCE, "identifier", source.value):
            if target is not database:
                return is_postgres(target, inventory, depth + 1)
    return _by_its_names(database)


def _by_its_names(database: Resource) -> bool | None:
    """What a parameter group's name, a family or a log says of the engine."""
    for name in ("parameter_group_name", "db_cluster_parameter_group_name", "family"):
        setting = database.body.setting(name)
        if setting is not None and isinstance(setting.value, str):
            if "postgres" in setting.value.lower():
                return True
            if any(other in setting.value.lower() for other in ("mysql", "mariadb", "aurora5")):
                return False
    return None


def _proxies_postgres(proxy: Resource, inventory: Inventory) -> bool | None:
    if proxy.type == PROXY:
        return is_postgres(proxy, inventory)
    setting = proxy.body.setting("db_proxy_name")
    for target in inventory.named(PROXY, "name", setting.value) if setting else ():
        return is_postgres(target, inventory)
    return None


def _ports(
    database: Resource, name: str, inventory: Inventory, default: int = POSTGRES
) -> tuple[int, ...]:
    setting = database.body.setting(name)
    if setting is None or setting.value in (None, ""):
        return (default,)
    port = port_number(setting, inventory)
    return (port.value,) if isinstance(port, Known) else USUAL_PORTS


# --- public address ------------------------------------------------------------------------------


def public_address(database: Resource) -> PublicAddress:
    """What `publicly_accessible` says; the provider's default is false.

    https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/db_instance
    Aurora's own default is false as well (RDS API, CreateDBInstance).
    """
    return _publicly_accessible(database.body.setting("publicly_accessible"), database.origin)


def _publicly_accessible(setting: Setting | None, origin: Origin) -> PublicAddress:
    public = boolean({"publicly_accessible": setting}, "publicly_accessible")
    if public is None:
        return PublicAddress(Known(False, origin), "publicly_accessible is not set")
    return PublicAddress(public, "publicly_accessible = true")


def members(inventory: Inventory) -> dict[str, list[Resource]]:
    """The instances of each cluster, by its address; under "" those of clusters elsewhere."""
    found: dict[str, list[Resource]] = {}
    for instance in inventory.of(CLUSTER_INSTANCE, SHARD_GROUP):
        is_shard = instance.type == SHARD_GROUP
        setting = instance.body.setting(
            "db_cluster_identifier" if is_shard else "cluster_identifier"
        )
        value = setting.value if setting is not None else None
        clusters = inventory.named(CLUSTER, "cluster_identifier", value)
        for key in [cluster.address for cluster in clusters] or [""]:
            found.setdefault(key, []).append(instance)
    return found


def _cluster_address(cluster: Resource, instances: Sequence[Resource]) -> PublicAddress | None:
    mode = cluster.body.setting("engine_mode")
    if mode is not None and mode.value == "serverless":
        return PublicAddress(Known(False, cluster.origin), "Aurora Serverless v1 is private")
    return _widest([public_address(instance) for instance in instances])


def _widest(found: list[PublicAddress]) -> PublicAddress | None:
    """Public when one of them is; not known when one is not known; None without any."""
    unknown = [one for one in found if isinstance(one.public, Unknown)]
    public = [one for one in found if isinstance(one.public, Known) and one.public.value]
    ordered = [*public, *unknown, *found]
    return ordered[0] if ordered else None


# --- calls of modules ----------------------------------------------------------------------------


def _of_module(call: Resource, module: Module, inventory: Inventory) -> AwsDatabase | None:
    if module.name == RDS and module.part in ("", "modules/db_instance"):
        if is_off(call.body, "create_db_instance"):
            return None
        return AwsDatabase(
            call,
            is_postgres(call, inventory),
            _ports(call, "port", inventory),
            call.body.setting("vpc_security_group_ids"),
            public_address(call),
            subnet_group=call.body.setting("db_subnet_group_name"),
            subnets=call.body.setting("subnet_ids"),
        )
    if module.part:
        return None
    own = (
        None if is_off(call.body, "create_security_group") else f"{call.address}.security_group_id"
    )
    if module.name == AURORA:
        return AwsDatabase(
            call,
            _postgres_if_set(call, inventory),
            _ports(call, "port", inventory),
            call.body.setting("vpc_security_group_ids"),
            aurora_module_address(call),
            own_group=own,
            subnet_group=call.body.setting("db_subnet_group_name"),
            subnets=call.body.setting("subnets"),
        )
    if module.name == CLOUDPOSSE_RDS:
        return AwsDatabase(
            call,
            is_postgres(call, inventory),
            _ports(call, "database_port", inventory),
            call.body.setting("associate_security_group_ids"),
            public_address(call),
            own_group=own,
            subnet_group=call.body.setting("db_subnet_group_name"),
            subnets=call.body.setting("subnet_ids"),
        )
    if module.name == CLOUDPOSSE_CLUSTER:
        return AwsDatabase(
            call,
            _postgres_if_set(call, inventory),
            _ports(call, "db_port", inventory, default=CLOUDPOSSE_CLUSTER_PORT),
            call.body.setting("vpc_security_group_ids"),
            public_address(call),
            own_group=own,
            subnets=call.body.setting("subnets"),
        )
    return None


def _postgres_if_set(call: Resource, inventory: Inventory) -> bool | None:
    """As `is_postgres`, for a module whose default is Aurora MySQL."""
    return is_postgres(call, inventory) if call.body.setting("engine") is not None else False


def aurora_module_address(call: Resource) -> PublicAddress:
    """The address of the module's instances: each may differ from what is said for all."""
    common = public_address(call)
    setting = call.body.setting("instances")
    if setting is None or setting.value is None:
        return common
    written = list(setting.value.values()) if isinstance(setting.value, dict) else [setting.value]
    found = [_member_address(one, setting.origin, common) for one in written]
    return _widest(found) or common


def _member_address(one: object, origin: Origin, common: PublicAddress) -> PublicAddress:
    if isinstance(one, Unresolved):
        return PublicAddress(Unknown(one.reason, origin), "instances")
    own = one.get("publicly_accessible") if isinstance(one, dict) else None
    return common if own is None else _publicly_accessible(Setting(own, origin), origin)


def subnets_of(database: AwsDatabase, inventory: Inventory) -> list[object] | None:
    """The values that name the subnets of a database; None when they are not known."""
    group = database.subnet_group
    if group is not None and group.value is not None:
        found = inventory.named("aws_db_subnet_group", "name", group.value)
        if len(found) == 1:
            return items(found[0].body.setting("subnet_ids")) or None
        if found:
            return None
    return items(database.subnets) or None
