# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that code puts together: known pieces and holes, in every version that may come true."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product

from connguard.policies.model.records import dataclass

MOST_VERSIONS = 8
MOST_PARTS = 200
MOST_CHARACTERS = 200_000


@dataclass(frozen=True, slots=True)
class Hole:
    """A piece that is only known at run time. `label` names it; `hint` holds constants that are
    part of it in a way that is not followed."""

    label: str
    hint: str = ""


Template = tuple[str | Hole, ...]
Text = tuple[Template, ...]
"""The versions of a text, at least one."""


def constant(value: str) -> Text:
    return ((value,),)


def hole(label: str, hint: str = "") -> Text:
    return ((Hole(label, hint),),)


def join(parts: Iterable[str | Hole]) -> Template:
    """One template of many parts, with neighbouring constants merged."""
    merged: list[str | Hole] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    return tuple(merged)


def either(*texts: Text) -> Text:
    """A text that is one of several."""
    versions = tuple(dict.fromkeys(version for text in texts for version in text))
    return versions if len(versions) <= MOST_VERSIONS else _unread(texts)


def combine(build: Callable[[tuple[Template, ...]], Iterable[str | Hole]], *texts: Text) -> Text:
    """A text made of others, in all combinations of their versions."""
    count = 1
    for text in texts:
        count *= len(text)
    if count > MOST_VERSIONS:
        return _unread(texts)
    versions = [join(build(chosen)) for chosen in product(*texts)]
    if any(len(version) > MOST_PARTS or _size(version) > MOST_CHARACTERS for version in versions):
        return _unread(texts)
    return tuple(dict.fromkeys(versions))


def concatenate(*texts: Text) -> Text:
    return combine(lambda chosen: (part for template in chosen for part in template), *texts)


def known(text: Text) -> str | None:
    """The value of a text that is fully known."""
    if len(text) != 1 or any(isinstance(part, Hole) for part in text[0]):
        return None
    return "".join(part for part in text[0] if isinstance(part, str))


def quoted_name(template: Template) -> Template:
    return _quoted(template, '"')


def literal(template: Template) -> Template:
    return _quoted(template, "'")


def constants(text: Text) -> str:
    """All constants in a text, in their order: what it can be recognised by."""
    parts = (part for version in text for part in version)
    return " ".join(part if isinstance(part, str) else part.hint for part in parts)[:10_000]


def first_hole(template: Template) -> Hole | None:
    return next((part for part in template if isinstance(part, Hole)), None)


def ends_in_two_holes(template: Template) -> bool:
    """Whether nothing tells where the last two unknown pieces meet, as in `'ALTER ' || a || b`."""
    pieces = [part for part in template if not isinstance(part, str) or part.strip(" ;\n\t")]
    return len(pieces) > 1 and all(isinstance(part, Hole) for part in pieces[-2:])


def _quoted(template: Template, mark: str) -> Template:
    inner = (
        part.replace(mark, mark + mark) if isinstance(part, str) else part for part in template
    )
    return join((mark, *inner, mark))


def _size(template: Template) -> int:
    return sum(len(part) for part in template if isinstance(part, str))


def _unread(texts: Iterable[Text]) -> Text:
    hint = " ".join(constants(text) for text in texts)[:10_000]
    return hole("a text with too many versions", hint)
