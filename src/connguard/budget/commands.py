# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Worker processes of a service: from its environment, its command and the files these name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from connguard.budget import ecosystem, puma
from connguard.engine.reading import Context
from connguard.engine.text import Text
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.whole_numbers import whole

Environment = Mapping[str, tuple[str, Origin, bool]]

VARIABLES = ("WEB_CONCURRENCY", "GUNICORN_WORKERS", "UVICORN_WORKERS", "PM2_INSTANCES")
_BETWEEN = r"[\s\"',=\[\]]*(?:-\s+)?[\"']?"
"""What may stand between the words of a command: blanks, JSON's or YAML's marks."""
_SERVERS = r"\b(?:gunicorn|uvicorn|hypercorn|puma|granian|fastapi)\b"
_WORKERS = lazily(
    rf"{_SERVERS}(?:(?!{_SERVERS})[^|;&])*?[\s\"'](?:--workers|-w){_BETWEEN}([^\s\"',\]]+)", re.S
)
_PM2 = lazily(r"\bpm2(?:-runtime|-docker)?\b[^|;&]*", re.S)
_PM2_COUNT = lazily(rf"[\s\"'](?:-i|--instances){_BETWEEN}([^\s\"',\]]+)")
_PM2_FILE = lazily(r"(?<![\w./-])[\w./-]+\.(?:json|c?js|mjs)\b")
_PM2_ONLY = lazily(rf"--only{_BETWEEN}([\w-]+)")
_PUMA = lazily(r"\bpuma\b|\brails[\s\"',]+s(?:erver)?\b")
_PUMA_FILE = lazily(rf"\bpuma\b(?:(?!\bpuma\b)[^|;&])*?(?:-C|--config){_BETWEEN}([\w./-]+)", re.S)
_GUNICORN_FILE = lazily(
    rf"\bgunicorn\b(?:(?!\bgunicorn\b)[^|;&])*?[\s\"'](?:-c|--config){_BETWEEN}([\w./:-]+)", re.S
)
_GUNICORN_WORKERS = lazily(
    r"^workers[ \t]*=[ \t]*([^# \t\n](?:[^#\n]*[^# \t\n])?)[ \t]*(?:#.*)?$", re.MULTILINE
)
_SEVERAL = lazily(r"\b(?:foreman|honcho|hivemind|overmind)[\s\"',]+start\b")
_CELERY = lazily(r"\bcelery\b(?:(?!\bworker\b)[^|;&])*+(\bworker\b[^|;&]*+)?", re.S)
_CELERY_COUNT = lazily(rf"[\s\"'](?:-c|--concurrency){_BETWEEN}([^\s\"',\]]+)")
_CELERY_THREADS = lazily(rf"[\s\"'](?:-P|--pool){_BETWEEN}(?:solo|threads|gevent|eventlet)")
_NO_SERVER = lazily(r"\b(?:celery|sidekiq|rq|rake|rails[\s\"',]+runner|manage\.py|alembic)\b")
_SHELL_DEFAULT = lazily(r"\$\{(\w+):?-(\d+)\}|\$\{?(\w+)\}?")


@dataclass(frozen=True, slots=True)
class Command:
    """The source of a command, with its place; `text` None where only the words are known."""

    string: str
    place: Origin
    text: Text | None = None
    start: int = 0

    def origin(self, span: tuple[int, int]) -> Origin:
        if self.text is None:
            return self.place
        return self.text.origin(self.start + span[0], self.start + span[1])


def command_at(text: Text | None, place: Origin, words: str = "") -> Command:
    """The command that stands at a place of a text."""
    if text is None:
        return Command(words, place)
    start = text.offset(place.line, place.column)
    end = text.offset(place.end_line, place.end_column)
    return Command(text.string[start:end], place, text, start)


@dataclass(frozen=True, slots=True)
class Runtime:
    """How a service is run. `folder` is that of its code, None where it is not known."""

    name: str
    environment: Environment = field(default_factory=dict)
    command: Command | None = None
    folder: Path | None = None


def processes_of(runtime: Runtime, context: Context | None = None) -> Amount:
    """How many processes an instance has, each with pools of its own."""
    label = f"processes of {runtime.name}"
    command = runtime.command
    given = _of_option(runtime, command, label) if command is not None else None
    if given is not None:
        return given
    for name in VARIABLES:
        if command is not None and _NO_SERVER.search(command.string):
            break
        if name in runtime.environment:
            return _of_variable(name, runtime.environment, label)
    if command is None:
        return exactly(1, label)
    if _SEVERAL.search(command.string):
        reason = f"which processes {runtime.name} starts"
        return unknown_amount(label, reason, command.place, low=1)
    file = _named_file(runtime, command, context)
    return file if file is not None else exactly(1, label)


