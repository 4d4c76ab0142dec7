# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names the symptom of a failed step, so that `connguard explain` can go on from there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from connguard.engine.symptom_registry import symptoms
from connguard.live.step import Layer, Status, Step
from connguard.policies.model.recognition import recognise

OWN_WORDS = (
    (Layer.RESOLUTION, "", "host-name-not-found"),
    (Layer.TCP, "connection refused", "connection-refused"),
    (Layer.TCP, "connection timed out", "connection-timed-out"),
    (Layer.TCP, "unreachable", "no-route-to-host"),
    (Layer.TCP, "there is no socket", "socket-not-found"),
    (Layer.TLS, "the server does not offer TLS", "server-without-tls"),
    (Layer.TLS, "the certificate", "certificate-not-accepted"),
    (Layer.TLS, "the TLS handshake fails", "tls-broken-off"),
    (Layer.ROLE_SLOTS, "", "too-many-connections-for-role"),
    (Layer.DATABASE_SLOTS, "", "too-many-connections-for-database"),
    (Layer.SERVER_SLOTS, "", "slots-are-reserved"),
)
"""How evidence that is in our own words begins, by layer, and the symptom that clients see."""


def with_symptoms(steps: Iterable[Step]) -> list[Step]:
    """The steps, those that failed with the symptom in the catalogue, where there is one."""
    return [
        replace(step, symptom=_symptom(step)) if step.status is Status.FAILED else step
        for step in steps
    ]


def _symptom(step: Step) -> str | None:
    """By the server's words, else by ours."""
    found = recognise(step.evidence, symptoms())
    if found:
        return found[0].symptom.id
    for layer, beginning, name in OWN_WORDS:
        if step.layer is layer and step.evidence.startswith(beginning):
            return name
    return None
