# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider mappings and the policies take whatever a configuration may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connguard.engine.finding import Report
from connguard.engine.judge import Judge
from connguard.engine.registry import policies
from connguard.policies.model.network import united_holes
from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.reading import Subject
from connguard.policies.model.simple_yaml import parse
from connguard.policies.model.terraform_facts import facts, providers, read_by_each, walk
from connguard.policies.model.terraform_resource import Inventory, ValueBody
from connguard.policies.model.terraform_value import Unresolved

PLACE = Origin("main.tf", 1, 1, 1, 2)
ROWS = [(provider, table) for provider in providers() for table in provider.TABLES]
TYPES = sorted({kind for _, table in ROWS for kind in table.types})

WORDS = (
    *("0.0.0.0/0", "::/0", "1.2.3.4/0", "10.0.0.0/8", "0.0.0.0", "/0"),
    *("tcp", "TCP", "-1", "all", "ingress", "INBOUND", "in", "accept", "drop"),
    *("pg", "postgresql", "PostgreSQL", "5432", "1-65535", "LoadBalancer", "NodePort"),
)


@dataclass(frozen=True)
class AnyResource:
    """A resource with given attributes."""

    type: str
    name: str
    body: ValueBody
    origin: Origin = PLACE
    calls: tuple[Related, ...] = field(default=())

    @property
    def address(self) -> str:
        return f"{self.type}.{self.name}"


references = st.sampled_from(TYPES).map(
    lambda kind: Unresolved("only known later", f"{kind}.a", "id")
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 70000),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from([10**40, *WORDS]),
    st.just(Unresolved("it is not known")),
    references,
)


def values(names: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    return st.recursive(
        scalars,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=6)
        ),
        max_leaves=8,
    )


def attributes_of(kind: str) -> list[str]:
    """The names on the paths that are read of resources of a type."""
    paths = [path for _, table in ROWS if kind in table.types for path in table.attributes]
    return sorted({part for path in paths for part in path.split(".")}) or ["name"]


@st.composite
def resources(draw: st.DrawFn) -> AnyResource:
    kind = draw(st.sampled_from(TYPES))
    names = st.sampled_from(attributes_of(kind))
    content: Mapping[str, object] = draw(st.dictionaries(names, values(names), max_size=8))
    name = draw(st.sampled_from(["a", "b", "postgres"]))
    return AnyResource(kind, name, ValueBody(content, PLACE, draw(st.booleans())))


@settings(max_examples=150, deadline=None)
@given(found=st.lists(resources(), max_size=6))
def test_no_content_is_too_odd(found: list[AnyResource]) -> None:
    """Whatever the resources hold, every mapping gives facts, and every policy decides them."""
    inventory = Inventory(found)
    report = Report()
    judge = Judge(policies(), report)

    for provider in providers():
        judge.judge(Subject((fact,)) for fact in provider.facts(inventory))

    assert report.failures == []


@settings(max_examples=150, deadline=None)
@given(found=st.lists(resources(), max_size=6))
def test_no_mapping_is_left_out_that_has_something_to_say(found: list[AnyResource]) -> None:
    """Only the mappings of clouds that occur are asked: the others would give nothing."""
    inventory = Inventory(found)
    all_facts = (fact for provider in providers() for fact in provider.facts(inventory))

    assert list(facts(inventory)) == list(united_holes(all_facts))


def test_the_index_is_what_the_folder_holds() -> None:
    assert dict(read_by_each()) == walk()


@pytest.mark.parametrize("kind", TYPES)
def test_an_empty_resource(kind: str) -> None:
    """A resource without any attribute is no reason to stop."""
    inventory = Inventory([AnyResource(kind, "a", ValueBody({}, PLACE))])

    for provider in providers():
        assert isinstance(list(provider.facts(inventory)), list)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab:- \n#\"'[]{}|>&*,\\\t", max_size=60))
def test_any_text_is_yaml_or_not(text: str) -> None:
    """The reader of simple YAML gives a mapping or None."""
    assert isinstance(parse(text), dict | None)
