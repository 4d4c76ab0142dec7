# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutation testing of the policies: which changes of the decisions does no test notice?

    uv sync --group mutation && .venv/bin/python tools/mutate.py [--most-survivors N] [MUTANT …]

Mutates a copy of the tree below build/mutation/ with mutmut. MUTANT is a pattern of names, such as
`connguard.policies.role_*`; without one, every decision of policies/*.py is mutated. Survivors are
printed with their change. Exit code 1: more survivors than `--most-survivors` per cent.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TREE = ROOT / "build" / "mutation"
LINKED = ("checks", "examples", "policies", "sql_rules")

TESTS = (
    "test_budget_bounds",
    "test_budget_edges",
    "test_containers_ports",
    "test_examples",
    "test_hba_edges",
    "test_network_aws",
    "test_policies_all",
    "test_policies_decisions",
    "test_policies_limits",
    "test_sql_settings_passwords",
)
"""Tests that decide facts and need no server; the others say more about readers than decisions."""

SETTINGS = f"""
[tool.mutmut]
source_paths = ["src/connguard/policies"]
only_mutate = ["src/connguard/policies/*.py"]
do_not_mutate = [
    "src/connguard/policies/model/*", "src/connguard/policies/providers/*",
    "src/connguard/policies/symptoms/*",
]
also_copy = ["src", "tests", "examples", "docs", "policies", "checks", "sql_rules"]
timeout_multiplier = 8.0
pytest_add_cli_args = ["-q", "-x", "-p", "no:xdist"]
pytest_add_cli_args_test_selection = {[f"tests/{name}.py" for name in TESTS]}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most-survivors", type=float, default=10.0, metavar="PERCENT")
    parser.add_argument("--children", type=int, default=os.cpu_count() or 1)
    parser.add_argument("mutants", nargs="*")
    arguments = parser.parse_args()
    copy_tree()
    _mutmut("run", "--max-children", str(arguments.children), *arguments.mutants)
    return judge(arguments.most_survivors)


def copy_tree() -> None:
    """The committed and changed files, with real folders in the place of links."""
    shutil.rmtree(TREE, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().rstrip("\0").split("\0"):
        source, target = ROOT / name, TREE / name
        if source.is_file() and not source.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    for name in LINKED:
        shutil.copytree(TREE / name, TREE / "src" / "connguard" / name)
    with (TREE / "pyproject.toml").open("a", encoding="utf-8") as stream:
        stream.write(SETTINGS)
    # Looked for when the interpreter starts: it must be there before mutmut fills it.
    (TREE / "mutants" / "src").mkdir(parents=True)


def judge(most_survivors: float) -> int:
    results = re.findall(r"^\s+(\S+): (.+)$", _mutmut("results", "--all", "true"), re.M)
    judged = [(name, status) for name, status in results if status != "not checked"]
    survivors = [name for name, status in judged if status in ("survived", "no tests")]
    for name in survivors:
        change = re.findall(r"^[-+](?![-+]).*", _mutmut("show", name), re.M)
        print(f"== {name}", *change, sep="\n")
    share = 100 * len(survivors) / max(1, len(judged))
    print(f"{len(judged)} mutants, {len(survivors)} survived ({share:.1f} %)")
    return 0 if judged and share <= most_survivors else 1


def _mutmut(*arguments: str) -> str:
    shown = arguments[0] == "run"
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=TREE,
        env={**os.environ, "PYTHONPATH": str(TREE / "mutants" / "src")},
        stdout=None if shown else subprocess.PIPE,
        text=True,
        check=False,
    )
    if shown and done.returncode:
        raise SystemExit("mutmut failed; see above")
    return done.stdout or ""


if __name__ == "__main__":
    sys.exit(main())
