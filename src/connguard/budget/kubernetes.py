# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads Kubernetes manifests: workloads and their replicas, ConfigMaps, and operators' resources.

CloudNativePG (Cluster, Pooler) and Zalando's operator (postgresql with connectionPooler) are read
with the defaults that they document. All manifests of one folder are one project.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

from connguard.budget import applications, pgbouncer_ini, spilo
from connguard.budget import pgbouncer_keys as keys
from connguard.budget.commands import Command, command_at
from connguard.budget.discovered import PoolerReady, Project, ServerRun, ServiceFound
from connguard.budget.images import Kind, identify
from connguard.budget.kubernetes_replicas import (
    JOBS,
    SCALERS,
    WORKLOADS,
    amount,
    lone_scalers,
    maybe_scaled,
    replicas,
    scales,
    surge,
    target_of,
    template,
)
from connguard.budget.kubernetes_server import configured
from connguard.budget.pgbouncer import Deployment, to_pooler
from connguard.budget.pgbouncer_environment import pooler_of_environment
from connguard.containers.manifests import Manifest, ManifestsByKind, manifests
from connguard.containers.pods import environment
from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text
from connguard.engine.yaml_source import Node
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass
from connguard.policies.model.topology import ANY, Pooler, PoolerEntry, Version

__all__ = ["Folder", "lone_scalers", "manifests", "may_have_part", "project", "target_of"]

_MENTIONS = (
    "pgbouncer",
    "postgres",
    "pooler",
    "cnpg",
    "database_url",
    "hikari",
    "pghost",
    "db_host",
    "horizontalpodautoscaler",
    "scaledobject",
)
_SERVER_SETTINGS = ("max_connections", "superuser_reserved_connections", "reserved_connections")
_ZALANDO_CONNECTIONS = 60
_ZALANDO_CLIENTS = 10_000


@dataclass(slots=True)
class Folder:
    """The manifests of one folder, and what could not be read in them.

    `elsewhere` are autoscalers of other folders that may be meant for workloads of this one.
    """

    path: Path
    manifests: ManifestsByKind = field(default_factory=ManifestsByKind)
    gaps: list[NotParsed] = field(default_factory=list)
    elsewhere: list[Manifest] = field(default_factory=list)

    def of(self, *kinds: str) -> Iterable[Manifest]:
        return self.manifests.of(*kinds)


def may_have_part(text: str) -> bool:
    """Whether a manifest says anything of a topology."""
    lower = text.lower()  # much faster in large files than a pattern that ignores case
    return any(word in lower for word in _MENTIONS)


def project(folder: Folder, context: Context) -> Project | None:
    """What the manifests of a folder run; None if no part of it is a database's topology."""
    reader = _Reader(folder, context)
    reader.workloads()
    for manifest in folder.of("Cluster"):
        if manifest.group == "postgresql.cnpg.io":
            reader.cloudnative_cluster(manifest)
    for manifest in folder.of("Pooler"):
        if manifest.group == "postgresql.cnpg.io":
            reader.cloudnative_pooler(manifest)
    for manifest in folder.of("postgresql"):
        if manifest.group == "acid.zalan.do":
            reader.zalando(manifest)
    found = reader.project
    return found if found.servers or found.poolers or found.services else None


def hidden_services(folder: Folder, context: Context) -> list[ServiceFound]:
    """The workloads of which only a secret says where they connect."""
    reader = _Reader(folder, context)
    reader.workloads()
    return reader.hidden


_Pairs = tuple[tuple[str | None, str | None], ...]


class _Selectors:
    """The Services by what they select, so that not each is compared with each workload."""

    def __init__(self, services: Iterable[Manifest]) -> None:
        self._found: dict[tuple[str | None, str | None], list[tuple[str, _Pairs]]] = {}
        self._unknown: list[tuple[str, _Pairs]] = []
        for service in services:
            selector = service.node.get("spec", "selector")
            pairs = tuple(
                (key.string, value.string) for key, value in (selector.items() if selector else [])
            )
            if any(value is None for _, value in pairs):
                self._unknown.append((service.name, pairs))
            elif pairs:
                self._found.setdefault(pairs[0], []).append((service.name, pairs))

    def names(self, labels: Mapping[str | None, str | None]) -> Iterator[str]:
        """The Services that select pods with these labels."""
        near = (one for pair in labels.items() for one in self._found.get(pair, ()))
        for name, pairs in (*near, *self._unknown):
            if all(labels.get(key) == value for key, value in pairs):
                yield name


