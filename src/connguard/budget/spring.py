# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of Spring Boot: `application.yml` and `.properties` with their profiles.

https://docs.spring.io/spring-boot/reference/features/external-config.html and
https://docs.spring.io/spring-boot/reference/features/profiles.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from connguard.budget import dsn
from connguard.budget.applications import HIKARI_DEFAULT, is_default
from connguard.budget.commands import Environment
from connguard.budget.discovered import Project, ServiceFound, Setting, SpringDocument, SpringFile
from connguard.budget.further import further
from connguard.engine.text import Text
from connguard.engine.yaml_source import Node, parse
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.topology import (
    CONNECTION_TIMEOUT,
    KEEPALIVE,
    MAX_LIFETIME,
    PREPARED_STATEMENTS,
    Service,
)
from connguard.policies.model.whole_numbers import whole

_NAME = lazily(r"^application(?:-([\w-]+))?\.(?:ya?ml|properties)$")
_PLACEHOLDER = lazily(r"\$\{([\w.-]++)(?::([^}]*+))?(\})?")
_PROPERTY = lazily(r"^[ \t]*([\w.-]+)[ \t]*[=:][ \t]*(.*?)[ \t]*$", re.MULTILINE)
_SEPARATOR = lazily(r"^[#!]---[ \t]*$", re.MULTILINE)
_PROFILE_OPTION = lazily(r"-D?-?spring\.profiles\.active=[\"']?([\w,-]+)")
_ALTERNATIVES = lazily(r",|\|\|?")
_PROFILE_NAME = lazily(r"[\w.@+-]+")
_TESTS = lazily(r"(?i)/src/\w*test\w*(?:/|$)")
_RESOURCES = ("src", "main", "resources", "config")
_PRIMARY = "spring.datasource"
_MILLISECONDS = 1000.0
_HIKARI_TIMES = {
    "connectiontimeout": CONNECTION_TIMEOUT,
    "maxlifetime": MAX_LIFETIME,
    "keepalivetime": KEEPALIVE,
}


Settings = Mapping[str, Setting]


def read(text: Text, path: Path) -> SpringFile | None:
    """The file's settings; None if it says nothing of a data source or of profiles."""
    match = _NAME.match(path.name)
    if match is None or _TESTS.search(path.parent.as_posix()):
        return None
    pieces = _properties(text) if path.suffix == ".properties" else _yaml(text)
    documents = tuple(SpringDocument(_condition(one), one) for one in pieces if one)
    keys = {key for one in documents for key in one.settings}
    if not any("datasource" in key or key.startswith("spring.profiles.") for key in keys):
        return None
    rank = (path.parent.name == "config", path.suffix == ".properties")
    return SpringFile(text.path, _project(path), match[1] or "", rank, documents)


def service_of(file: SpringFile) -> ServiceFound | None:
    """The service that the file belongs to; None if it names no PostgreSQL database."""
    settings: dict[str, Setting] = {}
    for document in sorted(file.documents, key=lambda one: not one.profiles):
        settings.update(document.settings)
    state = _State(settings, {})
    url = state.url
    target = state.target
    if url is None or target is None:
        return None
    name = file.project.name or "application"
    service = Service(
        name=name,
        origin=url.origin,
        instances=unknown_amount(f"replicas of {name}", f"how many replicas {name} has", low=1),
        pool=state.pool(name),
        pooler=None,
        database=target.database,
        user=target.user or state.user,
        database_origin=url.origin,
        needs=state.needs(),
        timeouts=state.timeouts(),
    )
    return ServiceFound(service, target.host, target.port)


# What of them holds for a service.


def files_of(one: ServiceFound, project: Project, files: Sequence[SpringFile]) -> list[SpringFile]:
    """The files of the project that a service runs: in the folder that it is built from, or in
    one of its name; or all that there are where it is Spring and nothing says more.

    A service that was found in such a file has those of its project.
    """
    found_in = {file.project for file in files if file.name == one.service.origin.path}
    if found_in:
        return [file for file in files if file.project in found_in]
    tells = any(name.startswith("SPRING_") for name in one.environment)
    named = [file for file in files if file.project.name == one.service.name]
    if one.source is not None:
        every = [*project.services, *project.silent]
        sources = {other.source for other in every if other.source is not None} | {one.source}
        below = [file for file in files if _nearest(file.project, sources) == one.source]
        own = [file for file in below if file in named]
        others = every if one in project.silent else project.services
        alone = all(other is one or other.source != one.source for other in others)
        return own or (below if alone or tells else [])
    projects = {file.project for file in files}
    return named or (list(files) if tells and len(projects) == 1 else [])


