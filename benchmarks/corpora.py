# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real files to measure with: fetched by name with git, kept outside of the repository."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

MIGRATIONS = (
    "LemmyNet/lemmy",
    "rust-lang/crates.io",
    "hatchet-dev/hatchet",
    "langfuse/langfuse",
    "concourse/concourse",
    "formbricks/formbricks",
    "documenso/documenso",
    "umami-software/umami",
)
TERRAFORM = (
    "cloudposse/terraform-aws-components",
    "terraform-aws-modules/terraform-aws-rds",
    "terraform-aws-modules/terraform-aws-rds-aurora",
    "terraform-aws-modules/terraform-aws-security-group",
)
"""Modules that are used everywhere; the examples of the last three have findings."""


def fetched(names: Sequence[str], where: Path) -> list[Path]:
    """Clones of public repositories of GitHub below a folder; what is there is taken as it is.

    Raises CalledProcessError.
    """
    found = []
    for name in names:
        folder = where / name.replace("/", "+")
        if not folder.is_dir():
            address = f"https://github.com/{name}.git"
            command = ["git", "clone", "--quiet", "--depth", "1", address, str(folder)]
            subprocess.run(command, check=True)
        found.append(folder)
    return found


def migrations(given: Path | None, where: Path, most: int = 2_000) -> Path:
    """A folder with at most this many migration files, laid out as in their repositories."""
    if given is not None:
        return given
    chosen = [
        (repository, path)
        for repository in fetched(MIGRATIONS, where)
        for path in _files(repository, ".sql")
        if "migrations" in path.parts or "migration" in path.parts
    ]
    return _copied(chosen[:most], where / f"migrations-{most}")


def terraform(given: Path | None, where: Path, most: int = 500) -> Path:
    """A folder with about this many Terraform files, whole modules only.

    Half of them, if there are as many, from the folders of repositories after the first, or of
    `given`: those have databases and security groups.
    """
    repositories = [given] if given is not None else fetched(TERRAFORM, where)
    if given is not None and not any(given.glob("*.tf")):
        repositories = sorted(path for path in given.iterdir() if path.is_dir())
    target = where / f"terraform-{most}-{len(repositories)}"
    others = _modules(repositories[1:], most // 2)
    return _copied(others + _modules(repositories[:1], most - len(others)), target)


def _modules(repositories: Sequence[Path], most: int) -> list[tuple[Path, Path]]:
    """About so many files of modules, as many of each repository; examples come first."""
    chosen: list[tuple[Path, Path]] = []
    for number, repository in enumerate(repositories, 1):
        folders = {path.parent for path in repository.rglob("*.tf")}
        for folder in sorted(folders, key=lambda path: ("examples" not in path.parts, path)):
            if len(chosen) < most * number // len(repositories):
                chosen += [(repository, path) for path in sorted(folder.glob("*.tf"))]
    return chosen


def _copied(chosen: Sequence[tuple[Path, Path]], folder: Path) -> Path:
    if not folder.is_dir():
        for repository, path in chosen:
            target = folder / repository.name / path.relative_to(repository)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    return folder


def suffixed(folder: Path, suffix: str) -> list[str]:
    """The names of the files with a suffix, for tools that take files only."""
    return [str(path.relative_to(folder)) for path in _files(folder, suffix)]


def _files(folder: Path, suffix: str) -> list[Path]:
    """Without folders: Prisma's are named for their migration, and some of those end in `.sql`."""
    return [path for path in sorted(folder.rglob(f"*{suffix}")) if path.is_file()]
