# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings as the Language Server Protocol shows them.

Positions count lines from 0 and columns in UTF-16 code units, the protocol's default.
https://microsoft.github.io/language-server-protocol/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from lsprotocol import types as lsp

from connguard.engine.finding import Finding
from connguard.engine.policy_pages import markdown
from connguard.engine.registry import find
from connguard.engine.text import Text
from connguard.fixing.limits import NOT_KNOWN, Limit
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.verdict import Severity

SOURCE = "connguard"

_SEVERITY = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.NOTE: lsp.DiagnosticSeverity.Information,
}
_MARKER = {".sql": "--", ".ini": ";", ".json": None}
_POLICY_ID = lazily(r"\bPG\d{3}\b")
_STATEMENT = lazily(r'ALTER (?P<kind>ROLE|DATABASE) "(?P<name>[^\n]+)" CONNECTION LIMIT [^\n]+;')


def diagnostic(finding: Finding, texts: Mapping[str, Text]) -> lsp.Diagnostic:
    related = [
        lsp.DiagnosticRelatedInformation(
            lsp.Location(_uri(place.origin), lsp_range(place.origin, texts)), place.message
        )
        for place in finding.related
    ]
    policy = finding.policy
    return lsp.Diagnostic(
        range=lsp_range(finding.origin, texts),
        message=f"{finding.message}\nFix: {finding.fix or policy.fix}",
        severity=_SEVERITY[finding.severity],
        code=policy.id,
        code_description=lsp.CodeDescription(policy.references[0]) if policy.references else None,
        source=SOURCE,
        related_information=related,
    )


def lsp_range(origin: Origin, texts: Mapping[str, Text]) -> lsp.Range:
    """The range of an origin; a file that was not read is taken to hold no wide characters."""
    text = texts.get(origin.path)
    return lsp.Range(
        _position(origin.line, origin.column, text),
        _position(origin.end_line, origin.end_column, text),
    )


def _position(line: int, column: int, text: Text | None) -> lsp.Position:
    before = column - 1
    if text is not None and line <= text.line_count:
        before = _utf16(text.line(line)[:before])
    return lsp.Position(line - 1, before)


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _uri(origin: Origin) -> str:
    return Path(origin.path).absolute().as_uri()


def hover(line: str, character: int, here: list[lsp.Diagnostic]) -> str | None:
    """The page of the policy at a position: of a finding there, or named in the text."""
    codes = [str(one.code) for one in here]
    for match in _POLICY_ID.finditer(line):
        if _utf16(line[: match.start()]) <= character <= _utf16(line[: match.end()]):
            codes.append(match[0])
    pages = [markdown(known.policy, ()) for code in codes if (known := find(code)) is not None]
    return "\n---\n\n".join(dict.fromkeys(pages)) or None


def _sql(finding: Finding, limits: Mapping[tuple[str, str], Limit]) -> str | None:
    """The statement that mends a finding, with the limit that the connection budget says.

    Where it says none, the statement is incomplete until somebody writes the number.
    """
    match = _STATEMENT.fullmatch(finding.fix)
    if match is None or "<" not in finding.fix:
        return finding.fix if match else None
    limit = limits.get((match["kind"], match["name"]), NOT_KNOWN)
    number = "/* pools + reserve + headroom */" if limit.value is None else str(limit.value)
    return f'ALTER {match["kind"]} "{match["name"]}" CONNECTION LIMIT {number};'


def actions(
    uri: str,
    finding: Finding,
    shown: lsp.Diagnostic,
    text: Text,
    limits: Mapping[tuple[str, str], Limit],
) -> Iterator[lsp.CodeAction]:
    """What an editor offers for a finding: the statement that mends it, and its suppression."""
    suffix = Path(finding.origin.path).suffix.lower()
    statement = _sql(finding, limits)
    if statement and suffix == ".sql":
        yield _insert(
            f"{finding.policy.id}: add {statement}",
            uri,
            _after(finding, text),
            f"{statement}\n",
            shown,
            preferred=True,
        )
    marker = _MARKER.get(suffix, "#")
    if marker is not None:
        line = finding.origin.line
        indent = re.match(r"\s*", text.line(line))
        comment = f"{indent[0] if indent else ''}{marker} connguard: ignore {finding.policy.id} "
        yield _insert(
            f"{finding.policy.id}: accept it here (say why)",
            uri,
            lsp.Position(line - 1, 0),
            f"{comment}TODO: why\n",
            shown,
            preferred=False,
        )


def _after(finding: Finding, text: Text) -> lsp.Position:
    """The start of the line after the statement of a finding."""
    line = min(finding.origin.end_line, text.line_count)
    while line < text.line_count and ";" not in text.line(line):
        line += 1
    return lsp.Position(line, 0)


def _insert(
    title: str,
    uri: str,
    at: lsp.Position,
    text: str,
    shown: lsp.Diagnostic,
    *,
    preferred: bool,
) -> lsp.CodeAction:
    return lsp.CodeAction(
        title=title,
        kind=lsp.CodeActionKind.QuickFix,
        diagnostics=[shown],
        is_preferred=preferred,
        edit=lsp.WorkspaceEdit(changes={uri: [lsp.TextEdit(lsp.Range(at, at), text)]}),
    )
