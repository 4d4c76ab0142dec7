# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What patches of a kustomization make of a Service: what they do not say, the Service says.

https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from connguard.containers.manifests import Patch
from connguard.containers.service_exposure import RANGES, Exposure, entries, facts
from connguard.engine.yaml_source import Node
from connguard.policies.model.facts import Undecided
from connguard.policies.model.kubernetes_service import SOURCE_RANGES, decides_visibility
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily

_ACCESS = (RANGES, "loadBalancerClass", "externalIPs", "ipFamilies", "ipFamilyPolicy")
_OPERATIONS = ("add", "replace", "remove")
_NOTE = "/metadata/annotations/"
_ELEMENT = lazily(r"/spec/loadBalancerSourceRanges/(?P<place>-|\d{1,6})")
_MAY_OPEN = lazily(
    rf"(?:/spec(?:/(?:type|{'|'.join(_ACCESS)})(?:/.*)?)?|/metadata(?:/annotations(?:/.*)?)?)?"
)


def merged(base: Node | None, own: Node | None) -> dict[str, Node]:
    """The entries of a mapping with those of a strategic merge patch laid over them."""
    found = entries(base)
    for key, value in own.items() if own is not None else []:
        if value.is_null:
            found.pop(key.string or "", None)
        else:
            found[key.string or ""] = value
    return found


def change(spec: Node | None, annotations: Node | None) -> Origin | None:
    """The first thing in a strategic merge patch that may let other addresses in."""
    type_node = spec.get("type") if spec is not None else None
    if type_node is not None:
        return type_node.origin
    given = [(name, spec.get(name)) for name in _ACCESS] if spec is not None else []
    places = [value.origin for _, value in given if value is not None]
    notes = annotations.items() if annotations is not None else []
    places.extend(value.origin for key, value in notes if _counts(key.string or ""))
    return places[0] if places else None


def facts_of_operations(exposed: Exposure, operations: Sequence[Patch]) -> Iterator[object]:
    """A Service after the operations of a JSON patch; nothing where none lets addresses in."""
    spec, notes = dict(exposed.spec), dict(exposed.annotations)
    sources: list[Node] | None = None
    changed: list[Origin] = []
    unread: list[Patch] = []
    for one in operations:
        element = _ELEMENT.fullmatch(one.path)
        name = one.path.rpartition("/")[2]
        if one.operation == "test" or not _MAY_OPEN.fullmatch(one.path):
            continue
        if element is not None and one.operation in _OPERATIONS:
            if sources is None:
                sources = spec[RANGES].elements() if RANGES in spec else []
            if not _put_element(sources, element["place"], one):
                unread.append(one)
        elif one.path.startswith(_NOTE):
            name = one.path.removeprefix(_NOTE).replace("~1", "/").replace("~0", "~")
            if not _counts(name):
                continue
            _put(notes, name, one, unread)
        elif one.path in (f"/spec/{key}" for key in ("type", *_ACCESS)):
            sources = None if name == RANGES else sources
            _put(spec, name, one, unread)
        elif one.path == "/metadata/annotations" and one.operation in _OPERATIONS:
            notes = entries(one.value)
        else:
            unread.append(one)
        if one.path == "/spec/type":
            changed.insert(0, one.origin)
        changed.append(one.origin)
    ranges = tuple(sources) if sources is not None else None
    after = replace(exposed, spec=spec, annotations=notes, sources=ranges)
    if unread and (after.kind == "LoadBalancer" or any(_says_type(one) for one in unread)):
        reason = f"who reaches {exposed.title} after a JSON patch of {unread[0].path}"
        yield Undecided("PG201", f"{reason} is not known", unread[0].origin)
    elif changed:
        sets_type = any(one.path == "/spec/type" for one in operations)
        yield from facts_of_change(replace(after, place=changed[0]), sets_type=sets_type)


def facts_of_change(exposed: Exposure, *, sets_type: bool) -> Iterator[object]:
    """The facts of a changed Service, less those of a node port, which the base shows already."""
    if sets_type or exposed.kind != "NodePort":
        yield from facts(exposed)


def _says_type(operation: Patch) -> bool:
    return operation.path in ("", "/spec", "/spec/type")


def _counts(annotation: str) -> bool:
    """Whether an annotation says who reaches a load balancer."""
    return (
        annotation == SOURCE_RANGES
        or decides_visibility(annotation)
        or annotation.endswith("/aws-load-balancer-type")
    )


def _put(into: dict[str, Node], name: str, one: Patch, unread: list[Patch]) -> None:
    if one.operation == "remove":
        into.pop(name, None)
    elif one.operation in ("add", "replace") and one.value is not None:
        into[name] = one.value
    else:  # moved or copied from elsewhere
        unread.append(one)


def _put_element(elements: list[Node], place: str, one: Patch) -> bool:
    """Change one element of a list; False where the list has no such place."""
    index = len(elements) if place == "-" else int(place)
    if one.operation == "add" and one.value is not None and index <= len(elements):
        elements.insert(index, one.value)
    elif one.operation == "replace" and one.value is not None and index < len(elements):
        elements[index] = one.value
    elif one.operation == "remove" and index < len(elements):
        del elements[index]
    else:
        return False
    return True


def by_target(patches: Sequence[Patch]) -> Mapping[tuple[str, str, str], list[Patch]]:
    """The operations of each kustomization on each object, in their order."""
    found: dict[tuple[str, str, str], list[Patch]] = {}
    for one in patches:
        found.setdefault((one.owner.name, one.kind, one.name), []).append(one)
    return found