def _of_option(runtime: Runtime, command: Command, label: str) -> Amount | None:
    match = _WORKERS.search(command.string)
    if match is not None:
        return _count(match[1], command.origin(match.span(1)), runtime.environment, label)
    worker = next((one for one in _CELERY.finditer(command.string) if one[1]), None)
    if worker is not None:
        return _of_celery(runtime, command, worker, label)
    manager = _PM2.search(command.string)
    count = _PM2_COUNT.search(manager[0]) if manager is not None else None
    if manager is None or count is None:
        return None
    begin = manager.start()
    place = command.origin((begin + count.start(1), begin + count.end(1)))
    if count[1] in ("max", "0", "-1"):
        return unknown_amount(label, f"how many CPUs {runtime.name} has", place, low=1)
    return _count(count[1], place, runtime.environment, label)


def _of_celery(
    runtime: Runtime, command: Command, worker: re.Match[str], label: str
) -> Amount | None:
    """Celery forks a process for each CPU, unless it is told a number, or to use threads.

    https://docs.celeryq.dev/en/stable/userguide/workers.html#concurrency
    """
    if _CELERY_THREADS.search(worker[0]):
        return exactly(1, label)
    count = _CELERY_COUNT.search(worker[0])
    if count is None:
        return unknown_amount(label, f"how many CPUs {runtime.name} has", command.place, low=1)
    begin = worker.start()
    place = command.origin((begin + count.start(1), begin + count.end(1)))
    return _count(count[1], place, runtime.environment, label)


def _count(word: str, place: Origin, environment: Environment, label: str) -> Amount:
    """A number on a command line, where a variable of the shell may stand for it."""
    if word.isdecimal():
        return exactly(max(1, whole(word)), label, place)
    variable = _SHELL_DEFAULT.fullmatch(word)
    if variable is not None:
        name = variable[1] or variable[3]
        if name in environment:
            return _of_variable(name, environment, label)
        if variable[2]:
            return exactly(max(1, whole(variable[2])), label, place)
    return unknown_amount(label, f"{word} is set elsewhere", place, low=1)


def _of_variable(name: str, environment: Environment, label: str) -> Amount:
    text, place, known = environment[name]
    if known and text.isdecimal():
        return exactly(max(1, whole(text)), label, place)
    return unknown_amount(label, f"{name} is set elsewhere", place, low=1)


def _named_file(runtime: Runtime, command: Command, context: Context | None) -> Amount | None:
    """What the file says that the command reads; None where it reads none."""
    label = f"processes of {runtime.name}"
    manager = _PM2.search(command.string)
    if manager is not None:
        file = _PM2_FILE.search(manager[0])
        text = _text(runtime, file[0] if file else "ecosystem.config.js", context)
        only = _PM2_ONLY.search(manager[0])
        if file is not None and not ecosystem.is_ecosystem(file[0]):
            return exactly(1, label)  # a script, and no file about processes
        if text is None:
            return unknown_amount(label, "the file that pm2 reads", command.place, low=1)
        return ecosystem.processes(text, only[1] if only else None, runtime.environment, label)
    if _PUMA.search(command.string):
        named = _PUMA_FILE.search(command.string)
        text = _text(runtime, named[1] if named else "config/puma.rb", context)
        if text is not None:
            return puma.processes(text, runtime.environment, label)
        if named is not None:
            return unknown_amount(label, f"workers in {named[1]}", command.place, low=1)
        return None
    if "gunicorn" in command.string:
        named = _GUNICORN_FILE.search(command.string)
        path = named[1].removeprefix("file:") if named else "gunicorn.conf.py"
        text = _text(runtime, path, context)
        if text is None and named is not None:
            return unknown_amount(label, f"workers in {named[1]}", command.place, low=1)
        return _gunicorn(text, label) if text is not None else None
    return None


def _gunicorn(text: Text, label: str) -> Amount | None:
    found = list(_GUNICORN_WORKERS.finditer(text.string))
    if not found:
        return None
    place = text.origin(*found[-1].span(1))
    word = found[-1][1]
    if len(found) == 1 and word.isdecimal():
        return exactly(max(1, whole(word)), label, place)
    return unknown_amount(label, f"{word} is decided elsewhere", place, low=1)


def _text(runtime: Runtime, name: str, context: Context | None) -> Text | None:
    if runtime.folder is None or context is None:
        return None
    # The image's folder is that of the code: /app/config/puma.rb is config/puma.rb.
    parts = Path(name.lstrip("./")).parts
    for start in range(len(parts)):
        file = context.file(runtime.folder.joinpath(*parts[start:]))
        if file is not None:
            return context.text(file)
    return None
