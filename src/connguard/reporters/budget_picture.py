# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection budget as a picture: bars to scale, red where a limit breaks. SVG and HTML."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import field

from connguard.budget.found import Stack
from connguard.budget.run import Run
from connguard.policies.model.amount import Amount, Standing
from connguard.policies.model.explain import largest_first, sentence
from connguard.policies.model.records import dataclass
from connguard.policies.model.usage import Budget, ServerUsage, Usage, Use
from connguard.reporters.page_parts import page, safe, what_if

WIDTH = 1080
_LEFT = 200
_PILL = 240
_BAR = 560
_RIGHT = _LEFT + _BAR + 24
_ROW = 34
_THICK = 20
_SEGMENTS = 6
_TEXT_WIDTH = 140
_ROLES_SHOWN = 14

_STYLE = """
.budget { font: 14px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
.budget .page { fill: #ffffff; }
.budget text { fill: #1f2328; }
.budget .soft { fill: #59636e; }
.budget .small { font-size: 12px; }
.budget .head { font-size: 19px; font-weight: 600; }
.budget .step { font-size: 13px; font-weight: 600; }
.budget .on { fill: #ffffff; font-size: 12px; font-weight: 600; }
.budget .track { fill: #eaeef2; }
.budget .rule { stroke: #d1d9e0; }
.budget .limit { stroke: #1f2328; stroke-width: 2; }
.budget .over { fill: #cf222e; }
.budget .bad { fill: #cf222e; font-weight: 600; }
.budget .open { fill: #9a6700; font-weight: 600; }
.budget .good { fill: #1a7f37; font-weight: 600; }
.budget .pill-unsafe { fill: #cf222e; }
.budget .pill-unknown { fill: #9a6700; }
.budget .pill-safe { fill: #1a7f37; }
.budget .s0 { fill: #0969da; } .budget .s1 { fill: #1b7c83; } .budget .s2 { fill: #6639ba; }
.budget .s3 { fill: #57606a; } .budget .s4 { fill: #3b5bb5; } .budget .s5 { fill: #7a5c1e; }
@media (prefers-color-scheme: dark) {
.budget .page { fill: #0d1117; }
.budget text { fill: #e6edf3; }
.budget .soft { fill: #9198a1; }
.budget .track { fill: #262c36; }
.budget .rule { stroke: #3d444d; }
.budget .limit { stroke: #e6edf3; }
.budget .over { fill: #da3633; }
.budget .bad { fill: #ff7b72; }
.budget .open { fill: #d29922; }
.budget .good { fill: #3fb950; }
.budget .on { fill: #ffffff; }
.budget .s0 { fill: #1f6feb; } .budget .s1 { fill: #238388; } .budget .s2 { fill: #8957e5; }
.budget .s3 { fill: #656c76; } .budget .s4 { fill: #4c68c0; } .budget .s5 { fill: #8f6c26; }
}
"""


@dataclass(slots=True)
class _Canvas:
    """Collects the elements of a picture from top to bottom."""

    parts: list[str] = field(default_factory=list)
    y: float = 28
    colours: dict[str, int] = field(default_factory=dict)

    def text(self, x: float, y: float, content: str, style: str = "", anchor: str = "") -> None:
        extra = f' text-anchor="{anchor}"' if anchor else ""
        name = f' class="{style}"' if style else ""
        self.parts.append(f'<text x="{x:g}" y="{y:g}"{name}{extra}>{safe(content)}</text>')

    def box(self, x: float, y: float, width: float, height: float, style: str) -> None:
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{max(width, 0):g}" height="{height:g}"'
            f' class="{style}"/>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, style: str) -> None:
        self.parts.append(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" class="{style}"/>'
        )

    def colour(self, key: str) -> str:
        """One colour for each user of connections, the same in every bar."""
        return f"s{self.colours.setdefault(key, len(self.colours)) % _SEGMENTS}"


def render_svg(run: Run) -> str:
    """The picture alone."""
    canvas = _Canvas()
    for stack, budget in run.stacks:
        _draw(canvas, stack, budget)
    _draw_findings(canvas, run)
    height = canvas.y + 12
    title = f"Connection budget: {run.verdict.value}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="budget" role="img" width="{WIDTH}"'
        f' height="{height:g}" viewBox="0 0 {WIDTH} {height:g}"><title>{safe(title)}</title>'
        f'<style>{_STYLE}</style><rect class="page" width="{WIDTH}" height="{height:g}"/>'
        + "".join(canvas.parts)
        + "</svg>\n"
    )


