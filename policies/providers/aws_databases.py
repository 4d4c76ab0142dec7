# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Amazon RDS, Aurora and RDS Proxy: public addresses, and whether TLS is required.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/db_instance
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/rds_cluster_instance
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/db_proxy
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from connguard.policies.model.aws_databases import (
    CLUSTER,
    CLUSTER_INSTANCE,
    INSTANCE,
    PROXY,
    PROXY_ENDPOINT,
    SHARD_GROUP,
    is_postgres,
    members,
    public_address,
)
from connguard.policies.model.aws_tls import FORCE_SSL, parameter, requirement, version
from connguard.policies.model.database_facts import DatabaseInstance, TlsRequirement
from connguard.policies.model.origin import Known, Related, Unknown, Value
from connguard.policies.model.patterns import lazily
from connguard.policies.model.terraform_network import origin_of
from connguard.policies.model.terraform_resource import Inventory, Resource, ResourceTable
from connguard.policies.model.terraform_value import Unresolved, boolean

PARAMETER_GROUP = "aws_db_parameter_group"
CLUSTER_PARAMETER_GROUP = "aws_rds_cluster_parameter_group"
LIGHTSAIL = "aws_lightsail_database"

TABLES = (
    ResourceTable(
        (INSTANCE, CLUSTER, CLUSTER_INSTANCE, SHARD_GROUP),
        (
            "engine",
            "engine_version",
            "replicate_source_db",
            "port",
            "publicly_accessible",
            "vpc_security_group_ids",
            "db_subnet_group_name",
            "parameter_group_name",
            "db_cluster_parameter_group_name",
            "cluster_identifier",
        ),
        "publicly_accessible = true is a public address; the default is false. A cluster is public"
        " when one of its instances is. Other engines than PostgreSQL are left alone.",
    ),
    ResourceTable(
        (PROXY, PROXY_ENDPOINT),
        ("engine_family", "require_tls", "vpc_security_group_ids", "vpc_subnet_ids"),
        "A proxy for PostgreSQL listens on 5432, is never public, and accepts connections without"
        " TLS unless require_tls = true.",
    ),
    ResourceTable(
        (PARAMETER_GROUP, CLUSTER_PARAMETER_GROUP),
        ("family", "parameter.name", "parameter.value"),
        "rds.force_ssl; without it the default of the family: on for RDS from PostgreSQL 15 on.",
    ),
    ResourceTable(
        (LIGHTSAIL,),
        ("blueprint_id", "publicly_accessible"),
        "As aws_db_instance, for blueprints of PostgreSQL.",
    ),
)

_INDEX = lazily(r"\[[^\[\]]*\]$")


def facts(inventory: Inventory) -> Iterator[object]:
    seen: set[DatabaseInstance | TlsRequirement] = set()
    for fact in _facts(inventory):
        alike = replace(fact, name=_INDEX.sub("", fact.name))
        if alike not in seen:  # count and for_each repeat what one line says
            seen.add(alike)
            yield fact


def _facts(inventory: Inventory) -> Iterator[DatabaseInstance | TlsRequirement]:
    for instance in inventory.of(INSTANCE):
        if is_postgres(instance, inventory) is not False:
            yield _instance(instance)
            yield from _tls_of_instance(instance, inventory)
    instances = members(inventory)
    for cluster in inventory.of(CLUSTER):
        if is_postgres(cluster, inventory) is not False:
            yield from _tls_of_cluster(cluster, inventory)
            for member in instances.get(cluster.address, ()):
                yield _instance(member)
    for member in instances.get("", ()):
        if is_postgres(member, inventory):
            yield _instance(member)
    for proxy in inventory.of(PROXY):
        if is_postgres(proxy, inventory):
            yield _tls_of_proxy(proxy)
    for database in inventory.of(LIGHTSAIL):
        blueprint = database.body.setting("blueprint_id")
        if blueprint is not None and str(blueprint.value).lower().startswith("postgres"):
            yield _instance(database)


def _instance(database: Resource) -> DatabaseInstance:
    address = public_address(database)
    return DatabaseInstance(
        database.address,
        address.public,
        address.because,
        origin_of(database.body, ("publicly_accessible",)),
        database.calls,
    )


def _tls_of_instance(instance: Resource, inventory: Inventory) -> Iterator[TlsRequirement]:
    if not _is_of_aurora(instance):
        yield from _tls(instance, inventory, PARAMETER_GROUP, "parameter_group_name", False)


def _is_of_aurora(instance: Resource) -> bool:
    """Aurora's instances take their settings from the cluster."""
    engine = instance.body.setting("engine")
    return engine is not None and isinstance(engine.value, str) and "aurora" in engine.value


def _tls_of_cluster(cluster: Resource, inventory: Inventory) -> Iterator[TlsRequirement]:
    engine = cluster.body.setting("engine")
    aurora = engine is None or "aurora" in str(engine.value)
    yield from _tls(
        cluster,
        inventory,
        CLUSTER_PARAMETER_GROUP,
        "db_cluster_parameter_group_name",
        aurora,
    )


def _tls(
    database: Resource,
    inventory: Inventory,
    kind: str,
    group_attribute: str,
    aurora: bool,
) -> Iterator[TlsRequirement]:
    named = database.body.setting(group_attribute)
    groups = inventory.named(kind, "name", named.value) if named is not None else []
    force_ssl: Value[str] | None = None
    family = None
    related: tuple[Related, ...] = database.calls
    if len(groups) == 1:
        family = groups[0].body.setting("family")
        force_ssl = parameter(groups[0].body.blocks("parameter"), FORCE_SSL)
        related = (Related("its parameter group", groups[0].origin), *related)
        if isinstance(force_ssl, Known):
            return  # the group's parameters are judged where they are set
    elif named is not None and named.value is not None and not _is_default(named.value):
        reason = f"the parameter group {named.value} is not in the scanned files"
        if isinstance(named.value, Unresolved):
            reason = named.value.reason
        force_ssl = Unknown(reason, named.origin)
    own = database.body.setting("engine_version")
    default_group = named if named is not None and _is_default(named.value) else None
    found = version((own, family, default_group), aurora=aurora)
    if isinstance(found, Unknown):
        found = version((family, default_group), aurora=aurora) or found
    fact = requirement(database.address, database.origin, found, force_ssl, related, aurora=aurora)
    if fact is not None:
        yield fact


def _is_default(value: object) -> bool:
    """Whether it is one of AWS's own parameter groups, which say nothing."""
    return isinstance(value, str) and value.startswith("default.")


def _tls_of_proxy(proxy: Resource) -> TlsRequirement:
    setting = proxy.body.setting("require_tls")
    required = boolean({"require_tls": setting}, "require_tls")
    because = "require_tls = false" if required is not None else "require_tls is not set"
    return TlsRequirement(
        proxy.address,
        required or Known(False, proxy.origin),
        because,
        origin_of(proxy.body, ("require_tls",)),
        proxy.calls,
    )
