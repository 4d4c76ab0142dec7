# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command starts through something else: a script of the repository, or a Makefile."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath

from connguard.budget.command import Command
from connguard.engine.text import Text
from connguard.policies.model.patterns import lazily

_DEPTH = 3
"""How far scripts that start scripts are followed."""

_SIMPLE = lazily(r"(?:\d?>{1,2}&\d|[^|;&])+")
_WORD = lazily(r"[^\s\"',\[\]{}()]+")
_LAUNCHERS = frozenset(
    (
        *("exec", "command", "env", "sh", "bash", "ash", "dash", "zsh", "/bin/sh", "then", "else"),
        *("tini", "dumb-init", "catatonit", "nohup", "nice", "time", "sudo", "do"),
        *("poetry", "pipenv", "uv", "run", "bundle"),
        *("CMD", "ENTRYPOINT", "command:", "args:"),
    )
)
"""Words before the program that is started."""
_AS_USER = ("gosu", "su-exec")
_ASSIGNMENT = lazily(r"\w+=\S*")
_ENDS = frozenset(("fi", "done", "esac", "wait", "}"))
_MAYBE_SCRIPT = lazily(r"(?:docker|entry|start|run|boot|launch|serve)[\w-]*")
_SHEBANG = lazily(r"#![^\n]*\b(?:ba|da|a|z|k)?sh\b")
_COMMENT = lazily(r"(?m)(?:^|(?<=[ \t;]))#[^\n]*")
_LINE_END = lazily(r"(?<!\\)\n")
_REST = lazily(r"\$[@*]|\$\{[@*]|\$\{\w+\[@\]\}")
_RECIPE = r"(?m)^{}[ \t]*:(?!=)[^\n]*\n((?:[ \t]+[^\n]*(?:\n|\Z)|[ \t]*\n)+)"
_PASSES_ON = lazily(r"wait|docker-entrypoint")
_KNOWN = lazily(
    r"(?:python[\d.]*|node|nodejs|deno|bun|npm|npx|yarn|pnpm|java|ruby|rails|rake|rackup|puma|flask"
    r"|django-admin|uvicorn|gunicorn|hypercorn|granian|fastapi|celery|sidekiq|php|dotnet|mix|go"
    r"|uwsgi|pm2\S*)"
)
"""Programs after a script that is not at hand: what it is given to start."""

Find = Callable[[str], Text | None]


def unwrapped(command: Command, find: Find) -> Command:
    """The command with the scripts that it starts in their place, as far as they are at hand."""
    for _ in range(_DEPTH):
        inner = _inside(command, find)
        if inner is None:
            return command
        command = inner
    return command


def is_hidden(command: Command) -> bool:
    """Whether it starts a script or a Makefile's target, and no more can be seen."""
    words = _words(command.string)
    if not words:
        return False
    program, rest = words[0], words[1:]
    if PurePosixPath(program).name == "make":
        return True
    if not program.endswith(".sh"):
        return False
    given = _program(rest)
    if not given:
        return True
    known = "/" in given[0] or _KNOWN.fullmatch(given[0]) is not None
    return not known and "--" not in rest and not _PASSES_ON.search(program)


def _inside(command: Command, find: Find) -> Command | None:
    words = _words(command.string)
    if not words:
        return None
    program, rest = words[0], words[1:]
    if PurePosixPath(program).name == "make":
        return _target(rest, find)
    name = PurePosixPath(program).name
    text = find(program) if name.endswith(".sh") or _MAYBE_SCRIPT.fullmatch(name) else None
    if text is None or not (name.endswith(".sh") or _SHEBANG.match(text.string)):
        return None
    script = _script(text, 0, text.string)
    if rest and _REST.search(script.string):
        behind = command.string.rfind(program) + len(program)
        return script.then(command.after(behind), ";")
    return script


def _target(words: list[str], find: Find) -> Command | None:
    """The recipe of a Makefile's target; None where it is not at hand."""
    target = next((one for one in words if not one.startswith("-") and "=" not in one), None)
    text = find("Makefile")
    if text is None or target is None or "-C" in words or "-f" in words:
        return None
    recipe = re.search(_RECIPE.format(re.escape(target)), text.string)
    return _script(text, recipe.start(1), recipe[1]) if recipe is not None else None


def _script(text: Text, start: int, string: str) -> Command:
    """The commands of a script, at the same offsets, without its comments."""
    blank = _COMMENT.sub(lambda match: " " * len(match[0]), string)
    lines = _LINE_END.sub(";", blank)
    return Command(lines, text.origin(start, start + len(string.rstrip())), text, start)


def _words(string: str) -> list[str]:
    """The program that stays, and what it is given: the last command of several."""
    for part in reversed(_SIMPLE.findall(string)):
        words = [word for word in _WORD.findall(part) if word != "-"]
        if words:
            return [] if words[0] in _ENDS else _program(words)
    return []


def _program(words: list[str]) -> list[str]:
    position = 0
    while position < len(words):
        word = words[position]
        name = PurePosixPath(word).name
        if name in _AS_USER:
            position += 2
        elif name in _LAUNCHERS or word.startswith(("-", "@")) or _ASSIGNMENT.fullmatch(word):
            position += 1
        else:
            return words[position:]
    return []
