# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a pasted text may be shown again."""

from __future__ import annotations

from connguard.policies.model.patterns import lazily
from connguard.policies.model.recognition import Recognised

_MOST = 240
_SECRETS = (
    lazily(r"(?i)(?P<before>\b[a-z][a-z0-9+.-]{1,30}://[^\s:/@]{0,200}:)[^\s@]{1,500}(?P<after>@)"),
    lazily(
        r"""(?i)(?P<before>\b\w{0,30}(?:password|passwd|pwd|pass|secret|token)\w{0,20}["']"
        r"?\s{0,3}"""
        r"""(?:[=:]|=>)\s{0,3})(?:"[^"\n]{0,500}"|'[^'\n]{0,500}'|[^\s,;&'"]{1,500})(?P<after>)"""
    ),
)


def masked(text: str) -> str:
    """The text without passwords, of connection strings and of settings."""
    for pattern in _SECRETS:
        text = pattern.sub(lambda match: f"{match['before']}***{match['after']}", text)
    return text


def shown_values(recognised: Recognised) -> dict[str, str]:
    """What the message names, fit to be shown.

    A host with an @ holds the end of a password: one with an @ or a / that is not escaped in a URL.
    """
    values = {name: masked(value) for name, value in recognised.values.items()}
    if "host" in values:
        values["host"] = _host(recognised.values["host"])
    return values


def _host(name: str) -> str:
    before, sign, after = name.rpartition("@")
    return f"***@{after}" if sign and before else masked(name)


def quoted(recognised: Recognised, text: str) -> str:
    """The words by which a symptom was recognised: nothing else of the text is ever shown."""
    said = text[recognised.start : recognised.end]
    if recognised.wording is not None and ("\n" in said.strip() or len(said) > _MOST):
        said = recognised.wording.anchor
    host = recognised.values.get("host", "")
    if "@" in host:
        said = said.replace(host, _host(host))
    return masked(" ".join(said.split()))[:_MOST]
