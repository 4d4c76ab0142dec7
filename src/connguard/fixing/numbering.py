# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The name of the next migration: the numbers of its neighbours, continued."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass

TITLE = "limit_connections"

_DATED = lazily(r"^(?P<number>\d{4}-\d\d-\d\d-\d{6}(?P<more>-\d{4})?)(?P<rest>_.*)$")
_NUMBERED = lazily(r"^(?P<lead>[A-Za-z]?)(?P<number>\d+)(?P<rest>\D.*)?$")
_TITLE = lazily(
    r"^(?P<separator>\.do\.|(?:[-_ ](?!(?:up|down)\b)|\.(?!\w+$))*)(?P<title>.*?)"
    r"(?P<suffix>(?:[-_.](?:up|down)|\.(?:do|undo|deploy|revert|pg|postgres(?:ql)?))*(?:\.[a-z]+)?)$",
    re.IGNORECASE,
)
_TIMES = {14: "%Y%m%d%H%M%S", 12: "%Y%m%d%H%M", 8: "%Y%m%d"}


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a file or folder of an ordered directory, in parts."""

    lead: str
    number: str
    separator: str
    title: str
    suffix: str

    def __str__(self) -> str:
        return f"{self.lead}{self.number}{self.separator}{self.title}{self.suffix}"


def parse(name: str) -> Name | None:
    """None for a name that carries no number."""
    match = _DATED.match(name) or _NUMBERED.match(name)
    if match is None:
        return None
    rest = _TITLE.match(match["rest"] or "")
    assert rest is not None
    lead = match["lead"] if "lead" in match.re.groupindex else ""
    return Name(lead, match["number"], rest["separator"], rest["title"], rest["suffix"])


def following(last: Name, names: Iterable[str], now: datetime) -> Name:
    """A name in the style of `last` that comes after all `names`, with a title of its own."""
    parsed = [found for found in map(parse, names) if found and _same_style(found, last)]
    numbers = [name.number for name in parsed] or [last.number]
    return Name(
        last.lead,
        next_number(numbers, now),
        last.separator,
        _title(last.title, {name.title for name in parsed}) if last.title else "",
        last.suffix,
    )


def _same_style(one: Name, other: Name) -> bool:
    return ("-" in one.number) == ("-" in other.number) and one.lead == other.lead


def next_number(numbers: Iterable[str], now: datetime) -> str:
    """One more than the highest, or the time (UTC) where the numbers are times."""
    now = now.astimezone(UTC)
    last = max(numbers, key=lambda number: int(number.replace("-", "")))
    if "-" in last:
        stamp = f"{now:%Y-%m-%d-%H%M%S}" + ("-0000" if last.count("-") == 4 else "")
        return max(stamp, _one_more(last))
    return str(max(int(_stamp(last, now)), int(last) + 1)).zfill(len(last))


def _one_more(dated: str) -> str:
    head, _, tail = dated.rpartition("-")
    return f"{head}-{int(tail) + 1:0{len(tail)}}"


def _stamp(last: str, now: datetime) -> str:
    """The time in the form of `last`; 0 where that is a plain number."""
    length = len(last)
    if length in _TIMES and _is_time(last, _TIMES[length]):
        return now.strftime(_TIMES[length])
    if length == 17 and _is_time(last[:14], _TIMES[14]):
        return now.strftime(_TIMES[14]) + f"{now.microsecond // 1000:03}"
    if length == 13 and last.startswith("1"):
        return str(int(now.timestamp() * 1000))
    if length == 10 and last.startswith("1"):
        return str(int(now.timestamp()))
    return "0"


def _is_time(number: str, form: str) -> bool:
    try:
        return datetime.strptime(number, form).replace(tzinfo=UTC).year > 1990
    except ValueError:
        return False


def _title(like: str, taken: Iterable[str]) -> str:
    """The title with the neighbours' word separator; some tools refuse a title twice."""
    base = TITLE.replace("_", "-") if "-" in like and "_" not in like else TITLE
    used = {title.casefold() for title in taken}
    title, number = base, 1
    while title in used:
        number += 1
        title = f"{base}{base[5]}{number}"
    return title
