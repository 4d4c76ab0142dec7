# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that Terraform runs, on ECS and Cloud Run: how many, and what they connect to.

References to the database are not resolved: a value that names the server's resource is taken for
its host, which is right where a configuration has one server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connguard.budget import applications
from connguard.budget.discovered import ServiceFound
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.origin import Known, Origin
from connguard.policies.model.terraform_value import Setting, Unresolved, integer

if TYPE_CHECKING:
    from connguard.budget.terraform_topology import Body, Resource

TYPES = (
    "aws_ecs_service",
    "aws_ecs_task_definition",
    "aws_appautoscaling_target",
    "google_cloud_run_v2_service",
)
CLOUD_RUN_MOST = 100
"""Instances of a Cloud Run service that sets no maximum (Cloud Run, "Maximum instances")."""
ECS_MOST_PERCENT = 200
"""deployment_maximum_percent of an ECS service that sets none (ECS API, CreateService)."""

Raw = Callable[[Origin], str]
"""The source at a place; empty where there is none (a plan)."""

_SERVER = re.compile(
    r"\b(?:aws_db_instance|google_sql_database_instance|azurerm_postgresql_flexible_server"
    r"|digitalocean_database_cluster)\."
)
_PROXY = re.compile(r"\baws_db_proxy\.")
_REFERENCE = re.compile(r"\$\{([^{}]*)\}")
_VARIABLE = re.compile(
    r"""["']?name["']?\s*[=:]\s*"(\w+)"\s*,?\s*"""
    r"""["']?value["']?\s*[=:]\s*("(?:[^"\n\\]|\\.)*"|[^\n,}]+)"""
)
_DATABASE = re.compile(r'"(?:DATABASE_URL|DB_HOST|DATABASE_HOST|PGHOST|POSTGRES_HOST)"')


def services(
    found: Mapping[str, Sequence[Resource]], raw: Raw, server: str, proxy: str | None
) -> Iterator[ServiceFound]:
    """The services; `server` and `proxy` are the hosts that stand for references to them."""

    def resolve(text: str) -> tuple[str, bool]:
        if _PROXY.search(text) and proxy is not None:
            return proxy, True
        return (server, True) if _SERVER.search(text) else (text, False)

    reader = _Reader(raw, resolve, proxy or server)
    for service in found["aws_ecs_service"]:
        task = reader.task(service, found["aws_ecs_task_definition"])
        one = reader.ecs(service, task, found["aws_appautoscaling_target"]) if task else None
        if one is not None:
            yield one
    for service in found["google_cloud_run_v2_service"]:
        one = reader.cloud_run(service)
        if one is not None:
            yield one


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
    ) -> ServiceFound | None:
        name = self._plain(service.body, "name") or service.name
        definitions = task.body.setting("container_definitions")
        if definitions is None:
            return None
        environment = self._of_definitions(definitions)
        mentions = bool(_DATABASE.search(self._text(definitions)))
        instances = self._number(service.body, "desired_count", 1, f"desired_count of {name}")
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
        share = max(0, most.high - 100)
        surge = Amount(0, instances.high * share // 100, f"deployment of {name}", most.origin)
        surge = exactly(surge.high, surge.name, surge.origin) if instances.exact else surge
        return self._service(name, service.origin, environment, instances, surge, mentions)

    def cloud_run(self, service: Resource) -> ServiceFound | None:
        name = self._plain(service.body, "name") or service.name
        template = next(iter(service.body.blocks("template")), None)
        if template is None:
            return None
        environment: dict[str, tuple[str, Origin, bool]] = {}
        mentions = False
        for container in template.blocks("containers"):
            for variable in container.blocks("env"):
                key = self._plain(variable, "name")
                value = variable.setting("value")
                mentions = mentions or bool(_DATABASE.fullmatch(f'"{key}"'))
                if value is not None:
                    environment[key] = self._value(self._text(value), value)
        scaling = next(iter(template.blocks("scaling")), None)
        label = f"max_instance_count of {name}"
        instances = exactly(CLOUD_RUN_MOST, f"{label} (default)", service.origin)
        if scaling is not None:
            instances = self._number(scaling, "max_instance_count", CLOUD_RUN_MOST, label)
        return self._service(name, service.origin, environment, instances, exactly(0), mentions)

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
            return ServiceFound(
                applications.replicated(service, instances, surge), host or self._host, port
            )
        if not mentions:
            return None
        opaque = applications.replicated(applications.opaque(name, origin), instances, surge)
        return ServiceFound(opaque, self._host)

    def _of_definitions(self, setting: Setting) -> dict[str, tuple[str, Origin, bool]]:
        """The environment of all containers, from JSON or from the source of `jsonencode`."""
        found: dict[str, tuple[str, Origin, bool]] = {}
        for container in _containers(setting.value):
            for variable in _list(container.get("environment")):
                key, value = variable.get("name"), variable.get("value")
                if isinstance(key, str) and value is not None:
                    found[key] = str(value), setting.origin, True
        if not found:
            for match in _VARIABLE.finditer(self._raw(setting.origin)):
                found[match[1]] = self._value(match[2].strip(), setting)
        return found

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
            return filled if known else "unknown"

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


def _containers(value: object) -> list[dict[str, Any]]:
    try:
        return _list(json.loads(value)) if isinstance(value, str) else []
    except (ValueError, RecursionError):
        return []


def _list(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
