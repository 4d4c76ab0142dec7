# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue of symptoms: recognised in what people pasted, and in step with the policies."""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from servers import Postgres

from connguard.engine.registry import policies
from connguard.engine.symptom_registry import symptoms
from connguard.policies.model.policy import Failure
from connguard.policies.model.recognition import VALUES, closest, recognise
from connguard.policies.model.symptom import Layer, Symptom, Wording

ALL = symptoms()
POLICIES = {registered.policy.id: registered.policy for registered in policies()}
WORDINGS: dict[str, list[dict[str, str]]] = tomllib.loads(
    (Path(__file__).parent / "data" / "symptom_wordings.toml").read_text("utf-8")
)

NAMED = {
    *("connection-refused", "connection-timed-out", "no-pg-hba-entry", "tls-required"),
    *("password-authentication-failed", "too-many-connections-for-role", "too-many-clients"),
    *("too-many-connections-for-database", "slots-are-reserved", "database-starting-up"),
    *("database-shutting-down", "database-in-recovery", "pooler-takes-no-more-clients"),
    *("pooler-query-wait-timeout", "pooler-server-login-failed", "server-closed-the-connection"),
    *("idle-in-transaction-timeout", "terminated-by-administrator", "statement-timeout"),
    *("server-without-tls", "client-pool-exhausted", "idle-session-timeout", "pg-hba-rejects"),
}
CODES = (
    *("08001", "08003", "08004", "08006", "08P01", "53300", "57P01", "57P03", "57P05", "25P03"),
    *("28000", "28P01", "57014", "P1000", "P1001", "P1017", "P2024"),
)

each = pytest.mark.parametrize("symptom", ALL, ids=lambda one: one.id)


def first(text: str) -> str:
    """The symptom that comes first, or nothing."""
    found = recognise(text, ALL)
    return found[0].symptom.id if found else ""


def measure(cases: Iterable[dict[str, str]]) -> tuple[float, float, list[str]]:
    """Precision, recall, and the cases in which another symptom came first."""
    right = claimed = wanted = 0
    confusions = []
    for case in cases:
        got = first(case["text"])
        wanted += bool(case["symptom"])
        claimed += bool(got)
        right += bool(got) and got == case["symptom"]
        if got != case["symptom"]:
            confusions.append(f"{case['symptom'] or 'none'} -> {got or 'none'}: {case['text']!r}")
    return right / claimed, right / wanted, confusions


@pytest.mark.parametrize(("name", "precision", "recall"), [("seen", 1, 1), ("blind", 1, 0.98)])
def test_what_people_pasted_is_recognised(name: str, precision: float, recall: float) -> None:
    """The symptom nearest to the root comes first, and other errors are left alone."""
    cases = WORDINGS[name]
    measured_precision, measured_recall, confusions = measure(cases)
    print(f"{name}: {len(cases)} wordings, {measured_precision=:.3f}, {measured_recall=:.3f}")
    print("\n".join(confusions))

    assert measured_precision >= precision, confusions
    assert measured_recall >= recall, confusions


def test_there_are_enough_wordings() -> None:
    """The measurement rests on many different messages, each with its source."""
    cases = [case for some in WORDINGS.values() for case in some]

    assert len({case["text"] for case in cases if case["symptom"]}) >= 120
    assert len({case["text"] for case in cases if not case["symptom"]}) >= 30
    assert len({case["text"] for case in WORDINGS["blind"]}) >= 60
    assert all(case["source"].startswith("https://") for case in cases)
    assert {case["symptom"] for case in cases} - {""} <= {one.id for one in ALL}


def test_what_the_sources_name_is_in_the_catalogue() -> None:
    assert {one.id for one in ALL} >= NAMED


@pytest.mark.parametrize("code", CODES)
def test_code_alone_lists_candidates(code: str) -> None:
    """A SQLSTATE alone names every symptom that can show it, and nothing else."""
    expected = {one.id for one in ALL if code in {known.value for known in one.codes}}

    assert expected
    for text in (code, code.lower(), f"SQLSTATE {code}", f"SQLSTATE[{code}]", f"ERROR: {code}"):
        found = recognise(text, ALL)
        assert {one.symptom.id for one in found} == expected
        assert all(one.by_code and one.code == code for one in found)


@pytest.mark.parametrize(
    "text", ["42P01", "23505", "40P01", "SQLSTATE[HY000] [2002]", "ERROR 1040 (08004)", "12345"]
)
def test_other_codes_are_left_alone(text: str) -> None:
    assert recognise(text, ALL) == ()


