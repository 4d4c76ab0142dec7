# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the examples announce for Terraform, and where Checkov cannot see it."""

from __future__ import annotations

import shutil
from pathlib import Path

from example_cases import EXAMPLES, Case, cases
from host_runs import ROOT, Failure

DIFFERENT = {
    # An expression that Checkov does not evaluate.
    ("PG001__bad_yaml_roles/main.tf", 12, "PG001"): "missed",
    # A syntax error elsewhere in the file.
    ("PG901__bad_merge_conflict.tf/bad_merge_conflict.tf", 13, "PG001"): "missed",
    # A setting of a server, which only the native scan reads.
    ("PG401__bad_azure.tf/bad_azure.tf", 23, "PG401"): "missed",
    # A condition on a variable without default, which Checkov takes for false.
    ("PG902__bad_unset_variable.tf/bad_unset_variable.tf", 17, "PG001"): "not announced",
}
"""The verdicts in which Checkov differs by its nature; docs/checkov.md says the same."""


def check_ids() -> set[str]:
    """The ids of the policies that are checks of Checkov, from the docstrings of the checks."""
    files = sorted((ROOT / "checks" / "terraform").glob("cg_tf_*.py"))
    ids = {line.strip('"')[:5] for path in files for line in path.read_text().splitlines()[2:3]}
    assert files
    assert all(identifier.startswith("PG") for identifier in ids)
    return ids


def copy_examples(target: Path, *, bad: bool) -> dict[str, Case]:
    """Copy the bad or the good Terraform examples, each into a folder of its own.

    Returns the examples by the name of their folder.
    """
    copied = {}
    for case in cases():
        if case.is_bad is bad and _is_terraform(case.path):
            name = "__".join(case.path.relative_to(EXAMPLES).parts)
            if case.path.is_dir():
                shutil.copytree(case.path, target / name)
            else:
                (target / name).mkdir(parents=True)
                shutil.copy(case.path, target / name)
            copied[name] = case
    assert copied
    return copied


def expected(copied: dict[str, Case]) -> set[tuple[str, int, str]]:
    """What the examples announce for the checks: path below the copy, line, id."""
    ids = check_ids()
    return {
        (f"{name}/{path}", line, identifier)
        for name, case in copied.items()
        for path, line, identifier in case.expected()
        if identifier in ids and _is_terraform_file(path)
    }


def differences(announced: set[tuple[str, int, str]], failed: set[Failure]) -> list[str]:
    """What was announced and not seen, or seen and not announced, besides what is known to differ.

    Checkov names whole blocks, connguard lines.
    """
    missed = {
        (path, line, identifier): "missed"
        for path, line, identifier in announced
        if not any(_covers(failure, path, line, identifier) for failure in failed)
    }
    invented = {
        (failure.path, failure.first, failure.id): "not announced"
        for failure in failed
        if not any(_covers(failure, *one) for one in announced)
    }
    found = (missed | invented).items() ^ DIFFERENT.items()
    return [f"{kind} {place}" for place, kind in sorted(found)]


def _covers(failure: Failure, path: str, line: int, identifier: str) -> bool:
    # In plans, Checkov counts the lines of a block from 0.
    last = failure.last + 1 if path.endswith(".json") else failure.last
    return (failure.path, failure.id) == (path, identifier) and failure.first <= line <= last


def _is_terraform(path: Path) -> bool:
    if path.is_dir():
        return any(_is_terraform(inner) for inner in path.rglob("*") if inner.is_file())
    return _is_terraform_file(path.name)


def _is_terraform_file(name: str) -> bool:
    return name.endswith((".tf", ".json"))
