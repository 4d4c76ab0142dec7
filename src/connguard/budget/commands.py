# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Worker processes of a service: from its environment, its command and the files these name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace
from itertools import pairwise
from pathlib import Path

from connguard.budget import ecosystem, puma
from connguard.budget.command import Command, command_at
from connguard.budget.wrappers import is_hidden, unwrapped
from connguard.engine.reading import Context
from connguard.engine.text import Text
from connguard.policies.model.amount import Amount, exactly, plus, unknown_amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.whole_numbers import whole

Environment = Mapping[str, tuple[str, Origin, bool]]

__all__ = ["Command", "Environment", "Runtime", "command_at", "processes_of"]

VARIABLES = ("WEB_CONCURRENCY", "GUNICORN_WORKERS", "UVICORN_WORKERS", "PM2_INSTANCES")
_ARGUMENTS = "GUNICORN_CMD_ARGS"
_BETWEEN = r"[\s\"',=\[\]]*(?:-\s+)?[\"']?"
"""What may stand between the words of a command: blanks, JSON's or YAML's marks."""
_BEFORE = r"[\s\"'\[,]"
_VALUE = rf"{_BETWEEN}([^\s\"',\]]+)"
_SIMPLE_COMMAND = lazily(r"(?:\d?>{1,2}&\d|[^|;&])*")
_ARGUMENTS_COUNT = lazily(rf"(?:^|\s)(?:--workers|-w){_VALUE}")


@dataclass(frozen=True, slots=True)
class _Program:
    """A program with an option for the number of its processes.

    `otherwise` is what decides where the option is not given; "" where that is told elsewhere,
    or it is one process.
    """

    starts: re.Pattern[str]
    option: re.Pattern[str]
    otherwise: str = ""


def _named(names: str) -> re.Pattern[str]:
    """A program's name, and not that of a module, a class or a file."""
    return lazily(rf"(?<![\w.=-])(?:{names})(?![\w.=-])")


