# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Server settings in the forms of the clouds: parameter groups, flags and configurations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connguard.engine.text import Text
from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.policies.model.setting_facts import EffectiveSetting
from connguard.policies.model.terraform_value import Setting, text
from connguard.terraform.bodies import Body, Resource
from connguard.terraform.json_cursor import JsonCursor

PARAMETER_GROUPS = ("aws_db_parameter_group", "aws_rds_cluster_parameter_group")
CONFIGURATIONS = (
    "azurerm_postgresql_configuration",
    "azurerm_postgresql_flexible_server_configuration",
)
GOOGLE = "google_sql_database_instance"
RESOURCE_TYPES = (*PARAMETER_GROUPS, *CONFIGURATIONS, GOOGLE)


def server_settings(resource: Resource) -> Iterator[EffectiveSetting]:
    """The settings of one resource; none when it is for another kind of database."""
    body = resource.body
    if resource.type in PARAMETER_GROUPS:
        if _may_be_postgres(body, "family"):
            yield from _named_values(body.blocks("parameter"))
    elif resource.type == GOOGLE:
        if _may_be_postgres(body, "database_version"):
            for settings in body.blocks("settings"):
                yield from _named_values(settings.blocks("database_flags"))
    elif resource.type in CONFIGURATIONS:
        yield from _named_values([body])


def _may_be_postgres(body: Body, attribute: str) -> bool:
    """Whether the family or version does not say that it is another kind of database."""
    value = text(body.settings(attribute), attribute)
    return not isinstance(value, Known) or "postgres" in value.value.lower()


def _named_values(bodies: list[Body]) -> Iterator[EffectiveSetting]:
    for body in bodies:
        settings = body.settings("name", "value")
        name = text(settings, "name")
        if not isinstance(name, Known) or "value" not in settings:
            continue
        value = _value(settings, body.origin)
        if not body.certain and isinstance(value, Known):
            value = Unknown("it is not known whether this block exists", value.origin)
        yield EffectiveSetting(name.value.lower(), value, settings["value"].origin)


def _value(settings: Mapping[str, Setting], origin: Origin) -> Value[str]:
    raw = settings["value"]
    if isinstance(raw.value, bool):
        return Known("on" if raw.value else "off", raw.origin)
    return text(settings, "value") or Unknown("it is null", origin)


def planned_settings(kind: str, resource: JsonCursor, text: Text) -> Iterator[EffectiveSetting]:
    """As `server_settings`, for a resource of a plan with its planned values."""
    values = resource.get("values")
    if values is None:
        return
    if kind in PARAMETER_GROUPS:
        if _says_postgres(values, "family"):
            yield from _planned_pairs(_elements(values.get("parameter")), text)
    elif kind == GOOGLE:
        if _says_postgres(values, "database_version"):
            for settings in _elements(values.get("settings")):
                yield from _planned_pairs(_elements(settings.get("database_flags")), text)
    elif kind in CONFIGURATIONS:
        yield from _planned_pairs([values], text)


def _elements(cursor: JsonCursor | None) -> list[JsonCursor]:
    return list(cursor.items()) if cursor is not None else []


def _says_postgres(values: JsonCursor, attribute: str) -> bool:
    cursor = values.get(attribute)
    value = cursor.plain() if cursor is not None else None
    return not isinstance(value, str) or "postgres" in value.lower()


def _planned_pairs(pairs: list[JsonCursor], text: Text) -> Iterator[EffectiveSetting]:
    for pair in pairs:
        places = {key: (start, cursor) for key, start, cursor in pair.members()}
        name = places["name"][1].plain() if "name" in places else None
        if not isinstance(name, str):
            continue
        if "value" in places:
            start, cursor = places["value"]
            origin = text.origin(start, cursor.end)
            raw = cursor.plain()
            known = isinstance(raw, str | int | float)
            value: Value[str] = Known(str(raw), origin) if known else Unknown("it is null", origin)
        else:
            start, cursor = places["name"]
            origin = text.origin(start, cursor.end)
            value = Unknown("it is known only after apply", origin)
        yield EffectiveSetting(name.lower(), value, origin)
