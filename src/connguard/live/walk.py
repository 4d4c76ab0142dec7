# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Walks from the name of a server to a session on it, layer by layer."""

from __future__ import annotations

import os
import ssl
from dataclasses import field

from connguard.live.network import Address, reach, resolve
from connguard.live.protocol import Broken, Greeting, Offer, Wire, root_certificate, tls_context
from connguard.live.refusals import classify
from connguard.live.session import (
    APPLICATION_NAME,
    LoginFailed,
    QueryFailed,
    Session,
    log_in,
)
from connguard.live.step import Layer, Status, Step
from connguard.live.target import Target
from connguard.policies.model.records import dataclass

_NEEDS_TLS = ("require", "verify-ca", "verify-full")


@dataclass(slots=True)
class Walk:
    """What was found on the way. `session` is None where the way ended before one."""

    steps: list[Step] = field(default_factory=list)
    session: Session | None = None

    def add(
        self, layer: Layer, status: Status, subject: str, evidence: str, advice: str = ""
    ) -> None:
        self.steps.append(Step(layer, status, subject, evidence, advice))


def walk(target: Target, seconds: float) -> Walk:
    """Walk the layers; every step ends after `seconds` at the latest.

    Every address is tried for an answer. The log-in goes to the first that answers, and to the
    next where a client would go on, too: when the connection is lost before the log-in.
    """
    found = Walk()
    reachable: list[Address] = []
    for host in target.hosts:
        step, addresses = resolve(host, seconds)
        found.steps.append(step)
        for address in addresses:
            step, answers = reach(address, seconds)
            found.steps.append(step)
            if answers:
                reachable.append(address)
    for address in reachable:
        if _go_in(address, target, seconds, found, last=address == reachable[-1]):
            break
    _fill_up(found, target)
    return found


def _fill_up(found: Walk, target: Target) -> None:
    """The layers behind the last one that was tried were not reached."""
    tried = {step.layer for step in found.steps}
    until = Layer.SESSION.rank
    for layer in Layer:
        if layer not in tried and layer.rank <= until and found.session is None:
            found.add(layer, Status.NOT_REACHED, target.label, "")


def _go_in(address: Address, target: Target, seconds: float, found: Walk, *, last: bool) -> bool:
    """Whether this address was the right one to ask, successful or not."""
    try:
        greeting = _greet(address, target, seconds, found)
    except _Ended:
        return False
    except (OSError, Broken) as error:
        evidence = (
            f"timed out: accepts connections and says nothing within {seconds:g} s"
            if isinstance(error, TimeoutError)
            else str(error)
        )
        found.add(
            Layer.SERVER,
            Status.FAILED,
            address.text,
            evidence,
            "something listens there, and it is no PostgreSQL that works: a stopped or overloaded"
            " server, a load balancer without a server behind it, or another program",
        )
        return False
    if greeting.refusal is not None:
        # A client asks the next host when this one starts up or shuts down.
        return _refused(greeting, address, target, found) is not Layer.SERVER
    found.add(Layer.SERVER, Status.OK, address.text, "the server takes part in the protocol")
    how = "with TLS" if _uses_tls(found) else "without encryption"
    found.add(
        Layer.HBA,
        Status.OK,
        address.text,
        f'a line lets user "{target.user}" come to database "{target.database}" {how}: it asks for'
        f" {greeting.method}",
    )
    return _log_in(address, target, seconds, found, last=last)


