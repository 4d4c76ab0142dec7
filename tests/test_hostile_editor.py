# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The language server answers whatever an editor sends, and ends with the right exit code."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

ROLE = "CREATE ROLE app LOGIN;\n"
SECONDS = 120
Message = dict[str, Any]


class Server:
    """A server process, spoken to in bytes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.process = subprocess.Popen(
            [sys.executable, "-m", "connguard", "lsp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=root,
        )
        assert self.process.stdin
        assert self.process.stdout
        self._input: IO[bytes] = self.process.stdin
        self._said: queue.Queue[Message | None] = queue.Queue()
        self._number = 0
        threading.Thread(target=self._listen, args=(self.process.stdout,), daemon=True).start()
        self.ask("initialize", {"processId": None, "rootUri": root.as_uri(), "capabilities": {}})
        self.tell("initialized", {})

    def _listen(self, stream: IO[bytes]) -> None:
        while header := stream.readline():
            if header.lower().startswith(b"content-length"):
                length = int(header.partition(b":")[2])
            elif header == b"\r\n":
                self._said.put(json.loads(stream.read(length)))
        self._said.put(None)

    def raw(self, data: bytes) -> None:
        self._input.write(data)
        self._input.flush()

    def body(self, data: bytes) -> None:
        self.raw(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))

    def tell(self, method: str, parameters: object) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": parameters}
        self.body(json.dumps(message).encode())

    def ask(self, method: str, parameters: object) -> Message:
        self._number += 1
        message = {"jsonrpc": "2.0", "id": f"own {self._number}", "method": method}
        self.body(json.dumps({**message, "params": parameters}).encode())
        return self.next(lambda said: said.get("id") == message["id"])

    def next(self, wanted: Any) -> Message:
        """The next message that is wanted; fails when the server ends or says nothing."""
        while True:
            said = self._said.get(timeout=SECONDS)
            assert said is not None, "the server ended"
            if wanted(said):
                return said

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    def open(self, uri: str, text: str) -> None:
        item = {"uri": uri, "languageId": "sql", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": item})

    def type(self, name: str, version: int, text: str) -> None:
        document = {"uri": self.uri(name), "version": version}
        changes = [{"text": text}]
        self.tell("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def codes(self, name: str, version: int) -> list[str]:
        """The ids that are published for a version of a document."""
        said = self.next(
            lambda said: (
                said.get("method") == "textDocument/publishDiagnostics"
                and said["params"]["uri"] == self.uri(name)
                and said["params"].get("version") == version
            )
        )
        return [one["code"] for one in said["params"]["diagnostics"]]

    def close(self) -> int:
        self._input.close()
        return self.process.wait(SECONDS)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "1.sql").write_text(ROLE)
    running = Server(tmp_path)
    yield running
    running.process.kill()
    running.process.wait()


BODIES = (
    b"{not json",
    b"[]",
    b"17",
    b"null",
    b"{}",
    b'{"jsonrpc": "2.0"}',
    b'{"jsonrpc": "2.0", "id": 5, "method": 7}',
    b'{"jsonrpc": "2.0", "id": 6, "method": "none/such", "params": {}}',
    b'{"jsonrpc": "2.0", "method": "none/such"}',
    b'{"jsonrpc": "2.0", "id": 7, "method": "textDocument/hover", "params": "x"}',
    b'{"jsonrpc": "2.0", "id": 8, "method": "textDocument/hover", "params": {"position": 1}}',
    b'{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": null}',
    b'{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": 7}}}',
    b'{"jsonrpc": "2.0", "id": 9, "method": "\xff\xfe"}',
    b'{"jsonrpc": "2.0", "id": 1' + b"0" * 6000 + b', "method": "x"}',
    b"[" * 100_000 + b"]" * 100_000,
)
HEADERS = (
    b"Content-Length: -5\r\n\r\n",
    b"Content-Length: many\r\n\r\n",
    b"Hello\r\n\r\n",
    b"X" * 100_000 + b"\r\n\r\n",
    b"Foo: bar\r\nContent-Length: 2\r\n\r\n{}",
)


def test_odd_messages_change_nothing(server: Server) -> None:
    """No JSON, no request, other types, wrong lengths: the next change is judged all the same."""
    server.open(server.uri("migrations/1.sql"), ROLE)
    assert server.codes("migrations/1.sql", 1) == ["PG001"]
    for body in BODIES:
        server.body(body)
    for header in HEADERS:
        server.raw(header)

    server.type("migrations/1.sql", 2, "CREATE ROLE app;\n")
    assert server.codes("migrations/1.sql", 2) == []
    assert server.process.poll() is None


def test_odd_documents_change_nothing(server: Server) -> None:
    """Names that no file can have, no files, a lone surrogate, and a file of another folder."""
    for uri in (
        server.uri("migrations/") + "a%00b.sql",
        server.uri("migrations/") + "a" * 5000 + ".sql",
        "untitled:Untitled-1",
        "",
        "file:///etc/passwd",
        "http://example.org/1.sql",
    ):
        server.open(uri, ROLE)
    server.open(server.uri("migrations/2.sql"), 'CREATE ROLE "\ud800" LOGIN;\n')
    server.open(server.uri("migrations/1.sql"), ROLE)
    assert server.codes("migrations/1.sql", 1) == ["PG001"]

    for version in range(2, 40):
        server.type("migrations/1.sql", version, ROLE * (version % 2))
    server.type("migrations/1.sql", 40, ROLE)
    assert server.codes("migrations/1.sql", 40) == ["PG001"]


def test_what_is_not_open_is_not_read(server: Server) -> None:
    """A device that never ends is read by no request."""
    for path in ("/dev/zero", "/dev/stdin"):
        asked = {"textDocument": {"uri": f"file://{path}"}, "position": {"line": 0, "character": 0}}
        answer = server.ask("textDocument/hover", asked)
        assert answer["result"] is None


def test_exit_codes(tmp_path: Path) -> None:
    """0 after a shutdown; 1 when the editor ends it without one, or is gone."""
    after_shutdown, without, gone = (Server(tmp_path) for _ in range(3))
    after_shutdown.ask("shutdown", None)
    for server in (after_shutdown, without):
        server.tell("exit", None)

    assert after_shutdown.process.wait(SECONDS) == 0
    assert without.process.wait(SECONDS) == 1
    assert gone.close() == 1