class _Reader:
    def __init__(self, folder: Folder, context: Context) -> None:
        self._folder = folder
        self._context = context
        self.project = Project(folder.path)
        self.hidden: list[ServiceFound] = []
        self._kinds: dict[str, str] = {}
        self._selectors = _Selectors(folder.of("Service"))

    def workloads(self) -> None:
        for manifest in self._folder.of(*WORKLOADS):
            self._workload(manifest)
        for manifest in self._folder.of(*JOBS):
            # PostgreSQL's image in a job is there for its clients (pg_dump, psql).
            others = [one for one in _containers(manifest) if identify(_image(one)) is None]
            self._applications(manifest, others)

    def _workload(self, manifest: Manifest) -> None:
        hosts = self._hosts(manifest)
        others: list[Node] = []
        for container in _containers(manifest):
            image_node = container.get("image")
            image = identify(image_node.string or "") if image_node else None
            if image is not None and image.kind is Kind.POSTGRES and image_node is not None:
                self._server(manifest, container, image_node, hosts, image.version)
            elif image is not None:
                self._pgbouncer(manifest, container, hosts, image.flavour, image.version)
            else:
                others.append(container)
        self._applications(manifest, others)

    def _server(
        self,
        manifest: Manifest,
        container: Node,
        image: Node,
        hosts: frozenset[str],
        version: Version | None,
    ) -> None:
        variables = self._environment(container)
        own = configured(manifest, container, variables, self._folder.of("ConfigMap"))
        self._folder.gaps.extend(own.gaps)
        settings = {**self._spilo(image, container), **own.given}
        run = ServerRun(manifest.name, image.origin, hosts, version, settings, written=own.written)
        self.project.servers.append(run)

    def _spilo(self, image: Node, container: Node) -> dict[str, Amount]:
        if not spilo.is_spilo(image.string or ""):
            return {}
        return spilo.settings(self._environment(container), image.origin, container.text)

    def _pgbouncer(
        self,
        manifest: Manifest,
        container: Node,
        hosts: frozenset[str],
        flavour: str,
        version: Version | None,
    ) -> None:
        place = (container.get("name") or container).origin
        instances = self._replicas(manifest)
        inline = self._inline_ini(manifest)
        if inline is not None:
            text, file = inline
            configuration = pgbouncer_ini.parse(text, file, self._context)
            deployment = Deployment(manifest.name, instances, version)
            pooler, gaps = to_pooler(configuration, deployment, self._context)
            self._folder.gaps.extend(gaps)
        else:
            environment = self._environment(container)
            pooler = pooler_of_environment(
                manifest.name, place, environment, flavour, version, instances
            )
        pooler = replace(pooler, surge=surge(manifest, instances))
        self.project.poolers.append(PoolerReady(pooler, hosts))

    def _applications(self, manifest: Manifest, containers: Sequence[Node]) -> None:
        """One of the containers has the workload's name, by which files of its code are found."""
        visible = [one for one in containers if self._names_a_database(one)]
        hidden = [one for one in containers if one not in visible and _secrets(one)]
        clients = [*visible, *hidden]
        named = [one for one in clients if _name(one) == manifest.name]
        main = (named or clients)[:1]
        name = manifest.name
        if clients and self._kinds.setdefault(name, manifest.kind) != manifest.kind:
            name = f"{manifest.kind.lower()}/{name}"
        for container in clients:
            own = name if container in main else f"{name}/{_name(container)}"
            self._application(manifest, container, own)

    def _names_a_database(self, container: Node) -> bool:
        variables = self._environment(container)
        return applications.of_environment("", container.origin, variables) is not None

    def _application(self, manifest: Manifest, container: Node, name: str) -> None:
        place = (manifest.node.get("metadata", "name") or manifest.node).origin
        variables = self._environment(container)
        command = _command(container)
        found = applications.of_environment(name, place, variables, command)
        secrets = _secrets(container)
        told = next(iter(secrets.values()), None)
        service, host, port = found or (
            applications.of_secret(name, place, variables, command, told or place),
            None,
            None,
        )
        instances = self._replicas(manifest)
        if manifest.kind in JOBS and not service.pool.exact and instances.low <= 1:
            return  # a migration or a backup, for which slots of the server are kept free
        more = surge(manifest, instances)
        whole = ServiceFound(
            applications.replicated(service, instances, more),
            host,
            port,
            environment=variables,
            secrets=frozenset(secrets),
        )
        (self.hidden if found is None else self.project.services).append(whole)

    def _replicas(self, manifest: Manifest) -> Amount:
        scalers = list(self._folder.of(*SCALERS))
        own = replicas(manifest, scalers)
        if manifest.kind in JOBS or any(scales(one, manifest) for one in scalers):
            return own
        return maybe_scaled(own, manifest, self._folder.elsewhere)

    def _environment(self, container: Node) -> Mapping[str, tuple[str, Origin, bool]]:
        found = environment(container, self._folder.of("ConfigMap"))
        return {key: (one.text, one.origin, one.known) for key, one in found.items()}

    def _inline_ini(self, manifest: Manifest) -> tuple[Text, SourceFile] | None:
        """A pgbouncer.ini in a ConfigMap that the workload mounts."""
        volumes = manifest.node.get("spec", "template", "spec", "volumes")
        mounted = {
            name.string
            for volume in (volumes.elements() if volumes else [])
            for name in [volume.get("configMap", "name")]
            if name is not None
        }
        for config in self._folder.of("ConfigMap"):
            value = config.node.get("data", "pgbouncer.ini")
            text = self._context.text(config.file)
            if value is not None and text is not None and config.name in mounted:
                return value.embedded(), config.file
        return None

    def _hosts(self, manifest: Manifest) -> frozenset[str]:
        """The names of the Services that select the workload's pods, and its own."""
        labels = {
            key.string: value.string
            for key, value in (
                manifest.node.get("spec", "template", "metadata", "labels") or manifest.node
            ).items()
        }
        return frozenset({manifest.name, *self._selectors.names(labels)})

    def cloudnative_cluster(self, manifest: Manifest) -> None:
        parameters = manifest.node.get("spec", "postgresql", "parameters")
        image = manifest.node.get("spec", "imageName")
        known = identify(image.string or "") if image else None
        name = manifest.name
        self.project.servers.append(
            ServerRun(
                name,
                (manifest.node.get("metadata", "name") or manifest.node).origin,
                frozenset({f"{name}-rw", f"{name}-r", f"{name}-ro", name}),
                known.version if known else None,
                _parameters(parameters),
            )
        )

    def cloudnative_pooler(self, manifest: Manifest) -> None:
        spec = manifest.node.get("spec")
        cluster = manifest.node.get("spec", "cluster", "name")
        if spec is None or cluster is None:
            return
        place = (manifest.node.get("metadata", "name") or manifest.node).origin
        instances = spec.get("instances")
        parameters = spec.get("pgbouncer", "parameters")
        values = {
            key: amount(node, key)
            for key in _POOLER_SETTINGS
            for node in [parameters.get(key) if parameters else None]
            if node is not None
        }
        mode = spec.get("pgbouncer", "poolMode")
        number = amount(instances, f"instances of {manifest.name}") if instances else exactly(1)
        pooler = _lookup_pooler(
            manifest.name,
            place,
            number,
            cluster.string or "",
            values,
            (mode.string if mode else None) or "session",
            "cnpg_pooler_pgbouncer",
        )
        pooler = replace(pooler, surge=surge(manifest, number))
        self.project.poolers.append(PoolerReady(pooler, frozenset({manifest.name})))

    def zalando(self, manifest: Manifest) -> None:
        spec = manifest.node.get("spec")
        if spec is None:
            return
        place = (manifest.node.get("metadata", "name") or manifest.node).origin
        version = spec.get("postgresql", "version")
        major = version.integer if version else None
        self.project.servers.append(
            ServerRun(
                manifest.name,
                place,
                frozenset({manifest.name, f"{manifest.name}-repl"}),
                (major, 0) if major else None,
                {
                    "max_connections": unknown_amount(
                        "max_connections",
                        "the memory of the server",
                        place,
                        spilo.LEAST,
                        spilo.MOST,
                    ),
                    **_parameters(spec.get("postgresql", "parameters")),
                },
            )
        )
        enabled = spec.get("enableConnectionPooler")
        settings = spec.get("connectionPooler")
        if settings is None and (enabled is None or not enabled.boolean):
            return
        self.project.poolers.append(_zalando_pooler(manifest.name, place, settings))


