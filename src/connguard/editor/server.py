# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The language server: findings while typing, the policy on hover, quick fixes.

A change is judged together with the rest of the workspace, as a scan would: what a migration means
depends on those before it.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from connguard.editor.protocol import actions, diagnostic, hover
from connguard.engine.discovery import display_name
from connguard.engine.finding import Finding, Report
from connguard.engine.scan import scan
from connguard.engine.settings import Settings, SettingsError, load, locate
from connguard.engine.text import Text
from connguard.engine.version import __version__
from connguard.fixing.limits import Limit, limits_of
from connguard.policies.model.records import dataclass

_DELAY = 0.25
"""Seconds without typing before a scan starts."""


@dataclass(slots=True)
class _State:
    """What the last scan found, by file, and the documents that are open, by URI."""

    findings: Mapping[Path, list[Finding]] = field(default_factory=dict)
    texts: Mapping[str, Text] = field(default_factory=dict)
    limits: Mapping[tuple[str, str], Limit] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    waiting: asyncio.TimerHandle | None = None
    ended: bool = False
    running: asyncio.Task[None] | None = None
    again: bool = False


class Server(LanguageServer):
    """The server with its state."""

    def __init__(self) -> None:
        super().__init__("connguard", __version__)
        self.state = _State()

    def soon(self) -> None:
        """Scan when nothing more is typed."""
        state = self.state
        if state.waiting is not None:
            state.waiting.cancel()
        state.waiting = asyncio.get_running_loop().call_later(_DELAY, self._start)

    def _start(self) -> None:
        state = self.state
        if state.running is not None and not state.running.done():
            state.again = True
            return
        state.running = asyncio.get_running_loop().create_task(self._scan())

    async def _scan(self) -> None:
        """Scan in a thread, as often as something changed meanwhile, and publish."""
        state = self.state
        while True:
            state.again = False
            versions = {uri: self.workspace.get_text_document(uri).version for uri in state.open}
            try:
                report = await asyncio.to_thread(_report, self._roots(), self._texts())
            except (SettingsError, ValueError, OSError) as error:
                self._say(str(error))
                return
            except Exception as error:  # told where it is seen, and raised for the log
                self._say(f"this is a bug in connguard: {error!r}")
                raise
            if not state.again:
                break
        found: dict[Path, list[Finding]] = defaultdict(list)
        for finding in report.findings:
            found[Path(finding.origin.path).absolute()].append(finding)
        state.findings, state.texts = found, report.texts
        state.limits = limits_of(report.budgets)
        for uri in sorted(state.open):
            self._publish(uri, versions.get(uri))

    def _say(self, message: str) -> None:
        self.window_show_message(
            lsp.ShowMessageParams(lsp.MessageType.Error, f"connguard: {message}")
        )

    def _publish(self, uri: str, version: int | None) -> None:
        shown = [diagnostic(one, self.state.texts) for one in self.findings(uri)]
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri, shown, version=version)
        )

    def findings(self, uri: str) -> list[Finding]:
        path = _path(uri)
        return list(self.state.findings.get(path, ())) if path else []

    def _roots(self) -> list[Path]:
        """The folders of the workspace; without any, those of the open files."""
        uris = list(self.workspace.folders) or (
            [self.workspace.root_uri] if self.workspace.root_uri else []
        )
        paths = [path for uri in uris if (path := _path(uri))]
        if paths:
            return paths
        opened = (_path(uri) for uri in self.state.open)
        return sorted({path.parent for path in opened if path})

    def _texts(self) -> dict[Path, Text]:
        """The open documents as they are in the editor."""
        found: dict[Path, Text] = {}
        for uri in self.state.open:
            path = _path(uri)
            if path:
                source = self.workspace.get_text_document(uri).source
                found[path] = Text(display_name(path), source)
        return found


def _path(uri: str) -> Path | None:
    """The file of a URI; None for what is no file, or has a name that no file can have."""
    path = to_fs_path(uri) if uri.startswith("file:") else None
    if not path:
        return None
    try:
        os.lstat(path)
    except FileNotFoundError:
        pass  # not saved yet
    except (OSError, ValueError):
        return None
    return Path(path)


def _report(roots: list[Path], texts: Mapping[Path, Text]) -> Report:
    own = locate(roots[0]) if roots else None
    settings = load(own) if own else Settings()
    return scan(roots, settings, texts=texts) if roots else Report()


def run() -> int:
    """Serve on standard input and output. Returns 0 after a shutdown, and else 1."""
    server = make_server()
    server.start_io()
    return 0 if server.state.ended else 1


def make_server() -> Server:
    """A server with its features; `start_io` runs it."""
    server = Server()

    @server.feature(lsp.INITIALIZED)
    def _initialized(_: lsp.InitializedParams) -> None:
        # Findings name files relative to the working directory.
        roots = server._roots()
        if roots and roots[0].is_dir():
            os.chdir(roots[0])

    @server.feature(lsp.SHUTDOWN)
    def _shutdown(_: None) -> None:
        server.state.ended = True

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def _opened(parameters: lsp.DidOpenTextDocumentParams) -> None:
        server.state.open.add(parameters.text_document.uri)
        server.soon()

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def _changed(_: lsp.DidChangeTextDocumentParams) -> None:
        server.soon()

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def _saved(_: lsp.DidSaveTextDocumentParams) -> None:
        server.soon()

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    async def _closed(parameters: lsp.DidCloseTextDocumentParams) -> None:
        uri = parameters.text_document.uri
        server.state.open.discard(uri)
        server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def _hover(parameters: lsp.HoverParams) -> lsp.Hover | None:
        uri, position = parameters.text_document.uri, parameters.position
        here = [
            one
            for finding in server.findings(uri)
            if _holds((one := diagnostic(finding, server.state.texts)).range, position)
        ]
        # A document that is not open would be read from the disk, whatever it is there.
        lines = server.workspace.get_text_document(uri).lines if uri in server.state.open else []
        line = lines[position.line] if position.line < len(lines) else ""
        page = hover(line, position.character, here)
        if page is None:
            return None
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, page))

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION)
    def _actions(parameters: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        uri = parameters.text_document.uri
        offered: list[lsp.CodeAction] = []
        for finding in server.findings(uri):
            shown = diagnostic(finding, server.state.texts)
            text = server.state.texts.get(finding.origin.path)
            if text is not None and _overlap(shown.range, parameters.range):
                offered.extend(actions(uri, finding, shown, text, server.state.limits))
        return offered

    return server


def _holds(place: lsp.Range, position: lsp.Position) -> bool:
    return place.start <= position <= place.end


def _overlap(one: lsp.Range, other: lsp.Range) -> bool:
    return one.start <= other.end and other.start <= one.end
