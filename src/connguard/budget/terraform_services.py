# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that Terraform runs on ECS, Cloud Run and App Service: how many, and what they use.

References to the database are not resolved: a value that names the server's resource is taken for
its host, which is right where a configuration has one server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connguard.budget import applications
from connguard.budget.discovered import ServiceFound
from connguard.budget.terraform_containers import container_sources, name_of_container
from connguard.budget.terraform_maps import Entry, entries
from connguard.policies.model.amount import UNBOUNDED, Amount, exactly, saturate, unknown_amount
from connguard.policies.model.origin import Known, Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_value import Setting, Unresolved, integer
from connguard.policies.model.whole_numbers import whole

if TYPE_CHECKING:
    from connguard.budget.terraform_topology import Body, Resource

TYPES = (
    "aws_ecs_service",
    "aws_ecs_task_definition",
    "aws_appautoscaling_target",
    "google_cloud_run_v2_service",
    "google_cloud_run_service",
    "azurerm_service_plan",
    "azurerm_linux_web_app",
    "azurerm_windows_web_app",
    "azurerm_monitor_autoscale_setting",
)
ECS_MOST_PERCENT = 200
"""deployment_maximum_percent of an ECS service that sets none.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
"""
_MAX_SCALE = "autoscaling.knative.dev/maxScale"
_QUOTA = "the maximum of {} (without one, quotas of the region decide)"
"""What Cloud Run does without a maximum; it was 100 instances before.

https://cloud.google.com/run/docs/configuring/max-instances-limits
"""

Variables = dict[str, tuple[str, Origin, bool]]
Raw = Callable[[Origin], str]
"""The source at a place; empty where there is none (a plan)."""

_SERVER = lazily(
    r"\b(?:aws_db_instance|google_sql_database_instance|azurerm_postgresql_flexible_server"
    r"|digitalocean_database_cluster)\."
)
_PROXY = lazily(r"\baws_db_proxy\.")
_ELSEWHERE = "unknown"
"""Stands for a reference in a connection string that may be to the server or to another one."""
_REFERENCE = lazily(r"\$\{([^{}]*)\}")
_VARIABLE = lazily(
    r"""["']?name["']?\s*[=:]\s*"(\w+)"\s*+(?:,\s*+)?"""
    r"""["']?value["']?\s*[=:]\s*("(?:[^"\n\\]|\\.)*"|[^\n,}]+)"""
)
_DATABASE = lazily(r'"(?:DATABASE_URL|DB_HOST|DATABASE_HOST|PGHOST|POSTGRES_HOST)"')


def services(
    found: Mapping[str, Sequence[Resource]],
    raw: Raw,
    server: str,
    proxy: str | None,
    names: Sequence[str] = (),
) -> Iterator[tuple[ServiceFound, frozenset[str]]]:
    """The services; `server` and `proxy` are the hosts that stand for references to them.

    With each service come those of `names` (`aws_db_instance.db`) to which it refers.
    """
    patterns = {name: re.compile(rf"\b{re.escape(name)}\b(?!\[)") for name in names}
    hits: set[str] = set()

    def resolve(text: str) -> tuple[str, bool]:
        hits.update(name for name, pattern in patterns.items() if pattern.search(text))
        if _PROXY.search(text) and proxy is not None:
            return proxy, True
        return (server, True) if _SERVER.search(text) else (text, False)

    for one in _services(_Reader(raw, resolve, proxy or server), found):
        yield one, frozenset(hits)
        hits.clear()


def _services(reader: _Reader, found: Mapping[str, Sequence[Resource]]) -> Iterator[ServiceFound]:
    for service in found["aws_ecs_service"]:
        task = reader.task(service, found["aws_ecs_task_definition"])
        if task is not None:
            yield from reader.ecs(service, task, found["aws_appautoscaling_target"])
    for service in found["google_cloud_run_v2_service"]:
        yield from reader.cloud_run(service)
    for service in found["google_cloud_run_service"]:
        yield from reader.knative(service)
    for kind in ("azurerm_linux_web_app", "azurerm_windows_web_app"):
        for service in found[kind]:
            one = reader.app_service(
                service, found["azurerm_service_plan"], found["azurerm_monitor_autoscale_setting"]
            )
            if one is not None:
                yield one


@dataclass(frozen=True, slots=True)
class _Container:
    """`mentions` is whether it has a variable that says where a database is."""

    name: str
    environment: Variables
    mentions: bool