def _log_in(address: Address, target: Target, seconds: float, found: Walk, *, last: bool) -> bool:
    try:
        session = log_in(address, target, seconds)
    except LoginFailed as error:
        if error.refusal is None:
            _not_logged_in(error, address, target, found, last=last)
            return not error.elsewhere
        layer, advice = classify(error.refusal, Layer.AUTHENTICATION)
        if layer.rank > Layer.AUTHENTICATION.rank:
            found.add(Layer.AUTHENTICATION, Status.OK, address.text, "the log-in is accepted")
        found.add(layer, Status.FAILED, address.text, target.redact(str(error.refusal)), advice)
        return True
    found.add(Layer.AUTHENTICATION, Status.OK, address.text, f'user "{target.user}" is who it says')
    try:
        evidence = f"a read-only session on {session.describe()}"
    except QueryFailed as error:
        session.close()
        found.add(
            Layer.SESSION,
            Status.FAILED,
            address.text,
            f"logged in, and no question is answered: {error}",
            "look at the server's load and log, and at what stands between here and it",
        )
        return True
    found.session = session
    found.add(Layer.SESSION, Status.OK, address.text, evidence)
    return True


def _not_logged_in(
    error: LoginFailed, address: Address, target: Target, found: Walk, *, last: bool
) -> None:
    """What only the client library says."""
    message = target.redact(error.message)
    if error.elsewhere and not last:
        evidence = f"{message}: the next host is asked"
        found.add(Layer.SESSION, Status.OK, address.text, evidence)
        return
    found.add(
        Layer.SESSION if error.elsewhere else Layer.AUTHENTICATION,
        Status.FAILED,
        address.text,
        message,
        error.next or "look at the log of the server: it has the whole message",
    )


def _refused(greeting: Greeting, address: Address, target: Target, found: Walk) -> Layer:
    """The server has answered with an error before it asked for anything, or after trust.

    Returns the layer at which it refuses.
    """
    assert greeting.refusal is not None
    passed = Layer.SERVER if greeting.request is None else Layer.AUTHENTICATION
    layer, advice = classify(greeting.refusal, Layer.HBA if passed is Layer.SERVER else passed)
    if layer is not Layer.SERVER:
        found.add(Layer.SERVER, Status.OK, address.text, "the server takes part in the protocol")
    if greeting.request == 0:
        found.add(Layer.HBA, Status.OK, address.text, f"a line asks for {greeting.method}")
        found.add(Layer.AUTHENTICATION, Status.OK, address.text, "the log-in is accepted")
    evidence = str(greeting.refusal)
    if greeting.refusal.detail:
        evidence += f"; {greeting.refusal.detail}"
    found.add(layer, Status.FAILED, address.text, target.redact(evidence), advice)
    return layer


class _Ended(Exception):
    """The way ended at TLS; the step is written."""


def _greet(address: Address, target: Target, seconds: float, found: Walk) -> Greeting:
    mode = target.sslmode
    if address.host.is_socket or mode == "disable":
        why = "a Unix socket has none" if address.host.is_socket else "sslmode=disable"
        found.add(Layer.TLS, Status.OK, address.text, f"not used: {why}")
        return _greet_plain(address, target, seconds)
    if mode == "allow":
        greeting = _greet_plain(address, target, seconds)
        if greeting.refusal is None:
            found.add(Layer.TLS, Status.OK, address.text, "not used: sslmode=allow")
            return greeting
    wire = _encrypted(address, target, seconds, found)
    if wire is None:
        return _greet_plain(address, target, seconds)
    try:
        greeting = wire.greet(_start_up(target))
    finally:
        wire.close()
    if mode == "prefer" and _wants_plain(greeting):
        plain = _greet_plain(address, target, seconds)
        if plain.refusal is None:
            found.steps.pop()
            found.add(
                Layer.TLS, Status.OK, address.text, "offered; refused with it and let in without"
            )
            return plain
    return greeting


def _wants_plain(greeting: Greeting) -> bool:
    """libpq tries again without TLS when sslmode=prefer and the server refuses the log-in."""
    return greeting.refusal is not None and greeting.request is None


def _greet_plain(address: Address, target: Target, seconds: float) -> Greeting:
    wire = Wire(address.open(seconds), seconds)
    try:
        return wire.greet(_start_up(target))
    finally:
        wire.close()


