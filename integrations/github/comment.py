# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps one comment of connguard on a pull request: makes it, updates it, or says all is well.

Without findings no comment is made; one that an earlier run made then says so. A token that may not
write (a pull request from a fork) is no reason to fail: the job's summary holds the same.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

MARKER = "<!-- connguard -->"
_PER_PAGE = 100
_MOST_PAGES = 30
_TIMEOUT = 30


def main() -> int:
    api = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    issues = f"{api}/repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    text = Path(os.environ["COMMENT"]).read_text(encoding="utf-8")
    has_findings = f"{MARKER}\n\n### connguard: No" not in text
    try:
        earlier = _earlier(f"{issues}/{os.environ['PULL_REQUEST']}/comments")
        if earlier is not None:
            _call("PATCH", f"{issues}/comments/{earlier}", {"body": text})
        elif has_findings:
            _call("POST", f"{issues}/{os.environ['PULL_REQUEST']}/comments", {"body": text})
    except urllib.error.HTTPError as error:
        if error.code not in (401, 403, 404):
            raise
        print(f"::notice title=connguard::no comment: the token may not write ({error.code})")
    return 0


def _earlier(url: str) -> int | None:
    """The comment of an earlier run."""
    for page in range(1, _MOST_PAGES + 1):
        comments = _call("GET", f"{url}?per_page={_PER_PAGE}&page={page}")
        for comment in comments:
            if str(comment.get("body", "")).startswith(MARKER):
                return int(comment["id"])
        if len(comments) < _PER_PAGE:
            return None
    return None


def _call(method: str, url: str, data: dict[str, Any] | None = None) -> Any:
    request = urllib.request.Request(
        url,
        method=method,
        data=None if data is None else json.dumps(data).encode(),
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
        return json.load(answer)


if __name__ == "__main__":
    sys.exit(main())
