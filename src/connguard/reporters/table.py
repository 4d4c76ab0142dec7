# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which module writes which output format. A reporter is imported only when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from connguard.engine.finding import Report

_MODULES = {
    "text": "connguard.reporters.text_report",
    "json": "connguard.reporters.json_report",
    "sarif": "connguard.reporters.sarif_report",
    "github": "connguard.reporters.github_report",
    "markdown": "connguard.reporters.markdown_report",
    "html": "connguard.reporters.html_report",
    "junit": "connguard.reporters.junit_report",
    "gitlab": "connguard.reporters.gitlab_report",
    "gitlab-sast": "connguard.reporters.gitlab_sast_report",
    "text statistics": "connguard.reporters.statistics_text",
    "json statistics": "connguard.reporters.statistics_json",
}

FORMATS = tuple(name for name in _MODULES if not name.endswith(" statistics"))


class Render(Protocol):
    """Writes the report in one format, with a line end after the last line.

    Formats for machines ignore `colour`, `verbose` and `quiet`.
    """

    def __call__(
        self, report: Report, *, colour: bool = False, verbose: bool = False, quiet: bool = False
    ) -> str: ...


def renderer(output_format: str) -> Render:
    """The function that writes this format. Raises KeyError for one that is not in FORMATS."""
    return cast(Render, import_module(_MODULES[output_format]).render)
