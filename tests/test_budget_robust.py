# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input costs a finding, never a crash."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connguard.budget.declared import memory_of
from connguard.budget.run import run
from connguard.budget.toml_places import parse as parse_toml
from connguard.engine.scan import scan
from connguard.engine.settings import Settings, SettingsError, load
from connguard.engine.text import Text

LINES = """\
[databases]
[pgbouncer]
[users]
[peers]
%include x.ini
* = host=db
shop = host=db
'a' = host='x'' y'
; c
default_pool_size = 5
pool_size=-3
max_client_conn = 0x
dbname='
host=db pool_size=99999999999999999999
min_pool_size = 7
auth_user = q
services:
  db:
    image: postgres:16
    image: edoburu/pgbouncer
    deploy: []
    environment: {DB_NAME: [}
apiVersion: v1
kind: Deployment
metadata: {name: x}
spec: {replicas: -1, template: 7}
---
[pools.a.users.0]
pool_size = 3
username = 4
""".splitlines()
PIECES = st.sampled_from([*LINES, "[", "]", " ", "=", "'", "\n", "\r\n", "\x00", "é", "\ufeff"])
NAMES = ("pgbouncer.ini", "compose.yml", "all.yaml", "pgcat.toml", "pgpool.conf", "postgresql.conf")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(NAMES), st.lists(PIECES, max_size=25), st.booleans())
def test_any_text_is_read(name: str, pieces: list[str], lines: bool) -> None:
    """In every kind of file, whatever stands in it."""
    with tempfile.TemporaryDirectory() as folder:
        text = ("\n" if lines else " ").join(pieces)
        (Path(folder) / name).write_text(text, encoding="utf-8")
        done = run([Path(folder)], Settings(), [])

    assert done.report.failures == []


VALUES = st.recursive(
    st.sampled_from(["1", '"x"', "'y'", "true", "[1, 2]", '"""a\nb"""', "{ min = 1, max = 2 }"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
    max_leaves=4,
)


@given(st.lists(st.tuples(st.sampled_from("abc"), VALUES), max_size=5, unique_by=lambda p: p[0]))
def test_places_of_toml_values_hold_the_value(pairs: list[tuple[str, str]]) -> None:
    """Every key has a place, and the text there is the value."""
    text = "".join(f"{key} = {value} # note\n" for key, value in pairs)
    document = parse_toml(Text("f.toml", text))

    for key, value in pairs:
        start, end = document.places[(key,)]
        assert text[start:end] == value


@pytest.mark.parametrize("written", ["9" * 400, "9" * 400 + " GB", "1e5", "-1 MB", True])
def test_sizes_that_are_none(written: object) -> None:
    """Digits without end are no number of bytes."""
    assert memory_of(written) is None


@pytest.mark.parametrize("written", ["9" * 400, "inf", "nan", "-1", "true", '"5"'])
def test_seconds_that_are_none(written: str, tmp_path: Path) -> None:
    """They are refused with their place."""
    (tmp_path / "connguard.toml").write_text(
        f'[[service]]\nname = "b"\npool = 10\nkeepalive = {written}\n'
    )
    with pytest.raises(SettingsError, match=r":4: keepalive: must be a number of seconds"):
        scan([tmp_path], load(tmp_path / "connguard.toml"))
