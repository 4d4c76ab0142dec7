# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Syntax trees in a form that two readers can be compared by, and the files to compare them on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connguard.engine.text import Text, decode
from connguard.terraform.syntax import Attribute, Block, Document

FILES = sorted((Path(__file__).resolve().parent / "data" / "terraform_syntax").glob("*.tf"))


def text_of(path: Path) -> Text:
    return decode(path.name, path.read_bytes())[0]


def outline(document: Document) -> dict[str, Any]:
    """Everything that readers must agree on: structure, positions and expressions."""
    return {
        "blocks": [_block(block) for block in document.blocks],
        "attributes": [_attribute(attribute) for attribute in document.attributes],
        "problems": bool(document.problems),
    }


def _block(block: Block) -> dict[str, Any]:
    return {
        "type": block.type,
        "labels": block.labels,
        "range": (block.start, block.header_end, block.end),
        "broken": block.broken,
        "attributes": [_attribute(attribute) for attribute in block.attributes],
        "blocks": [_block(inner) for inner in block.blocks],
    }


def _attribute(attribute: Attribute) -> dict[str, Any]:
    return {
        "name": attribute.name,
        "range": (attribute.start, attribute.end),
        "expression": (attribute.expression_start, attribute.expression_end),
        "value": attribute.expression,
    }
