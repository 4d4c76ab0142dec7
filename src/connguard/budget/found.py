# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Topologies from what the files show, without a declaration: one for each server or folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

from connguard.budget import pgbouncer_ini
from connguard.budget.attach_pools import only_runner, with_code_pools
from connguard.budget.code_pool import CodePool
from connguard.budget.discovered import (
    PoolerFile,
    PoolerRun,
    Project,
    ServerFile,
    ServerRun,
    ServiceFound,
    SpringFile,
)
from connguard.budget.further import of_environment, of_file, sized
from connguard.budget.pgbouncer import Deployment, to_pooler
from connguard.budget.server import server_of, settings_of
from connguard.budget.server_facts import with_altered
from connguard.budget.session_code import Runner, with_uses
from connguard.budget.systemd import UnitLimit, limit_of
from connguard.engine.reading import Context, SourceFile
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.reading import Notes
from connguard.policies.model.records import dataclass
from connguard.policies.model.topology import (
    ANY,
    LimitedDatabase,
    LimitedRole,
    Pooler,
    PoolerEntry,
    Server,
    Service,
    Topology,
    Version,
)

_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class ServerParts:
    """What a server of a topology is put together from.

    `settings` are those of its files with ALTER SYSTEM over them, `fixed` those of its command line
    or declaration, which win over both. `hosts` are the names under which clients reach it.
    """

    name: str
    origin: Origin
    hosts: frozenset[str]
    settings: Mapping[str, Amount]
    fixed: Mapping[str, Amount]
    version: Version | None = None
    provider_reserved: Amount | None = None

    def server(self) -> Server:
        settings = {**self.settings, **self.fixed}
        return server_of(self.origin, settings, self.version, self.provider_reserved)


@dataclass(slots=True)
class Stack:
    """One server with what connects to it, and what of it could not be read.

    `parts` are those of the server; None where it is only what its topology says.
    `pooler_hosts` are the names under which clients reach each pooler, by its name. `variant` names
    the file with which it is run in the place of an earlier stack. `beyond` is whether it is what
    poolers open on servers that no file shows, beside those that one shows.
    """

    topology: Topology
    gaps: list[NotParsed] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    facts: list[object] = field(default_factory=list)
    notes: list[Notes] = field(default_factory=list)
    parts: ServerParts | None = None
    pooler_hosts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    variant: str = ""
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """All that the front ends found."""

    projects: Sequence[Project]
    pooler_files: Sequence[PoolerFile]
    server_files: Sequence[ServerFile]
    roles: Sequence[LimitedRole]
    databases: Sequence[LimitedDatabase]
    applications: Sequence[ServiceFound] = ()
    altered: Mapping[str, Amount] = field(default_factory=dict)
    code_pools: Sequence[CodePool] = ()
    units: Sequence[UnitLimit] = ()
    spring_files: Sequence[SpringFile] = ()

    @property
    def one_server(self) -> bool:
        """Whether there is no second server that ALTER SYSTEM could be meant for."""
        running = sum(len(one.servers) for one in self.projects if not one.variant)
        return (running or len(self.server_files)) <= 1

    def over(self, settings: Mapping[str, Amount]) -> dict[str, Amount]:
        """What a server's files set, with ALTER SYSTEM over it."""
        return with_altered(settings, self.altered, alone=self.one_server)


def found_stacks(found: Found, context: Context) -> list[Stack]:
    """A stack for each server of each project, then for pooler files outside of projects."""
    stacks: list[Stack] = []
    taken: set[Path] = set()
    known: dict[Origin, list[Topology]] = {}
    for project in found.projects:
        complete = with_code_pools(project, found.code_pools)
        made = _Projects(complete, found, context, taken).stacks()
        if project.variant:
            made = [one for one in made if one.topology not in known.get(one.topology.origin, ())]
        for stack in made:
            stack.variant = project.variant
            known.setdefault(stack.topology.origin, []).append(stack.topology)
        stacks.extend(made)
    groups: dict[Path, list[PoolerFile]] = {}
    for one in found.pooler_files:
        if one.configuration.path not in taken:
            groups.setdefault(one.configuration.path.parent, []).append(one)
    stacks.extend(_of_folder(folder, groups[folder], found, context) for folder in sorted(groups))
    if not stacks:
        stacks.extend(_of_server_file(one, found, context) for one in found.server_files)
    return stacks


def unknown_pooler(name: str, origin: Origin, instances: Amount, reason: str) -> Pooler:
    """A pooler of which nothing is known but that it is there."""
    size = unknown_amount("pool size", reason, origin)
    return Pooler(
        name=name,
        origin=origin,
        kind="unknown",
        instances=instances,
        versions=((1, 24),),
        entries=(PoolerEntry(ANY, origin),),
        default_pool_size=size,
        max_client_conn=unknown_amount("max_client_conn", reason, origin),
    )


