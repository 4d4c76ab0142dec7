# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `connguard init` writes: settings, CI jobs, a pre-commit hook."""

from __future__ import annotations

import re
from collections.abc import Iterable

import yaml

from connguard.engine.version import __version__

REQUIREMENT = f"connguard=={__version__}"

_MOST_LINES = 60
"""Lines of declarations up to which the settings hold them, commented out."""

GITHUB_WORKFLOW = f"""\
# Connection risks of PostgreSQL, in what a pull request changes.
name: connguard

on:
  pull_request:

permissions:
  contents: read

jobs:
  connguard:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          fetch-depth: 0 # --diff compares with the base of the pull request
          persist-credentials: false
      - uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0
        with:
          python-version: "3.12"
      - run: pip install {REQUIREMENT}
      - name: the page of the run
        run: connguard scan --diff "origin/$GITHUB_BASE_REF" --format markdown --fail-on never
          >> "$GITHUB_STEP_SUMMARY"
      - name: annotations, and the verdict
        run: connguard scan --diff "origin/$GITHUB_BASE_REF" --format github
"""

GITLAB_JOB = f"""\
# Connection risks of PostgreSQL, in what a merge request changes.
connguard:
  image: python:3.12-slim
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  variables:
    GIT_DEPTH: 0 # --diff compares with the base of the merge request
  before_script:
    - apt-get update -qq && apt-get install -y -qq --no-install-recommends git
    - pip install --quiet {REQUIREMENT}
  script:
    - connguard scan --diff "$CI_MERGE_REQUEST_DIFF_BASE_SHA" --format gitlab
      --output gl-code-quality-report.json
  artifacts:
    when: always
    reports:
      codequality: gl-code-quality-report.json
"""

_HOOK = f"""\
- repo: local
  hooks:
    - id: connguard
      name: connguard
      entry: connguard scan
      language: python
      additional_dependencies: ["{REQUIREMENT}"]
      pass_filenames: false
"""


def settings(baseline: str | None, topology: str) -> str:
    """connguard.toml. `topology` are declarations as `connguard budget --init` prints them."""
    lines = [
        "# Settings of connguard. `connguard rules` lists the policies.",
        'fail-on = "error"',
    ]
    if baseline:
        lines.append(f'baseline = "{baseline}"   # findings that were there when this was set up')
    declarations = topology.rstrip().splitlines()[2:]
    if len(declarations) > _MOST_LINES:
        lines += [
            "",
            "# What the files do not say about services and pools, such as instances that another",
            "# system decides on, is declared here: `connguard budget --init` prints a start.",
        ]
    elif declarations:
        lines += [
            "",
            "# The connection budget as it was found. The files count as they are; uncomment and",
            "# correct what they do not say, such as instances that another system decides on.",
            *(f"# {line}".rstrip() for line in declarations),
        ]
    return "\n".join(lines) + "\n"


def with_hook(config: str) -> str | None:
    """A .pre-commit-config.yaml with a hook for connguard; None where it cannot be added safely."""
    last = re.findall(r"^( *)- +repo:", config, re.M)
    indent = last[-1] if last else ""
    text = config if config.endswith("\n") else f"{config}\n"
    added = text + "".join(f"{indent}{line}\n" for line in _HOOK.splitlines())
    try:
        before, after = yaml.safe_load(config), yaml.safe_load(added)
        repos = before["repos"]
        is_safe = after["repos"][:-1] == repos and {**after, "repos": repos} == before
    except (yaml.YAMLError, KeyError, TypeError):
        return None
    return added if is_safe and after["repos"][-1]["repo"] == "local" else None


def has_hook(config: str) -> bool:
    return _mentions(config.splitlines())


def _mentions(lines: Iterable[str]) -> bool:
    return any("connguard" in line.partition("#")[0] for line in lines)
