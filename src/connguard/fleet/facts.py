# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one repository contributes to the connection budgets of shared servers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

from connguard.budget.applications import is_default
from connguard.budget.assemble import limited_databases, limited_roles
from connguard.budget.attach_pools import with_code_pools
from connguard.budget.code_pool import CodePool
from connguard.budget.discovered import Project, ServerRun, ServiceFound
from connguard.budget.found import ServerParts, Stack, runs, with_files
from connguard.budget.kubernetes import Folder, hidden_services
from connguard.budget.server import settings_of
from connguard.budget.server_facts import altered, with_altered
from connguard.containers.manifests import manifests
from connguard.engine import yaml_source
from connguard.engine.reading import Context, SourceFile
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.reading import Subject
from connguard.policies.model.records import dataclass
from connguard.policies.model.topology import (
    Headroom,
    LimitedDatabase,
    LimitedRole,
    Pooler,
    Service,
    Topology,
)

_SECRET = "secretKeyRef"


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server that a repository runs or declares."""

    parts: ServerParts
    headroom: Headroom = field(default_factory=Headroom)


@dataclass(frozen=True, slots=True)
class FoundPooler:
    """A pooler, the names that reach it, and which of the repository's servers it stands before."""

    pooler: Pooler
    hosts: frozenset[str] = frozenset()
    server: int | None = None


@dataclass(frozen=True, slots=True)
class FoundService:
    """A service, and what its repository says about where it connects.

    `pooler` and `server` are positions among those of the repository. A service whose `pooler` is
    known has no `server` of its own. `declared` is whether a settings file says so.
    """

    service: Service
    host: str | None = None
    secrets: frozenset[str] = frozenset()
    pooler: int | None = None
    server: int | None = None
    declared: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """The parts of topologies that a repository holds."""

    servers: tuple[FoundServer, ...] = ()
    poolers: tuple[FoundPooler, ...] = ()
    services: tuple[FoundService, ...] = ()
    roles: tuple[LimitedRole, ...] = ()
    databases: tuple[LimitedDatabase, ...] = ()
    altered: Mapping[str, Amount] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return self == Facts()


def collect(subjects: Iterable[Subject], stacks: Iterable[Stack], context: Context) -> Facts:
    """The facts of a scan; `stacks` are the topologies that it found or that are declared."""
    everything = list(subjects)
    gathered = _Gathered(declares="service" in context.settings.topology)
    for stack in stacks:
        if not stack.variant:
            gathered.add(stack)
    gathered.add_servers(_alone(everything, context))
    if not gathered.declares:
        gathered.add_loose(_loose(everything, context))
    return Facts(
        tuple(gathered.servers),
        tuple(gathered.poolers),
        tuple(gathered.services),
        tuple(gathered.roles or limited_roles(everything)),
        tuple(gathered.databases or limited_databases(everything)),
        altered(everything),
    )


class _Gathered:
    """The parts of all stacks of a repository."""

    def __init__(self, declares: bool) -> None:
        self.declares = declares
        self.servers: list[FoundServer] = []
        self.poolers: list[FoundPooler] = []
        self.services: list[FoundService] = []
        self.roles: Sequence[LimitedRole] = ()
        self.databases: Sequence[LimitedDatabase] = ()

    def add(self, stack: Stack) -> None:
        topology = stack.topology
        server = None
        parts = stack.parts or _parts(topology)
        if parts is not None:
            server = len(self.servers)
            self.servers.append(FoundServer(parts, topology.headroom))
        places: dict[str, int] = {}
        for pooler in topology.poolers:
            places[pooler.name] = len(self.poolers)
            hosts = stack.pooler_hosts.get(pooler.name, frozenset())
            self.poolers.append(FoundPooler(pooler, hosts, server))
        for service in topology.services:
            via = places.get(service.pooler or "")
            own = server if via is None else None
            self.services.append(
                FoundService(service, pooler=via, server=own, declared=self.declares)
            )
        # Every stack has all roles and databases of the repository.
        self.roles, self.databases = topology.roles, topology.databases

    def add_servers(self, found: Iterable[ServerParts]) -> None:
        """Servers to which nothing in the repository connects."""
        known = {one.parts.origin for one in self.servers}
        self.servers += [FoundServer(parts) for parts in found if parts.origin not in known]

    def add_loose(self, found: Iterable[ServiceFound]) -> None:
        """Services that no stack has: what they connect to is not in the repository."""
        placed = {(one.service.name, one.service.origin) for one in self.services}
        reached = {host for one in self.poolers for host in one.hosts}
        for one in found:
            service = one.service
            key = service.name, service.origin
            # A pooler whose clients are not declared is open to all anyway.
            counted = one.host in reached and not service.user and not service.database
            if key not in placed and not counted:
                placed.add(key)
                self.services.append(FoundService(service, one.host, one.secrets))


