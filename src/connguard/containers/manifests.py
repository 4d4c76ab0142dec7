# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes manifests: the objects of YAML files, and how they find each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from typing import Generic, TypeVar

from connguard.engine.reading import SourceFile
from connguard.engine.yaml_source import Node, Stream, parse
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass

T = TypeVar("T")

CORE = ""
_FILE_NAME = lazily(r"[\w./-]*")
_Parsed = tuple[SourceFile, Stream]


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object with a kind and a name."""

    kind: str
    group: str
    name: str
    node: Node
    file: SourceFile

    @property
    def namespace(self) -> str | None:
        found = self.node.get("metadata", "namespace")
        return found.string if found is not None else None

    @property
    def spec(self) -> Node | None:
        return self.node.get("spec")

    @property
    def annotations(self) -> Node | None:
        return self.node.get("metadata", "annotations")

    @property
    def origin(self) -> Origin:
        """Where its name stands."""
        return (self.node.get("metadata", "name") or self.node).origin


def manifests(file: SourceFile, stream: Stream) -> list[Manifest]:
    """The objects of a file, those of lists included."""
    found: list[Manifest] = []
    for document in stream.documents:
        found.extend(_of_document(document, file))
    return found


def _of_document(document: Node, file: SourceFile) -> Iterator[Manifest]:
    pending = [document]
    while pending:
        node = pending.pop()
        kind, version = node.get("kind"), node.get("apiVersion")
        if not (kind and kind.string and version and version.string):
            continue
        items = node.get("items")
        if kind.string.endswith("List") and items is not None:
            pending.extend(reversed(items.elements()))
            continue
        name = node.get("metadata", "name")
        if name and name.string:
            group = version.string.rpartition("/")[0]
            yield Manifest(kind.string, group, name.string, node, file)


def labels(node: Node | None) -> dict[str, str]:
    """A mapping of texts: labels, or the labels that a selector asks for."""
    return {key.string or "": value.string or "" for key, value in (node.items() if node else [])}


@dataclass(frozen=True, slots=True)
class Patch:
    """One operation of a JSON patch on an object.

    `value` is None where it has none (`remove`). `file` is where it stands, `owner` the
    kustomization that names it.
    """

    kind: str
    name: str
    operation: str
    path: str
    value: Node | None
    origin: Origin
    file: SourceFile
    owner: SourceFile


def _operations(
    document: Node, entry: Node, file: SourceFile, owner: SourceFile
) -> Iterator[Patch]:
    kind, name = entry.get("target", "kind"), entry.get("target", "name")
    for one in document.elements():
        path, operation, value = one.get("path"), one.get("op"), one.get("value")
        if path is None or operation is None or kind is None or name is None:
            continue
        yield Patch(
            kind.string or "",
            name.string or "",
            operation.string or "",
            path.string or "",
            value,
            (value or path).origin,
            file,
            owner,
        )


class ByLabels(Generic[T]):
    """Things that have labels, found by a selector without looking at all of them."""

    def __init__(self, things: Iterable[T], labels_of: Callable[[T], Mapping[str, str]]) -> None:
        self._things = list(things)
        self._labels_of = labels_of
        self._found: dict[tuple[str, str], list[T]] = {}
        for thing in self._things:
            for pair in labels_of(thing).items():
                self._found.setdefault(pair, []).append(thing)

    def with_all(self, wanted: Mapping[str, str]) -> list[T]:
        """Those that have all labels that are wanted; with none wanted, all."""
        if not wanted:
            return list(self._things)
        fewest = min((self._found.get(pair, []) for pair in wanted.items()), key=len)
        return [
            one
            for one in fewest
            if all(self._labels_of(one).get(key) == value for key, value in wanted.items())
        ]


class ManifestsByKind(list[Manifest]):
    """Manifests, to which others may be appended, found by their kind."""

    def __init__(self) -> None:
        super().__init__()
        self._by_kind: dict[str, list[Manifest]] = {}
        self._sorted = 0

    def of(self, *kinds: str) -> Iterable[Manifest]:
        if len(kinds) > 1:
            return (one for one in self if one.kind in kinds)
        for one in self[self._sorted :]:
            self._by_kind.setdefault(one.kind, []).append(one)
        self._sorted = len(self)
        return iter(self._by_kind.get(kinds[0], ()))


@dataclass(slots=True)
class Objects:
    """All objects of a scan.

    `kustomizations` are the documents that change them, `patches` their operations on single
    values (JSON patches).
    """

    manifests: ManifestsByKind = field(default_factory=ManifestsByKind)
    kustomizations: list[Node] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)

    def add_kustomization(
        self, file: SourceFile, stream: Stream, beside: Callable[[str], _Parsed | None]
    ) -> None:
        """Its patches. Strategic merge patches in files of their own are objects already.

        `beside` gives a file by its name, relative to the kustomization.
        """
        for document in stream.documents:
            self.kustomizations.append(document)
            for name in ("patches", "patchesStrategicMerge", "patchesJson6902"):
                for entry in (document.get(name) or document).elements():
                    inline = entry.get("patch") if entry.is_mapping else entry
                    named = entry.get("path")
                    parsed = beside(named.string) if named is not None and named.string else None
                    if parsed is not None:
                        holder, stream_of_file = parsed
                        for one in stream_of_file.documents:
                            self.patches.extend(_operations(one, entry, holder, file))
                    if inline is None or _FILE_NAME.fullmatch(inline.string or ""):
                        continue
                    found = parse(inline.embedded())
                    self.manifests.extend(manifests(file, found))
                    for one in found.documents:
                        self.patches.extend(_operations(one, entry, file, file))

    def of(self, *kinds: str) -> Iterable[Manifest]:
        return self.manifests.of(*kinds)

    def near(self, manifest: Manifest, *kinds: str) -> list[Manifest]:
        """Those of the same folder, else those of the whole scan, that may share its namespace."""
        fitting = [one for one in self.of(*kinds) if may_share_namespace(one, manifest)]
        beside = [one for one in fitting if one.file.path.parent == manifest.file.path.parent]
        return beside or fitting


def may_share_namespace(first: Manifest, second: Manifest) -> bool:
    """Objects that name no namespace may be put into any."""
    return None in (first.namespace, second.namespace) or first.namespace == second.namespace
