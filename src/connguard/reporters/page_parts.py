# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the HTML reports share: one file each, with all styles and scripts in it, no network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from connguard.policies.model.budget_model import Model, model
from connguard.policies.model.topology import Topology
from connguard.reporters.plain import encodable, printable


def safe(text: str) -> str:
    """Text for HTML, in elements and in attributes."""
    return escape(printable(text))


def page(title: str, body: str, *, styles: Iterable[str] = (), scripts: Iterable[str] = ()) -> str:
    """A whole page. `styles` and `scripts` are names of files in the folder `page`."""
    css = "".join(_resource(name) for name in ("page.css", *styles))
    code = "".join(_resource(name) for name in scripts)
    # Nothing but this very script runs, whatever a scanned file smuggles in.
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    ending = f"<script>{code}</script>" if code else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{safe(title)}</title>\n<style>\n{css}</style></head>\n<body>\n{body}\n{ending}"
        "</body></html>\n"
    )


def what_if(topology: Topology, title: str) -> str:
    """The budget of a topology as bars, with a field for every setting."""
    data = json.dumps(model_data(model(topology)), separators=(",", ":"))
    # In a script element only "<" could end it.
    data = data.replace("<", "\\u003c")
    return (
        f'<section class="whatif"><header><h2>{safe(title)}</h2>'
        '<span class="verdict" role="status"></span></header>'
        '<div class="chart"></div>'
        '<form aria-label="What if"><h3>What if</h3><button type="reset">As in the files</button>'
        '</form><code class="command"></code>'
        f'<script type="application/json">{data}</script></section>'
    )


def model_data(made: Model) -> dict[str, Any]:
    """A budget model for JSON."""
    return {
        "inputs": [
            {
                "path": encodable(one.path),
                # As text: "no limit" is more than a number of JSON holds exactly everywhere.
                "low": str(one.low),
                "high": str(one.high),
                "place": None if one.origin is None else printable(str(one.origin)),
            }
            for one in made.inputs
        ],
        "nodes": [
            [
                node.operator,
                *(map(str, node.operands) if node.operator == "constant" else node.operands),
            ]
            for node in made.nodes
        ],
        "outputs": [
            {
                "kind": one.kind,
                "name": printable(one.name),
                "low": one.low,
                "high": one.high,
                "limit_low": one.limit_low,
                "limit_high": one.limit_high,
                "verdict": one.verdict,
            }
            for one in made.outputs
        ],
        "verdict": made.verdict,
    }


def _resource(name: str) -> str:
    return Path(__file__).with_name("page").joinpath(name).read_text("utf-8")
