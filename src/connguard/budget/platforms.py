# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Heroku's app.json and Fly's fly.toml: processes, how many of them, and their environment.

https://devcenter.heroku.com/articles/app-json-schema and https://fly.io/docs/reference/configuration/
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from typing import Any

from connguard.budget import applications
from connguard.budget.commands import Command, command_at
from connguard.budget.discovered import Project, ServerRun, ServiceFound
from connguard.budget.toml_places import parse
from connguard.engine.reading import Context
from connguard.engine.text import Text
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.terraform.json_cursor import JsonCursor, JsonError

_PROCESS = lazily(r"^([\w-]+):[ \t]*([^\r\n]+)", re.MULTILINE)
_HOST = "heroku-postgresql"
_PLANS = {"essential-0": 20, "essential-1": 20, "essential-2": 40, "standard-0": 120}
"""Connection limits of Heroku Postgres plans.

https://devcenter.heroku.com/articles/heroku-postgres-plans
"""


def read(
    text: Text, path: PurePath, folder: Path, context: Context
) -> Project | ServiceFound | None:
    """What the file runs; None if it is another file, or has nothing to do with a database."""
    if path.name == "fly.toml":
        return _fly(text)
    try:
        return _heroku(text, folder, context)
    except JsonError:
        return None


def _heroku(text: Text, folder: Path, context: Context) -> Project | None:
    """Dynos of a formation, and the database that an add-on gives them."""
    document = JsonCursor(text.string)
    addon = next(_postgres_addons(document, text), None)
    formation = document.get("formation")
    if addon is None or formation is None:
        return None
    plan, place = addon
    project = Project(folder)
    slots = _PLANS.get(plan.partition(":")[2])
    size = (
        exactly(slots, "connection limit of the plan", place)
        if slots is not None
        else unknown_amount("connection limit of the plan", f"the plan of {plan}", place)
    )
    settings = {"max_connections": size, "superuser_reserved_connections": exactly(0)}
    project.servers.append(ServerRun(_HOST, place, frozenset({_HOST}), None, settings))
    environment = {_HOST: (f"postgres://{_HOST}", place, True), **_environment(document, text)}
    commands = _procfile(folder, context)
    for name, start, dyno in formation.members():
        origin = text.origin(start, dyno.end)
        found = applications.of_environment(
            name, origin, environment, commands.get(name), folder=folder, context=context
        )
        quantity = dyno.get("quantity")
        number = quantity.plain() if quantity is not None else 1
        label = f"quantity of {name}"
        if quantity is not None:
            origin = text.origin(quantity.start, quantity.end)
        known = isinstance(number, int) and not isinstance(number, bool) and number >= 0
        instances = (
            exactly(number, label, origin)
            if known
            else unknown_amount(label, f"{number} is no count", origin)
        )
        service = found[0] if found is not None else applications.opaque(name, origin)
        service = applications.replicated(service, instances, exactly(0))
        project.services.append(
            ServiceFound(service, _HOST, source=folder, environment=environment)
        )
    return project


def _procfile(folder: Path, context: Context) -> dict[str, Command]:
    """The commands of the process types of the Procfile.

    https://devcenter.heroku.com/articles/procfile
    """
    file = context.file(folder / "Procfile")
    text = context.text(file) if file is not None else None
    if text is None:
        return {}
    return {
        match[1]: command_at(text, text.origin(*match.span(2)))
        for match in _PROCESS.finditer(text.string)
    }


def _postgres_addons(document: JsonCursor, text: Text) -> Iterator[tuple[str, Origin]]:
    addons = document.get("addons")
    for each in addons.items() if addons is not None else ():
        value = each.plain()
        plan = value.get("plan") if isinstance(value, dict) else value
        if isinstance(plan, str) and plan.partition(":")[0] == "heroku-postgresql":
            yield plan, text.origin(each.start, each.end)


def _environment(document: JsonCursor, text: Text) -> dict[str, tuple[str, Origin, bool]]:
    found: dict[str, tuple[str, Origin, bool]] = {}
    variables = document.get("env")
    for name, _, each in variables.members() if variables is not None else ():
        value: Any = each.plain()
        value = value.get("value") if isinstance(value, dict) else value
        origin = text.origin(each.start, each.end)
        found[name] = (value, origin, True) if isinstance(value, str) else ("", origin, False)
    return found


def _fly(text: Text) -> ServiceFound | None:
    """Fly starts and stops machines that exist; how many exist is in no file but `[[vm]] count`."""
    try:
        document = parse(text)
    except tomllib.TOMLDecodeError:
        return None
    variables, name = document.values.get("env"), document.values.get("app")
    if not isinstance(variables, dict) or not isinstance(name, str):
        return None
    environment = {
        key: (str(value), document.origin("env", key), True) for key, value in variables.items()
    }
    origin = document.origin("app")
    found = applications.of_environment(name, origin, environment)
    if found is None:
        return None
    service, host, port = found
    instances = _machines(document.values, name, document.origin)
    return ServiceFound(applications.replicated(service, instances, exactly(0)), host, port)


def _machines(values: dict[str, Any], name: str, place: Callable[..., Origin]) -> Amount:
    label = f"machines of {name}"
    sizes = values.get("vm")
    counts = [one.get("count") for one in sizes] if isinstance(sizes, list) else []
    if counts and all(isinstance(one, int) and one > 0 for one in counts):
        return exactly(sum(counts), label, place("vm", 0, "count"))
    service = values.get("http_service")
    least = service.get("min_machines_running") if isinstance(service, dict) else None
    low = least if isinstance(least, int) and least > 0 else 1
    return unknown_amount(label, f"how many machines {name} has", place("http_service"), low=low)
