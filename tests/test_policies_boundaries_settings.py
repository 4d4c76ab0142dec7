# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From which value on a setting of the server is a finding, and what is said then."""

from __future__ import annotations

from types import ModuleType

import pytest
from verdict_words import PASSES, line, words

from connguard.policies import (
    authentication_timeout_too_long,
    client_connection_check_disabled,
    idle_in_transaction_timeout_disabled,
    idle_session_timeout_cuts_pools,
    keepalives_disabled,
    listen_on_all_addresses,
    listener_unreachable,
    no_superuser_slots,
    statement_timeout_disabled,
    tls_not_required,
    weak_password_encryption,
)
from connguard.policies.model.hba import ALL_ADDRESSES, HbaRule, Name, NameKind
from connguard.policies.model.origin import Known, Related, Unknown, Value
from connguard.policies.model.setting_facts import ALL_ROLES, SERVER, EffectiveSetting, Listener

EARLIER = (Related("set before", line(1)),)
SETTINGS = {
    "authentication_timeout": authentication_timeout_too_long,
    "client_connection_check_interval": client_connection_check_disabled,
    "idle_in_transaction_session_timeout": idle_in_transaction_timeout_disabled,
    "idle_session_timeout": idle_session_timeout_cuts_pools,
    "listen_addresses": listen_on_all_addresses,
    "password_encryption": weak_password_encryption,
    "statement_timeout": statement_timeout_disabled,
    "superuser_reserved_connections": no_superuser_slots,
    "tcp_keepalives_idle": keepalives_disabled,
    "ssl": tls_not_required,
}


def _said(name: str, value: Value[str], scope: str = SERVER) -> list[str]:
    return words(SETTINGS[name].decide(EffectiveSetting(name, value, line(3), scope, EARLIER)))


def _set(name: str, text: str, scope: str = SERVER) -> list[str]:
    return _said(name, Known(text, line(2)), scope)


def _finding(message: str) -> list[str]:
    """At the value, and with what was set before."""
    return [f"fail a:2: {message}", "a:1: set before"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("authentication_timeout", "61", "a client may take 61 seconds to log in"),
        ("authentication_timeout", "2min", "a client may take 120 seconds to log in"),
        ("client_connection_check_interval", "0", "queries go on after their clients are gone"),
        ("client_connection_check_interval", "0 s", "queries go on after their clients are gone"),
        (
            "idle_in_transaction_session_timeout",
            "0",
            "for the server, transactions may stay idle for ever",
        ),
        (
            "idle_in_transaction_session_timeout",
            "0 min",
            "for the server, transactions may stay idle for ever",
        ),
        ("idle_session_timeout", "1", "pooled connections are cut after 1 of idleness"),
        ("idle_session_timeout", "10min", "pooled connections are cut after 10min of idleness"),
        ("statement_timeout", "0", "for the server, statements may run for ever"),
        ("statement_timeout", "0min", "for the server, statements may run for ever"),
        (
            "superuser_reserved_connections",
            "0",
            "no connection slot is kept free for administrators",
        ),
        (
            "tcp_keepalives_idle",
            "0",
            "silent connections are probed only after the system's default, two hours",
        ),
        ("tcp_keepalives_idle", "351", "silent connections are probed only after 351 seconds"),
        ("tcp_keepalives_idle", "6min", "silent connections are probed only after 360 seconds"),
        ("ssl", "off", "connections need no TLS: ssl is off"),
        ("ssl", "0", "connections need no TLS: ssl is 0"),
    ],
)
def test_a_value_that_is_a_finding(name: str, text: str, message: str) -> None:
    """The finding stands at the value, says what follows from it, and shows what was before."""
    assert _set(name, text) == _finding(message)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("authentication_timeout", "60"),
        ("authentication_timeout", "1min"),
        ("authentication_timeout", "soon"),
        ("client_connection_check_interval", "1"),
        ("client_connection_check_interval", "10s"),
        ("client_connection_check_interval", "never"),
        ("idle_in_transaction_session_timeout", "1"),
        ("idle_in_transaction_session_timeout", "5min"),
        ("idle_session_timeout", "0"),
        ("idle_session_timeout", "0s"),
        ("idle_session_timeout", "never"),
        ("listen_addresses", "localhost"),
        ("statement_timeout", "1"),
        ("statement_timeout", "30s"),
        ("superuser_reserved_connections", "1"),
        ("superuser_reserved_connections", "3"),
        ("tcp_keepalives_idle", "1"),
        ("tcp_keepalives_idle", "60"),
        ("tcp_keepalives_idle", "350"),
        ("tcp_keepalives_idle", "soon"),
        ("ssl", "on"),
        ("ssl", "maybe"),
        ("password_encryption", "scram-sha-256"),
    ],
)
def test_a_value_that_is_none(name: str, text: str) -> None:
    """The nearest value that does no harm, and what the server would not take as a value."""
    assert _set(name, text) == PASSES