class _Projects:
    """The stacks of one project."""

    def __init__(self, project: Project, found: Found, context: Context, taken: set[Path]) -> None:
        self._project = project
        self._found = found
        self._context = context
        self._taken = taken
        self._gaps: list[NotParsed] = []
        self._files: set[str] = set()
        self._notes: list[Notes] = []

    def stacks(self) -> list[Stack]:
        project = self._project
        poolers: list[tuple[Pooler, frozenset[str]]] = [
            (ready.pooler, ready.hosts) for ready in project.poolers
        ]
        for run in project.pooler_runs:
            pooler = self._pooler(run)
            if pooler is not None:
                poolers.append((pooler, run.hosts))
        applications = self._applications(poolers)
        services = self._connected_services(poolers, applications)
        # A pooler whose clients are not declared is open to all anyway.
        services = [one for one in services if one.pooler is None or one.user or one.database]
        hosts = {one.service.name: one.host for one in applications}
        if not project.servers:
            stack = self._stack(None, [one for one, _ in poolers], services) if poolers else None
            if stack is not None:
                stack.pooler_hosts = {pooler.name: names for pooler, names in poolers}
            near = [
                one for one in self._found.server_files if one.file.path.parent == project.folder
            ]
            if stack is not None and len(near) == 1:
                server = _server_of_file(
                    near[0], self._found, self._context, stack.gaps, stack.files
                )
                own = _of_one_server(stack.topology.poolers)
                stack.topology = replace(stack.topology, server=server, poolers=tuple(own))
            return [stack] if stack is not None else []
        single = len(project.servers) == 1
        by_pooler: dict[str, list[int]] = {}
        by_host: dict[str, list[int]] = {}
        for number, service in enumerate(services):
            if service.pooler is not None:
                by_pooler.setdefault(service.pooler, []).append(number)
            elif (host := hosts[service.name]) is not None:
                for name in {host, host.partition(".")[0]}:
                    by_host.setdefault(name, []).append(number)
        stacks = []
        for run_server in project.servers:
            before = (_before(pooler, run_server, single) for pooler, _ in poolers)
            own = [pooler for pooler in before if pooler is not None]
            chosen = {one for pooler in own for one in by_pooler.get(pooler.name, ())}
            chosen.update(one for name in run_server.hosts for one in by_host.get(name, ()))
            connected = [services[one] for one in sorted(chosen)]
            if own or connected or run_server.settings:
                stack = self._stack(run_server, own, connected)
                stacks.append(self._with_hosts(stack, poolers))
        far = [pooler for one, _ in poolers if (pooler := _beyond(one, project.servers, single))]
        if far:
            chosen = {one for pooler in far for one in by_pooler.get(pooler.name, ())}
            stack = self._stack(None, far, [services[one] for one in sorted(chosen)])
            stack.beyond = True
            stacks.append(self._with_hosts(stack, poolers))
        return stacks

    def _with_hosts(self, stack: Stack, poolers: Sequence[tuple[Pooler, frozenset[str]]]) -> Stack:
        own = {pooler.name for pooler in stack.topology.poolers}
        stack.pooler_hosts = {one.name: hosts for one, hosts in poolers if one.name in own}
        return stack

    def _applications(self, poolers: Sequence[tuple[Pooler, frozenset[str]]]) -> list[ServiceFound]:
        """The project's services, and applications whose own files name one of its hosts.

        What the deployment says about a service (replicas, variables) wins over its files; the
        pool size of the files holds where the deployment says none.
        """
        names = {name for _, hosts in poolers for name in hosts}
        names |= {name for server in self._project.servers for name in server.hosts}
        own: dict[str, ServiceFound] = {}
        read: set[str] = set()
        for one in self._project.services:
            files = self._spring_files(one)
            read |= {file.name for file in files}
            self._add(own, one, files)
        for one in self._project.silent:
            files = self._spring_files(one)
            if files and self._add(own, one, files, frozenset(names)):
                read |= {file.name for file in files}
        for other in self._found.applications:
            if other.service.origin.path in read:
                continue
            deployed = [one for one in own.values() if runs(one, other)]
            if not deployed and _is_host(other.host, frozenset(names)):
                runner = only_runner(other.source, self._project) if other.source else None
                if runner is not None:
                    deployed = [replace(runner, host=other.host)]
                else:
                    files = self._spring_files(other)
                    read |= {file.name for file in files}
                    self._add(own, other, files)
            for one in deployed:
                if not one.service.pool.exact:
                    own[one.service.name] = with_files(one, other)
                for each in of_file(one, other.further):
                    own[each.service.name] = each
        return list(own.values())

    def _add(
        self,
        own: dict[str, ServiceFound],
        one: ServiceFound,
        files: Sequence[SpringFile],
        hosts: frozenset[str] | None = None,
    ) -> bool:
        """Adds a service with what Spring's files say of it, and its further pools.

        With `hosts` only if it connects to one of them; returns whether it was added.
        """
        found = [one, *of_environment(one), *of_file(one, one.further)]
        if files:
            from connguard.budget import spring

            main, others = spring.completed(one, files)
            if hosts is not None and not _is_host(main.host, hosts):
                return False
            found += [main, *others]
            self._files |= {file.name for file in files}
        own.update((each.service.name, each) for each in found)
        return True

    def _spring_files(self, one: ServiceFound) -> list[SpringFile]:
        if not self._found.spring_files:
            return []
        from connguard.budget import spring  # a parser of YAML that few projects need

        return spring.files_of(one, self._project, self._found.spring_files)

    def _stack(
        self, run: ServerRun | None, poolers: Sequence[Pooler], services: Sequence[Service]
    ) -> Stack:
        parts = self._server(run) if run else None
        server = parts.server() if parts else None
        origin = run.origin if run else poolers[0].origin
        topology = Topology(
            origin=origin,
            services=tuple(services),
            poolers=tuple(poolers),
            roles=tuple(self._found.roles),
            databases=tuple(self._found.databases),
            server=server,
        )
        files = {origin.path, *self._files}
        return Stack(topology, list(self._gaps), files, notes=list(self._notes), parts=parts)

    def _server(self, run: ServerRun) -> ServerParts:
        settings = dict(run.written)
        file = _readable(run.config, self._context)
        if file is not None:
            settings, gaps = settings_of(file, self._context)
            self._gaps.extend(gaps)
            self._files.add(file.name)
        return ServerParts(
            run.name,
            run.origin,
            run.hosts,
            self._found.over(settings),
            run.settings,  # the command line wins over postgresql.auto.conf
            run.version,
            run.provider_reserved,
        )

    def _pooler(self, run: PoolerRun) -> Pooler | None:
        for path in run.configs:
            file = _readable(path, self._context)
            configuration = pgbouncer_ini.read(file, self._context) if file else None
            if configuration is not None:
                self._taken.add(configuration.path)
                self._files |= {one.name for one in configuration.files}
                deployment = Deployment(
                    run.name,
                    run.instances,
                    run.version,
                    open_files=run.open_files,
                    beside=len(self._project.pooler_runs) - 1,
                )
                pooler, gaps = to_pooler(configuration, deployment, self._context)
                self._gaps.extend(gaps)
                return pooler
        reason = "its configuration file is not in the repository"
        self._gaps.append(NotParsed(f"pooler {run.name}: {reason}", run.origin))
        return unknown_pooler(run.name, run.origin, run.instances, reason)

    def _connected_services(
        self,
        poolers: Sequence[tuple[Pooler, frozenset[str]]],
        applications: Sequence[ServiceFound],
    ) -> list[Service]:
        """The services, each with its pooler and what its code needs of it."""
        runners = [
            Runner(self._connected(poolers, one.service, one.host), one.source)
            for one in applications
        ]
        own = [pooler for pooler, _ in poolers]
        project = self._project
        found = with_uses(runners, project.unclear, own, project.folder, self._context)
        self._gaps.extend(found.gaps)
        self._notes.extend(found.notes)
        self._files |= found.files
        return found.services

    def _connected(
        self,
        poolers: Sequence[tuple[Pooler, frozenset[str]]],
        service: Service,
        host: str | None,
    ) -> Service:
        for pooler, hosts in poolers:
            if _is_host(host, hosts):
                return replace(service, pooler=pooler.name)
        return service


