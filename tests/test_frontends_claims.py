# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which front ends are asked about a file."""

from __future__ import annotations

from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connguard.engine import frontends
from connguard.engine.frontends import FRONT_ENDS, by_front_end, is_claimed, may_be_claimed
from connguard.engine.reading import SourceFile

_SUFFIXES = sorted({suffix for entry in FRONT_ENDS for suffix in entry.suffixes})
_STEMS = (
    *("a", "1", "V1__a", "Dockerfile", "Dockerfile.dev", "Containerfile", "compose", "cable"),
    *("pg_hba", "pg_ident", "postgresql", "pgbouncer", "config", "database", "appsettings", "app"),
    *("fly", "application", "application-prod", "pgcat", "pgdog", "pgpool", "odyssey", "connguard"),
    *("connguard-live", "prod", "runtime", "releases", "a.sql", "plan.tf", "plan.tofu", "initdb"),
)
_FOLDERS = (
    *("migrations", "db", "supabase", "config", "pgbouncer.service.d", "versions", "liquibase"),
    *("src", "postgres"),
)
_names = st.builds(
    lambda stem, suffix, upper: (stem + suffix).upper() if upper else stem + suffix,
    st.sampled_from(_STEMS),
    st.sampled_from(("", ".txt", ".gz", ".md", *_SUFFIXES)),
    st.booleans(),
)


@given(st.sampled_from(_FOLDERS), st.sampled_from(_FOLDERS), _names)
def test_a_claimed_file_is_possible_by_its_name(above: str, folder: str, name: str) -> None:
    """The quick test of the name refuses nothing that a front end would take."""
    path = PurePath("/repository", above, folder, name)
    claiming = [entry.name for entry in FRONT_ENDS if entry.claims(path)]
    possible = [entry.name for entry in frontends.possible(name)]

    assert [name for name in possible if name in claiming] == claiming
    assert is_claimed(path) == bool(claiming)
    assert may_be_claimed(name) or not claiming


@pytest.mark.parametrize("suffix", _SUFFIXES)
def test_every_suffix_is_claimed_in_some_folder(suffix: str) -> None:
    """No suffix is listed for nothing."""
    paths = [
        PurePath("/repository", above, folder, stem + suffix)
        for above in _FOLDERS
        for folder in _FOLDERS
        for stem in _STEMS
    ]
    for entry in FRONT_ENDS:
        if suffix in entry.suffixes:
            assert any(entry.claims(path) for path in paths), entry.name


def test_a_file_goes_to_every_front_end_that_takes_it() -> None:
    """The files of a front end are in the order of the scan, and so are the front ends."""
    files = [
        SourceFile(Path("/repository/deploy", name), f"deploy/{name}")
        for name in ("b.sql", "a.sql", "compose.yaml", "notes.txt", "Dockerfile")
    ]
    files.append(SourceFile(Path("/repository/x/V1__a.py"), "x/V1__a.py", named=True))

    found = by_front_end(files)

    assert [(entry.name, [file.path.name for file in taken]) for entry, taken in found.items()] == [
        ("sql", ["b.sql", "a.sql", "V1__a.py"]),
        ("embedded", ["compose.yaml", "Dockerfile"]),
        ("containers", ["compose.yaml"]),
        ("topology", ["compose.yaml"]),
        ("connection pools of code", ["V1__a.py"]),
        ("session features of code", ["V1__a.py"]),
    ]
