# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagrams of the documentation, a hook of mkdocs.

The function would stand in mkdocs.yml under a tag of its own, `!!python/name`, at which Checkov
stops: with --external-checks-git it loads every YAML file of the clone.
"""

from __future__ import annotations

from typing import Any

from pymdownx.superfences import fence_code_format  # type: ignore[import-untyped]


def on_config(config: dict[str, Any]) -> None:
    """Leave blocks of Mermaid to Mermaid."""
    fence = {"name": "mermaid", "class": "mermaid", "format": fence_code_format}
    config["mdx_configs"].setdefault("pymdownx.superfences", {})["custom_fences"] = [fence]
