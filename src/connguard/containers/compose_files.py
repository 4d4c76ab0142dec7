# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker Compose applications: which files make one, and how they are laid over each other.

Compose takes compose.yaml (or an older name for it) with an override file beside it; any other file
is an application of its own, or is laid over the former if it only changes its services. Base
services (`extends`) and included files come along. Nothing is merged into new trees: a service
keeps its layers, so that every value keeps its place.

https://github.com/compose-spec/compose-spec/blob/main/13-merge.md
https://github.com/compose-spec/compose-go/blob/main/cli/options.go (the names of files)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from connguard.containers.interpolation import environment_file, resolve
from connguard.engine import disk, yaml_source
from connguard.engine.limits import Included
from connguard.engine.reading import Context, SourceFile
from connguard.engine.yaml_source import Node
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass

DEFAULT_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDE_NAMES = (
    *("compose.override.yml", "compose.override.yaml"),
    *("docker-compose.override.yml", "docker-compose.override.yaml"),
)
_MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Layer:
    """One mapping that says something about a service. Paths in it are relative to `folder`."""

    node: Node
    file: SourceFile
    folder: Path
    variables: Mapping[str, str]

    def text(self, node: Node) -> tuple[str, bool]:
        """The text of a scalar with its variables filled in, and whether they are known."""
        return resolve(node.string or "", self.variables)


@dataclass(frozen=True, slots=True)
class Part:
    """A value, and the layer that it stands in."""

    node: Node
    layer: Layer

    @property
    def text(self) -> tuple[str, bool]:
        return self.layer.text(self.node)

    @property
    def known(self) -> str | None:
        """The text if it is known and not empty."""
        text, known = self.text
        return text if known and text else None


@dataclass(frozen=True, slots=True)
class Service:
    """A service with its layers, the lowest first."""

    name: str
    origin: Origin
    layers: tuple[Layer, ...]

    def last(self, *path: str) -> Part | None:
        """The value that counts where a higher layer replaces the lower ones."""
        found = self.every(*path)
        return found[-1] if found else None

    def every(self, *path: str) -> list[Part]:
        """The values of all layers, less those that a `!reset` or `!override` takes away."""
        found: list[Part] = []
        for layer in self.layers:
            node = layer.node.get(*path)
            tags = {
                str(step.raw.tag)
                for depth in range(1, len(path) + 1)
                for step in [layer.node.get(*path[:depth])]
                if step is not None
            }
            if tags & {"!reset", "!override"}:
                found.clear()
            if node is not None and "!reset" not in tags and not node.is_null:
                found.append(Part(node, layer))
        return found

    def has(self, name: str) -> bool:
        return self.last(name) is not None


@dataclass(slots=True)
class Application:
    """What one call of Compose starts.

    `networks` and `configs` are the top-level entries. `incomplete` says that some service is
    defined in a file that is not among the scanned ones. `outside` are the names of services and
    containers that other files of the folder define, which may be given together with these.
    `files` are those laid over each other, the last on top, `included` those that they include.
    `variant` names a file that is laid over the default one, where it is not its override.
    """

    file: SourceFile
    files: tuple[SourceFile, ...] = ()
    included: dict[Path, SourceFile] = field(default_factory=dict)
    variant: str = ""
    services: dict[str, Service] = field(default_factory=dict)
    networks: dict[str, Part] = field(default_factory=dict)
    configs: dict[str, Part] = field(default_factory=dict)
    incomplete: bool = False
    outside: frozenset[str] = frozenset()


def applications(files: Sequence[SourceFile], context: Context) -> list[Application]:
    """The applications that these compose files make; once made, they are kept in the context."""
    key = ("compose applications", tuple(file.path for file in files))
    if key not in context.cache:
        context.cache[key] = _applications(files, context)
    found = context.cache[key]
    assert isinstance(found, list)
    return found


