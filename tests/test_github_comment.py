# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comment on a pull request, against a server that answers as GitHub's API does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from report_sample import report

from connguard.engine.finding import Report
from connguard.reporters.markdown_report import MARKER
from connguard.reporters.table import renderer

SCRIPT = Path(__file__).resolve().parent.parent / "integrations" / "github" / "comment.py"


class GitHub(ThreadingHTTPServer):
    """The comments of one pull request. `refuse` answers writing with this status."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.comments: list[dict[str, Any]] = []
        self.refuse = 0
        self.writes: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: GitHub

    def log_message(self, format: str, *args: object) -> None:
        """Keep the output of the tests clean."""

    def _answer(self, status: int, data: object) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> str:
        length = int(self.headers["Content-Length"])
        return str(json.loads(self.rfile.read(length))["body"])

    def do_GET(self) -> None:
        assert self.headers["Authorization"] == "Bearer token"
        url = urlparse(self.path)
        assert url.path == "/repos/owner/name/issues/7/comments"
        query = {name: int(values[0]) for name, values in parse_qs(url.query).items()}
        first = (query["page"] - 1) * query["per_page"]
        self._answer(200, self.server.comments[first : first + query["per_page"]])

    def do_POST(self) -> None:
        body = self._body()
        if self.server.refuse:
            self._answer(self.server.refuse, {"message": "Resource not accessible"})
            return
        self.server.writes.append("POST")
        self.server.comments.append({"id": 1000 + len(self.server.comments), "body": body})
        self._answer(201, self.server.comments[-1])

    def do_PATCH(self) -> None:
        number = int(self.path.rpartition("/")[2])
        (comment,) = [one for one in self.server.comments if one["id"] == number]
        comment["body"] = self._body()
        self.server.writes.append("PATCH")
        self._answer(200, comment)


@pytest.fixture
def github() -> Iterator[GitHub]:
    server = GitHub()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def comment(server: GitHub, folder: Path, given: Report) -> subprocess.CompletedProcess[str]:
    file = folder / "comment.md"
    file.write_text(renderer("markdown")(given), encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={
            **os.environ,
            "GITHUB_API_URL": f"http://127.0.0.1:{server.server_port}",
            "GITHUB_REPOSITORY": "owner/name",
            "GITHUB_TOKEN": "token",
            "PULL_REQUEST": "7",
            "COMMENT": str(file),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


CLEAN = Report(files=3)


def test_one_comment_that_is_updated(github: GitHub, tmp_path: Path) -> None:
    """A second run writes into the comment of the first, also behind other people's comments."""
    github.comments = [{"id": number, "body": "looks good"} for number in range(150)]
    assert comment(github, tmp_path, report()).returncode == 0
    assert comment(github, tmp_path, report()).returncode == 0
    assert github.writes == ["POST", "PATCH"]
    assert comment(github, tmp_path, CLEAN).returncode == 0
    assert github.writes == ["POST", "PATCH", "PATCH"]
    (ours,) = [one for one in github.comments if one["body"].startswith(MARKER)]
    assert "No findings" in ours["body"]


def test_no_comment_when_there_is_nothing_to_say(github: GitHub, tmp_path: Path) -> None:
    assert comment(github, tmp_path, CLEAN).returncode == 0
    assert comment(github, tmp_path, Report()).returncode == 0
    assert github.writes == []


@pytest.mark.parametrize(("status", "code"), [(403, 0), (404, 0), (500, 1)])
def test_a_token_that_may_not_write(github: GitHub, tmp_path: Path, status: int, code: int) -> None:
    """As for pull requests from forks: the job goes on, and says so. An outage is an error."""
    github.refuse = status
    done = comment(github, tmp_path, report())
    assert done.returncode == code
    assert ("::notice title=connguard::no comment" in done.stdout) is (code == 0)
