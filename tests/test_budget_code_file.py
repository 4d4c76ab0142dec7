# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of code are read, and what is said about those that are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from connguard.budget import code_pools
from connguard.budget.code_file import text_that_matters
from connguard.budget.code_pool import CodePool, Made
from connguard.engine import disk
from connguard.engine.limits import Limits
from connguard.engine.reading import Context, SourceFile
from connguard.engine.settings import Settings
from connguard.policies.model.reading import Subject

POOL = b"import asyncpg\npool = asyncpg.create_pool(dsn, max_size=20)\n"


def made(subject: Subject) -> Made:
    (pool,) = subject.alternatives
    assert isinstance(pool, CodePool)
    return pool.made


def context(folder: Path, most: int = 1_000) -> Context:
    return Context((folder,), Settings(limits=Limits(code_file_size=most)))


def written(folder: Path, content: bytes) -> SourceFile:
    path = folder / "app.py"
    path.write_bytes(content)
    return SourceFile(path, "app.py")


def test_bytes_tell_what_is_decoded(tmp_path: Path) -> None:
    """They are looked at as UTF-8, whatever the file is written in."""
    file = written(tmp_path, POOL.decode().encode("utf-16"))
    here = context(tmp_path)
    assert text_that_matters(file, here, lambda data: b"HikariCP" in data) is None
    assert here.texts == {}

    text = text_that_matters(file, here, lambda data: b"create_pool" in data)
    assert text is not None
    assert text.line(1) == "import asyncpg"


def test_a_large_file_is_left_out_and_named(tmp_path: Path) -> None:
    """`code-file-size` is the largest size that is read."""
    file = written(tmp_path, POOL)
    exact = context(tmp_path, len(POOL))
    assert [made(one).origin.line for one in code_pools.read([file], exact).subjects] == [2]
    assert exact.log == []

    small = context(tmp_path, len(POOL) - 1)
    assert code_pools.read([file], small).subjects == []
    assert small.log == ["app.py: larger than code-file-size, not read as code"]


def test_a_file_that_cannot_be_read_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may make a pool: the exit code says that not everything was read."""

    def refused(path: Path, most: int) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(disk, "read_bytes", refused)
    here = context(tmp_path)
    assert text_that_matters(SourceFile(tmp_path / "app.py", "app.py"), here, bool) is None
    assert here.unreadable == [("app.py", "Permission denied")]
