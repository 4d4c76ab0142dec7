# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The language server as an editor runs it: a process that speaks the protocol over pipes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

Scenario = Callable[["Editor"], Awaitable[None]]


class Editor:
    """A small editor: documents that are open, and what the server says about them."""

    def __init__(self, client: LanguageClient, root: Path) -> None:
        self.client = client
        self.root = root
        self.published: dict[str, list[lsp.PublishDiagnosticsParams]] = {}
        self.messages: list[str] = []
        self.news = asyncio.Event()
        self.versions: dict[str, int] = {}

        @client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)  # type: ignore[untyped-decorator]
        def _published(parameters: lsp.PublishDiagnosticsParams) -> None:
            self.published.setdefault(parameters.uri, []).append(parameters)
            self.news.set()

        @client.feature(lsp.WINDOW_SHOW_MESSAGE)  # type: ignore[untyped-decorator]
        def _message(parameters: lsp.ShowMessageParams) -> None:
            self.messages.append(parameters.message)
            self.news.set()

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    async def open(self, name: str, text: str | None = None) -> list[lsp.Diagnostic]:
        uri = self.uri(name)
        self.versions[uri] = 1
        content = (self.root / name).read_text() if text is None else text
        item = lsp.TextDocumentItem(uri, "plaintext", 1, content)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return await self.diagnostics(name)

    async def type(self, name: str, text: str) -> list[lsp.Diagnostic]:
        """Replace the text of a document, and wait for what the server says to it."""
        uri = self.uri(name)
        self.versions[uri] += 1
        self.client.text_document_did_change(
            lsp.DidChangeTextDocumentParams(
                lsp.VersionedTextDocumentIdentifier(self.versions[uri], uri),
                [lsp.TextDocumentContentChangeWholeDocument(text)],
            )
        )
        return await self.diagnostics(name)

    async def diagnostics(self, name: str) -> list[lsp.Diagnostic]:
        """What is published for the present version of a document."""
        uri = self.uri(name)
        while True:
            for said in self.published.get(uri, []):
                if said.version == self.versions[uri]:
                    return list(said.diagnostics)
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), 60)

    async def actions(self, name: str, at: lsp.Range) -> list[lsp.CodeAction]:
        answer = await self.client.text_document_code_action_async(
            lsp.CodeActionParams(
                lsp.TextDocumentIdentifier(self.uri(name)), at, lsp.CodeActionContext([])
            )
        )
        return [one for one in answer or [] if isinstance(one, lsp.CodeAction)]

    async def hover(self, name: str, line: int, character: int) -> str:
        answer = await self.client.text_document_hover_async(
            lsp.HoverParams(
                lsp.TextDocumentIdentifier(self.uri(name)), lsp.Position(line, character)
            )
        )
        return answer.contents.value if answer else ""  # type: ignore[union-attr]


def edit(root: Path, scenario: Scenario) -> None:
    """Run a scenario in an editor whose workspace is `root`."""

    async def session() -> None:
        client = LanguageClient("test", "1")
        editor = Editor(client, root)
        await client.start_io(sys.executable, "-m", "connguard", "lsp")
        await client.initialize_async(
            lsp.InitializeParams(
                capabilities=lsp.ClientCapabilities(),
                root_uri=root.as_uri(),
                workspace_folders=[lsp.WorkspaceFolder(root.as_uri(), "root")],
            )
        )
        client.initialized(lsp.InitializedParams())
        try:
            await scenario(editor)
        finally:
            await client.shutdown_async(None)
            client.exit(None)
            await client.stop()  # type: ignore[no-untyped-call]

    asyncio.run(asyncio.wait_for(session(), 120))


def _codes(diagnostics: list[lsp.Diagnostic]) -> list[tuple[Any, int]]:
    return [(one.code, one.range.start.line) for one in diagnostics]


def _insertion(action: lsp.CodeAction, uri: str) -> lsp.TextEdit:
    assert action.edit is not None
    assert action.edit.changes is not None
    (insertion,) = action.edit.changes[uri]
    return insertion


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "V1__roles.sql").write_text("CREATE ROLE app LOGIN;\nCREATE ROLE job LOGIN;\n")
    (folder / "V2__limits.sql").write_text("ALTER ROLE app CONNECTION LIMIT 10;\n")
    return tmp_path