_POOLER_SETTINGS = (
    "default_pool_size",
    "reserve_pool_size",
    "min_pool_size",
    "max_client_conn",
    "max_db_connections",
    "max_user_connections",
)


def _zalando_pooler(name: str, place: Origin, settings: Node | None) -> PoolerReady:
    """The operator divides maxDBConnections by the instances, and halves it for the pool size."""
    number = settings.get("numberOfInstances") if settings else None
    most = settings.get("maxDBConnections") if settings else None
    mode = settings.get("mode") if settings else None
    user = settings.get("user") if settings else None
    instances = amount(number, "numberOfInstances") if number else exactly(2, "numberOfInstances")
    total = (
        amount(most, "maxDBConnections")
        if most
        else exactly(_ZALANDO_CONNECTIONS, "maxDBConnections (default)")
    )
    share = _divided(total, max(1, instances.high))
    pool = _divided(share, 2)
    minimum = _divided(pool, 2)
    pooler = _lookup_pooler(
        f"{name}-pooler",
        place,
        instances,
        name,
        {
            "default_pool_size": pool,
            "min_pool_size": minimum,
            "reserve_pool_size": minimum,
            "max_db_connections": share,
            "max_client_conn": exactly(_ZALANDO_CLIENTS, "max_client_conn"),
        },
        (mode.string if mode else None) or "transaction",
        (user.string if user else None) or "pooler",
    )
    return PoolerReady(pooler, frozenset({f"{name}-pooler"}))


