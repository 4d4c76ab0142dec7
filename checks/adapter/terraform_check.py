# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""A policy as a resource check of Checkov.

Checkov drops a check that raises and goes on, green. The check therefore answers FAILED when it
meets a defect of its own, and UNKNOWN, which Checkov does not report, when a value that the policy
needs is not known.
"""

from __future__ import annotations

import logging
from typing import Any, Protocol

from checkov.common.bridgecrew.severities import BcSeverities, Severities
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

from connguard.checks.adapter import terraform_conf
from connguard.policies.model.origin import Unknown
from connguard.policies.model.policy import Policy
from connguard.policies.model.terraform_value import integer
from connguard.policies.model.verdict import Severity, Status, Verdict, worst

_RESULT = {
    Status.PASS: CheckResult.PASSED,
    Status.UNKNOWN: CheckResult.UNKNOWN,
    Status.FAIL: CheckResult.FAILED,
}
SEVERITY = {
    Severity.ERROR: Severities[BcSeverities.HIGH],
    Severity.WARNING: Severities[BcSeverities.MEDIUM],
    Severity.NOTE: Severities[BcSeverities.LOW],
}


class PolicyModule(Protocol):
    """A module of connguard.policies."""

    POLICY: Policy

    def decide(self, fact: Any, /) -> Verdict: ...


def check_name(policy: Policy) -> str:
    """All that Checkov shows of a policy: its name, and when it fails."""
    condition = policy.condition.partition(". ")[0].rstrip(".")
    return f"{policy.name}: {condition}"


class TerraformCheck(BaseResourceCheck):  # type: ignore[misc]  # untyped where Checkov is missing
    """Judges resources of the types `resources` by one policy.

    `keys` are the attributes that the verdict rests on, the one that the policy is about first.
    Checkov shows the name of a check and no message of its own (`details` would make its SARIF
    output invalid), so the name says when the policy fails.
    """

    judge: PolicyModule
    resources: tuple[str, ...]
    keys: tuple[str, ...]

    def __init__(self) -> None:
        policy = self.judge.POLICY
        super().__init__(
            name=check_name(policy),
            id=policy.checkov_id,
            categories=[CheckCategories.GENERAL_SECURITY],
            supported_resources=list(self.resources),
            guideline=policy.references[0],
        )
        self.severity = SEVERITY[policy.severity]

    def scan_entity_conf(self, conf: dict[str, Any], entity_type: str) -> CheckResult:
        try:
            return super().scan_entity_conf(conf, entity_type)
        except Exception:
            logging.exception("a bug in connguard: %s at %s", self.id, self.entity_path)
            return CheckResult.FAILED

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        self.evaluated_keys = list(self.keys)
        settings = terraform_conf.settings(self.entity_type, conf)
        facts = terraform_conf.facts(self.entity_type, settings)
        about = self.judge.POLICY.about
        verdict = worst(self.judge.decide(fact) for fact in facts if isinstance(fact, about))
        if verdict.status is Status.PASS and isinstance(integer(settings, self.keys[0]), Unknown):
            return CheckResult.UNKNOWN
        return _RESULT[verdict.status]
