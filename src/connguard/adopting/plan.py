# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what `connguard init` does in a repository. Nothing that is there is replaced."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path

from connguard.adopting import contents
from connguard.budget.init import render
from connguard.engine import baseline
from connguard.engine.finding import Report
from connguard.engine.progress import Progress, silent
from connguard.engine.scan import scan
from connguard.engine.settings import FILE_NAME, Settings, load, locate
from connguard.policies.model.records import dataclass

BASELINE = "connguard-baseline.json"


@dataclass(slots=True)
class Plan:
    """What to write, by path; `remarks` says what is left alone or to be done by hand."""

    report: Report
    files: dict[Path, str] = field(default_factory=dict)
    changed: dict[Path, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    accepted: int = 0


def plan(root: Path, *, ci: str | None, with_baseline: bool, progress: Progress = silent) -> Plan:
    """The plan for the repository at `root`. `ci` is "github", "gitlab", "none" or None: as found.

    Raises SettingsError and ValueError for settings that cannot be used.
    """
    own = locate(root)
    settings = load(own) if own else Settings()
    report = scan([root], settings, progress=progress)
    made = Plan(report)
    wants_baseline = with_baseline and bool(report.findings) and settings.baseline is None
    if wants_baseline and not report.failures:
        file = root / BASELINE
        if file.exists():
            made.remarks.append(
                f"{BASELINE} is there already; `connguard scan` does not use it yet"
            )
        made.accepted = len(report.findings)
        made.files[file] = baseline.render(report, file)
    if own is None:
        topology = render([stack for stack, _ in report.budgets]) if report.budgets else ""
        text = contents.settings(BASELINE if made.accepted else None, topology)
        made.files[root / FILE_NAME] = text
    elif made.accepted:
        made.remarks.append(f'{own.name}: add baseline = "{BASELINE}"')
    _add_ci(made, root, ci or _ci_of(root))
    _add_hook(made, root / ".pre-commit-config.yaml")
    for path in [path for path in made.files if path.exists()]:
        del made.files[path]
        made.remarks.append(f"{path.relative_to(root)} is there already and stays as it is")
    return made


def _ci_of(root: Path) -> str:
    if (root / ".gitlab-ci.yml").exists():
        return "gitlab"
    git = root / ".git" / "config"
    try:
        remote = git.read_text("utf-8", "replace") if git.is_file() else ""
    except OSError:
        remote = ""
    return "github" if (root / ".github").is_dir() or "github.com" in remote else "none"


def _add_ci(made: Plan, root: Path, ci: str) -> None:
    if ci == "github":
        made.files[root / ".github" / "workflows" / "connguard.yml"] = contents.GITHUB_WORKFLOW
    elif ci == "gitlab":
        made.files[root / ".gitlab" / "connguard.yml"] = contents.GITLAB_JOB
        made.remarks.append("add to .gitlab-ci.yml:  include: [{ local: .gitlab/connguard.yml }]")


def _add_hook(made: Plan, config: Path) -> None:
    if not config.is_file():
        return
    try:
        text = config.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        made.remarks.append(f"{config.name}: {error}")
        return
    if contents.has_hook(text):
        made.remarks.append(f"{config.name} mentions connguard already and stays as it is")
        return
    added = contents.with_hook(text)
    if added is None:
        made.remarks.append(f"{config.name}: the hook could not be added; add it by hand")
    else:
        made.changed[config] = added