def test_a_code_counts_only_where_no_words_do() -> None:
    found = recognise('FATAL: too many connections for role "app" (SQLSTATE 53300)', ALL)

    assert [one.symptom.id for one in found] == ["too-many-connections-for-role"]
    assert [one.by_code for one in found] == [False]


@each
def test_symptom_is_found_by_its_names(symptom: Symptom) -> None:
    for name in (symptom.id, symptom.title, symptom.title.upper(), symptom.id.replace("-", " ")):
        assert [one.symptom for one in recognise(name, ALL)] == [symptom]


@each
def test_symptom_says_everything(symptom: Symptom) -> None:
    """Each has all its parts, in sentences."""
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", symptom.id)
    for text in (symptom.proves, symptom.rules_out, *(one.text for one in symptom.causes)):
        assert text == text.strip()
        assert text.endswith((".", "?", ")"))
    assert symptom.wordings
    assert symptom.triage
    assert symptom.avoid
    assert symptom.causes
    assert all(url.startswith("https://") for url in symptom.references)
    assert symptom.references
    assert len({one.id for one in ALL}) == len(ALL)


def test_every_layer_has_symptoms() -> None:
    assert {one.layer for one in ALL} == set(Layer)


@each
def test_policies_of_a_symptom_prevent_its_failures(symptom: Symptom) -> None:
    """A policy that is named exists, and says itself that it prevents such a failure."""
    for identifier in symptom.policies:
        assert set(POLICIES[identifier].prevents) & set(symptom.failures), identifier
    for failure in symptom.failures:
        assert not symptom.policies or any(
            failure in POLICIES[one].prevents for one in symptom.policies
        ), failure


@pytest.mark.parametrize("identifier", [one for one in POLICIES if not one.startswith("PG9")])
def test_every_failure_that_a_policy_prevents_is_a_symptom(identifier: str) -> None:
    """Whoever sees the failure finds the policy."""
    for failure in POLICIES[identifier].prevents:
        assert any(identifier in one.policies and failure in one.failures for one in ALL), (
            f"no symptom leads from {failure} to {identifier}"
        )


def test_every_failure_has_symptoms() -> None:
    assert {failure for one in ALL for failure in one.failures} == set(Failure)


def wordings() -> list[tuple[Symptom, Wording]]:
    return [(symptom, wording) for symptom in ALL for wording in symptom.wordings]


@pytest.mark.parametrize(
    "wording", [wording for _, wording in wordings()], ids=lambda one: one.anchor[:40]
)
def test_wording_can_be_found(wording: Wording) -> None:
    """Its literal part is in its pattern, and its groups are values that are shown."""
    literal = re.sub(r"\\(.)", r"\1", wording.pattern)
    parts = re.split(r"[\[\](){}|?*+,-]+", literal)
    assert (
        not wording.pattern
        or wording.anchor in literal
        or any(len(part) > 3 and part in wording.anchor for part in parts)
    )
    assert set(wording.compiled.groupindex) <= {*VALUES, "what", "sqlstate"}


@pytest.mark.parametrize(
    "filler",
    [
        "a",
        " ",
        '"',
        "\n",
        "(",
        ":",
        "x=",
        '" ',
        ", user",
        "at \n",
        "1.",
        "connection to server at ",
    ],
)
def test_patterns_need_no_more_than_linear_time(filler: str) -> None:
    """The worst window that a pattern can see, for all patterns, takes a moment."""
    started = time.process_time()
    for _, wording in wordings():
        window = (filler * 400)[:400] + wording.anchor + (filler * 1600)[:1600]
        assert sum(1 for _ in wording.compiled.finditer(window)) >= 0
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-21 LOG: connection refused at 10.0.0.1:5432\n",
        "2026-11-21 LOG: checkpoint complete: wrote 6 buffers\n",
        'FATAL: no pg_hba.conf entry for host "10.0.0.1", user "app\n',
        "(SQLSTATE 23505) code: '42P01' Error: P9999\n",
        "mysql (SQLSTATE 28000) Error: P1001: connect ECONNREFUSED 127.0.0.1:3306\n",
    ],
)
def test_a_large_log_is_read_in_a_moment(line: str) -> None:
    text = (line * ((1 << 20) // len(line) + 1))[: 1 << 20]
    started = time.process_time()
    recognise(text, ALL)
    assert time.process_time() - started < 5


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=40),
            st.sampled_from([wording.anchor for _, wording in wordings()]),
            st.sampled_from(
                ["\n", ":5432", ":6379", '"', "postgres ", "mysql ", "(SQLSTATE ", ")"]
            ),
        ),
        max_size=12,
    ).map("".join)
)
def test_recognition_is_total(text: str) -> None:
    """Whatever is pasted: no exception, each symptom once, the nearest to the root first."""
    found = recognise(text, ALL)

    assert len({one.symptom.id for one in found}) == len(found)
    for one in found:
        assert 0 <= one.start <= one.end <= len(text)
        assert set(one.values) <= set(VALUES)
    if found and not found[0].by_code:
        ranks = [one.symptom.nearness.rank for one in found]
        assert ranks == sorted(ranks)
    closest(text, ALL)


