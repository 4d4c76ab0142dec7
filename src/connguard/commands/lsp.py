# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard lsp`."""

from __future__ import annotations

import sys

import click


@click.command("lsp")
def command() -> None:
    """Run the language server on standard input and output, for editors.

    Findings appear while you type, hovering shows the policy, and quick fixes add the statement
    that mends a finding or a comment that accepts it. Needs connguard[lsp].

    Exit code: 0 after the editor has shut it down, 1 when it ends it otherwise.
    """
    try:
        from connguard.editor.server import run
    except ImportError as error:
        raise click.UsageError(
            f"the language server needs pygls ({error}): pip install 'connguard[lsp]'"
        ) from error
    sys.exit(run())