def _start_up(target: Target) -> dict[str, str]:
    return {
        "user": target.user,
        "database": target.database,
        "application_name": APPLICATION_NAME,
    }


def _encrypted(address: Address, target: Target, seconds: float, found: Walk) -> Wire | None:
    """A connection with TLS; None where the server has none and it may do without."""
    wire = Wire(address.open(seconds), seconds)
    try:
        if target.options.get("sslnegotiation") != "direct":
            offer = _ask(wire, address, seconds, found)
            if offer is not Offer.YES:
                wire.close()
                _not_offered(address, target, found)
                return None
        verify = _verifies(target)
        context = tls_context(target.options, verify=verify)
        what = wire.start_tls(context, address.host.name)
    except OSError as error:
        wire.close()
        evidence, advice = _tls_failure(error, target, seconds)
        if target.sslmode == "prefer" and not isinstance(error, TimeoutError):
            evidence += "; a client goes on without encryption (sslmode=prefer)"
            found.add(Layer.TLS, Status.WARNING, address.text, evidence, advice)
            return None
        found.add(Layer.TLS, Status.FAILED, address.text, evidence, advice)
        raise _Ended from error
    except BaseException:
        wire.close()
        raise
    proof = (
        "the certificate is verified"
        + (" and names this host" if target.sslmode == "verify-full" else "")
        if verify
        else f"who answers is not verified (sslmode={target.sslmode})"
    )
    found.add(Layer.TLS, Status.OK, address.text, f"{what}; {proof}")
    return wire


def _verifies(target: Target) -> bool:
    """sslmode=require verifies the issuer, too, where there is a file of those to trust."""
    if target.sslmode == "require":
        return os.path.exists(root_certificate(target.options))
    return target.sslmode.startswith("verify-")


def _ask(wire: Wire, address: Address, seconds: float, found: Walk) -> Offer:
    try:
        return wire.ask_for_tls()
    except TimeoutError:
        found.add(
            Layer.TLS,
            Status.FAILED,
            address.text,
            f"timed out: accepts the connection and does not answer within {seconds:g} s",
            "something listens there, and it is no PostgreSQL that works: a stopped or overloaded"
            " server, a load balancer without a server behind it, or another program",
        )
        raise _Ended from None


def _not_offered(address: Address, target: Target, found: Walk) -> None:
    if target.sslmode in _NEEDS_TLS:
        found.add(
            Layer.TLS,
            Status.FAILED,
            address.text,
            f"the server does not offer TLS, and sslmode={target.sslmode} requires it",
            "set ssl = on with a certificate (PgBouncer: client_tls_sslmode), and do not lower"
            " sslmode",
        )
        raise _Ended
    found.add(
        Layer.TLS,
        Status.OK,
        address.text,
        f"not offered, and not required (sslmode={target.sslmode}): the connection is in the clear",
    )


def _tls_failure(error: OSError, target: Target, seconds: float) -> tuple[str, str]:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the certificate is not accepted under sslmode={target.sslmode}:"
            f" {error.verify_message}",
            f"compare the server's certificate with {root_certificate(target.options)} and with"
            " the host name; do not lower sslmode",
        )
    if isinstance(error, TimeoutError):
        return (
            f"timed out: no end of the TLS handshake within {seconds:g} s",
            "packets are lost (MTU?), or what answers is stuck",
        )
    if isinstance(error, FileNotFoundError):
        return (
            f"the certificates to trust cannot be read: {root_certificate(target.options)}",
            "give sslrootcert (sslrootcert=system for those of the operating system)",
        )
    reason = getattr(error, "reason", None) or error.strerror or str(error)
    return (
        f"the TLS handshake fails: {reason}",
        "compare the protocol versions of both sides (ssl_min_protocol_version) and what stands"
        " between them",
    )


def _uses_tls(found: Walk) -> bool:
    last = [step for step in found.steps if step.layer is Layer.TLS][-1]
    return last.evidence.startswith("TLS")