def completed(
    one: ServiceFound, files: Sequence[SpringFile]
) -> tuple[ServiceFound, list[ServiceFound]]:
    """The service with what its files say where the deployment is silent, and its other pools."""
    states = [_State(settings, one.environment) for settings in _possible(files, one.environment)]
    states = [state for state in states if state.url is not None or state.pooled]
    if not states:
        return one, []
    name = one.service.name
    main = one
    own = [state for state in states if state.is_primary]
    if own:
        sizes = [state.pool(name) for state in own]
        chosen = own[sizes.index(max(sizes, key=lambda size: size.high))]
        known = one.source is not None or files[0].project.name == name
        if not known:
            sizes.append(exactly(HIKARI_DEFAULT, f"pool of {name}"))
        target, url = chosen.target, chosen.url
        given = one.service.pool.exact and not is_default(one.service.pool)
        service = replace(
            one.service,
            pool=one.service.pool if given else _range(sizes, name, known),
            needs=one.service.needs or chosen.needs(),
            timeouts=one.service.timeouts or chosen.timeouts(),
            database=one.service.database or (target.database if target else None),
            user=one.service.user or (target.user if target else None) or chosen.user,
            database_origin=one.service.database_origin or (url.origin if url else None),
        )
        main = replace(one, service=service, host=one.host or (target.host if target else None))
    return main, list(_others(main, states))


def _range(sizes: Sequence[Amount], name: str, known: bool = True) -> Amount:
    """Between the smallest and the largest of sizes, one of which holds."""
    largest = max(sizes, key=lambda size: size.high)
    low = min(size.low for size in sizes)
    if low == largest.low:
        return largest
    what = "which profile of Spring is active" if known else "whether these are its settings"
    return Amount(low, largest.high, f"pool of {name}", largest.origin, largest.reason or what)


def _others(one: ServiceFound, states: Sequence[_State]) -> Iterator[ServiceFound]:
    """The pools of further data sources, under keys of the application's own."""
    prefixes = sorted({prefix for state in states for prefix in state.others()})
    for prefix in prefixes:
        label = prefix.removesuffix(".datasource").removeprefix("spring.datasource.")
        name = f"{one.service.name} ({label})"
        sizes = []
        target = None
        for state in states:
            found = state.others().get(prefix)
            if found is None:
                sizes.append(exactly(0, f"pool of {name}"))
            else:
                # Nothing else runs in the container: a default that is meant for elsewhere.
                local = found.host in ("localhost", "127.0.0.1")
                target = replace(found, host=None) if local else found
                sizes.append(state.pool(name, prefix))
        if target is not None:
            yield further(one, label, target, _range(sizes, name))


