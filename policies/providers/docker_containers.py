# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Docker: containers and services that publish PostgreSQL's port on their host.

`ip` is 0.0.0.0 by default; the published port of a service is open on every node of a swarm:
https://registry.terraform.io/providers/kreuzwerker/docker/latest/docs/resources/container
https://registry.terraform.io/providers/kreuzwerker/docker/latest/docs/resources/service
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.database_facts import PublishedPort
from connguard.policies.model.kubernetes_service import names_postgres
from connguard.policies.model.origin import Known
from connguard.policies.model.ports import USUAL_PORTS
from connguard.policies.model.terraform_guards import may_be, settings_at
from connguard.policies.model.terraform_network import origin_of
from connguard.policies.model.terraform_resource import Body, Inventory, Resource, ResourceTable
from connguard.policies.model.terraform_value import integer, text

TABLES = (
    ResourceTable(
        ("docker_container", "docker_image"),
        ("image", "ports.internal", "ports.external", "ports.ip", "ports.protocol"),
        "tcp ports 5432, 6432 and 6543 of containers, whatever the image; and every port of a"
        " container whose image is PostgreSQL or a pooler when its number is unknown.",
    ),
    ResourceTable(
        ("docker_service",),
        ("task_spec.container_spec.image", "endpoint_spec.ports"),
        "Published ports, likewise.",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    for container in inventory.of("docker_container"):
        for body in container.body.blocks("ports"):
            yield from _port(inventory, container, body, ("internal", "external"), "image")
    for service in inventory.of("docker_service"):
        for endpoint in service.body.blocks("endpoint_spec"):
            for body in endpoint.blocks("ports"):
                yield from _port(
                    inventory,
                    service,
                    body,
                    ("target_port", "published_port"),
                    "task_spec.container_spec.image",
                )


def _port(
    inventory: Inventory, holder: Resource, body: Body, names: tuple[str, str], image: str
) -> Iterator[PublishedPort]:
    inside, outside = names
    if not may_be(body, "protocol", "tcp", default="tcp"):
        return
    setting = body.setting(inside)
    number = integer({inside: setting}, inside)
    if isinstance(number, Known):
        if number.value not in USUAL_PORTS:
            return
    elif not _runs_postgres(inventory, holder, image):
        return
    published = body.setting(outside)
    address = body.setting("ip")
    yield PublishedPort(
        holder.address,
        text({"ip": address}, "ip"),
        integer({outside: published}, outside),
        number.value if isinstance(number, Known) else USUAL_PORTS[0],
        origin_of(body, ("ip", outside, inside)),
    )


def _runs_postgres(inventory: Inventory, holder: Resource, path: str) -> bool:
    """Whether the image is one of PostgreSQL or of a pooler."""
    for setting in settings_at(holder.body, path):
        if isinstance(setting.value, str):
            return names_postgres(setting.value)
        for image in inventory.targets(setting.value):
            name = image.body.setting("name")
            if name is not None and isinstance(name.value, str):
                return names_postgres(name.value)
    return False