def _parts(topology: Topology) -> ServerParts | None:
    """The parts of a server of which only the outcome is known."""
    server = topology.server
    if server is None:
        return None
    settings = {
        "max_connections": server.max_connections,
        "superuser_reserved_connections": server.superuser_reserved,
        "reserved_connections": server.reserved,
    }
    name = Path(server.origin.path).name
    reserved = server.provider_reserved
    return ServerParts(name, server.origin, frozenset(), settings, {}, None, reserved)


def _alone(subjects: Sequence[Subject], context: Context) -> Iterator[ServerParts]:
    """All servers that the repository runs."""
    changes = altered(subjects)
    runs_here = [
        run
        for subject in subjects
        for fact in subject.alternatives
        if isinstance(fact, Project) and not fact.variant
        for run in fact.servers
    ]
    for run in runs_here:
        file = context.file(run.config) if run.config is not None else None
        settings = settings_of(file, context)[0] if file is not None else {}
        over = with_altered(settings, changes, alone=len(runs_here) == 1)
        reserved = run.provider_reserved
        yield ServerParts(
            run.name, run.origin, run.hosts, over, run.settings, run.version, reserved
        )


def _loose(subjects: Sequence[Subject], context: Context) -> Iterator[ServiceFound]:
    """All services that the repository deploys or holds the code of."""
    facts = [fact for subject in subjects for fact in subject.alternatives]
    pools = [fact for fact in facts if isinstance(fact, CodePool)]
    projects = [fact for fact in facts if isinstance(fact, Project) and not fact.variant]
    hidden = list(_hidden(context))
    root = context.roots[0]
    deployed = [one for project in projects for one in project.services] + hidden
    own: list[ServiceFound] = []
    for project in projects:
        own += with_code_pools(replace(project, servers=[]), pools).services
    own += with_code_pools(Project(root, services=hidden), pools).services
    yield from _with_applications(own, [fact for fact in facts if isinstance(fact, ServiceFound)])
    yield from _undeployed(root, deployed, pools)


def _with_applications(
    deployed: Sequence[ServiceFound], applications: Iterable[ServiceFound]
) -> list[ServiceFound]:
    """What is deployed, with the files of the applications, and those that nothing deploys.

    As within one repository: the deployment wins, and its files say what it leaves open.
    """
    whole = list(deployed)
    for other in applications:
        running = [position for position, one in enumerate(deployed) if runs(one, other)]
        for position in running:
            pool = whole[position].service.pool
            if not pool.exact or is_default(pool):
                host = whole[position].host or other.host
                whole[position] = replace(with_files(whole[position], other), host=host)
        if not running:
            whole.append(other)
    return whole


def _undeployed(
    root: Path, deployed: Sequence[ServiceFound], pools: Sequence[CodePool]
) -> Iterator[ServiceFound]:
    """Pools of code that nothing in the repository deploys."""
    hosts = {pool.made.target.host for pool in pools if pool.made.target is not None}
    named = frozenset(host for host in hosts if host is not None)
    origin = Origin("", 1, 1, 1, 1)
    anywhere = ServerRun("", origin, named, None, {})
    joined = with_code_pools(Project(root, [anywhere], services=list(deployed)), pools)
    yield from joined.services[len(deployed) :]
    if deployed:
        return  # code that does not say where it connects may be that of what is deployed
    groups: dict[Path, list[CodePool]] = {}
    for pool in pools:
        if pool.made.target is None or pool.made.target.host is None:
            groups.setdefault(pool.project, []).append(pool)
    for folder, group in groups.items():
        largest = max(group, key=lambda pool: pool.made.size.high).made
        target = largest.target
        name = folder.name or "application"
        service = Service(
            name=name,
            origin=largest.origin,
            instances=unknown_amount(
                f"instances of {name}", f"how many instances of {name} run", largest.origin
            ),
            pool=largest.size,
            pooler=None,
            database=target.database if target else None,
            user=target.user if target else None,
            processes=exactly(1, f"processes of {name}"),
            database_origin=largest.origin,
        )
        yield ServiceFound(service, None)


def _hidden(context: Context) -> Iterator[ServiceFound]:
    """Workloads of Kubernetes of which only a secret says where they connect."""
    manifested: dict[Path, list[SourceFile]] = {}
    chosen: set[Path] = set()
    for file in context.files:
        text = context.text(file) if file.path.suffix in (".yml", ".yaml") else None
        if text is None or "apiVersion" not in text.string or "{{" in text.string:
            continue
        manifested.setdefault(file.path.parent, []).append(file)
        if _SECRET in text.string:
            chosen.add(file.path.parent)
    for parent in sorted(chosen):
        folder = Folder(parent)
        for file in manifested[parent]:
            stream = yaml_source.stream(file, context)
            if stream is not None:
                folder.manifests.extend(manifests(file, stream))
        yield from hidden_services(folder, context)
