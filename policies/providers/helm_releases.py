# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Helm releases of PostgreSQL and pooler charts whose Services leave the cluster.

https://registry.terraform.io/providers/hashicorp/helm/latest/docs/resources/release
https://github.com/bitnami/charts/blob/main/bitnami/postgresql/values.yaml
https://github.com/bitnami/charts/blob/main/bitnami/postgresql-ha/values.yaml
The charts make Services of the type ClusterIP unless a value says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from connguard.policies.model.addresses import ALL_IPV4
from connguard.policies.model.database_facts import PublishedPort
from connguard.policies.model.kubernetes_service import is_internal
from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Known, Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.ports import POOLERS, POSTGRES
from connguard.policies.model.records import dataclass
from connguard.policies.model.simple_yaml import parse
from connguard.policies.model.terraform_guards import doubtful, everybody
from connguard.policies.model.terraform_network import sources
from connguard.policies.model.terraform_resource import Inventory, Resource, ResourceTable
from connguard.policies.model.terraform_value import Setting, Unresolved

CHARTS: dict[str, tuple[int, tuple[str, ...]]] = {
    "postgresql": (POSTGRES, ("primary.service", "readReplicas.service", "service")),
    "postgresql-ha": (POSTGRES, ("service",)),
    "pgbouncer": (POOLERS[0], ("service",)),
}
"""The port of a chart's Services, and the paths of their values (`service` in old versions)."""

TABLES = (
    ResourceTable(
        ("helm_release",),
        ("chart", "values", "set", "set_list"),
        "The charts postgresql, postgresql-ha and pgbouncer: primary.service, readReplicas.service"
        " and service with type, loadBalancerSourceRanges, loadBalancerClass and annotations.",
    ),
)

_INDEX = lazily(r"\[\d+\]$")
_OUTSIDE = ("LoadBalancer", "NodePort")


@dataclass(slots=True)
class _Values:
    """The values of a release: by path, and what could not be read."""

    known: dict[tuple[str, ...], Setting] = field(default_factory=dict)
    doubts: list[tuple[str, Origin]] = field(default_factory=list)

    def at(self, path: str) -> Setting | None:
        return self.known.get(tuple(path.split(".")))

    def below(self, path: str) -> dict[str, object]:
        start = tuple(path.split("."))
        return {
            ".".join(key[len(start) :]): setting.value
            for key, setting in self.known.items()
            if key[: len(start)] == start and len(key) > len(start)
        }


def facts(inventory: Inventory) -> Iterator[object]:
    for release in inventory.of("helm_release"):
        chart = release.body.setting("chart")
        if chart is None or not isinstance(chart.value, str):
            continue
        name = chart.value.rstrip("/").rpartition("/")[2]
        if name in CHARTS:
            yield from _release(inventory, release, *CHARTS[name])


def _release(
    inventory: Inventory, release: Resource, port: int, paths: Sequence[str]
) -> Iterator[object]:
    values = _values(release)
    for path in paths:
        kind = values.at(f"{path}.type")
        if kind is None:
            continue
        if isinstance(kind.value, Unresolved):
            values.doubts.append((kind.value.reason, kind.origin))
        elif kind.value == "LoadBalancer":
            rule = _load_balancer(release, values, path, kind)
            if rule is not None:
                yield _endpoint(inventory, release, rule, port)
        elif kind.value == "NodePort":
            node_port = values.at(f"{path}.nodePorts.postgresql")
            text = str(node_port.value) if node_port is not None else ""
            yield PublishedPort(
                release.address,
                None,
                Known(int(text), kind.origin) if text.isdecimal() and len(text) < 6 else None,
                port,
                kind.origin,
            )
    if values.doubts:
        reason, place = values.doubts[0]
        yield _endpoint(inventory, release, doubtful(release, reason, place), port)


def _endpoint(inventory: Inventory, release: Resource, rule: Rule, port: int) -> Endpoint:
    return Endpoint(
        f"the load balancer of {release.address}",
        (port,),
        ((rule,),),
        rule.origin,
        (Target(release.address, release.origin),),
        inventory.limits,
    )


def _load_balancer(release: Resource, values: _Values, path: str, kind: Setting) -> Rule | None:
    load_balancer_class = values.at(f"{path}.loadBalancerClass")
    annotations = values.below(f"{path}.annotations")
    if is_internal(annotations, load_balancer_class.value if load_balancer_class else None):
        return None
    ranges = values.at(f"{path}.loadBalancerSourceRanges")
    if ranges is None or ranges.value in (None, [], ()):
        why = "a load balancer without loadBalancerSourceRanges is for everybody"
        return everybody(release, why, kind.origin, ALL_IPV4)
    found = sources(ranges, "loadBalancerSourceRanges")
    return Rule(ranges.origin, found.known, unknown=found.unknown, calls=release.calls)


# --- values ---------------------------------------------------------------------------------------


def _values(release: Resource) -> _Values:
    """The values of a release; `set` wins over `values`, a later one over an earlier one."""
    found = _Values()
    texts = release.body.setting("values")
    if texts is not None and texts.value is not None:
        items = texts.value if isinstance(texts.value, (list, tuple)) else [texts.value]
        for item in items:
            _read(item, texts.origin, found)
    for kind in ("set", "set_list"):
        for body in release.body.blocks(kind):
            name, value = body.setting("name"), body.setting("value")
            if name is None or value is None or not isinstance(name.value, str):
                continue
            _set(_path(name.value), value, found)
    return found


def _read(item: object, origin: Origin, found: _Values) -> None:
    """What a text of values says. Checkov gives it without its line breaks: that is no YAML."""
    if isinstance(item, Unresolved):
        found.doubts.append((item.reason, origin))
        return
    if not isinstance(item, str):
        return
    content = parse(item) if "\n" in item.strip() or ":" not in item else None
    if content is not None:
        _flatten(content, (), origin, found, 0)
    elif any(word in item for word in _OUTSIDE):
        found.doubts.append(("values is YAML that cannot be read here", origin))


def _flatten(
    content: Mapping[str, object],
    path: tuple[str, ...],
    origin: Origin,
    found: _Values,
    depth: int,
) -> None:
    for key, value in content.items():
        if isinstance(value, Mapping) and depth < 30:
            _flatten(value, (*path, key), origin, found, depth + 1)
        else:
            found.known[*path, key] = Setting(value, origin)


def _path(name: str) -> tuple[str, ...]:
    r"""The keys of a `set` name: `a.b`, with `\.` for a dot in a key."""
    return tuple(part.replace("\0", ".") for part in name.replace("\\.", "\0").split("."))


def _set(path: tuple[str, ...], value: Setting, found: _Values) -> None:
    last = path[-1]
    if _INDEX.search(last):
        key = (*path[:-1], _INDEX.sub("", last))
        before = found.known.get(key)
        items = before.value if before is not None and isinstance(before.value, list) else []
        found.known[key] = Setting([*items, value.value], value.origin)
        return
    content = value.value
    if isinstance(content, str) and content.startswith("{") and content.endswith("}"):
        content = [item.strip() for item in content[1:-1].split(",") if item.strip()]
    found.known[path] = Setting(content, value.origin)