def values(text: str) -> dict[str, str]:
    return dict(recognise(text, ALL)[0].values)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('FATAL:  too many connections for role "shop-app"', {"role": "shop-app"}),
        ('{"message":"too many connections for role \\"app\\""}', {"role": "app"}),
        (
            'FATAL: no pg_hba.conf entry for host "10.0.0.9", user "app", database "shop", SSL off',
            {"client": "10.0.0.9", "role": "app", "database": "shop", "encryption": "SSL off"},
        ),
        (
            'connection to server at "db1" (10.0.0.1), port 5432 failed: Connection refused\n'
            'connection to server at "db2" (10.0.0.2), port 5433 failed: FATAL:  sorry, too many'
            " clients already",
            {"host": "db2", "port": "5433"},
        ),
        (
            "failed to connect to `host=db user=app database=shop`: dial error (dial tcp"
            " 10.1.2.3:5432: i/o timeout)",
            {"host": "10.1.2.3", "port": "5432", "role": "app", "database": "shop"},
        ),
        (
            "2021-06-24 19:38:59 UTC:192.168.52.132(44810):indexer@mainnet:[14233]:FATAL: "
            " terminating connection due to idle-in-transaction timeout",
            {"role": "indexer", "database": "mainnet"},
        ),
        (
            "LOG C-0x5581: shop/app@10.0.0.7:40112 closing because: query_wait_timeout (age=120s)",
            {"role": "app", "database": "shop"},
        ),
        (
            'FATAL:  password authentication failed for user "app"\nDETAIL:  Connection matched'
            ' file "/etc/postgresql/16/main/pg_hba.conf" line 120: "host all all all md5"',
            {"role": "app", "hba_line": "120"},
        ),
        (
            "FATAL: number of requested standby connections exceeds max_wal_senders (currently 10)",
            {"limit": "10"},
        ),
    ],
)
def test_values_of_a_message(text: str, expected: dict[str, Any]) -> None:
    assert values(text) == expected


def test_the_root_comes_before_its_consequences() -> None:
    """A pool's timeout, the pooler's memory of a refusal, and the server's own words."""
    text = (
        "HikariPool-1 - Connection is not available, request timed out after 30001ms.\n"
        "Caused by: org.postgresql.util.PSQLException: FATAL: server login has been failing,"
        ' cached error: too many connections for role "app" (server_login_retry)\n'
    )

    assert [one.symptom.id for one in recognise(text, ALL)] == [
        "too-many-connections-for-role",
        "pooler-server-login-failed",
        "client-pool-exhausted",
    ]


def test_other_services_in_the_same_log_are_told_apart() -> None:
    text = (
        "Error: connect ECONNREFUSED 127.0.0.1:6379\n    at TCPConnectWrap.afterConnect\n"
        "Error: connect ETIMEDOUT 10.0.0.4:5432\n    at TCPConnectWrap.afterConnect\n"
    )

    (found,) = recognise(text, ALL)
    assert (found.symptom.id, found.line) == ("connection-timed-out", 3)
    assert found.values == {"host": "10.0.0.4", "port": "5432"}


def test_closest_symptoms_of_a_text_that_is_not_known() -> None:
    found = [one.id for one in closest("too many sessions of this role are open", ALL)]

    assert "too-many-connections-for-role" in found
    assert closest("", ALL) == ()


def triage_statements() -> list[str]:
    runs = {check.run for symptom in ALL for check in symptom.triage}
    return sorted(run for run in runs if run.startswith(("SELECT", "SHOW")))


@pytest.mark.parametrize("statement", triage_statements())
def test_triage_statements_run_and_only_read(postgres_newest: Postgres, statement: str) -> None:
    """A real server runs each of them in a transaction that may not write."""
    with postgres_newest.connect() as connection:
        connection.execute("SET default_transaction_read_only = on")
        cursor = connection.execute(statement.encode())
        assert cursor.description


def test_triage_commands_change_nothing() -> None:
    """None of the others has a verb that ends, signals, writes or restarts."""
    commands = {check.run for symptom in ALL for check in symptom.triage}
    forbidden = re.compile(
        r"\b(?:kill|pkill|restart|reload|stop|terminate|cancel|ALTER|UPDATE|DELETE|DROP|rm|PAUSE)\b"
    )

    assert [one for one in commands if forbidden.search(one)] == []
