# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects from which operators make Services for PostgreSQL, and whether they insist on TLS.

CloudNativePG (docs/src/service_management.md, postgresql_conf.md: the last rule of pg_hba.conf is
`host all all all`; pkg/management/pgbouncer/config), Zalando's operator
(docs/reference/cluster_manifest.md; without allowedSourceRanges the operator lets in 127.0.0.1/32
only, pkg/cluster/k8sres.go), StackGres (SGCluster.yaml), Percona (deploy/cr.yaml; plain connections
are let in unless tlsOnly is set), Crunchy (PostgresCluster; the operator writes hostssl rules).
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.containers.manifests import Manifest
from connguard.containers.service_exposure import RANGES, Exposure, entries, facts
from connguard.engine.yaml_source import Node
from connguard.policies.model.addresses import BreadthLimits
from connguard.policies.model.database_facts import TlsRequirement
from connguard.policies.model.network import Endpoint, Target
from connguard.policies.model.origin import Known, Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.ports import POSTGRES

_CNPG = "postgresql.cnpg.io"
_ZALANDO = "acid.zalan.do"
_STACKGRES = "stackgres.io"
_PERCONA = ("pgv2.percona.com", "pg.percona.com")
_CRUNCHY = "postgres-operator.crunchydata.com"
_REFUSES_PLAIN = lazily(r"\s*hostnossl\s+all\s+all\s+(?:all|0\.0\.0\.0/0)\s+reject\b")

_ZALANDO_SWITCHES = (
    ("enableMasterLoadBalancer", "the primary"),
    ("enableReplicaLoadBalancer", "the replicas"),
    ("enableMasterPoolerLoadBalancer", "the pooler"),
    ("enableReplicaPoolerLoadBalancer", "the pooler of the replicas"),
)
_PARTS = {
    "PostgresCluster": (
        (("service",), "the primary"),
        (("replicaService",), "the replicas"),
        (("proxy", "pgBouncer", "service"), "PgBouncer"),
    ),
    "PerconaPGCluster": (
        (("expose",), "the primary"),
        (("exposeReplicas",), "the replicas"),
        (("proxy", "pgBouncer", "expose"), "PgBouncer"),
        (("pgPrimary", "expose"), "the primary"),
        (("pgReplicas", "expose"), "the replicas"),
        (("pgBouncer", "expose"), "PgBouncer"),
    ),
    "SGCluster": (
        (("postgresServices", "primary"), "the primary"),
        (("postgresServices", "replicas"), "the replicas"),
    ),
}
KINDS = ("Cluster", "Pooler", "postgresql", *_PARTS)


def read(manifest: Manifest, limits: BreadthLimits, purpose: str | None) -> Iterator[object]:
    """What an object of an operator exposes; nothing for other objects."""
    for exposed in _exposures(manifest, limits, purpose):
        found = list(facts(exposed))
        yield from found
        if any(isinstance(one, Endpoint) for one in found):
            node = exposed.type_node or exposed.spec.get("type")
            place = node.origin if node is not None else exposed.origin
            yield from _tls(manifest, exposed, place)


def _exposures(
    manifest: Manifest, limits: BreadthLimits, purpose: str | None
) -> Iterator[Exposure]:
    spec = manifest.spec
    if spec is None:
        return

    def exposure(
        part: str,
        body: Node,
        annotations: Node | None,
        *,
        port: int = POSTGRES,
        type_node: Node | None = None,
        type_text: str | None = None,
        sources: Node | None = None,
        closed: bool = False,
    ) -> Exposure:
        return Exposure(
            f"{part} of {manifest.name}",
            entries(body) | ({RANGES: sources} if sources is not None else {}),
            entries(annotations),
            ((port, _node_port(body)),),
            manifest.origin,
            Target(f"{manifest.kind} {manifest.name}", manifest.origin),
            type_node,
            type_text,
            closed=closed,
            purpose=purpose,
            limits=limits,
        )

    if manifest.group == _CNPG and manifest.kind == "Cluster":
        added = manifest.node.get("spec", "managed", "services", "additional")
        for one in added.elements() if added is not None else []:
            body = one.get("serviceTemplate", "spec")
            if body is not None:
                notes = one.get("serviceTemplate", "metadata", "annotations")
                yield exposure("a managed service", body, notes)
    elif manifest.group == _CNPG and manifest.kind == "Pooler":
        body = spec.get("serviceTemplate", "spec")
        if body is not None:
            yield exposure(
                "the service", body, spec.get("serviceTemplate", "metadata", "annotations")
            )
    elif manifest.group == _ZALANDO and manifest.kind == "postgresql":
        for name, part in _ZALANDO_SWITCHES:
            switch = spec.get(name)
            if switch is not None and switch.boolean:
                yield exposure(
                    part,
                    spec,
                    spec.get("serviceAnnotations"),
                    type_node=switch,
                    type_text="LoadBalancer",
                    sources=spec.get("allowedSourceRanges"),
                    closed=True,
                )
    elif manifest.kind in _PARTS and manifest.group in (_STACKGRES, *_PERCONA, _CRUNCHY):
        given = spec.get("port")
        port = given.integer if given is not None and given.integer else POSTGRES
        for path, part in _PARTS[manifest.kind]:
            body = spec.get(*path)
            kind = body.get("type") or body.get("serviceType") if body is not None else None
            if body is None or kind is None:
                continue
            notes = body.get("annotations") or body.get("metadata", "annotations")
            if manifest.kind == "SGCluster":
                notes = spec.get("metadata", "annotations", f"{path[-1].removesuffix('s')}Service")
                if notes is None:
                    notes = spec.get("metadata", "annotations", "services")
            yield exposure(part, body, notes, port=port, type_node=kind)


def _node_port(body: Node) -> int | None:
    found = body.get("nodePort")
    return found.integer if found is not None else None


def _tls(manifest: Manifest, exposed: Exposure, place: Origin) -> Iterator[TlsRequirement]:
    spec = manifest.spec
    if spec is None:
        return
    because = None
    if manifest.group == _CNPG and manifest.kind == "Cluster":
        lines = spec.get("postgresql", "pg_hba")
        rules = [one.string or "" for one in lines.elements()] if lines is not None else []
        if not any(_REFUSES_PLAIN.match(rule) for rule in rules):
            because = "the operator's last rule of pg_hba.conf is host all all all"
    elif manifest.group == _CNPG:
        mode = spec.get("pgbouncer", "parameters", "client_tls_sslmode")
        if mode is None or mode.string in ("disable", "allow", "prefer"):
            because = f"client_tls_sslmode is {mode.string if mode else 'prefer, the default'}"
    elif manifest.group in _PERCONA:
        only = spec.get("tlsOnly")
        if only is None or only.boolean is False:
            because = "tlsOnly is false" if only else "tlsOnly is not set, and false by default"
    if because is not None:
        yield TlsRequirement(exposed.title, Known(False, place), because, place)
