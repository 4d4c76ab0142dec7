# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Google AlloyDB for PostgreSQL: public address, authorized networks, TLS.

An instance has no public address unless enable_public_ip asks for one. TLS is required unless
ssl_mode lets plain connections in; connectors always use it, and where they are required there is
no other way in.

https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/alloydb_instance
https://cloud.google.com/alloydb/docs/enforce-connectors
https://cloud.google.com/alloydb/docs/configure-managed-connection-pooling
https://cloud.google.com/alloydb/docs/reference/rest/v1/SslConfig
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.database_facts import DatabaseInstance, TlsRequirement
from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Known, Unknown, Value
from connguard.policies.model.ports import POSTGRES
from connguard.policies.model.terraform_guards import flag, is_surely, may_be
from connguard.policies.model.terraform_network import origin_of, sources
from connguard.policies.model.terraform_resource import Body, Inventory, Resource, ResourceTable
from connguard.policies.model.terraform_value import text

_INSTANCE = "google_alloydb_instance"
_POOLER = 6432

TABLES = (
    ResourceTable(
        (_INSTANCE,),
        (
            "network_config.enable_public_ip",
            "network_config.authorized_external_networks.cidr_range",
            "client_connection_config.require_connectors",
            "client_connection_config.ssl_config.ssl_mode",
            "connection_pool_config.enabled",
        ),
        "No public address by default; authorized networks are a union, and count with a public"
        " address unless connectors are required. TLS is required by default.",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    for instance in inventory.of(_INSTANCE):
        yield from instance_facts(inventory, instance)


def instance_facts(inventory: Inventory, instance: Resource) -> Iterator[object]:
    """The facts of one instance."""
    public = _public(instance)
    yield DatabaseInstance(
        instance.address, public, "enable_public_ip = true", public.origin, instance.calls
    )
    clients = instance.body.blocks("client_connection_config")
    if any(is_surely(client, "require_connectors", "true") for client in clients):
        return
    yield from (_tls(instance, ssl) for one in clients for ssl in one.blocks("ssl_config"))
    if isinstance(public, Unknown) or public.value:
        yield from _endpoint(inventory, instance, public)


def _public(instance: Resource) -> Value[bool]:
    for network in instance.body.blocks("network_config"):
        found = flag(network, "enable_public_ip", False)
        doubtful = instance.body.certain and not network.certain
        if isinstance(found, Known) and found.value and doubtful:
            return Unknown("it is not known whether this block exists", found.origin)
        return found
    return Known(False, instance.origin)


def _tls(instance: Resource, ssl: Body) -> TlsRequirement:
    setting = ssl.setting("ssl_mode")
    mode = text({"ssl_mode": setting}, "ssl_mode")
    required: Value[bool]
    if isinstance(mode, Unknown):
        required = mode
    elif mode is None:
        required = Known(True, ssl.origin)
    else:
        plain = mode.value.upper() in ("ALLOW_UNENCRYPTED_AND_ENCRYPTED", "SSL_MODE_ALLOW")
        required = Known(not plain, mode.origin)
    because = f"ssl_mode = {mode.value}" if isinstance(mode, Known) else ""
    return TlsRequirement(instance.address, required, because, required.origin, instance.calls)


def _endpoint(inventory: Inventory, instance: Resource, public: Value[bool]) -> Iterator[Endpoint]:
    rules: list[Rule] = []
    for network in instance.body.blocks("network_config"):
        for block in network.blocks("authorized_external_networks"):
            found = sources(block.setting("cidr_range"), "cidr_range")
            rules.append(
                Rule(
                    origin_of(block, ("cidr_range",)),
                    found.known,
                    unknown=found.unknown,
                    certain=block.certain,
                    calls=instance.calls,
                )
            )
    if not rules:
        return
    pooled = any(
        may_be(pool, "enabled", "true") for pool in instance.body.blocks("connection_pool_config")
    )
    known = public.value if isinstance(public, Known) else None
    yield Endpoint(
        f"the authorized networks of {instance.address}",
        (POSTGRES, _POOLER) if pooled else (POSTGRES,),
        (tuple(rules),),
        instance.origin,
        (Target(instance.address, instance.origin, known),),
        inventory.limits,
    )
