# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of networks and databases in Terraform: every fact, whether it is well or not.

Verdicts hide much of what they rest on: ranks, places that are not at fault, what passes. When the
facts are meant to change:

    UPDATE_SNAPSHOTS=1 pytest tests/test_network_facts.py && git diff tests/data/network_facts
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from network_configurations import CONFIGURATIONS
from snapshots import assert_snapshot

from connguard.engine.finding import Report
from connguard.engine.scan import gather
from connguard.engine.settings import Settings
from connguard.policies.model.database_facts import DatabaseInstance, TlsRequirement
from connguard.policies.model.network import Endpoint, Rule
from connguard.policies.model.origin import Known, Related, Unknown, Value


def _value(value: Value[object] | object) -> str:
    if isinstance(value, Known):
        return f"{value.value} at {value.origin}"
    if isinstance(value, Unknown):
        return f"not known ({value.reason}) at {value.origin}"
    return str(value)


def _places(related: tuple[Related, ...]) -> Iterator[str]:
    return (f"{one.message} at {one.origin}" for one in related)


def _rule(rule: Rule) -> str:
    parts = [
        "allow" if rule.allow else "deny",
        str(rule.sources),
        *map(_value, rule.unknown),
        f"to {_value(rule.ports)}",
        f"rank {rule.rank}",
        f"at {rule.origin}",
        *([] if rule.certain else ["perhaps"]),
        *([rule.what] if rule.what else []),
        *_places(rule.calls),
    ]
    return "; ".join(parts)


def _lines(fact: object) -> Iterator[str]:
    if isinstance(fact, Endpoint):
        yield f"{fact.guard}: {fact.ports} at {fact.origin}"
        for one in fact.targets:
            public = one.has_public_address
            yield f"  target {one.name}, public {public}, {one.guard or 'same'} at {one.origin}"
        for rules in fact.filters:
            yield "  filter"
            yield from (f"    {_rule(rule)}" for rule in rules)
    elif isinstance(fact, DatabaseInstance):
        yield f"{fact.name}: public {_value(fact.public)}, because {fact.because} at {fact.origin}"
    elif isinstance(fact, TlsRequirement):
        yield f"{fact.name}: TLS {_value(fact.required)}, because {fact.because} at {fact.origin}"
        yield from (f"  {one}" for one in _places(fact.related))


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_what_is_read(name: str, tmp_path: Path) -> None:
    """Endpoints with all rules of all filters, public addresses and TLS of databases."""
    said: list[str] = []
    for number, (title, text) in enumerate(CONFIGURATIONS[name].items()):
        said.append(f"== {title}")
        place = tmp_path / str(number)
        place.mkdir()
        (place / "main.tf").write_text(text, encoding="utf-8")
        report = Report()
        _, reading = gather([place], Settings(path=place / "connguard.toml"), report)
        assert report.failures == []
        for subject in reading.subjects:
            for fact in subject.alternatives:
                said.extend(_lines(fact))
    whole = "\n".join(said) + "\n"
    whole = whole.replace(f"{tmp_path}{os.sep}", "").replace(str(tmp_path), ".")

    assert_snapshot(f"network_facts/{name}.txt", whole)
    assert "filter" in whole