def runs(deployed: ServiceFound, application: ServiceFound) -> bool:
    """Whether a service of a deployment runs this application: by its name, or its folder."""
    if deployed.service.name == application.service.name:
        return True
    return deployed.source is not None and deployed.source == application.source


def with_files(deployed: ServiceFound, application: ServiceFound) -> ServiceFound:
    """The service with what the application's own files say, where the deployment is silent."""
    pool = sized(application.service.pool, application.pool_variable, deployed.environment)
    service = replace(
        deployed.service,
        pool=pool,
        needs=application.service.needs,
        timeouts=application.service.timeouts,
        database=deployed.service.database or application.service.database,
        user=deployed.service.user or application.service.user,
        database_origin=deployed.service.database_origin or application.service.database_origin,
    )
    return replace(deployed, service=service)


def _is_host(host: str | None, names: frozenset[str]) -> bool:
    """Whether a host name is one of these; `db.namespace.svc` is db."""
    return host is not None and (host in names or host.partition(".")[0] in names)


def _before(pooler: Pooler, server: ServerRun, single: bool) -> Pooler | None:
    """The pooler with what of it leads to a server; None where nothing does."""
    if single and not any(entry.host for entry in pooler.entries):
        return pooler
    entries = tuple(replace(entry, leads_here=_leads_to(entry, server)) for entry in pooler.entries)
    if all(entry.leads_here is False for entry in entries):
        return None
    return replace(pooler, entries=entries)


