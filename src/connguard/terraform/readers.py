# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses the reader for a Terraform file."""

from __future__ import annotations

from collections.abc import Callable

from connguard.terraform.syntax import Document
from connguard.text import Text

Read = Callable[[Text, bool], Document]
"""A reader: the text, and whether comments are wanted, to the document. Never raises."""


def hcl_reader(name: str) -> Read:
    """The reader that the setting `terraform-reader` names: "tree-sitter" or "hcl2".

    Raises ReaderUnavailable when python-hcl2 is wanted and not there.
    """
    if name == "hcl2":
        from connguard.terraform import hcl2_reader

        hcl2_reader.require()
        return hcl2_reader.read
    from connguard.terraform import treesitter_reader

    return treesitter_reader.read


def read_document(text: Text, hcl: Read, *, with_comments: bool = False) -> Document:
    """The document in one Terraform file, in native or JSON syntax by its name."""
    if text.path.endswith(".json"):
        from connguard.terraform import json_reader

        return json_reader.read(text)
    return hcl(text, with_comments)