_UWSGI = _named("uwsgi")
_CPUS = "how many CPUs {} has"
_PROGRAMS = (
    _Program(
        _named("gunicorn|uvicorn|hypercorn|puma|granian|fastapi|sanic|faststream"),
        lazily(rf"{_BEFORE}(?:--workers|-w){_VALUE}"),
    ),
    _Program(_UWSGI, lazily(rf"{_BEFORE}(?:--processes|--workers|-p){_VALUE}")),
    _Program(_named("dramatiq"), lazily(rf"{_BEFORE}(?:--processes|-p){_VALUE}"), _CPUS),
    _Program(_named(r"rq[\s\"',]+worker-pool"), lazily(rf"{_BEFORE}(?:--num-workers|-n){_VALUE}")),
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
_SEVERAL = lazily(
    r"\b(?:foreman|honcho|hivemind|overmind)[\s\"',]+start\b|\bcelery[\s\"',]+multi\b"
    r"|(?<![\w.=-])(?:supervisord|circusd|multirun|concurrently|npm-run-all|run-p|runsvdir"
    r"|s6-svscan|sidekiqswarm|resque-pool|php-fpm[\d.]*)(?![\w.=-])"
)
_UWSGI_FILE = lazily(r"(?<![\w./-])[\w./-]+\.(?:ini|ya?ml|xml|json)\b")
_UWSGI_COUNT = lazily(r"(?m)^[ \t]*(?:processes|workers)[ \t]*=[ \t]*(\S+)")
_CELERY = lazily(r"\bcelery\b(?:(?!\bworker\b)[^|;&])*+(\bworker\b[^|;&]*+)?", re.S)
_CELERY_COUNT = lazily(rf"{_BEFORE}(?:-c|--concurrency){_VALUE}")
_CELERY_MOST = lazily(rf"{_BEFORE}--autoscale{_VALUE}")
_CELERY_THREADS = lazily(rf"[\s\"'](?:-P|--pool){_BETWEEN}(?:solo|threads|gevent|eventlet)")
_NO_SERVER = lazily(
    r"\b(?:celery|sidekiq|rq|dramatiq|rake|rails[\s\"',]+runner|manage\.py|alembic)\b"
)
_COPIED = r"(?<![\w./-])[\w./-]*/{}(?=[ \t])"
_SHELL_DEFAULT = lazily(r"\$\{(\w+):?-(\d+)\}|\$\{?(\w+)\}?")


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
    if runtime.command is None:
        return _of_variables(runtime, label) or exactly(1, label)
    dockerfile = runtime.command.text
    command = unwrapped(runtime.command, lambda name: _script(runtime, name, dockerfile, context))
    runtime = replace(runtime, command=command)
    given = _of_option(runtime, command, label)
    serves = _PROGRAMS[0].starts.search(command.string) is not None
    if given is None and (serves or not _NO_SERVER.search(command.string)):
        given = _of_variables(runtime, label)
    if given is not None:
        return given
    if _SEVERAL.search(command.string) or is_hidden(command):
        reason = f"which processes {runtime.name} starts"
        return unknown_amount(label, reason, command.place, low=1)
    file = _named_file(runtime, command, context)
    return file if file is not None else exactly(1, label)


def _of_variables(runtime: Runtime, label: str) -> Amount | None:
    environment = runtime.environment
    if runtime.command is None or "gunicorn" in runtime.command.string:
        arguments, place, known = environment.get(_ARGUMENTS, ("", None, True))
        options = list(_ARGUMENTS_COUNT.finditer(arguments))
        if options and place is not None:
            return _count(options[-1][1], place, environment, label)
        if not known and place is not None:
            return unknown_amount(label, f"{_ARGUMENTS} is set elsewhere", place, low=1)
    for name in VARIABLES:
        if name in environment:
            return _of_variable(name, environment, label)
    return None


def _of_option(runtime: Runtime, command: Command, label: str) -> Amount | None:
    """What the command line says; of several programs it may start one, or all of them."""
    found: list[Amount] = []
    for program in _PROGRAMS:
        starts = [match.start() for match in program.starts.finditer(command.string)]
        for span in pairwise([*starts, len(command.string)]):
            amount = _of_program(runtime, command, program, span, label)
            if amount is not None:
                found.append(amount)
    worker = next((one for one in _CELERY.finditer(command.string) if one[1]), None)
    if worker is not None:
        found.append(_of_celery(runtime, command, worker, label))
    elif not found:
        return _of_pm2(runtime, command, label)
    if len(found) == 1:
        return found[0]
    total = plus(*found)
    reason = total.reason or f"which of its programs {runtime.name} starts at once"
    low = min(one.low for one in found)
    return Amount(low, total.high, label, found[0].origin or command.place, reason)


def _of_program(
    runtime: Runtime, command: Command, program: _Program, span: tuple[int, int], label: str
) -> Amount | None:
    """The last one of its options counts."""
    part = _SIMPLE_COMMAND.match(command.string, *span)
    assert part is not None
    options = list(program.option.finditer(command.string, part.start(), part.end()))
    if options:
        place = command.origin(options[-1].span(1))
        return _count(options[-1][1], place, runtime.environment, label)
    if program.otherwise:
        return unknown_amount(label, program.otherwise.format(runtime.name), command.place, low=1)
    return None


def _of_pm2(runtime: Runtime, command: Command, label: str) -> Amount | None:
    manager = _PM2.search(command.string)
    count = _PM2_COUNT.search(manager[0]) if manager is not None else None
    if manager is None or count is None:
        return None
    begin = manager.start()
    place = command.origin((begin + count.start(1), begin + count.end(1)))
    if count[1] in ("max", "0", "-1"):
        return unknown_amount(label, f"how many CPUs {runtime.name} has", place, low=1)
    return _count(count[1], place, runtime.environment, label)


def _of_celery(runtime: Runtime, command: Command, worker: re.Match[str], label: str) -> Amount:
    """Celery forks a process for each CPU, unless it is told a number, or to use threads.

    https://docs.celeryq.dev/en/stable/userguide/workers.html#concurrency
    """
    if _CELERY_THREADS.search(worker[0]):
        return exactly(1, label)
    counts = [
        *_CELERY_COUNT.finditer(worker[0]),
        *_CELERY_MOST.finditer(worker[0]),  # wins over -c, and names the most first
    ]
    if not counts:
        return unknown_amount(label, f"how many CPUs {runtime.name} has", command.place, low=1)
    begin, count = worker.start(), counts[-1]
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
    uwsgi = _UWSGI.search(command.string)
    named = _UWSGI_FILE.search(command.string, uwsgi.end()) if uwsgi is not None else None
    if named is not None:
        return _of_uwsgi(_text(runtime, named[0], context), named[0], command, label)
    if "gunicorn" in command.string:
        named = _GUNICORN_FILE.search(command.string)
        path = named[1].removeprefix("file:") if named else "gunicorn.conf.py"
        text = _text(runtime, path, context)
        if text is None and named is not None:
            return unknown_amount(label, f"workers in {named[1]}", command.place, low=1)
        return _gunicorn(text, label) if text is not None else None
    return None


def _of_uwsgi(text: Text | None, name: str, command: Command, label: str) -> Amount:
    counts = list(_UWSGI_COUNT.finditer(text.string)) if text is not None else []
    if text is None or not name.endswith(".ini"):
        return unknown_amount(label, f"processes in {name}", command.place, low=1)
    if not counts:
        return exactly(1, label)
    return _count(counts[-1][1], text.origin(*counts[-1].span(1)), {}, label)


def _gunicorn(text: Text, label: str) -> Amount | None:
    found = list(_GUNICORN_WORKERS.finditer(text.string))
    if not found:
        return None
    place = text.origin(*found[-1].span(1))
    word = found[-1][1]
    if len(found) == 1 and word.isdecimal():
        return exactly(max(1, whole(word)), label, place)
    return unknown_amount(label, f"{word} is decided elsewhere", place, low=1)


def _script(
    runtime: Runtime, name: str, dockerfile: Text | None, context: Context | None
) -> Text | None:
    """A file of the image, also where the Dockerfile copies it from another folder."""
    found = _text(runtime, name, context)
    if found is not None or dockerfile is None:
        return found
    copies = re.findall(_COPIED.format(re.escape(Path(name).name)), dockerfile.string)
    return next((one for copy in copies if (one := _text(runtime, copy, context))), None)


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