def _beyond(pooler: Pooler, servers: Sequence[ServerRun], single: bool) -> Pooler | None:
    """The pooler with what of it leads to none of the servers, where the rest leads to one."""
    shown = [one for server in servers if (one := _before(pooler, server, single)) is not None]
    far = [
        all(one.leads_here is False for one in same)
        for same in zip(*(one.entries for one in shown), strict=True)
    ]
    if not any(far):
        return None
    pairs = zip(pooler.entries, far, strict=True)
    return replace(pooler, entries=tuple(replace(one, leads_here=out) for one, out in pairs))


def _leads_to(entry: PoolerEntry, server: ServerRun) -> bool | None:
    host = entry.host or ""
    if any(_is_host(one, server.hosts) for one in host.split(",")):
        return True
    return None if not host or pgbouncer_ini.is_template(host) else False


def _of_one_server(poolers: Sequence[Pooler]) -> list[Pooler]:
    """The poolers before a server whose name nothing says: which of several is not known."""
    hosts = {entry.host or "" for pooler in poolers for entry in pooler.entries}
    if len({"" if host in _LOCAL or host.startswith("/") else host for host in hosts}) <= 1:
        return list(poolers)
    return [
        replace(one, entries=tuple(replace(entry, leads_here=None) for entry in one.entries))
        for one in poolers
    ]


def _of_folder(folder: Path, group: Sequence[PoolerFile], found: Found, context: Context) -> Stack:
    gaps: list[NotParsed] = []
    names: set[str] = set()
    poolers = []
    for one in group:
        configuration = one.configuration
        names.update(file.name for file in configuration.files)
        deployment = Deployment(
            configuration.path.stem,
            exactly(1, "instances"),
            open_files=limit_of(configuration.path, found.units),
            beside=len(group) - 1,
        )
        pooler, missing = to_pooler(configuration, deployment, context)
        gaps.extend(missing)
        poolers.append(pooler)
    near = [one for one in found.server_files if one.file.path.parent == folder]
    every = list(found.server_files)
    chosen = near or (every if len(every) == 1 and not found.projects else [])
    server = _server_of_statements(found)
    if chosen:
        server = _server_of_file(chosen[0], found, context, gaps, names)
    if server is not None or found.roles or found.databases:
        poolers = _of_one_server(poolers)
    topology = Topology(
        origin=poolers[0].origin,
        poolers=tuple(poolers),
        roles=tuple(found.roles),
        databases=tuple(found.databases),
        server=server,
    )
    return Stack(topology, gaps, names)


def _of_server_file(one: ServerFile, found: Found, context: Context) -> Stack:
    gaps: list[NotParsed] = []
    names: set[str] = set()
    server = _server_of_file(one, found, context, gaps, names)
    topology = Topology(
        server.origin, roles=tuple(found.roles), databases=tuple(found.databases), server=server
    )
    # The file's own problems belong to whoever judges it as a file.
    return Stack(topology, [], names)


def _server_of_file(
    one: ServerFile, found: Found, context: Context, gaps: list[NotParsed], names: set[str]
) -> Server:
    names.add(one.file.name)
    if one.settings is None:
        settings, missing = settings_of(one.file, context)
        gaps.extend(missing)
        settings = found.over(settings)
    else:
        settings = {**found.over({}), **one.settings}
    text = context.text(one.file)
    origin = text.line_origin(1) if text else Origin(one.file.name, 1, 1, 1, 1)
    return server_of(origin, settings, None)


def _server_of_statements(found: Found) -> Server | None:
    """A server of which nothing is known but what ALTER SYSTEM sets."""
    most = found.altered.get("max_connections")
    if most is None or most.origin is None or not found.one_server:
        return None
    return server_of(most.origin, found.altered, None)


def _readable(path: Path | None, context: Context) -> SourceFile | None:
    return context.file(path) if path is not None else None
