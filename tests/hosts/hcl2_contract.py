# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader over the module `hcl2` gives the same trees as the default reader.

Runs where connguard and python-hcl2, or bc-python-hcl2 as Checkov brings it, are installed:

    pytest --noconftest tests/hosts/hcl2_contract.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from terraform_trees import FILES, outline, text_of

from connguard.engine.reading import Context, SourceFile
from connguard.engine.settings import Settings
from connguard.engine.text import Text
from connguard.terraform import frontend, hcl2_reader, treesitter_reader

# bc-python-hcl2 knows only part of the grammar.
_BEYOND_BRIDGECREW = {"blocks.tf", "expressions.tf", "templates.tf"}


def test_flavour_is_recognised() -> None:
    """One of the two distributions is live."""
    assert hcl2_reader.flavour() in ("python-hcl2", "bc-python-hcl2")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_trees_are_the_same(path: Path) -> None:
    """Structure, positions and expressions agree; what a reader cannot read, it says."""
    text = text_of(path)
    expected = outline(treesitter_reader.read(text))

    document = hcl2_reader.read(text)

    if document.problems and hcl2_reader.flavour() == "bc-python-hcl2":
        assert path.name in _BEYOND_BRIDGECREW
        assert document.blocks == []
    else:
        assert outline(document) == expected


def test_syntax_error_is_a_problem_with_its_place() -> None:
    """Lark stops at the first error, and nothing of the file counts."""
    text = Text("x.tf", 'resource "a" "b" {\n  x = = 1\n}\nresource "c" "d" {}\n')

    document = hcl2_reader.read(text)

    assert [text.position(problem.start)[0] for problem in document.problems] == [2]
    assert document.blocks == []


def test_deep_nesting_is_a_problem() -> None:
    """Nesting beyond every bound is reported, not raised."""
    document = hcl2_reader.read(Text("x.tf", "a = " + "[" * 3000 + "]" * 3000 + "\n"))

    assert document.problems or document.attributes


def test_front_end_takes_the_reader_from_the_settings(tmp_path: Path) -> None:
    """The same role is found with either reader."""
    path = tmp_path / "main.tf"
    path.write_text(
        'resource "postgresql_role" "app" {\n  login            = true\n'
        '  connection_limit = "-1"\n}\n'
    )
    found = []
    for reader in ("tree-sitter", "hcl2"):
        context = Context((tmp_path,), Settings(terraform_reader=reader))
        reading = frontend.read([SourceFile(path, "main.tf")], context)
        assert context.unreadable == []
        found.append(reading.subjects)

    assert found[0] == found[1]
    assert len(found[0]) == 1