def started(files: Sequence[SourceFile], context: Context) -> list[Application]:
    """The applications without those that are no more than a part of another one."""
    every = applications(files, context)
    including = [one for one in every if one.included]
    found = []
    for application in every:
        paths = {disk.resolve(file.path) for file in application.files} if including else set()
        if any(paths <= one.included.keys() for one in including if one is not application):
            including = [one for one in including if one is not application]
        else:
            found.append(application)
    return found


def _applications(files: Sequence[SourceFile], context: Context) -> list[Application]:
    folders: dict[Path, dict[str, SourceFile]] = {}
    for file in files:
        folders.setdefault(file.path.parent, {})[file.path.name] = file
    found: list[Application] = []
    for folder, named in folders.items():
        found.extend(_of_folder(folder, named, context))
    return found


def _of_folder(
    folder: Path, named: Mapping[str, SourceFile], context: Context
) -> Iterable[Application]:
    default = next((named[name] for name in DEFAULT_NAMES if name in named), None)
    override = next((named[name] for name in OVERRIDE_NAMES if name in named), None)
    loader = _Loader(context)
    base = [default] if default else []
    groups = [[*base, *([override] if override else [])]]
    for file in named.values():
        if file not in (default, override):
            alone = loader.load([file], folder)
            groups.append([*base, file] if _only_changes(alone) else [file])
    loaded = [loader.load(group, folder) for group in groups if group]
    names = {name for one in loaded for name in one.services}
    names |= {
        part.known or ""
        for one in loaded
        for service in one.services.values()
        for part in service.every("container_name")
    }
    for one in loaded:
        one.outside = frozenset(names)
        if len(one.files) > 1 and one.files[-1] is not override:
            one.variant = one.files[-1].name
        if one.services:
            yield one


def _only_changes(application: Application) -> bool:
    """Whether some of the services say nothing of what they run."""
    return any(
        not service.has("image") and not service.has("build") and not service.has("provider")
        for service in application.services.values()
    )


