# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of PostgreSQL's parser that cannot take this process with them.

Measured with libpg_query for PostgreSQL 18: the parser stops by itself at a nesting that needs
100 kB of stack, and PL/pgSQL's at about 2,000 blocks, which need less than 512 kB. It crashes where
a thread has less than that (128 kB with musl), so there it gets a thread with room. Its time grows
with the square of the length of a run of operator characters (nested comments, `++++`), and with
the square of the number of declarations in a body: such texts are parsed in a child process first,
with a limit on its time. `careful` does so with every text, for those who know that something in a
file has killed a process. `survives` tries other parsers in the same way.
"""

from __future__ import annotations

import faulthandler
import functools
import marshal
import os
import select
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn, TypeVar, cast

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]  # a module elsewhere

CPU_SECONDS = 2
WALL_SECONDS = 120
MOST_BYTES = 200_000_000
LONGEST_OPERATOR = 4_000
"""Characters. The parser needs less than 0.1 s for a run of them."""

_OPERATORS = frozenset("~!@#^&|`?+-*/%<>=")
_SLOW = ("/*", "+")
_ENOUGH_STACK = 1_000_000
_NEW_STACK = 16_000_000
_MAIN = threading.main_thread().ident
_stack_size = threading.Lock()
_roomy: set[int] = set()
"""The threads that `with_room` has made."""


_crashes: dict[tuple[int, int], str] = {}
"""What happened to texts, by length and hash: a text is asked for more than once."""

_END = b"\0connguard\0"
_TOO_SLOW = frozenset({signal.SIGKILL, getattr(signal, "SIGXCPU", signal.SIGTERM)})

careful = False
"""Whether every text goes through a child process."""

T = TypeVar("T")


class Crash(Exception):
    """The parser crashed or did not end. `reason` is a sentence for the user."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@contextmanager
def with_care() -> Iterator[None]:
    """Have every text go through a child process."""
    global careful
    before, careful = careful, True
    try:
        yield
    finally:
        careful = before


def call(function: Callable[[str], T], text: str, *, risky: bool = False) -> T:
    """What a function of the parser makes of a text.

    A risky text goes through a child process; the value must be one that `marshal` takes. Raises
    Crash.
    """
    if not (risky or careful or has_long_operator(text)):
        return function(text)
    key = len(text), hash(text)
    if key in _crashes:
        raise Crash(_crashes[key])
    try:
        return _in_child(function, text, CPU_SECONDS)
    except Crash as crash:
        _crashes[key] = crash.reason
        raise


def survives(run: Callable[[], object], seconds: int) -> bool:
    """Whether a child process comes to the end of a call with this much CPU time.

    It is also true where no child process can be had, on Windows.
    """
    if not hasattr(os, "fork"):
        return True
    try:
        _in_child(lambda _: run() is None, "", seconds)
    except Crash:
        return False
    return True


def has_long_operator(text: str) -> bool:
    """Whether there is a run of operator characters for which the parser needs long.

    A run of twice LONGEST_OPERATOR covers a whole stretch between two of the places that are looked
    at. A line of asterisks or dashes is none: they are read at once.
    """
    step = LONGEST_OPERATOR
    for position in range(step, len(text), step):
        if text[position] in _OPERATORS:
            run = text[position - step : position]
            if _OPERATORS.issuperset(run) and max(map(run.count, _SLOW)) > step // 8:
                return True
    return False


def with_room(run: Callable[[], T]) -> T:
    """Run in a thread with a large stack, if this one's is small."""
    if _has_room():
        return run()
    values: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        _roomy.add(threading.get_ident())
        try:
            values.append(run())
        except BaseException as error:
            errors.append(error)
        finally:
            _roomy.discard(threading.get_ident())

    with _stack_size:
        before = threading.stack_size(_NEW_STACK)
        try:
            thread = threading.Thread(target=work)
            thread.start()
        finally:
            threading.stack_size(before)
    thread.join()
    if errors:
        raise errors[0]
    return values[0]


def _has_room() -> bool:
    """Whether this thread's stack is large enough for every text."""
    thread = threading.get_ident()
    if thread == _MAIN:
        return _main_has_room()
    if thread in _roomy:
        return True
    size = threading.stack_size()
    if size:
        return size >= _ENOUGH_STACK
    names = getattr(os, "confstr_names", {})
    return "CS_GNU_LIBC_VERSION" in names and _main_has_room()  # glibc takes the limit for both


@functools.cache
def _main_has_room() -> bool:
    if resource is None:
        return True  # the stack that Windows gives Python is 2 MB or more
    soft, _ = resource.getrlimit(resource.RLIMIT_STACK)
    return bool(soft == resource.RLIM_INFINITY or soft >= _ENOUGH_STACK)


def _in_child(function: Callable[[str], T], text: str, seconds: int) -> T:
    if not hasattr(os, "fork"):
        raise Crash("the statement may crash the parser, and cannot be tried apart here")
    reading, writing = os.pipe()
    try:
        with warnings.catch_warnings():
            # The child runs only the parser, which takes no lock of another thread.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        raise Crash("the statement may crash the parser, and no process could be started") from None
    if child == 0:
        _answer(function, text, seconds, writing)  # does not return
    os.close(writing)
    try:
        data = _received(reading)
    finally:
        os.close(reading)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        status = _ended(child)
    if data is None:
        slow = status is not None and os.WIFSIGNALED(status) and os.WTERMSIG(status) in _TOO_SLOW
        if slow:
            raise Crash(f"the parser did not end within {seconds} seconds on this statement")
        raise Crash("the parser crashed on this statement")
    return cast(T, marshal.loads(data))


def _answer(function: Callable[[str], Any], text: str, seconds: int, writing: int) -> NoReturn:
    """The child's part: it runs nothing but the parser, and never comes back."""
    with suppress(BaseException):
        faulthandler.disable()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        view = memoryview(marshal.dumps(function(text)) + _END)
        while view:
            view = view[os.write(writing, view) :]
    os._exit(0)


def _received(reading: int) -> bytes | None:
    """The child's answer; None when it is not whole."""
    deadline = time.monotonic() + WALL_SECONDS
    poll = select.poll()
    poll.register(reading, select.POLLIN)
    parts: list[bytes] = []
    size = 0
    while size < MOST_BYTES:
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            return None
        part = os.read(reading, 1 << 20)
        if not part:
            break
        parts.append(part)
        size += len(part)
    data = b"".join(parts)
    return data.removesuffix(_END) if data.endswith(_END) else None


def _ended(child: int) -> int | None:
    try:
        return os.waitpid(child, 0)[1]
    except ChildProcessError:  # somebody else has waited for it
        return None
