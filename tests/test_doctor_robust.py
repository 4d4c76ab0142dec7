# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a peer sends and whatever a snapshot holds, nothing but the documented errors comes."""

from __future__ import annotations

import json
import socket
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from connguard.engine.reading import Context
from connguard.engine.registry import policies
from connguard.engine.settings import Settings
from connguard.engine.text import Text
from connguard.live.drift import drift
from connguard.live.protocol import Broken, Offer, Wire
from connguard.live.refusals import classify
from connguard.live.snapshot import read_text
from connguard.live.step import Layer
from connguard.policies.model.facts import Database, Role
from connguard.policies.model.live_facts import SETTINGS
from connguard.policies.model.origin import Known, Origin
from connguard.policies.model.reading import Reading
from connguard.policies.model.setting_facts import EffectiveSetting

HERE = Origin("a.sql", 1, 1, 1, 2)


def messages() -> st.SearchStrategy[bytes]:
    """Messages of the protocol with right and wrong kinds, lengths and contents."""
    kind = st.sampled_from([b"R", b"E", b"N", b"S", b"K", b"Z", b"v", b"x", b"\xff"])
    body = st.one_of(
        st.binary(max_size=12),
        st.integers(-2, 14).map(lambda number: struct.pack("!i", number)),
        st.just(b"SFATAL\0C53300\0Mtoo many \xff clients\0\0"),
        st.just(struct.pack("!i", 10) + b"SCRAM-SHA-256\0\0"),
    )
    length = st.sampled_from([0, 0, 0, 0, -3, 1, 1 << 30])
    whole = st.builds(
        lambda one, text, off: one + struct.pack("!i", min(len(text) + 4 + off, 2**31 - 1)) + text,
        kind,
        body,
        length,
    )
    return st.lists(st.one_of(whole, st.binary(max_size=6)), max_size=4).map(b"".join)


@settings(max_examples=300, deadline=None)
@given(data=messages())
def test_any_answer_is_understood_or_refused(data: bytes) -> None:
    """A greeting comes out, or Broken, or an OSError; and a refusal always has a layer."""
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        wire = Wire(ours, 2.0)
        try:
            greeting = wire.greet({"user": "app", "database": "shop"})
        except (Broken, OSError):
            return
        finally:
            wire.close()
    if greeting.refusal is not None:
        layer, advice = classify(greeting.refusal, Layer.HBA)
        assert advice
        assert layer.rank >= Layer.SERVER.rank
    assert greeting.method


@settings(max_examples=50, deadline=None)
@given(data=st.binary(max_size=2))
def test_any_answer_to_the_question_for_tls(data: bytes) -> None:
    """One letter says yes, no or error; anything else is another program."""
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        wire = Wire(ours, 2.0)
        try:
            assert wire.ask_for_tls().value.encode() == data[:1]
        except Broken:
            assert data[:1] not in {offer.value.encode() for offer in Offer}
        finally:
            wire.close()


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=8),
    st.sampled_from(
        ["app", "shop", "integer", "bool", "real", "enum", "string", "ms", "host all all all md5"]
    ),
)
KEYS = st.sampled_from(
    [
        *("name", "value", "unit", "type", "source", "file", "line", "pending_restart", "role"),
        *("database", "connection_limit", "rule", "error", "key", "default", "paused", "pool_size"),
    ]
)
ROWS = st.lists(st.one_of(VALUES, st.dictionaries(KEYS, VALUES, max_size=6)), max_size=4)
TABLES = st.sampled_from(
    ["settings", "roles", "databases", "overrides", "hba", "config", "users", "hidden", "version"]
)
SECTION = st.one_of(VALUES, st.dictionaries(TABLES, st.one_of(ROWS, VALUES), max_size=6))


@settings(max_examples=300, deadline=None)
@given(server=SECTION, pooler=SECTION, name=st.sampled_from(SETTINGS), value=st.text(max_size=6))
def test_any_snapshot_is_compared(server: object, pooler: object, name: str, value: str) -> None:
    """Wrong types and missing keys are passed over; the policies decide what comes out."""
    text = json.dumps({"connguard_live": 1, "server": server, "pgbouncer": pooler})
    reading = Reading()
    read_text(Text("connguard-live.json", text), reading)
    limit = Known(5, HERE)
    reading.add(Role("app", HERE, Known(True, HERE), None, limit, False))
    reading.add(Database("shop", HERE, limit, False))
    reading.add(EffectiveSetting(name, Known(value, HERE), HERE))
    reading.add(EffectiveSetting(name, Known(value, HERE), HERE, 'role "app"'))
    found = drift(reading.subjects, Context((), Settings()))

    by_fact = {registered.policy.about: registered for registered in policies()}
    for subject in found.subjects:
        registered = by_fact.get(type(subject.alternatives[0]))
        if registered is not None:
            registered.decide(subject.alternatives[0])
