# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutation testing of the policies: which changes of the code does no test notice?

    uv sync --group mutation
    .venv/bin/python tools/mutate.py [--scope decisions|model] [--files N] [--sample N] [NAME …]

`decisions` are the functions of policies/*.py, `model` is the mathematics of policies/model/*.py.
NAME is a pattern of functions, such as `*.role_*.decide`. Nothing in the tree is changed; results
are added to build/mutation/SCOPE.jsonl, where `--resume` goes on.

Survivors are explained in tests/data/mutation/SCOPE.toml: what is left of a function when it is
changed so, and why that is all right. Exit code 1: more survivors than `--most-survivors` per cent,
one that is not explained (`--most-unexplained`), or an explanation of a change that is killed, or
is not a change of the code as it reads today.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import random
import sys
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from mutants import Mutant, functions_of, mutants_of
from mutation_judge import KILLED, LEFT, TIMEOUT, Judge, Judgement

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "mutation"
EXPLANATIONS = ROOT / "tests" / "data" / "mutation"

DECIDING = (
    "test_policies_boundaries_budget",
    "test_policies_boundaries_hba",
    "test_policies_boundaries_network",
    "test_policies_boundaries_settings",
    "test_policies_boundaries_sql",
    "test_policies_decisions",
    "test_policies_limits",
)
"""Tests that decide facts, and read no file; the others say more about readers than decisions."""


COMPUTING = (
    *DECIDING,
    "test_addresses",
    "test_budget_drawn",
    "test_budget_edges",
    "test_budget_flow",
    "test_budget_model",
    "test_hba_drawn",
    "test_hba_edges",
    "test_hba_known_roles",
    "test_model_branches",
    "test_model_rules",
    "test_model_terraform",
    "test_model_values",
    "test_network_aws",
    "test_network_azure_google",
    "test_network_azure_google_plan",
    "test_network_edges",
    "test_network_facts",
    "test_network_other_providers",
    "test_network_united",
    "test_network_words",
    "test_server_values",
    "test_simple_yaml",
    "test_symptoms_catalogue",
    "test_terraform_conf",
    "test_terraform_frontend",
    "test_terraform_modules",
    "test_terraform_plan",
    "test_terraform_server_settings",
    "test_terraform_yamlencode",
)
"""Tests of the mathematics; where a provider's rules become facts, by way of short files. Those
that try thousands of cases are left out: they would notice more, and take hours for it."""

TIMED = ("tests/test_symptoms_catalogue.py::test_a_large_log_is_read_in_a_moment",)
"""Tests that measure time. While the lines are recorded, everything takes longer."""


@dataclass(frozen=True)
class Scope:
    folder: str
    module: str
    tests: tuple[str, ...]


SCOPES = {
    "decisions": Scope("policies", "connguard.policies", DECIDING),
    "model": Scope("policies/model", "connguard.policies.model", COMPUTING),
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scope", choices=SCOPES, default="decisions")
    parser.add_argument("--sample", type=int, metavar="N", help="N mutants, drawn by --seed")
    parser.add_argument("--files", type=int, metavar="N", help="of N files, drawn by --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most-survivors", type=float, default=10.0, metavar="PERCENT")
    parser.add_argument("--most-unexplained", type=float, default=0.0, metavar="PERCENT")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="judge N mutants at once")
    parser.add_argument("--resume", action="store_true", help="keep what is judged already")
    parser.add_argument("--survivors", action="store_true", help="judge those again that survived")
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    scope = SCOPES[arguments.scope]
    chance = random.Random(arguments.seed)
    files = sorted((ROOT / scope.folder).glob("*.py"))
    if arguments.files is not None:
        files = chance.sample(files, min(arguments.files, len(files)))
    if arguments.names:
        files = [file for file in files if _has_one(scope, file, arguments.names)]
    mutants = [one for file in files for one in mutants_of(file, f"{scope.module}.{file.stem}")]
    chosen = [one for one in mutants if _is_named(f"{one.module}.{one.function}", arguments.names)]
    if arguments.sample is not None:
        chosen = chance.sample(chosen, min(arguments.sample, len(chosen)))
    names = {one.key for one in mutants}
    modules = tuple(f"{scope.module}.{file.stem}." for file in files)
    results = RESULTS / f"{arguments.scope}.jsonl"
    known = {
        key: one
        for key, one in _read(results).items()
        if key in names or not key.startswith(modules)
    }
    for one in chosen:
        found = known.get(one.key)
        kept = arguments.resume or (arguments.survivors and found and found.status not in LEFT)
        if not kept:
            known.pop(one.key, None)
    open_ones = [one for one in chosen if one.key not in known]
    _judge(scope, files, open_ones, results, known, arguments.jobs)
    known = _read(results)
    judged = {one.key: known[one.key] for one in chosen}
    explanations = _explanations(EXPLANATIONS / f"{arguments.scope}.toml")
    explained = {key for key in explanations if key.startswith(modules)}
    return _report(
        judged,
        names,
        explained,
        arguments.most_survivors,
        arguments.most_unexplained,
    )


def _is_named(function: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatch.fnmatchcase(function, pattern) for pattern in patterns)


def _has_one(scope: Scope, file: Path, patterns: Sequence[str]) -> bool:
    names = (f"{scope.module}.{file.stem}.{name}" for name in functions_of(file))
    return any(_is_named(name, patterns) for name in names)


def _judge(
    scope: Scope,
    files: list[Path],
    mutants: list[Mutant],
    results: Path,
    known: dict[str, Judgement],
    jobs: int,
) -> None:
    results.parent.mkdir(parents=True, exist_ok=True)
    with results.open("w", encoding="utf-8", buffering=1) as stream:
        for key, judgement in known.items():
            stream.write(json.dumps({"key": key, **asdict(judgement)}) + "\n")

        def tell(mutant: Mutant, judgement: Judgement) -> None:
            stream.write(json.dumps({"key": mutant.key, **asdict(judgement)}) + "\n")

        if not mutants:
            return
        os.chdir(ROOT)
        code = pytest.main(
            ["-q", "-s", "--tb=no", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist"]
            + [f"--deselect={name}" for name in TIMED]
            + [f"tests/{name}.py" for name in scope.tests],
            plugins=[Judge(mutants, files, tell, jobs)],
        )
    if code:
        raise SystemExit(f"pytest ended with {code!r}")


def _read(results: Path) -> dict[str, Judgement]:
    if not results.exists():
        return {}
    lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    return {line.pop("key"): Judgement(**line) for line in lines}


def _explanations(file: Path) -> dict[str, str]:
    """Why each change that may survive does not matter, by the key of the mutant."""
    if not file.exists():
        return {}
    read = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        f"{one['function']}\n{one['change'].strip()}": group["why"]
        for group in read["survivors"]
        for one in group["mutants"]
    }


def _report(
    judged: dict[str, Judgement],
    existing: set[str],
    explained: set[str],
    most_survivors: float,
    most_unexplained: float,
) -> int:
    survivors = [key for key, one in judged.items() if one.status in LEFT]
    unexplained = [key for key in survivors if key not in explained]
    stale = [key for key in explained if key not in existing]
    killed = [key for key in explained if key in judged and key not in survivors]
    for title, keys in (
        ("survived, not explained", unexplained),
        ("explained, but the code does not read so any more", stale),
        ("explained, but killed", killed),
    ):
        for key in keys:
            print(f"== {title}: {key}")
    counts = Counter(one.status for one in judged.values())
    total = max(1, len(judged))
    print(
        f"{len(judged)} mutants: {counts[KILLED]} killed, {counts[TIMEOUT]} timeouts, "
        f"{len(survivors)} survived ({100 * len(survivors) / total:.1f} %), "
        f"{len(survivors) - len(unexplained)} of them explained; "
        f"{sum(one.seconds for one in judged.values()) / total:.3f} s of CPU each"
    )
    bad = (
        not judged
        or 100 * len(survivors) / total > most_survivors
        or 100 * len(unexplained) / total > most_unexplained
        or stale
        or killed
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
