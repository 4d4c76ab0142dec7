# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Databases that calls of public AWS modules make, by their inputs.

Their security groups are judged with all others; see `connguard.policies.model.aws_module_calls`.
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.aws_databases import module_databases
from connguard.policies.model.aws_module_calls import (
    AURORA,
    CLOUDPOSSE_CLUSTER,
    CLOUDPOSSE_RDS,
    RDS,
    SOURCES,
    called,
)
from connguard.policies.model.aws_tls import FORCE_SSL, parameter, requirement, version
from connguard.policies.model.database_facts import DatabaseInstance, TlsRequirement
from connguard.policies.model.terraform_network import origin_of
from connguard.policies.model.terraform_resource import (
    MODULE,
    Inventory,
    Resource,
    ResourceTable,
    value_bodies,
)

MODULE_SOURCES = SOURCES

TABLES = (
    ResourceTable(
        (MODULE,),
        (
            "ingress_rules",
            "ingress_cidr_blocks",
            "ingress_ipv6_cidr_blocks",
            "ingress_with_cidr_blocks",
            "ingress_with_ipv6_cidr_blocks",
            "computed_ingress_…",
            "publicly_accessible",
            "instances",
            "port",
            "engine",
            "engine_version",
            "family",
            "parameters",
            "vpc_security_group_ids",
            "security_group_rules",
            "security_group_ingress_rules",
            "allowed_cidr_blocks",
        ),
        "terraform-aws-modules/security-group, rds and rds-aurora, and cloudposse/security-group,"
        " rds and rds-cluster, where the module's files are not scanned.",
    ),
)

# Family, version and parameters of each module.
_INPUTS = {
    RDS: ("family", "engine_version", "parameters"),
    AURORA: (
        "db_cluster_parameter_group_family",
        "engine_version",
        "db_cluster_parameter_group_parameters",
    ),
    CLOUDPOSSE_RDS: ("db_parameter_group", "engine_version", "db_parameter"),
    CLOUDPOSSE_CLUSTER: ("cluster_family", "engine_version", "cluster_parameters"),
}
_EXISTING_GROUP = (
    "parameter_group_name",
    "db_cluster_parameter_group_name",
    "cluster_parameter_group_name",
)


def facts(inventory: Inventory) -> Iterator[object]:
    for database in module_databases(inventory):
        call = database.resource
        if database.is_postgres is False or database.public is None:
            continue
        yield DatabaseInstance(
            call.address,
            database.public.public,
            database.public.because,
            database.public.public.origin
            if database.public.because.endswith("true")
            else origin_of(call.body, ("publicly_accessible",)),
            call.calls,
        )
        if database.is_postgres:
            fact = _tls(call)
            if fact is not None:
                yield fact


def _tls(call: Resource) -> TlsRequirement | None:
    module = called(call)
    if module is None or module.name not in _INPUTS:
        return None
    family, own, parameters = (call.body.setting(name) for name in _INPUTS[module.name])
    nested = call.body.setting("cluster_parameter_group")
    if nested is not None and isinstance(nested.value, dict):
        body = value_bodies(nested.value, nested.origin)[0]
        family, parameters = body.setting("family"), body.setting("parameters")
    written = value_bodies(parameters.value, parameters.origin) if parameters is not None else []
    force_ssl = parameter(written, FORCE_SSL)
    if (
        force_ssl is None
        and any(
            (setting := call.body.setting(name)) is not None and setting.value
            for name in _EXISTING_GROUP
        )
        and not written
    ):
        return None
    aurora = module.name in (AURORA, CLOUDPOSSE_CLUSTER)
    return requirement(
        call.address,
        call.origin,
        version((own, family), aurora=aurora),
        force_ssl,
        call.calls,
        aurora=aurora,
    )
