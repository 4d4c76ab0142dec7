# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PM2's ecosystem files: how many processes each app has.

https://pm2.keymetrics.io/docs/usage/application-declaration/: `instances` is 1 where it is not set;
"max" and 0 mean one for each CPU, a negative number fewer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import PurePath

from connguard.engine.text import Text
from connguard.engine.tree_parsing import TooManyErrors
from connguard.policies.model.amount import Amount, exactly, plus, unknown_amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.whole_numbers import whole
from connguard.terraform.json_cursor import JsonCursor, JsonError

_NAME = lazily(r"(?i)(?:ecosystem|pm2|process(?:es)?)(?:[.-]\w+)*\.(?:json|[cm]?js)")
_VARIABLE = lazily(r"(?:Number\(|parseInt\(|\+)?\s*process\.env\.(\w+)")
_DEFAULT = lazily(r"(?:\|\||\?\?)\s*[\"']?(max|-?\d+)[\"']?")

Environment = Mapping[str, tuple[str, Origin, bool]]


@dataclass(frozen=True, slots=True)
class _App:
    name: str
    code: str | None
    place: Origin


def is_ecosystem(name: str) -> bool:
    return _NAME.fullmatch(PurePath(name).name) is not None


def processes(text: Text, only: str | None, environment: Environment, label: str) -> Amount:
    """The processes of all apps together, or of the one that is started."""
    apps = [one for one in _apps(text) if only is None or one.name == only]
    if not apps:
        return unknown_amount(label, "the apps of this file", text.line_origin(1), low=1)
    amounts = [_instances(one, environment, label) for one in apps]
    if len(amounts) == 1:
        return amounts[0]
    total = plus(*amounts)
    reason = total.reason or "which of the apps use the database"
    return Amount(1, total.high, label, amounts[0].origin, reason)


def _instances(app: _App, environment: Environment, label: str) -> Amount:
    if app.code is None:
        return exactly(1, label, app.place)
    code = app.code.strip().strip("\"'`")
    variable = _VARIABLE.match(app.code.strip())
    if variable is not None:
        name = variable[1]
        default = _DEFAULT.search(app.code)
        if name in environment:
            value, place, known = environment[name]
            return _number(value if known else "", place, f"{name} is set elsewhere", label)
        code = default[1] if default is not None else ""
    return _number(code, app.place, f"{app.code.strip()} is decided elsewhere", label)


def _number(code: str, place: Origin, reason: str, label: str) -> Amount:
    if code in ("max", "0") or code.startswith("-"):
        return unknown_amount(label, "how many CPUs the machine has", place, low=1)
    if code.isdecimal():
        return exactly(whole(code), label, place)
    return unknown_amount(label, reason, place, low=1)


def _apps(text: Text) -> Iterator[_App]:
    if text.path.endswith(".json"):
        try:
            yield from _json_apps(text)
        except JsonError:
            return
    else:
        with suppress(TooManyErrors):  # as a file without apps: how many there are is unknown
            yield from _script_apps(text)


def _json_apps(text: Text) -> Iterator[_App]:
    document = JsonCursor(text.string)
    apps = document.get("apps")
    for app in (apps if apps is not None else document).items():
        name, value = app.get("name"), app.get("instances")
        place = text.origin(app.start, app.start + 1)
        if value is None:
            yield _App(str(name.plain()) if name else "", None, place)
        else:
            code = text.string[value.start : value.end]
            yield _App(str(name.plain()) if name else "", code, text.origin(value.start, value.end))


def _script_apps(text: Text) -> Iterator[_App]:
    # Loaded late: most projects have no such file.
    from connguard.migrations.tree_host import Source

    source = Source(text, "tree_sitter_typescript", "language_tsx")
    pending = [source.root]
    while pending:
        node = pending.pop()
        key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
        if node.type == "pair" and key is not None and source.code(key).strip("\"'") == "apps":
            for app in value.named_children if value is not None else ():
                if app.type == "object":
                    pairs = {
                        source.code(name).strip("\"'"): held
                        for pair in app.named_children
                        if (name := pair.child_by_field_name("key")) is not None
                        and (held := pair.child_by_field_name("value")) is not None
                    }
                    count = pairs.get("instances")
                    place = count if count is not None else app
                    yield _App(
                        source.code(pairs["name"]).strip("\"'`") if "name" in pairs else "",
                        source.code(count) if count is not None else None,
                        text.origin(*source.range(place)),
                    )
        else:
            pending.extend(reversed(node.named_children))
