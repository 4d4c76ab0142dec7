# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts to start from: the examples of the policies, the data of the tests, and their strings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
_SHARED = 12_000
"""Bytes: a project that is larger than this is too slow to start from."""
_IGNORED = (".pyc", ".expect", ".sum")

Project = Mapping[str, bytes]


@cache
def example_projects() -> tuple[Project, ...]:
    """Every example and every folder of test data, as files by name."""
    entries = [
        *sorted((ROOT / "examples").glob("PG*/*")),
        ROOT / "examples" / "shop",
        *sorted((ROOT / "tests" / "data" / "migrations").iterdir()),
        *sorted((ROOT / "tests" / "data" / "replay").iterdir()),
        *sorted((ROOT / "tests" / "data" / "terraform_syntax").iterdir()),
        *sorted((ROOT / "tests" / "data" / "terraform_plans").iterdir()),
    ]
    projects = []
    for entry in entries:
        if entry.name.endswith(_IGNORED):
            continue
        files = sorted(entry.rglob("*")) if entry.is_dir() else [entry]
        base = entry.parent
        project = {
            file.relative_to(base).as_posix(): file.read_bytes()
            for file in files
            if file.is_file() and not file.name.endswith(_IGNORED)
        }
        if sum(map(len, project.values())) <= _SHARED:
            projects.append(project)
    return tuple(projects)


@cache
def strings(module: str) -> tuple[str, ...]:
    """The strings of the tests whose file names match a glob, longer than a word."""
    found: dict[str, None] = {}
    for path in sorted((ROOT / "tests").glob(module)):
        for text in _constants(ast.parse(path.read_text(encoding="utf-8"))):
            text = dedent(text.lstrip("\n"))
            if 12 < len(text) < 3_000 and (" " in text or "\n" in text):
                found[text] = None
    return tuple(found)


def _constants(tree: ast.AST) -> Iterator[str]:
    described = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr):
                described.add(id(first.value))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in described:
            continue
        if isinstance(node.value, str):
            yield node.value


def matching(modules: str, pattern: str) -> tuple[str, ...]:
    """The strings of tests (globs, separated by blanks) in which a pattern occurs."""
    wanted = re.compile(pattern, re.MULTILINE)
    found = dict.fromkeys(text for glob in modules.split() for text in strings(glob))
    return tuple(text for text in found if wanted.search(text))
