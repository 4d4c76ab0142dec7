# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads files of code: their bytes tell whether it is worth decoding them."""

from __future__ import annotations

from collections.abc import Callable

from connguard.engine import disk
from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text, in_utf8


def text_that_matters(
    file: SourceFile, context: Context, can_matter: Callable[[bytes], object]
) -> Text | None:
    """The text of a file whose bytes, as UTF-8, can matter; None of any other.

    One that is larger than `code-file-size` is left out, and the log says so.
    """
    try:
        data = in_utf8(disk.read_bytes(file.path, context.settings.limits.code_file_size))
    except disk.TooLarge:
        context.log.append(f"{file.name}: larger than code-file-size, not read as code")
        return None
    except OSError:
        return context.text(file)  # which records that it cannot be read
    return context.text(file) if can_matter(data) else None