def render_html(run: Run) -> str:
    """A page on which every setting can be changed, with the numbers, their places and findings."""
    rows = []
    for _, budget in run.stacks:
        usages: list[Usage] = [*budget.clients, *budget.roles, *budget.databases]
        if budget.server is not None:
            usages.append(budget.server)
        for usage in usages:
            places = "<br>".join(
                f"{safe(sentence(use))}{_places(use.settings)}" for use in largest_first(usage)
            )
            rows.append(
                f"<tr><td>{safe(_kind(usage))}</td><td>{safe(usage.name)}</td>"
                f"<td>{safe(str(usage.demand))}</td><td>{safe(_capacity(usage))}</td>"
                f"<td>{safe(usage.standing.value)}</td><td>{places}</td></tr>"
            )
    findings = [
        f'<tr><td class="{one.severity.value}">{one.policy.id}</td><td>{safe(one.message)}<br>'
        f"{safe(one.fix)}</td><td><code>{safe(str(one.origin))}</code></td></tr>"
        for one in run.report.findings
    ]
    parts = [
        what_if(stack.topology, f"Connection budget of {stack.topology.origin.path}")
        for stack, _ in run.stacks
    ]
    body = (
        f"{''.join(parts)}<noscript>{render_svg(run)}</noscript>"
        "<h2>Numbers and where they stand</h2><table><tr><th>Step</th><th>Name"
        "</th><th>Worst case</th><th>Capacity</th><th>Verdict</th><th>Made up of</th></tr>"
        f"{''.join(rows)}</table>"
    )
    if findings:
        body += f"<h2>Findings</h2><table>{''.join(findings)}</table>"
    title = f"Connection budget: {run.verdict.value}"
    return page(title, body, styles=("whatif.css",), scripts=("whatif.js",))


def _draw(canvas: _Canvas, stack: Stack, budget: Budget) -> None:
    canvas.text(24, canvas.y + 8, "Connection budget", "head")
    word = budget.standing.value.upper()
    canvas.parts.append(
        f'<rect x="{_PILL}" y="{canvas.y - 9:g}" width="{len(word) * 10 + 22}" height="24" rx="12"'
        f' class="pill-{budget.standing.value}"/>'
    )
    canvas.text(_PILL + (len(word) * 10 + 22) / 2, canvas.y + 8, word, "on", "middle")
    canvas.text(WIDTH - 24, canvas.y + 8, stack.topology.origin.path, "soft small", "end")
    canvas.y += 34
    for role in budget.roles:
        if role.demand.high:
            canvas.colour(role.name)
    _section(canvas, "Poolers: client connections", budget.clients)
    busy = sorted(
        (one for one in budget.roles if one.demand.high),
        key=lambda one: (-one.standing.rank, -one.demand.high),
    )
    more = len(busy) - _ROLES_SHOWN
    title = "Roles: server connections, worst case" + (f" ({more} more)" if more > 0 else "")
    _section(canvas, title, busy[:_ROLES_SHOWN])
    _section(canvas, "Databases", [one for one in budget.databases if one.demand.high])
    if budget.server is not None:
        _section(canvas, "Server: slots for ordinary roles", (budget.server,), budget)
    else:
        canvas.text(24, canvas.y + 14, "Server: no file says how many it takes", "open small")
        canvas.y += 30


def _section(
    canvas: _Canvas, title: str, usages: Sequence[Usage], whole: Budget | None = None
) -> None:
    if not usages:
        return
    canvas.line(24, canvas.y - 4, WIDTH - 24, canvas.y - 4, "rule")
    canvas.text(24, canvas.y + 16, title, "step")
    scale = max(max(_finite(one.demand), _finite(one.limit)) for one in usages)
    canvas.text(_LEFT + _BAR, canvas.y + 16, f"bar = {scale} connections", "soft small", "end")
    canvas.y += 28
    for usage in usages:
        _bar(canvas, usage, max(scale, 1), whole)
        canvas.y += _ROW
    canvas.y += 10