class _State:
    """The settings that hold for one choice of profiles, with a service's environment."""

    def __init__(self, settings: Settings, environment: Environment) -> None:
        self._settings = {**settings, **_overrides(settings, environment)}
        self._environment = environment

    @property
    def overridden(self) -> bool:
        return "SPRING_DATASOURCE_URL" in self._environment

    @property
    def url(self) -> Setting | None:
        return self._settings.get(f"{_PRIMARY}.url") or self._settings.get(
            f"{_PRIMARY}.hikari.jdbcurl"
        )

    @property
    def target(self) -> dsn.Target | None:
        """Where the files say that it connects, if the environment does not say otherwise."""
        if self.url is None or self.overridden:
            return None
        return dsn.parse(self._filled(self.url.text))

    @property
    def pooled(self) -> bool:
        return f"{_PRIMARY}.hikari.maximumpoolsize" in self._settings or bool(self.others())

    @property
    def is_primary(self) -> bool:
        """Whether the service has the data source that Spring itself makes, in PostgreSQL."""
        if self.overridden or self.url is None:
            return self.overridden or f"{_PRIMARY}.hikari.maximumpoolsize" in self._settings
        url = self._filled(self.url.text)
        return not (url.startswith("jdbc:") and "$" not in url and dsn.parse(url) is None)

    @property
    def user(self) -> str | None:
        for key in (f"{_PRIMARY}.username", f"{_PRIMARY}.hikari.username"):
            if key in self._settings:
                text = self._filled(self._settings[key].text)
                return text if text and "$" not in text else None
        return None

    def pool(self, name: str, prefix: str = _PRIMARY) -> Amount:
        label = f"maximumPoolSize of {name}"
        for key in ("hikari.maximumpoolsize", "maximumpoolsize", "configuration.maximumpoolsize"):
            setting = self._settings.get(f"{prefix}.{key}")
            if setting is None:
                continue
            text = self._filled(setting.text).strip()
            if text.isdecimal():
                return exactly(whole(text), label, setting.origin)
            return unknown_amount(label, f"{setting.text} is set elsewhere", setting.origin)
        return exactly(HIKARI_DEFAULT, f"{label} (default)")

    def needs(self) -> tuple[tuple[str, Origin], ...]:
        """JDBC prepares statements on the server unless the URL says prepareThreshold=0."""
        target, url = self.target, self.url
        if target is None or url is None or target.options.get("preparethreshold") == "0":
            return ()
        return ((PREPARED_STATEMENTS, url.origin),)

    def timeouts(self) -> tuple[tuple[str, float, Origin], ...]:
        return tuple(
            (own, whole(setting.text) / _MILLISECONDS, setting.origin)
            for key, own in _HIKARI_TIMES.items()
            if (setting := self._settings.get(f"{_PRIMARY}.hikari.{key}")) is not None
            and setting.text.isdecimal()
        )

    def others(self) -> dict[str, dsn.Target]:
        """Where data sources under other keys connect, by these keys."""
        found = {}
        for key, setting in self._settings.items():
            prefix, _, last = key.rpartition(".")
            prefix = prefix.removesuffix(".hikari").removesuffix(".configuration")
            if last not in ("url", "jdbcurl") or "datasource" not in prefix or prefix == _PRIMARY:
                continue
            target = dsn.parse(self._filled(setting.text))
            if target is not None:
                found[prefix] = target
        return found

    def _filled(self, text: str) -> str:
        """The text with what its placeholders stand for: the environment wins over a default."""
        return _PLACEHOLDER.sub(self._placeholder, text)

    def _placeholder(self, match: re.Match[str]) -> str:
        name, default, closed = match.groups()
        if not closed:
            return match[0]
        for variable in (name, name.upper().replace(".", "_").replace("-", "")):
            if variable in self._environment:
                text, _, known = self._environment[variable]
                return text if known else "${" + name + "}"
        setting = self._settings.get(_canonical(name))
        if setting is not None and "$" not in setting.text:
            return setting.text
        return default if default is not None else match[0]


def _overrides(settings: Settings, environment: Environment) -> dict[str, Setting]:
    """What variables of the environment set instead: SPRING_DATASOURCE_URL for its url."""
    keys = {key.replace(".", ""): key for key in settings}
    return {
        keys[plain]: Setting(text if known else "${" + name + "}", origin)
        for name, (text, origin, known) in environment.items()
        if (plain := name.replace("_", "").lower()) in keys
    }


def _possible(files: Sequence[SpringFile], environment: Environment) -> Iterator[Settings]:
    """The settings for each choice of profiles that may be active."""
    for project in sorted({file.project for file in files}):
        own = [file for file in files if file.project == project]
        for active in _active(own, environment):
            for doubtful in (False, True):
                settings, doubts = _merged(own, active, doubtful)
                yield settings
                if not doubts:
                    break


def _merged(
    files: Sequence[SpringFile], active: Sequence[str], doubtful: bool
) -> tuple[dict[str, Setting], bool]:
    """The settings under these profiles, and whether it is unknown of a document if it holds."""
    settings: dict[str, Setting] = {}
    doubts = False
    for profile in ("", *active):
        chosen = [file for file in files if file.profile == profile]
        for file in sorted(chosen, key=lambda one: one.rank):
            for document in file.documents:
                holds = _holds(document.profiles, active)
                doubts = doubts or holds is None
                if holds or (holds is None and doubtful):
                    settings.update(document.settings)
    return settings, doubts


