# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said about symptoms, as Markdown and as data: one source for commands and pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from connguard.engine.policy_pages import fenced, prose
from connguard.engine.registry import find
from connguard.policies.model.symptom import Code, Layer, Nearness, Symptom, Wording

PASSED, FAILS, NOT_REACHED, OPEN = "passed", "FAILS HERE", "not reached", "open"


def layer_states(symptom: Symptom) -> tuple[tuple[Layer, str], ...]:
    """Each layer with what a symptom says about it."""
    certain = symptom.nearness in (Nearness.CAUSE, Nearness.TRANSPORT)

    def state(layer: Layer) -> str:
        if layer is symptom.layer:
            return FAILS
        if layer is Layer.CLIENT_POOL:
            return PASSED
        if not certain and symptom.layer in (Layer.CLIENT_POOL, Layer.NETWORK_PATH):
            return OPEN
        if layer.rank < symptom.layer.rank:
            return PASSED
        return NOT_REACHED if certain else OPEN

    return tuple((layer, state(layer)) for layer in Layer)


def diagram(symptom: Symptom) -> list[str]:
    """The layers between application and database as lines of text, the failing one marked."""
    marks = {PASSED: "|", FAILS: "X", NOT_REACHED: ".", OPEN: "?"}
    lines = ["application"]
    for layer, state in layer_states(symptom):
        holds = f"  {layer.holds}" if state == FAILS else ""
        lines.append(f"  {marks[state]}  {layer.value:<17} {state}{holds}")
    return [*lines, "database"]


def markdown(symptom: Symptom, link: str = "../policies/") -> str:
    """The page of a symptom; `link` leads to the pages of the policies."""
    sections = [
        f"# {symptom.title}",
        f"`{symptom.id}` · **Layer** {symptom.layer.value} · **What it is** "
        f"{symptom.nearness.value}",
        fenced("\n".join(diagram(symptom)), "text"),
        f"**Proves.** {prose(symptom.proves)}",
        f"**Rules out.** {prose(symptom.rules_out)}",
        "## Causes",
        "\n".join(
            f"{number}. {prose(cause.text)}{' *(outside of the repository)*' * cause.outside}"
            for number, cause in enumerate(symptom.causes, 1)
        ),
        "## Look, without changing anything",
        *_checks(symptom),
        "## What not to do",
        "\n".join(f"- {prose(one)}" for one in symptom.avoid),
    ]
    if symptom.policies:
        sections += ["## Prevented by", "\n".join(_prevented(symptom, link))]
    if symptom.codes:
        sections += ["## Codes", "\n".join(f"- {_code(one)}" for one in symptom.codes)]
    sections += ["## Recognised by", "\n".join(_wordings(symptom.wordings))]
    sections += ["## References", "\n".join(f"- <{url}>" for url in symptom.references)]
    return "\n\n".join(sections) + "\n"


def _checks(symptom: Symptom) -> Iterator[str]:
    for check in symptom.triage:
        yield f"{prose(check.tells[0].upper() + check.tells[1:])}:"
        yield fenced(check.run, "sql" if check.run.startswith(("SELECT", "SHOW")) else "sh")


def _prevented(symptom: Symptom, link: str) -> Iterator[str]:
    for identifier in symptom.policies:
        known = find(identifier)
        if known is not None:
            yield f"- [{identifier}]({link}{identifier}.md) {known.policy.name}"


def _code(code: Code) -> str:
    return f"`{code.value}`" + (f": {prose(code.where)}" if code.where else "")


def _wordings(wordings: Iterable[Wording]) -> Iterator[str]:
    """Each wording's literal part, by who says it."""
    said: dict[str, list[str]] = {}
    for wording in wordings:
        anchors = said.setdefault(wording.by, [])
        shown = " ".join(wording.anchor.split())
        if shown not in anchors:
            anchors.append(shown)
    for by, anchors in said.items():
        yield f"- {by}: " + ", ".join(f"`{anchor}`" for anchor in anchors)


def data(symptom: Symptom) -> dict[str, Any]:
    """A symptom for JSON."""
    return {
        "id": symptom.id,
        "title": symptom.title,
        "layer": symptom.layer.value,
        "nearness": symptom.nearness.name.lower(),
        "layers": [
            {"name": layer.value, "state": state.lower()} for layer, state in layer_states(symptom)
        ],
        "codes": [{"code": one.value, "where": one.where} for one in symptom.codes],
        "proves": symptom.proves,
        "rules_out": symptom.rules_out,
        "causes": [{"text": one.text, "outside": one.outside} for one in symptom.causes],
        "triage": [{"run": one.run, "tells": one.tells} for one in symptom.triage],
        "avoid": list(symptom.avoid),
        "policies": [one for one in symptom.policies if find(one) is not None],
        "references": list(symptom.references),
    }


def table(symptoms: Sequence[Symptom], link: str = "") -> str:
    """A Markdown table of symptoms by layer."""
    rows = ["| layer | symptom | codes |", "|---|---|---|"]
    for one in symptoms:
        codes = " ".join(dict.fromkeys(f"`{code.value}`" for code in one.codes))
        rows.append(f"| {one.layer.value} | [{prose(one.title)}]({link}{one.id}.md) | {codes} |")
    return "\n".join(rows)


_QUESTIONS = {
    Layer.CLIENT_POOL: "The application waited for its own pool?",
    Layer.NETWORK_PATH: "No answer: a timeout, no route, no address?",
    Layer.LISTENER: "Connection refused, at once?",
    Layer.TLS: "Words about SSL, TLS or a certificate?",
    Layer.POOLER: "Words of a pooler: max_client_conn, query_wait_timeout, server login?",
    Layer.PROCESS: "Starting up, shutting down, recovering?",
    Layer.ACCESS_RULES: "pg_hba.conf is named?",
    Layer.AUTHENTICATION: "Password, role or database?",
    Layer.SLOTS: "Too many connections or clients, slots reserved?",
    Layer.SESSION: "It worked, and then the session ended?",
}


def decision_tree(symptoms: Sequence[Symptom]) -> str:
    """The questions in the order of the layers, as a Mermaid diagram."""
    lines = ["flowchart TD", '    start(["What does the client report?"])']
    previous, label = "start", ""
    for layer in Layer:
        own = [one for one in symptoms if one.layer is layer]
        node = f"q{layer.rank}"
        lines.append(f'    {previous} -->{label} {node}{{"{_QUESTIONS[layer]}"}}')
        shown = "<br/>".join(one.title.replace('"', "'") for one in own)
        lines.append(f'    {node} -->|yes| s{layer.rank}["{layer.value}:<br/>{shown}"]')
        previous, label = node, "|no|"
    lines.append(f'    {previous} -->|no| other["connguard explain does not know it"]')
    return "\n".join(lines)
