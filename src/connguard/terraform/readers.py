# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses the reader for a Terraform file."""

from __future__ import annotations

from collections.abc import Callable

import connguard.terraform.treesitter_reader as treesitter_reader
from connguard.engine.text import Text
from connguard.terraform.syntax import LABEL_COUNTS, Document, Problem

Read = Callable[[Text], Document]
"""A reader of native syntax: from the text to the document. Never raises for what is in it."""


def hcl_reader(name: str) -> Read:
    """The reader that the setting `terraform-reader` names: "tree-sitter" or "hcl2".

    Raises ReaderUnavailable when python-hcl2 is wanted and not there.
    """
    if name == "hcl2":
        from connguard.terraform import hcl2_reader  # the module it builds on is optional

        hcl2_reader.require()
        return hcl2_reader.read
    return treesitter_reader.read


def read_document(text: Text, hcl: Read) -> Document:
    """The document in one Terraform file, in native or JSON syntax by its name."""
    if text.path.endswith(".json"):
        from connguard.terraform import json_reader  # most files are in native syntax

        document = json_reader.read(text)
    else:
        document = hcl(text)
    for block in document.blocks:
        wanted = LABEL_COUNTS.get(block.type, len(block.labels))
        if len(block.labels) != wanted and not block.broken:
            reason = f"a {block.type} block with {len(block.labels)} labels instead of {wanted}"
            document.problems.append(Problem(block.start, block.header_end, reason))
    return document