def _active(files: Sequence[SpringFile], environment: Environment) -> list[list[str]]:
    """The lists of profiles that may be active: one if the deployment says it.

    What it does not say may stand in a command; the files say only what holds without it.
    """
    always = [
        (key, setting)
        for file in files
        if not file.profile
        for document in file.documents
        if not document.profiles
        for key, setting in document.settings.items()
        if key.startswith("spring.profiles.")
    ]
    for text in _given(environment):
        if text is not None:
            return [_expanded([one.strip() for one in text.split(",") if one.strip()], always)]
    named = {file.profile for file in files if file.profile}
    for file in files:
        for document in file.documents:
            named.update(_PROFILE_NAME.findall(document.profiles))
    usual = [
        [one.strip() for one in setting.text.split(",")]
        for key, setting in always
        if key == "spring.profiles.active" and "$" not in setting.text and "@" not in setting.text
    ]
    return [_expanded(one, always) for one in ([*usual] or [[]]) + [[one] for one in sorted(named)]]


def _given(environment: Environment) -> Iterator[str | None]:
    """What the environment says of active profiles; None where that is not known."""
    for name, (text, _, known) in environment.items():
        if name == "SPRING_PROFILES_ACTIVE":
            yield text if known and "$" not in text else None
    for text, _, known in environment.values():
        match = _PROFILE_OPTION.search(text) if known else None
        if match is not None:
            yield match[1]


def _expanded(active: Sequence[str], always: Sequence[tuple[str, Setting]]) -> list[str]:
    """The profiles with those that they bring with them."""
    members = {
        key.removeprefix("spring.profiles.group."): setting.text
        for key, setting in always
        if key.startswith("spring.profiles.group.")
    }
    found: list[str] = []
    included = [setting.text for key, setting in always if key == "spring.profiles.include"]
    pending = [*",".join(included).split(","), *active]
    for name in pending:
        if name.strip() and name.strip() not in found:
            found.append(name.strip())
            pending.extend(members.get(_canonical(name.strip()), "").split(","))
    return found


def _holds(expression: str, active: Sequence[str]) -> bool | None:
    """Whether an expression of profiles holds; None where it is more than a list of names."""
    if not expression:
        return True
    if "(" in expression or "$" in expression:
        return None
    for alternative in _ALTERNATIVES.split(expression):
        parts = [part.strip() for part in alternative.split("&")]
        if all((part.lstrip("! ") in active) != part.startswith("!") for part in parts):
            return True
    return False


def _condition(settings: Settings) -> str:
    for key in ("spring.config.activate.onprofile", "spring.profiles"):
        if key in settings:
            return settings[key].text
    cloud = settings.get("spring.config.activate.oncloudplatform")
    return "" if cloud is None else "$" + cloud.text  # what it runs on is not known


def _properties(text: Text) -> list[dict[str, Setting]]:
    starts = [0, *(match.end() for match in _SEPARATOR.finditer(text.string))]
    return [
        {
            _canonical(match[1]): Setting(match[2], text.origin(*match.span(2)))
            for match in _PROPERTY.finditer(text.string, start, end)
            if match[2]
        }
        for start, end in zip(starts, [*starts[1:], len(text.string)], strict=True)
    ]


def _yaml(text: Text) -> list[dict[str, Setting]]:
    return [_flattened(document) for document in parse(text).documents]


def _flattened(document: Node) -> dict[str, Setting]:
    """The keys of a YAML document as Spring joins them; a list is one text."""
    found: dict[str, Setting] = {}
    pending = [("", document)]
    while pending:
        prefix, node = pending.pop()
        for key, value in node.items():
            path = f"{prefix}{key.string}"
            if value.is_mapping:
                pending.append((f"{path}.", value))
            elif value.string:
                found[_canonical(path)] = Setting(value.string, value.origin)
            elif value.is_sequence:
                texts = [element.string or "" for element in value.elements()]
                found[_canonical(path)] = Setting(",".join(texts), value.origin)
    return found


def _canonical(key: str) -> str:
    """Spring's relaxed binding: maximum-pool-size and maximumPoolSize are one key."""
    return key.replace("-", "").replace("_", "").lower()


def _project(path: Path) -> Path:
    folder = path.parent
    while folder.name in _RESOURCES:
        folder = folder.parent
    return folder


def _nearest(folder: Path, sources: set[Path]) -> Path | None:
    return next((one for one in (folder, *folder.parents) if one in sources), None)
