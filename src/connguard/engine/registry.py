# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies, found by walking the folder `policies/`.

Most scans meet facts of few classes. A policy's module is therefore imported when its metadata or
its decision is asked for; ids, names and fact classes stand in a written index of the folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module

import connguard.policies
from connguard.engine.policy_index import INDEX
from connguard.policies.model.policy import Policy
from connguard.policies.model.verdict import Verdict

Decision = Callable[[object], Verdict]

_PACKAGE = "connguard.policies."


class RegistryError(Exception):
    """A module in `policies/` is not a policy, or two policies claim one id. A bug in connguard."""


class RegisteredPolicy:
    """A policy's metadata and its decision, a pure function of one fact.

    `about` are the names of the fact classes that it decides about, as `fact_name` gives them.
    Until `policy` or `decide` is read the policy's module is not imported; both raise RegistryError
    when it is not the policy that the index promises.
    """

    __slots__ = ("_decide", "_policy", "about", "id", "name")

    def __init__(self, id_: str, name: str, about: tuple[str, ...]) -> None:
        self.id = id_
        self.name = name
        self.about = about
        self._policy: Policy | None = None
        self._decide: Decision | None = None

    @classmethod
    def made_of(cls, policy: Policy, decide: Decision) -> RegisteredPolicy:
        made = cls(policy.id, policy.name, tuple(map(fact_name, policy.facts)))
        made._policy, made._decide = policy, decide
        return made

    @property
    def policy(self) -> Policy:
        return self._policy or self._load()[0]

    @property
    def decide(self) -> Decision:
        return self._decide or self._load()[1]

    def _load(self) -> tuple[Policy, Decision]:
        found = _import(self.name.replace("-", "_"))
        if (found.id, found.name, found.about) != (self.id, self.name, self.about):
            raise RegistryError(f"{self.id} {self.name} is not what the index of policies says")
        self._policy, self._decide = found.policy, found.decide
        return found.policy, found.decide


def fact_name(fact: type) -> str:
    """The module, below the package of policies, and the name of a fact class."""
    return f"{fact.__module__.removeprefix(_PACKAGE)}.{fact.__qualname__}"


@cache
def policies() -> tuple[RegisteredPolicy, ...]:
    """Every policy, sorted by id.

    Raises RegistryError for a module that is no policy and for an id or a name used twice.
    """
    rows = [line.split() for line in INDEX.splitlines()]
    if {name.replace("-", "_") for _, name, *_ in rows} != _modules():
        return walk()  # a policy was added or removed, and the index not yet written anew
    return tuple(RegisteredPolicy(id_, name, tuple(about)) for id_, name, *about in rows)


def walk() -> tuple[RegisteredPolicy, ...]:
    """Every policy, from the modules themselves; raises as `policies` does."""
    found: dict[str, RegisteredPolicy] = {}
    names: set[str] = set()
    for module in sorted(_modules()):
        registered = _import(module)
        if registered.id in found or registered.name in names:
            raise RegistryError(
                f"{_PACKAGE}{module}: {registered.id} {registered.name} exists already"
            )
        found[registered.id] = registered
        names.add(registered.name)
    return tuple(found[identifier] for identifier in sorted(found))


def written_index() -> str:
    """The text of `policy_index.py`: a line for each policy."""
    lines = "".join(f"{one.id} {one.name} {' '.join(one.about)}\n" for one in walk())
    return (
        # REUSE-IgnoreStart
        "# SPDX-FileCopyrightText: 2026 The connguard authors\n"
        "# SPDX-License-Identifier: GPL-3.0-or-later\n"
        # REUSE-IgnoreEnd
        '"""Id, name and fact classes of every policy. Written by tools/generate_docs.py."""\n\n'
        f'INDEX = """\\\n{lines}"""\n'
    )


def _modules() -> set[str]:
    """The names of the modules in `policies/`, without folders."""
    folders = list(connguard.policies.__path__)
    if not all(map(os.path.isdir, folders)):
        from pkgutil import iter_modules

        return {one.name for one in iter_modules(folders) if not one.ispkg}
    names = (name for folder in folders for name in os.listdir(folder))
    return {name.removesuffix(".py") for name in names if name.endswith(".py")}


def _import(name: str) -> RegisteredPolicy:
    module = import_module(_PACKAGE + name)
    policy = getattr(module, "POLICY", None)
    if not isinstance(policy, Policy) or not _is_id(policy.id):
        raise RegistryError(f"{module.__name__} has no POLICY with an id like PG001")
    return RegisteredPolicy.made_of(policy, module.decide)


def _is_id(text: str) -> bool:
    return len(text) == 5 and text.startswith("PG") and text.isascii() and text[2:].isdigit()


def policy_ids() -> tuple[str, ...]:
    return tuple(registered.id for registered in policies())


def find(id_or_name: str) -> RegisteredPolicy | None:
    """The policy with this id, name or Checkov id, in any letter case."""
    wanted = id_or_name.strip().casefold()
    for registered in policies():
        own = registered.id.casefold()
        if wanted in (own, registered.name, f"ckv_custom_pg_{own.removeprefix('pg')}"):
            return registered
    return None


def select(patterns: Iterable[str]) -> frozenset[str]:
    """The ids that the patterns name: ids, prefixes of ids such as `PG0`, or names.

    Raises ValueError for a pattern that names no policy.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        named = find(pattern)
        matching = {named.id} if named else set()
        if not named and pattern.upper().startswith("PG"):
            matching = {known for known in policy_ids() if known.startswith(pattern.upper())}
        if not matching:
            raise ValueError(f"no policy is called {pattern!r}; `connguard rules` lists them")
        chosen |= matching
    return frozenset(chosen)