def _divided(amount: Amount, by: int) -> Amount:
    return Amount(amount.low // by, amount.high // by, amount.name, amount.origin, amount.reason)


def _lookup_pooler(
    name: str,
    place: Origin,
    instances: Amount,
    host: str,
    values: Mapping[str, Amount],
    mode: str,
    auth_user: str,
) -> Pooler:
    """The PgBouncer of an operator: any database, users looked up on the server."""

    def value(key: str, default: int) -> Amount:
        return values.get(key, exactly(default, key))

    return Pooler(
        name=name,
        origin=place,
        kind="pgbouncer",
        instances=instances,
        versions=keys.REPRESENTATIVES,
        entries=(PoolerEntry(ANY, place, host=host),),
        looks_up_users=True,
        auth_user=auth_user,
        pool_mode=mode,
        default_pool_size=value("default_pool_size", 20),
        reserve_pool_size=value("reserve_pool_size", 0),
        min_pool_size=value("min_pool_size", 0),
        max_client_conn=value("max_client_conn", 100),
        max_db_connections=value("max_db_connections", 0),
        max_user_connections=value("max_user_connections", 0),
    )


def _parameters(node: Node | None) -> dict[str, Amount]:
    found = {}
    for name in _SERVER_SETTINGS:
        value = node.get(name) if node else None
        if value is not None:
            found[name] = amount(value, name)
    return found


def _containers(manifest: Manifest) -> list[Node]:
    """The containers of a workload that run beside each other, sidecars included.

    https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
    """
    own = template(manifest)
    spec = own.get("spec") if own else None
    found: list[Node] = []
    for key in ("initContainers", "containers"):
        node = spec.get(key) if spec else None
        for container in node.elements() if node else []:
            policy = container.get("restartPolicy")
            if key == "containers" or (policy is not None and policy.string == "Always"):
                found.append(container)
    return found


def _image(container: Node) -> str:
    return (container.get("image") or container).string or ""


def _name(container: Node) -> str:
    return (container.get("name") or container).string or "container"


def _secrets(container: Node) -> dict[str, Origin]:
    """The secrets that say where a container connects, each with a place that names it."""
    found: dict[str, Origin] = {}
    variables = container.get("env")
    for variable in variables.elements() if variables else []:
        key = variable.get("name")
        name = variable.get("valueFrom", "secretKeyRef", "name")
        told = key is not None and applications.tells_where(key.string or "")
        if told and name is not None and name.string:
            found.setdefault(name.string, name.origin)
    return found


def _command(container: Node) -> Command | None:
    """`command` with `args`, as they stand in the file."""
    found: Command | None = None
    for key in ("command", "args"):
        node = container.get(key)
        if node is not None:
            part = command_at(node.text, node.origin)
            found = part if found is None else found.then(part)
    return found
