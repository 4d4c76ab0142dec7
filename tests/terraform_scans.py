# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the Terraform front ends over files that a test writes down as text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connguard.engine.finding import Report
from connguard.engine.judge import Judge
from connguard.engine.reading import Context, SourceFile
from connguard.engine.registry import policies
from connguard.engine.settings import Settings
from connguard.policies.model.facts import Role
from connguard.policies.model.origin import Known, Unknown
from connguard.policies.model.reading import Reading
from connguard.terraform import frontend, plan_frontend

SUFFIXES = (".tf", ".tf.json", ".tofu", ".tofu.json")


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def context_of(folder: Path, settings: Settings | None = None) -> Context:
    return Context(
        (folder,),
        settings or Settings(path=folder / "connguard.toml"),
        name_of=lambda path: path.relative_to(folder.resolve()).as_posix(),
    )


def read(
    folder: Path,
    files: Mapping[str, str | bytes],
    *,
    only: tuple[str, ...] = (),
    settings: Settings | None = None,
) -> Reading:
    """What the front end makes of these files; `only` names the ones that are scanned."""
    write(folder, files)
    names = only or tuple(name for name in sorted(files) if name.endswith(SUFFIXES))
    sources = [SourceFile(folder / name, name) for name in names]
    return frontend.read(sources, context_of(folder, settings))


def read_plan(folder: Path, text: str | bytes) -> Reading:
    write(folder, {"plan.json": text})
    return plan_frontend.read([SourceFile(folder / "plan.json", "plan.json")], context_of(folder))


def facts(reading: Reading) -> list[Any]:
    return [fact for subject in reading.subjects for fact in subject.alternatives]


def limits(reading: Reading) -> dict[str, object]:
    """The connection limit of every role: a number, None, or "unknown"."""
    return {
        role.name: role.connection_limit.value
        if isinstance(role.connection_limit, Known)
        else ("unknown" if role.connection_limit else None)
        for role in facts(reading)
        if isinstance(role, Role)
    }


def reasons(reading: Reading) -> list[str]:
    """Why limits are unknown."""
    return [
        role.connection_limit.reason
        for role in facts(reading)
        if isinstance(role, Role) and isinstance(role.connection_limit, Unknown)
    ]


def findings(reading: Reading) -> set[tuple[str, str, int]]:
    """Policy id, file and line of everything that the policies report."""
    report = Report()
    Judge(policies(), report).judge(reading.subjects)
    assert report.failures == []
    return {
        (finding.policy.id, finding.origin.path, finding.origin.line) for finding in report.findings
    }
