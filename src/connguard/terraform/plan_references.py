# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the expressions in a plan's `configuration` refer to, in full addresses.

A plan names the references of an expression, not the expression: `[aws_x.a.id, module.m.b]` has
the references aws_x.a.id, aws_x.a, module.m.b and module.m. Local values are not in the plan.
https://developer.hashicorp.com/terraform/internals/json-format#expression-representation
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_value import Unresolved

_STEP = lazily(r'\.?([\w-]+|\*)((?:\["(?:[^"\\]|\\.)*"\]|\[\d+\]|\[\*\])*)')
_KEY = lazily(r'\["(?:[^"\\]|\\.)*"\]|\[\d+\]')
_MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class _Scope:
    """A module instance: the configuration of the module, and the steps of its address."""

    module: Mapping[str, Any]
    path: tuple[tuple[str, str], ...] = ()
    parent: _Scope | None = None

    @property
    def prefix(self) -> str:
        return "".join(f"module.{name}{key}." for name, key in self.path)


class References:
    """Resolves the references of a plan; `addresses` are those of all its resource instances."""

    def __init__(self, root: object, addresses: frozenset[str]) -> None:
        self._root = _Scope(root) if isinstance(root, Mapping) else None
        self._instances: dict[str, list[str]] = {}
        self._resources: dict[int, dict[tuple[str, str], Mapping[str, Any]]] = {}
        self._modules: dict[tuple[tuple[str, str], ...], dict[str, set[str]]] = {}
        for address in sorted(addresses):
            path, kind, name, key = split(address)
            prefix = "".join(f"module.{module}{at}." for module, at in path)
            self._instances.setdefault(f"{prefix}{kind}.{name}", []).append(key)
            for depth, (module, at) in enumerate(path):
                self._modules.setdefault(path[:depth], {}).setdefault(module, set()).add(at)

    def expressions(self, address: str) -> Mapping[str, Any] | None:
        """The expressions of a resource by attribute; None when the plan does not have them."""
        found = self._resource(address)
        if found is None:
            return None
        written = found[1].get("expressions")
        return written if isinstance(written, Mapping) else {}

    def resolve(self, address: str, written: object) -> list[Unresolved]:
        """What an expression of a resource may be: a part for each reference that is followed."""
        found = self._resource(address)
        if found is None:
            return []
        scope, resource = found
        each = resource.get("for_each_expression") or resource.get("count_expression")
        key = split(address)[3]
        parts = list(self._parts(written, scope, (key, each), 0))
        distinct = {(part.refers, part.attribute, part.reason): part for part in parts}
        return list(distinct.values())

    def _resource(self, address: str) -> tuple[_Scope, Mapping[str, Any]] | None:
        path, kind, name, _ = split(address)
        scope = self._root
        for module, key in path:
            scope = self._child(scope, module, key) if scope else None
        resource = self._declared(scope).get((kind, name)) if scope else None
        return (scope, resource) if scope and resource is not None else None

    def _declared(self, scope: _Scope) -> dict[tuple[str, str], Mapping[str, Any]]:
        """The resources of a module by type and name."""
        key = id(scope.module)  # the plan that holds it lives as long as this object
        if key not in self._resources:
            self._resources[key] = {
                (str(one.get("type")), str(one.get("name"))): one
                for one in _list(scope.module.get("resources"))
                if isinstance(one, Mapping) and one.get("mode") != "data"
            }
        return self._resources[key]

    def _child(self, scope: _Scope, name: str, key: str) -> _Scope | None:
        module = _map(_map(_map(scope.module.get("module_calls")).get(name)).get("module"))
        return _Scope(module, (*scope.path, (name, key)), scope) if module else None

    def _parts(
        self, written: object, scope: _Scope, instance: tuple[str, object], depth: int
    ) -> Iterator[Unresolved]:
        """`instance` is the key of the block whose expression it is, and what makes its keys."""
        listed = [str(one) for one in _list(_map(written).get("references"))]
        for reference in listed:
            # The same reference follows without its attributes, and without its key.
            if any(other != reference and _begins(other, reference) for other in listed):
                continue
            yield from self._follow(reference, scope, instance, depth, _iterates(listed))

    def _follow(
        self,
        reference: str,
        scope: _Scope,
        instance: tuple[str, object],
        depth: int,
        iterates: bool,
    ) -> Iterator[Unresolved]:
        steps = _STEP.findall(reference)
        kind = steps[0][0] if steps else ""
        key, source = instance
        if depth > _MAX_DEPTH or not steps:
            yield Unresolved(f"{reference} is known only after apply")
        elif kind in ("path", "terraform", "count", "self") or reference.startswith("each.key"):
            return
        elif kind == "each":
            yield from self._parts(source, scope, ("", None), depth + 1)
        elif kind == "var" and len(steps) > 1:
            yield from self._variable(steps[1][0], scope, depth)
        elif kind == "module" and len(steps) > 2:
            yield from self._output(steps[1], steps[2][0], scope, depth)
        elif kind in ("local", "module") or len(steps) < 2:
            yield Unresolved(f"{reference} is known only after apply")
        elif kind == "data":
            name = ".".join(f"{word}{at}" for word, at in steps[:3])
            yield _unresolved(reference, f"{scope.prefix}{name}", steps[3:])
        else:
            base = f"{scope.prefix}{kind}.{steps[1][0]}"
            for at in self._keys(base, steps[1][1], key if iterates else ""):
                yield _unresolved(reference, f"{base}{at}", steps[2:])

    def _variable(self, name: str, scope: _Scope, depth: int) -> Iterator[Unresolved]:
        if scope.parent is None:
            return  # a variable of the root module is known when Terraform plans
        module, key = scope.path[-1]
        call = _map(_map(scope.parent.module.get("module_calls")).get(module))
        each = call.get("for_each_expression") or call.get("count_expression")
        written = _map(call.get("expressions")).get(name)
        yield from self._parts(written, scope.parent, (key, each), depth + 1)

    def _output(
        self, step: tuple[str, str], output: str, scope: _Scope, depth: int
    ) -> Iterator[Unresolved]:
        name, key = step
        keys = (
            [key]
            if _KEY.fullmatch(key)
            else sorted(self._modules.get(scope.path, {}).get(name, {""}))
        )
        for at in keys:
            child = self._child(scope, name, at)
            written = _map(_map(child.module.get("outputs")).get(output)) if child else {}
            if child is None or "expression" not in written:
                yield Unresolved(f"module.{name}{at}.{output} is known only after apply")
            else:
                yield from self._parts(written["expression"], child, ("", None), depth + 1)

    def _keys(self, base: str, key: str, own: str) -> list[str]:
        """The instances that a reference means: the named one, the one of the same key, or all."""
        existing = self._instances.get(base, [""])
        if _KEY.fullmatch(key):
            return [key]
        return [own] if own and own in existing else existing


def split(address: str) -> tuple[tuple[tuple[str, str], ...], str, str, str]:
    """Modules with their keys, type, name and key of an address such as `module.m["a"].t.n[0]`."""
    steps = _STEP.findall(address)
    path: list[tuple[str, str]] = []
    while len(steps) >= 4 and steps[0][0] == "module":
        path.append(steps[1])
        steps = steps[2:]
    if len(steps) < 2:
        return tuple(path), "", address, ""
    name, key = steps[-1]
    return tuple(path), ".".join(word for word, _ in steps[:-1]), name, key


def _unresolved(reference: str, address: str, rest: list[tuple[str, str]]) -> Unresolved:
    attribute = next((word for word, _ in rest if word != "*"), None)
    reason = f"{reference} is known only after apply"
    return Unresolved(reason, refers=address, attribute=attribute, direct=False)


def _begins(longer: str, shorter: str) -> bool:
    return longer.startswith((f"{shorter}.", f"{shorter}["))


def _iterates(references: list[str]) -> bool:
    return any(one.startswith(("each.", "count.")) for one in references)


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
