# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers ask the file system through `connguard.engine.disk` only.

The cache knows what a run has seen only because of that.
"""

from __future__ import annotations

import builtins
import io
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connguard.engine import disk
from connguard.engine.reading import Context, SourceFile
from connguard.engine.scan import scan
from connguard.engine.settings import Settings, load, locate

EXAMPLES = Path(__file__).parents[1] / "examples"
ASKING = {
    os: ("stat", "lstat", "open", "scandir", "listdir", "readlink", "access"),
    io: ("open",),
    builtins: ("open",),
}


@pytest.fixture
def asked_past(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked about files, but not by the module `disk`; filled while a test runs."""
    found: list[str] = []

    def watched(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*arguments: Any, **options: Any) -> Any:
            frame = sys._getframe(1)
            files = []
            while frame is not None:
                files.append(frame.f_code.co_filename)
                frame = frame.f_back  # type: ignore[assignment]
            path = os.fsdecode(arguments[0]) if isinstance(arguments[0], str | Path) else ""
            imports = any("importlib" in file for file in files)
            if disk.__file__ not in files and not imports and "connguard-asked" in path:
                found.append(f"{name}({path}) by {files[:6]}")
            return original(*arguments, **options)

        return ask

    for module, names in ASKING.items():
        for name in names:
            monkeypatch.setattr(module, name, watched(name, getattr(module, name)))
    return found


@pytest.mark.parametrize(
    "folder", sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())
)
def test_readers_ask_disk_only(folder: str, tmp_path: Path, asked_past: list[str]) -> None:
    """Whatever a scan wants to know of the scanned files, it asks `disk`."""
    root = tmp_path / "connguard-asked" / folder
    shutil.copytree(EXAMPLES / folder, root)
    own = locate(root)
    settings = load(own) if own else Settings()
    asked_past.clear()
    scan([root], settings)
    assert asked_past == []


def test_the_watch_sees_what_goes_past(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked_past: list[str]
) -> None:
    """A reader that looks for a file by itself is found out."""

    def careless(self: Context, file: SourceFile) -> None:
        (file.path.parent / "other.sql").is_file()

    root = tmp_path / "connguard-asked" / "migrations"
    root.mkdir(parents=True)
    (root / "1.sql").write_text("CREATE ROLE app LOGIN CONNECTION LIMIT -1;\n")
    monkeypatch.setattr(Context, "text", careless)
    asked_past.clear()
    scan([root], Settings())
    assert any("other.sql" in one for one in asked_past)
