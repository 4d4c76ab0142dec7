# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""A policy about several resources as a check of Checkov.

The whole graph is judged once. A resource fails when a finding stands in it, passes when all that
it takes part in is well, and is left out of Checkov's report when that is not known.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.module.base_module_check import BaseModuleCheck
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

from connguard.checks.adapter.graph_inventory import inventories
from connguard.checks.adapter.terraform_check import SEVERITY, PolicyModule, check_name
from connguard.policies.model.network import Endpoint, access
from connguard.policies.model.origin import Origin
from connguard.policies.model.policy import Policy
from connguard.policies.model.terraform_facts import facts, module_sources, resource_types
from connguard.policies.model.verdict import Status

_RANK = (CheckResult.UNKNOWN, CheckResult.PASSED, CheckResult.FAILED)
_BESIDES = ("related", "calls")


class Judgement:
    """The facts of a graph, and what the policies say about its nodes."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        found, self._nodes, self._places = inventories(graph)
        self._facts = [fact for inventory in found for fact in facts(inventory)]
        self._touched = [frozenset(map(_number, _origins(fact))) for fact in self._facts]
        self._results: dict[str, dict[int, CheckResult]] = {}

    def result(
        self, judge: PolicyModule, kind: str, conf: dict[str, Any], path: str
    ) -> CheckResult:
        """What a policy says about the block with this content in a file, the worst first."""
        results = self._results.get(judge.POLICY.id)
        if results is None:
            results = self._results[judge.POLICY.id] = self._decided(judge)
        numbers = self._places.get((kind, str(_first(conf.get("__address__")))), [])
        if len(numbers) > 1:
            end = path.lstrip("/.")
            here = [one for one in numbers if self._path(one).endswith(end)]
            numbers = here or numbers
        found = [results.get(number, CheckResult.UNKNOWN) for number in numbers]
        return max(found, key=_RANK.index, default=CheckResult.UNKNOWN)

    def _path(self, number: int) -> str:
        return str(self._nodes[number].get("file_path_"))

    def _decided(self, judge: PolicyModule) -> dict[int, CheckResult]:
        failed: set[int] = set()
        open_: set[int] = set()
        passed: set[int] = set()
        for fact, touched in zip(self._facts, self._touched, strict=True):
            if not isinstance(fact, judge.POLICY.facts):
                continue
            verdict = judge.decide(fact)
            # PG201 says that it is not known who comes in; the other policy must not look content.
            doubtful = isinstance(fact, Endpoint) and bool(access(fact).unknown)
            if verdict.status is Status.PASS and not doubtful:
                passed |= touched
                continue
            open_ |= touched
            if verdict.status is Status.FAIL and verdict.at is not None:
                failed.add(_number(verdict.at))
        return (
            dict.fromkeys(passed, CheckResult.PASSED)
            | dict.fromkeys(open_, CheckResult.UNKNOWN)
            | dict.fromkeys(failed, CheckResult.FAILED)
        )


class _Judged:
    """The judgements of the graphs that Checkov has shown last."""

    def __init__(self, most: int = 8) -> None:
        self._most = most
        self._found: list[Judgement] = []

    def of(self, graph: Any) -> Judgement:
        for judgement in self._found:
            if judgement.graph is graph:
                return judgement
        judgement = Judgement(graph)
        self._found = [judgement, *self._found][: self._most]
        return judgement


_JUDGED = _Judged()


class GraphCheck(BaseResourceCheck):  # type: ignore[misc]  # untyped where Checkov is missing
    """Judges all resources that the provider mappings read, together, by one policy.

    Calls of modules that Checkov does not have are judged by their inputs, by a check of the same
    id in Checkov's registry for modules.
    """

    judge: PolicyModule

    def __init__(self) -> None:
        policy: Policy = self.judge.POLICY
        super().__init__(
            name=check_name(policy),
            id=policy.checkov_id,
            categories=[CheckCategories.NETWORKING],
            supported_resources=sorted(resource_types()),
            guideline=policy.references[0],
        )
        self.severity = SEVERITY[policy.severity]
        if module_sources():
            self.calls = _CallCheck(self)

    def scan_entity_conf(self, conf: dict[str, Any], entity_type: str) -> CheckResult:
        self.entity_type = entity_type
        return self.result(self, "resource", conf)

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        return self.result(self, "resource", conf)

    def result(self, check: Any, kind: str, conf: dict[str, Any]) -> CheckResult:
        """The result for a block that Checkov shows to a check."""
        try:
            if check.graph is None:
                logging.error("%s needs Checkov's graph, which is missing", self.id)
                return CheckResult.FAILED
            path = str(check.entity_path).partition(":")[0]
            return _JUDGED.of(check.graph).result(self.judge, kind, conf, path)
        except Exception:
            logging.exception("a bug in connguard: %s at %s", self.id, check.entity_path)
            return CheckResult.FAILED


class _CallCheck(BaseModuleCheck):  # type: ignore[misc]  # untyped where Checkov is missing
    """The calls of modules, for a check of resources."""

    def __init__(self, resources: GraphCheck) -> None:
        super().__init__(
            name=resources.name,
            id=resources.id,
            categories=[CheckCategories.NETWORKING],
            guideline=resources.guideline,
        )
        self.severity = resources.severity
        self.resources = resources

    def scan_module_conf(self, conf: dict[str, Any]) -> CheckResult:
        return self.resources.result(self, "module", conf)


def _origins(value: object) -> Iterator[Origin]:
    """All places in a fact, besides those that are only shown."""
    if isinstance(value, Origin):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _origins(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            if each.name not in _BESIDES:
                yield from _origins(getattr(value, each.name))


def _number(origin: Origin) -> int:
    return int(origin.path)


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value