@pytest.mark.parametrize(("name", "policy"), SETTINGS.items())
def test_other_settings_are_not_judged(name: str, policy: ModuleType) -> None:
    """Each of these policies is about its own setting."""
    other = EffectiveSetting("x" + name, Known("0", line(2)), line(2))

    assert words(policy.decide(other)) == PASSES


@pytest.mark.parametrize("name", SETTINGS)
def test_a_value_that_cannot_be_read_is_unknown(name: str) -> None:
    """Said at the expression that cannot be read, with the name of the setting."""
    what = "where the server listens" if name == "listen_addresses" else name

    assert _said(name, Unknown("var.x is not set", line(7))) == [
        f"unknown a:7: {what} is not known: var.x is not set"
    ]


def test_for_whom_a_timeout_is_off() -> None:
    """One role without a timeout is a finding as well, and named."""
    role = 'role "app"'

    assert _set("statement_timeout", "0", role) == _finding(
        'for role "app", statements may run for ever'
    )
    assert _set("idle_in_transaction_session_timeout", "0", role) == _finding(
        'for role "app", transactions may stay idle for ever'
    )


def test_an_idle_session_timeout_for_single_roles_is_no_finding() -> None:
    """It is meant for people; a pool is cut where it holds for everybody."""
    cut = _finding("pooled connections are cut after 1h of idleness")

    assert _set("idle_session_timeout", "1h", ALL_ROLES) == cut
    assert _set("idle_session_timeout", "1h", 'role "app"') == PASSES
    unread = Unknown("var.x", line(7))
    assert _said("idle_session_timeout", unread, 'role "app"') == PASSES


@pytest.mark.parametrize("text", ["md5", "MD5", "on", "true", "1"])
def test_passwords_are_stored_as_md5(text: str) -> None:
    """By name, and by the booleans of old releases."""
    assert _set("password_encryption", text)[0].startswith("fail a:2: ")
    assert _set("password_encryption", text)[1:] == ["a:1: set before"]


@pytest.mark.parametrize("text", ["*", "0.0.0.0", "::", "localhost, *"])
def test_the_server_listens_everywhere(text: str) -> None:
    """However it is written, with what was set before."""
    assert _set("listen_addresses", text)[0].startswith("fail a:2: ")
    assert _set("listen_addresses", text)[1:] == ["a:1: set before"]


def _listener(text: str, is_default: bool = False) -> list[str]:
    names = (Name(NameKind.ALL, "all"),)
    rule = HbaRule("host", names, names, ALL_ADDRESSES, "md5", (), line(5, "hba"))
    fact = Listener(Known(text, line(2)), is_default, rule, line(2))
    return words(listener_unreachable.decide(fact))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("localhost", "localhost"),
        ("LocalHost", "LocalHost"),
        ("127.0.0.1", "127.0.0.1"),
        ("127.1.2.3, ::1", "127.1.2.3, ::1"),
        ("", "no address"),
    ],
)
def test_a_server_that_listens_on_itself_alone(text: str, where: str) -> None:
    """Clients of other machines are let in by pg_hba.conf, and cannot come."""
    assert _listener(text) == [
        f"fail a:2: the server listens on {where} but lets clients of other machines in",
        "hba:5: clients of other machines are let in here",
    ]


def test_the_default_of_listen_addresses_is_named_as_such() -> None:
    """The place is where the configuration begins: there is no line to point at."""
    assert _listener("localhost", is_default=True)[0] == (
        "fail a:2: the server listens on localhost, the default, but lets clients of other"
        " machines in"
    )


@pytest.mark.parametrize("text", ["*", "10.0.0.1", "localhost, 10.0.0.1", "::", "128.0.0.1", "'x"])
def test_a_server_that_other_machines_reach(text: str) -> None:
    """One address beside the loopback ones is enough."""
    assert _listener(text) == PASSES
