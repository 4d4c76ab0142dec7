# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No text makes the readers of access lists and server settings raise."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.engine.text import Text
from connguard.policies.model.hba_coverage import cover, exposures, rows
from connguard.policies.model.server_values import parse_boolean, parse_integer, split_list
from connguard.postgres.conf import read_conf_text
from connguard.postgres.hba_reader import read_hba_text
from connguard.postgres.ident_reader import read_ident_text
from connguard.postgres.pgbouncer_hba import read_pgbouncer_text
from connguard.postgres.setting_table import refusal
from connguard.postgres.shell_forms import written_lines

WORDS = (
    *("host", "local", "hostssl", "all", "replication", "sameuser", "samerole", "+g", "/^a", "/("),
    *("10.0.0.0/8", "10/8", "::/0", "0x7f.1", "1.2.3.4", "255.0.255.0", "samenet", "a.example"),
    *("trust", "md5", "reject", "ldap", "radius", "cert", "map=x", "ldapurl=ldap://h/b?a?s?f"),
    *('"', '""', '"a b"', ",", "#", "\\\n", "\n", "\r\n", "@x", "include x", "{{ a }}", "${B}"),
    *("{%", "%}", "=", "'", "''", "\\", "<<EOF", "EOF\n", "cat >> pg_hba.conf", "echo", "printf"),
    *("work_mem = ", "4MB", "1e400", "9" * 5000, "0x" + "f" * 5000, "٣", "\x00", "\x85", "\ue000"),
    *("\ud800", "٣/٣", "10.0.0.0/٨", ">> postgresql.conf", "listen_addresses"),
)
TEXTS = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=40).map("".join),
    st.text(max_size=200),
)


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.integers(12, 18))
def test_readers_never_raise(string: str, version: int) -> None:
    """Every text is read, and what was read can be evaluated."""
    text = Text("x", string)
    for rules in (read_hba_text(text, version).rules, read_pgbouncer_text(text).rules):
        coverage = cover(rules)
        exposures(coverage)
        for reach in coverage.reaches:
            rows(reach)
            assert (
                reach.lives
                or reach.hidden_by
                or not reach.rule.address.possible
                or (reach.impossible)
            )
    read_ident_text(text, version)
    list(written_lines(text))
    for setting in read_conf_text(text).settings:
        refusal(setting.name, getattr(setting.value, "value", ""), version)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_values_never_raise(string: str) -> None:
    """A value is read or refused."""
    parse_integer(string, "kB")
    parse_boolean(string)
    split_list(string)


@pytest.mark.parametrize("name", ["pg_hba.conf", "postgresql.conf", "init.sh", "a.yml"])
@settings(max_examples=60, deadline=None)
@given(string=TEXTS)
def test_scans_report_no_bug(
    name: str, string: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A scan of a file with odd content ends without a failure of connguard."""
    path = tmp_path_factory.mktemp("odd") / name
    head = "pg_hba:\n  - " if name == "a.yml" else ""
    stdin = (Path(path), (head + string).encode("utf-8", "replace"))
    report = scan([path], Settings(select=("PG2", "PG3", "PG4", "PG5", "PG9")), stdin=stdin)
    assert report.failures == []