class _Reader:
    def __init__(self, raw: Raw, resolve: Callable[[str], tuple[str, bool]], host: str) -> None:
        self._raw = raw
        self._resolve = resolve
        self._host = host

    def task(self, service: Resource, tasks: Sequence[Resource]) -> Resource | None:
        """The task definition that the service names, or the only one."""
        setting = service.body.setting("task_definition")
        text = self._text(setting)
        named = [
            task
            for task in tasks
            if re.search(rf"aws_ecs_task_definition\.{re.escape(task.name)}\b", text)
        ]
        if named:
            return named[0]
        return tasks[0] if len(tasks) == 1 else None

    def ecs(
        self, service: Resource, task: Resource, targets: Sequence[Resource]
    ) -> Iterator[ServiceFound]:
        name = self._plain(service.body, "name") or service.name
        definitions = task.body.setting("container_definitions")
        if definitions is None:
            return
        instances = self._tasks(service, name)
        for target in targets:
            setting = target.body.setting("resource_id")
            text = self._text(setting)
            if text.endswith(f"/{name}") or f"aws_ecs_service.{service.name}." in text:
                instances = self._number(target.body, "max_capacity", 1, f"max_capacity of {name}")
        most = self._number(
            service.body,
            "deployment_maximum_percent",
            ECS_MOST_PERCENT,
            "deployment_maximum_percent",
        )
        surge = _surge(instances, most, name)
        containers = self._of_definitions(definitions)
        yield from self._containers(name, service.origin, containers, instances, surge)

    def _tasks(self, service: Resource, name: str) -> Amount:
        """desired_count; Terraform's default is 0, but then something else scales the service.

        https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ecs_service
        """
        label = f"desired_count of {name}"
        if service.body.setting("desired_count") is not None:
            return self._number(service.body, "desired_count", 0, label)
        reason = f"how many tasks of {name} run"
        return unknown_amount(label, reason, service.origin)

    def cloud_run(self, service: Resource) -> Iterator[ServiceFound]:
        name = self._plain(service.body, "name") or service.name
        template = next(iter(service.body.blocks("template")), None)
        if template is None:
            return
        label = f"max_instance_count of {name}"
        scaled = [
            self._number(block, "max_instance_count", 0, label)
            for body in (service.body, template)
            for block in body.blocks("scaling")
            if block.setting("max_instance_count") is not None
        ]
        instances = min(scaled, key=lambda one: one.high) if scaled else _unlimited(service, name)
        containers = self._of_blocks(template.blocks("containers"))
        yield from self._containers(name, service.origin, containers, instances, exactly(0))

    def knative(self, service: Resource) -> Iterator[ServiceFound]:
        """Cloud Run's first resource, with the scaling in annotations.

        https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/cloud_run_service
        """
        name = self._plain(service.body, "name") or service.name
        template = next(iter(service.body.blocks("template")), None)
        if template is None:
            return
        instances = _unlimited(service, name)
        for metadata in template.blocks("metadata"):
            maximum = entries(metadata.setting("annotations"), self._raw).get(_MAX_SCALE)
            if maximum is not None:
                instances = _counted(maximum, f"maxScale of {name}")
        blocks = (one for spec in template.blocks("spec") for one in spec.blocks("containers"))
        containers = self._of_blocks(blocks)
        yield from self._containers(name, service.origin, containers, instances, exactly(0))

    def app_service(
        self, service: Resource, plans: Sequence[Resource], scalers: Sequence[Resource]
    ) -> ServiceFound | None:
        """An app of Azure's App Service: as many instances as its plan has workers.

        https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/service_plan
        """
        name = self._plain(service.body, "name") or service.name
        environment: dict[str, tuple[str, Origin, bool]] = {}
        for key, entry in entries(service.body.setting("app_settings"), self._raw).items():
            if entry.value is not None:
                environment[key] = entry.value, entry.origin, True
            else:
                setting = Setting(Unresolved("a reference"), entry.origin)
                environment[key] = self._value(entry.code, setting)
        mentions = any(_DATABASE.fullmatch(f'"{key}"') for key in environment)
        own = self._text(service.body.setting("service_plan_id"))
        plan = next((one for one in plans if f"azurerm_service_plan.{one.name}." in own), None)
        if plan is None and len(plans) == 1:
            plan = plans[0]
        instances = self._workers(name, service, plan, scalers)
        return self._service(name, service.origin, environment, instances, exactly(0), mentions)

    def _workers(
        self,
        name: str,
        service: Resource,
        plan: Resource | None,
        scalers: Sequence[Resource],
    ) -> Amount:
        label = f"workers of {name}"
        unknown = unknown_amount(label, f"worker_count of the plan of {name}", service.origin, 1)
        if plan is None:
            return unknown
        scaled = [
            self._number(capacity, "maximum", 1, f"maximum of {name}")
            for scaler in scalers
            if f"azurerm_service_plan.{plan.name}."
            in self._text(scaler.body.setting("target_resource_id"))
            for profile in scaler.body.blocks("profile")
            for capacity in profile.blocks("capacity")
        ]
        for count in ("worker_count", "maximum_elastic_worker_count"):
            if plan.body.setting(count) is not None:
                scaled.append(self._number(plan.body, count, 1, f"{count} of {plan.name}"))
        return max(scaled, key=lambda one: one.high) if scaled else unknown

    def _service(
        self,
        name: str,
        origin: Origin,
        environment: dict[str, tuple[str, Origin, bool]],
        instances: Amount,
        surge: Amount,
        mentions: bool,
    ) -> ServiceFound | None:
        found = applications.of_environment(name, origin, environment)
        if found is not None:
            service, host, port = found
            if host == _ELSEWHERE:
                reason = f"whether {name} uses this server"
                instances = unknown_amount(instances.name, reason, origin, 0, instances.high)
                surge = replace(surge, low=0)
                host = self._host
            return ServiceFound(
                applications.replicated(service, instances, surge), host or self._host, port
            )
        if not mentions:
            return None
        opaque = applications.replicated(applications.opaque(name, origin), instances, surge)
        return ServiceFound(opaque, self._host)

    def _containers(
        self,
        name: str,
        origin: Origin,
        containers: Iterable[_Container],
        instances: Amount,
        surge: Amount,
    ) -> Iterator[ServiceFound]:
        """The first container with a database has the service's name, the others their own."""
        first = True
        for one in containers:
            own = name if first else f"{name}/{one.name}"
            found = self._service(own, origin, one.environment, instances, surge, one.mentions)
            if found is not None:
                first = False
                yield found

    def _of_blocks(self, blocks: Iterable[Body]) -> Iterator[_Container]:
        for number, block in enumerate(blocks):
            environment: Variables = {}
            mentions = False
            for variable in block.blocks("env"):
                key = self._plain(variable, "name")
                value = variable.setting("value")
                mentions = mentions or bool(_DATABASE.fullmatch(f'"{key}"'))
                if value is not None:
                    environment[key] = self._value(self._text(value), value)
            yield _Container(self._plain(block, "name") or str(number), environment, mentions)

    def _of_definitions(self, setting: Setting) -> Iterator[_Container]:
        """The environment of each container, from JSON or from the source of `jsonencode`."""
        known = _containers(setting.value)
        for number, container in enumerate(known):
            environment: Variables = {}
            for variable in _list(container.get("environment")):
                key, value = variable.get("name"), variable.get("value")
                if isinstance(key, str) and value is not None:
                    environment[key] = str(value), setting.origin, True
            mentions = bool(_DATABASE.search(json.dumps(container)))
            yield _Container(str(container.get("name") or number), environment, mentions)
        if known:
            return
        for number, source in enumerate(container_sources(self._raw(setting.origin))):
            environment = {
                match[1]: self._value(match[2].strip(), setting)
                for match in _VARIABLE.finditer(source)
            }
            mentions = bool(_DATABASE.search(source))
            yield _Container(name_of_container(source) or str(number), environment, mentions)

    def _value(self, text: str, setting: Setting) -> tuple[str, Origin, bool]:
        """A value with references to the server filled in; whether all of it is known."""
        if not isinstance(setting.value, Unresolved) and text == setting.value:
            return text, setting.origin, True
        expression = text.partition("=")[2].strip() if re.match(r"value\s*=", text) else text
        if not expression.startswith('"'):
            filled, known = self._resolve(expression)
            plain = expression.isdecimal()
            return filled, setting.origin, known or plain
        whole = True

        def fill(match: re.Match[str]) -> str:
            nonlocal whole
            filled, known = self._resolve(match[1])
            whole = whole and known
            return filled if known else _ELSEWHERE

        filled = _REFERENCE.sub(fill, expression.strip('"'))
        return filled, setting.origin, whole

    def _text(self, setting: Setting | None) -> str:
        if setting is None:
            return ""
        return setting.value if isinstance(setting.value, str) else self._raw(setting.origin)

    def _plain(self, body: Body, name: str) -> str:
        setting = body.setting(name)
        return setting.value if setting is not None and isinstance(setting.value, str) else ""

    def _number(self, body: Body, name: str, default: int, label: str) -> Amount:
        value = integer(body.settings(name), name)
        if value is None:
            return exactly(default, f"{label} (default)", body.origin)
        if isinstance(value, Known):
            return exactly(max(0, value.value), label, value.origin)
        return unknown_amount(label, value.reason, value.origin)


def _surge(instances: Amount, most: Amount, name: str) -> Amount:
    """Tasks beyond the others in a deployment; `most` is the percentage of all together."""

    def more(high: bool) -> int:
        count, percent = instances.at(high), max(0, most.at(high) - 100)
        if count and percent and UNBOUNDED in (count, most.at(high)):
            return UNBOUNDED
        return saturate(count * percent // 100)

    low, high = more(False), more(True)
    reason = (instances.reason or most.reason) if low != high else ""
    return Amount(low, high, f"deployment of {name}", most.origin, reason)


def _unlimited(service: Resource, name: str) -> Amount:
    return unknown_amount(f"instances of {name}", _QUOTA.format(name), service.origin, low=1)


def _counted(entry: Entry, label: str) -> Amount:
    if entry.value is not None and entry.value.isdecimal():
        return exactly(whole(entry.value), label, entry.origin)
    return unknown_amount(label, f"{entry.code or entry.value} is set elsewhere", entry.origin, 1)


def _containers(value: object) -> list[dict[str, Any]]:
    try:
        return _list(json.loads(value)) if isinstance(value, str) else []
    except (ValueError, RecursionError):
        return []


def _list(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
