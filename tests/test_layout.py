# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layout of the repository: what the packages rest on and Checkov would trip over."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
PACKAGE_FOLDERS = SETUPTOOLS["package-dir"]
LINKED = ("checks", "policies", "sql_rules")


def modules(folder: str) -> list[Path]:
    """The modules below a folder of the repository, not following the links."""
    found = sorted(
        path
        for path in (ROOT / folder).rglob("*.py")
        if not any(parent.is_symlink() for parent in path.parents)
    )
    assert found, f"no modules in {folder}/"
    return found


def code() -> list[Path]:
    return [path for folder in (*LINKED, "src") for path in modules(folder)]


def package_of(folder: Path) -> str:
    """The import name of a folder of the repository."""
    for name, base in sorted(PACKAGE_FOLDERS.items(), key=lambda item: -len(item[1])):
        if folder.is_relative_to(ROOT / base):
            return ".".join([name, *folder.relative_to(ROOT / base).parts])
    raise AssertionError(f"{folder} belongs to no package")


def imports(path: Path) -> Iterator[str]:
    """The full names that a module imports: `connguard.engine.text`, `json`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports do not work below Checkov"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def outside(path: Path, *allowed: str) -> list[str]:
    """The imports of a module that are neither standard library nor below an allowed package."""
    below = tuple(f"{package}." for package in allowed)
    return [
        name
        for name in imports(path)
        if name.split(".")[0] not in sys.stdlib_module_names and not f"{name}.".startswith(below)
    ]


def test_every_folder_with_modules_is_packaged() -> None:
    """The list of packages is the list of the folders that hold modules, and the examples."""
    packages = {package_of(path.parent) for path in code()} | {"connguard.examples"}

    assert packages == set(SETUPTOOLS["packages"])


def test_only_checks_and_the_interface_have_an_init_module() -> None:
    """Checkov runs each module of each folder that has one, throughout a cloned repository.

    It leaves out modules whose names start with two underscores, and nothing else lies beside the
    interface for Python.
    """
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*__init__.py"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()

    assert set(tracked) == {
        "checks/__init__.py",
        "checks/terraform/__init__.py",
        "src/connguard/__init__.py",
    }
    beside = {path.name for path in (ROOT / "src" / "connguard").glob("*.py")}
    assert beside == {"__init__.py", "__main__.py"}


def test_checkov_can_load_every_data_file() -> None:
    """With --external-checks-git it reads all YAML and JSON of the clone, one document a file."""
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "*.yaml", "*.yml", "*.json"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert tracked
    for name in tracked:
        if (path := ROOT / name).exists():
            text = path.read_text(encoding="utf-8")
            json.dumps(json.loads(text) if path.suffix == ".json" else yaml.safe_load(text))


def test_bootstrap_runs_before_the_checks() -> None:
    """Within a folder the order of Checkov is arbitrary: only the bootstrap lies in checks/."""
    assert [path.name for path in sorted((ROOT / "checks").glob("*.py"))] == [
        "__init__.py",
        "_connguard_source_tree.py",
    ]


@pytest.mark.parametrize(
    "path",
    [path for path in modules("checks/terraform") if path.name != "__init__.py"],
    ids=lambda path: path.stem,
)
def test_check_is_prefixed_and_constructed(path: Path) -> None:
    """A check's file name cannot hide another module, and the check is constructed on import."""
    assert path.stem.startswith("cg_tf_")
    assert [
        target.id
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ] == ["check"]


def test_check_file_names_are_unique() -> None:
    """Checkov enters each check into sys.modules under its bare file name."""
    names = [path.stem for path in modules("checks") if path.stem != "__init__"]

    assert sorted(set(names)) == sorted(names)


def test_no_module_shadows_another_library() -> None:
    """No module has the name of a standard or an installed top-level module."""
    taken = (set(sys.stdlib_module_names) | set(packages_distributions())) - {"connguard"}

    assert [path for path in code() if path.stem in taken and path.stem != "__init__"] == []


@pytest.mark.parametrize("path", modules("policies"), ids=lambda path: path.stem)
def test_policies_need_only_the_standard_library(path: Path) -> None:
    """Policies are pure: they import the standard library and one another."""
    assert outside(path, "connguard.policies") == []


@pytest.mark.parametrize("path", modules("checks"), ids=lambda path: path.stem)
def test_checks_need_only_checkov_and_policies(path: Path) -> None:
    """In an environment with only Checkov there is nothing else."""
    assert outside(path, "checkov", "connguard.policies", "connguard.checks") == []


def test_pglast_is_imported_in_one_module() -> None:
    """The only library under the GPL is reached through one module."""
    users = [
        path.name for path in code() if any(n.split(".")[0] == "pglast" for n in imports(path))
    ]

    assert len(users) == 1


READERS = ("terraform", "migrations", "sql_rules", "engine.frontends", "engine.reading")
ENGINE = tuple(
    f"engine.{name}"
    for name in ("finding", "judge", "scan", "suppressions", "discovery", "output", "registry")
)
FRONT = ("reporters", "commands", "engine.cli", "engine.checkov_host")
ABOVE = {
    "sql_rules": ("terraform", "migrations", "engine.frontends", "engine.reading", *ENGINE, *FRONT),
    "terraform": ("migrations", "sql_rules", "engine.frontends", "checks", *ENGINE, *FRONT),
    "migrations": ("terraform", "engine.frontends", "checks", *ENGINE, *FRONT),
    "reporters": (
        *(*READERS, "engine.judge", "engine.scan", "checks", "commands"),
        *("engine.cli", "engine.checkov_host"),
    ),
    "commands": ("engine.cli",),
    "fleet": ("commands", "engine.cli", "engine.checkov_host"),
    "engine": ("commands", "adopting", "editor", "exporting"),
}
"""What the modules of a package must not import: dependencies point from the reporters down."""


@pytest.mark.parametrize(
    "path",
    [path for path in code() if package_of(path.parent).split(".")[1:2] != []],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_dependencies_point_one_way(path: Path) -> None:
    """Readers know no findings, reporters no readers, and nobody the command line."""
    package = package_of(path.parent).split(".")[1]
    above = tuple(f"connguard.{name}." for name in ABOVE.get(package, FRONT))

    assert [name for name in imports(path) if f"{name}.".startswith(above)] == []
