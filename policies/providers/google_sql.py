# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Google Cloud SQL for PostgreSQL: public address, authorized networks, TLS.

An instance has a public address unless ipv4_enabled is false. Authorized networks say who comes in
over it; without any, only connectors with IAM permissions do. Where connectors are required, the
authorized networks are switched off, and every connection has TLS. Without ssl_mode plain
connections are accepted.

https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/sql_database_instance
https://cloud.google.com/sql/docs/postgres/configure-ip
https://cloud.google.com/sql/docs/postgres/authorize-networks
https://cloud.google.com/sql/docs/postgres/configure-ssl-instance
https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1/instances#ConnectorEnforcement
https://cloud.google.com/sql/docs/postgres/managed-connection-pooling
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.database_facts import DatabaseInstance, TlsRequirement
from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.policies.model.ports import POSTGRES
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_guards import flag, is_surely, may_be
from connguard.policies.model.terraform_network import origin_of, sources
from connguard.policies.model.terraform_resource import Body, Inventory, Resource, ResourceTable
from connguard.policies.model.terraform_value import Unresolved, text

_INSTANCE = "google_sql_database_instance"
_POOLER = 6432

TABLES = (
    ResourceTable(
        (_INSTANCE,),
        (
            "database_version",
            "settings.connector_enforcement",
            "settings.connection_pool_config.connection_pooling_enabled",
            "settings.ip_configuration.ipv4_enabled",
            "settings.ip_configuration.authorized_networks.value",
            "settings.ip_configuration.ssl_mode",
            "settings.ip_configuration.require_ssl",
        ),
        "PostgreSQL only. The public address is there unless ipv4_enabled is false; authorized"
        " networks are a union, and count with a public address unless connectors are required."
        " Plain connections are accepted unless ssl_mode or require_ssl says otherwise.",
    ),
)


@dataclass(frozen=True, slots=True)
class _Network:
    """The settings of an instance, and its ip_configuration, where it has them.

    `certain` says whether an instance, if there is any, has these blocks.
    """

    settings: Body
    configuration: Body | None
    certain: bool


def facts(inventory: Inventory) -> Iterator[object]:
    for instance in inventory.of(_INSTANCE):
        if _may_be_postgres(instance.body):
            yield from instance_facts(inventory, instance)


def instance_facts(inventory: Inventory, instance: Resource) -> Iterator[object]:
    """The facts of an instance that runs PostgreSQL, or may do so."""
    network = _network(instance)
    if network is None:
        unknown = Unknown("it takes over the settings of another instance", instance.origin)
        yield DatabaseInstance(instance.address, unknown, "", instance.origin, instance.calls)
        return
    public, because, origin = _public(instance, network)
    yield DatabaseInstance(instance.address, public, because, origin, instance.calls)
    yield _tls(instance, network)
    if isinstance(public, Unknown) or public.value:
        yield from _endpoint(inventory, instance, network, public)


def _may_be_postgres(body: Body) -> bool:
    """Whether the version names PostgreSQL, or is unknown. Without it, an instance runs MySQL."""
    version = body.setting("database_version")
    if version is None or version.value is None:
        return False
    if isinstance(version.value, Unresolved) or version.value == "":
        return True
    return "postgres" in str(version.value).lower()


def _network(instance: Resource) -> _Network | None:
    """None for a clone, which takes over the settings of another instance."""
    for settings in instance.body.blocks("settings"):
        blocks = settings.blocks("ip_configuration")
        configuration = blocks[0] if blocks else None
        certain = configuration is None or configuration.certain or not instance.body.certain
        return _Network(settings, configuration, certain)
    return None


def _public(instance: Resource, network: _Network) -> tuple[Value[bool], str, Origin]:
    if network.configuration is None:
        origin = network.settings.origin
        because = "without ip_configuration, it gets one by default"
        return Known(True, origin), because, instance.origin
    value = flag(network.configuration, "ipv4_enabled", True)
    if not network.certain and isinstance(value, Known):
        value = Unknown("it is not known whether this block exists", value.origin)
    given = network.configuration.setting("ipv4_enabled")
    if given is None or given.value is None:
        because = "ipv4_enabled is not set, and true by default"
    else:
        because = "ipv4_enabled = true"
    return value, because, value.origin


def _tls(instance: Resource, network: _Network) -> TlsRequirement:
    name, calls = instance.address, instance.calls
    settings, configuration = network.settings, network.configuration
    if is_surely(settings, "connector_enforcement", "required"):
        origin = origin_of(settings, ("connector_enforcement",))
        return TlsRequirement(name, Known(True, origin), "", origin, calls)
    if configuration is None:
        because = "ssl_mode is not set, and plain connections are the default"
        return TlsRequirement(name, Known(False, settings.origin), because, instance.origin, calls)
    mode = configuration.setting("ssl_mode")
    word = text({"ssl_mode": mode}, "ssl_mode")
    if isinstance(word, Unknown):
        return TlsRequirement(name, word, "", word.origin, calls)
    if word is not None:
        required: Value[bool] = Known(
            word.value.upper() != "ALLOW_UNENCRYPTED_AND_ENCRYPTED", word.origin
        )
        because = f"ssl_mode = {word.value}"
    else:
        required = flag(configuration, "require_ssl", False)
        given = configuration.setting("require_ssl")
        because = (
            "ssl_mode is not set, and plain connections are the default"
            if given is None or given.value is None
            else "require_ssl = false"
        )
    if not network.certain and isinstance(required, Known):
        required = Unknown("it is not known whether this block exists", required.origin)
    return TlsRequirement(name, required, because, required.origin, calls)


def _endpoint(
    inventory: Inventory, instance: Resource, network: _Network, public: Value[bool]
) -> Iterator[Endpoint]:
    if network.configuration is None:
        return
    if is_surely(network.settings, "connector_enforcement", "required"):
        return
    rules: list[Rule] = []
    for block in network.configuration.blocks("authorized_networks"):
        found = sources(block.setting("value"), "value")
        rules.append(
            Rule(
                origin_of(block, ("value",)),
                found.known,
                unknown=found.unknown,
                certain=block.certain,
                calls=instance.calls,
            )
        )
    if not rules:
        return
    pooled = any(
        may_be(pool, "connection_pooling_enabled", "true")
        for pool in network.settings.blocks("connection_pool_config")
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