def test_findings_follow_the_typing(root: Path) -> None:
    """An unsaved migration counts, for the files before it as well."""

    async def scenario(editor: Editor) -> None:
        first, second = "migrations/V1__roles.sql", "migrations/V2__limits.sql"
        assert _codes(await editor.open(first)) == [("PG001", 1)]
        assert _codes(await editor.open(second)) == []
        limits = "ALTER ROLE app CONNECTION LIMIT 10;\nALTER ROLE job CONNECTION LIMIT 5;\n"
        assert await editor.type(second, limits) == []
        editor.versions[editor.uri(first)] = 2
        assert await editor.type(first, (root / first).read_text() + "-- edited\n") == []
        found = await editor.type(second, "ALTER ROLE app CONNECTION LIMIT -1;\n")
        assert _codes(found) == [("PG001", 0)]
        assert found[0].severity == lsp.DiagnosticSeverity.Error
        related = found[0].related_information
        assert related is not None
        assert related[0].location.uri == editor.uri(first)

    edit(root, scenario)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "main.tf",
            'resource "postgresql_role" "a" {\n  name = "a"\n  login = true\n}\n',
            ("PG001", 0),
        ),
        (
            "pgbouncer.ini",
            "[databases]\na = host=h\n\n[pgbouncer]\npool_mode = nonsense\n",
            ("PG901", 4),
        ),
        ("pg_hba.conf", "# all\nhost all all 0.0.0.0/0 trust\n", ("PG301", 1)),
    ],
)
def test_other_kinds_of_files(root: Path, name: str, text: str, expected: tuple[str, int]) -> None:
    (root / name).write_text("")

    async def scenario(editor: Editor) -> None:
        await editor.open(name)
        assert expected in _codes(await editor.type(name, text))

    edit(root, scenario)


def test_positions_count_utf_16(root: Path) -> None:
    """A character outside the basic plane is two units; columns of findings are characters."""
    name = "migrations/V3__wide.sql"
    (root / name).write_text("")

    async def scenario(editor: Editor) -> None:
        await editor.open(name)
        found = await editor.type(name, "/* 🐘🐘 */ CREATE ROLE wide LOGIN;\n")
        assert [(one.code, one.range.start.character) for one in found] == [("PG001", 11)]

    edit(root, scenario)


def test_hover_and_quick_fixes(root: Path) -> None:
    async def scenario(editor: Editor) -> None:
        name = "migrations/V3__more.sql"
        (root / name).write_text("")
        await editor.open(name)
        (found,) = await editor.type(name, "ALTER DATABASE shop CONNECTION LIMIT -1;\n")
        page = await editor.hover(name, 0, 8)
        assert page.startswith(f"# {found.code}: ")
        assert await editor.hover(name, 1, 0) == ""

        offered = await editor.actions(name, found.range)
        assert [one.title for one in offered] == [f"{found.code}: accept it here (say why)"]
        insertion = _insertion(offered[0], editor.uri(name))
        assert insertion.range.start == lsp.Position(0, 0)
        accepted = insertion.new_text + "ALTER DATABASE shop CONNECTION LIMIT -1;\n"
        assert await editor.type(name, accepted) == []
        assert (await editor.hover(name, 0, 22)).startswith("# PG004")

    edit(root, scenario)


def test_the_quick_fix_takes_the_limit_from_the_budget(root: Path) -> None:
    """The statement is added below the one at fault, and the finding is gone."""
    (root / "connguard.toml").write_text(
        "[server]\nmax_connections = 100\n[[service]]\nname = 'web'\ninstances = 3\npool = 10\n"
        "via = 'direct'\nuser = 'job'\ndatabase = 'shop'\n"
    )

    async def scenario(editor: Editor) -> None:
        name = "migrations/V1__roles.sql"
        (found,) = await editor.open(name)
        fix, _ = await editor.actions(name, found.range)
        assert fix.is_preferred
        assert fix.title == 'PG001: add ALTER ROLE "job" CONNECTION LIMIT 31;'
        text = (root / name).read_text().splitlines(keepends=True)
        insertion = _insertion(fix, editor.uri(name))
        text.insert(insertion.range.start.line, insertion.new_text)
        assert await editor.type(name, "".join(text)) == []

    edit(root, scenario)


def test_a_limit_that_nobody_knows_is_left_open(root: Path) -> None:
    async def scenario(editor: Editor) -> None:
        name = "migrations/V1__roles.sql"
        (found,) = await editor.open(name)
        fix, _ = await editor.actions(name, found.range)
        added = _insertion(fix, editor.uri(name)).new_text
        assert added == 'ALTER ROLE "job" CONNECTION LIMIT /* pools + reserve + headroom */;\n'
        text = (root / name).read_text() + added
        assert ("PG901", 2) in _codes(await editor.type(name, text))

    edit(root, scenario)


def test_broken_settings_are_said(root: Path) -> None:
    (root / "connguard.toml").write_text("nonsense = 1\n")

    async def scenario(editor: Editor) -> None:
        item = lsp.TextDocumentItem(editor.uri("a.sql"), "sql", 1, "")
        editor.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        while not editor.messages:
            editor.news.clear()
            await asyncio.wait_for(editor.news.wait(), 60)
        assert "connguard.toml:1: nonsense: unknown setting" in editor.messages[0]

    edit(root, scenario)