def _bar(canvas: _Canvas, usage: Usage, scale: int, whole: Budget | None) -> None:
    y = canvas.y
    per = _BAR / scale
    limited = usage.limit is not None and usage.limit.bounded
    canvas.text(24, y + 15, textwrap.shorten(usage.name, 24, placeholder="…"), "")
    edge = float(WIDTH)
    if limited and usage.limit is not None:
        edge = _LEFT + usage.limit.low * per
        canvas.box(_LEFT, y, edge - _LEFT, _THICK, "track")
    x = float(_LEFT)
    for label, amount, colour in _segments(canvas, usage, whole):
        width = amount * per
        canvas.box(x, y, width, _THICK, colour)
        visible = min(x + width, edge) - x  # what lies beyond the limit is drawn red
        for text in (label, str(amount)):
            if visible > 7.5 * len(text) + 8:
                canvas.text(x + visible / 2, y + 15, text, "on", "middle")
                break
        x += width
        canvas.line(x, y, x, y + _THICK, "rule")
    if limited and usage.limit is not None:
        limit = usage.limit.low
        over = _finite(usage.demand) - limit
        if over > 0:
            canvas.box(_LEFT + limit * per, y, over * per, _THICK, "over")
            label = f"+{over}"
            if over * per > 8 * len(label):
                canvas.text(_LEFT + (limit + over / 2) * per, y + 15, label, "on", "middle")
        canvas.line(edge, y - 5, edge, y + _THICK + 5, "limit")
    canvas.text(_RIGHT, y + 15, _numbers(usage), _tone(usage))


def _segments(
    canvas: _Canvas, usage: Usage, whole: Budget | None
) -> Iterable[tuple[str, int, str]]:
    """The parts of a bar: roles for the server, uses otherwise; no more than the demand."""
    left = _finite(usage.demand)
    if whole is not None:
        parts = [(role.name, _finite(role.demand), role.name) for role in whole.roles]
    else:
        parts = [(_label(use), _finite(use.amount), _key(usage, use)) for use in usage.uses]
    for label, amount, key in sorted(parts, key=lambda part: -part[1]):
        shown = min(amount, left)
        left -= shown
        if shown:
            yield f"{label} {shown}", shown, canvas.colour(key)


def _label(use: Use) -> str:
    if not use.pooled:
        return use.label
    return use.label.removeprefix("pool ").partition(" of ")[0]


def _key(usage: Usage, use: Use) -> str:
    if not use.pooled:
        return usage.name if type(usage).__name__ == "RoleUsage" else use.label
    return use.label.partition(" of ")[0].rpartition("/")[2]


def _numbers(usage: Usage) -> str:
    if usage.limit is None or not usage.limit.bounded:
        return f"{usage.demand}, no limit"
    if not usage.demand.bounded:
        return f"unbounded, limit {usage.limit}"
    free = usage.limit.low - usage.demand.high
    text = f"{usage.demand} of {usage.limit}"
    return f"{text}, {free} free" if free >= 0 else f"{text}, {-free} too many"


def _tone(usage: Usage) -> str:
    if usage.limit is None or not usage.limit.bounded:
        return "soft"
    tones = {Standing.SAFE: "good", Standing.UNSAFE: "bad", Standing.UNKNOWN: "open"}
    return tones[usage.standing]


def _draw_findings(canvas: _Canvas, run: Run) -> None:
    if not run.report.findings:
        return
    canvas.line(24, canvas.y - 4, WIDTH - 24, canvas.y - 4, "rule")
    canvas.text(24, canvas.y + 16, "What breaks, and where to mend it", "step")
    canvas.y += 40
    for finding in run.report.findings:
        tone = "bad" if finding.severity.value == "error" else "open"
        canvas.text(24, canvas.y, finding.policy.id, tone)
        for line in textwrap.wrap(finding.message, _TEXT_WIDTH):
            canvas.text(80, canvas.y, line, "small")
            canvas.y += 17
        canvas.text(80, canvas.y, f"{finding.origin}   {finding.fix}"[:150], "soft small")
        canvas.y += 24


def _finite(amount: Amount | None) -> int:
    """A number that can be drawn: of what is unbounded, the part that is certain."""
    if amount is None:
        return 0
    if amount.bounded:
        return amount.high
    return amount.low if amount.low < amount.high else 0


def _kind(usage: Usage) -> str:
    names = {"ClientUsage": "pooler", "RoleUsage": "role", "DatabaseUsage": "database"}
    return names.get(type(usage).__name__, "server")


def _capacity(usage: Usage) -> str:
    if usage.limit is None or not usage.limit.bounded:
        return "no limit"
    if isinstance(usage, ServerUsage):
        parts = " - ".join(str(amount) for amount in usage.settings)
        return f"{usage.limit} ({parts})"
    return str(usage.limit)


def _places(amounts: Iterable[Amount]) -> str:
    found = dict.fromkeys(str(one.origin) for one in amounts if one.origin is not None)
    return "".join(f" <code>{safe(place)}</code>" for place in found)