class _Loader:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._included_files = Included(context.settings.limits)
        self._named_services: dict[int, tuple[object, dict[str, Node]]] = {}

    def load(
        self,
        files: Sequence[SourceFile],
        folder: Path,
        variables: Mapping[str, str] | None = None,
        depth: int = 0,
    ) -> Application:
        """Files laid over each other, the last on top. `variables` hold before those of .env."""
        application = Application(files[0], tuple(files))
        values = self._variables([folder / ".env"], variables or {})
        for file in files:
            home = folder if depth == 0 else file.path.parent
            for document in self._documents(file):
                self._add(application, Layer(document, file, home, values), depth)
        return application

    def _add(self, application: Application, top: Layer, depth: int) -> None:
        services = top.node.get("services")
        for key, node in services.items() if services else []:
            if key.string is None or not (node.is_mapping or node.is_null):
                continue
            layers = self._extended(Layer(node, top.file, top.folder, top.variables), top)
            if layers is None:
                application.incomplete = True
                layers = (Layer(node, top.file, top.folder, top.variables),)
            known = application.services.get(key.string)
            below = known.layers if known else ()
            origin = known.origin if known else key.origin
            application.services[key.string] = Service(key.string, origin, (*below, *layers))
        for name, entries in (
            ("networks", application.networks),
            ("configs", application.configs),
        ):
            section = top.node.get(name)
            for key, node in section.items() if section else []:
                entries[key.string or ""] = Part(node, top)
        self._include(application, top, depth)

    def _extended(self, layer: Layer, top: Layer) -> tuple[Layer, ...] | None:
        """The layers of a service with those that it extends; None when one is missing."""
        found = [layer]
        while (extends := found[-1].node.get("extends")) is not None and not extends.is_null:
            if len(found) > _MAX_DEPTH:
                what = f"services extend each other over more than {_MAX_DEPTH} steps"
                self._give_up(extends, what)
                return None
            base = self._base(found[-1], top, extends)
            if base is None or base[0].node.raw is found[-1].node.raw:
                return None
            below, top = base
            found.append(below)
        return tuple(reversed(found))

    def _base(self, layer: Layer, top: Layer, extends: Node) -> tuple[Layer, Layer] | None:
        """The service that a service extends, and the top of its file."""
        name, file = (
            (extends.get("service"), extends.get("file")) if extends.is_mapping else (extends, None)
        )
        if name is None or not name.string:
            return None
        if file is None:
            base_top = top
        else:
            text, known = layer.text(file)
            source = self._file(layer.folder / text) if known else None
            documents = self._documents(source) if source else []
            if source is None or not documents:
                return None
            base_top = Layer(documents[0], source, source.path.parent, layer.variables)
        base = self._services(base_top.node).get(name.string)
        if base is None or not base.is_mapping:
            return None
        return Layer(base, base_top.file, base_top.folder, base_top.variables), base_top

    def _services(self, document: Node) -> Mapping[str, Node]:
        """The services of a document by name, looked up once."""
        raw, found = self._named_services.get(id(document.raw), (None, {}))
        if raw is not document.raw:
            services = document.get("services")
            found = {key.string or "": node for key, node in services.items()} if services else {}
            self._named_services[id(document.raw)] = document.raw, found
        return found

    def _give_up(self, node: Node, what: str) -> None:
        """Report what is not followed, once for each file."""
        told = self._context.cache.setdefault("compose files not followed", set())
        assert isinstance(told, set)
        place = node.origin
        if (place.path, what) not in told:
            told.add((place.path, what))
            self._context.refused.append(NotParsed(f"{what}: the rest is not read", place))

    def _include(self, application: Application, top: Layer, depth: int) -> None:
        include = top.node.get("include")
        for element in include.elements() if include else []:
            files = self._included(element, top)
            allowed = all(self._included_files.allows(file.path) for file in files or ())
            if files is not None and depth > _MAX_DEPTH:
                self._give_up(
                    element, f"files include each other over more than {_MAX_DEPTH} steps"
                )
            elif files is not None and not allowed:
                self._give_up(element, self._included_files.reason)
            if files is None or depth > _MAX_DEPTH or not allowed:
                application.incomplete = True
                continue
            given = element.get("project_directory")
            folder = files[0].path.parent
            if given is not None and given.string:
                folder = top.folder / top.text(given)[0]
            names = _strings(element.get("env_file"))
            values = self._variables([top.folder / name for name in names], top.variables)
            found = self.load(files, folder, values, depth + 1)
            application.included |= {disk.resolve(file.path): file for file in files}
            application.included |= found.included
            for name, service in found.services.items():
                application.services.setdefault(name, service)
            for name, part in found.networks.items():
                application.networks.setdefault(name, part)
            for name, part in found.configs.items():
                application.configs.setdefault(name, part)
            application.incomplete = application.incomplete or found.incomplete

    def _included(self, element: Node, top: Layer) -> list[SourceFile] | None:
        path = element.get("path") if element.is_mapping else element
        files = []
        for name in _strings(path):
            text, known = resolve(name, top.variables)
            file = self._file(top.folder / text) if known else None
            if file is None:
                return None
            files.append(file)
        return files or None

    def _variables(self, paths: Iterable[Path], before: Mapping[str, str]) -> dict[str, str]:
        found = dict(before)
        for path in paths:
            file = self._file(path)
            text = self._context.text(file) if file else None
            if text is not None:
                found = environment_file(text, found)
        return found

    def _file(self, path: Path) -> SourceFile | None:
        try:
            return self._context.file(path)
        except (OSError, ValueError):  # a name that no file can have
            return None

    def _documents(self, file: SourceFile) -> list[Node]:
        stream = yaml_source.stream(file, self._context)
        return [one for one in stream.documents if one.is_mapping] if stream else []


def _strings(node: Node | None) -> list[str]:
    if node is None:
        return []
    found = [one.string for one in node.elements()] if node.is_sequence else [node.string]
    return [text for text in found if text]
