# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers called with a text and without a disk: many more cases in the same time."""

from __future__ import annotations

import re
import time
import tomllib
import traceback
import zlib
from bisect import bisect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from itertools import accumulate
from pathlib import Path, PurePath
from random import Random
from typing import Any

from connguard.engine import baseline, git_tree, settings, yaml_source
from connguard.engine.reading import Context, SourceFile
from connguard.engine.settings import Settings, SettingsError
from connguard.engine.symptom_registry import symptoms
from connguard.engine.text import Text, decode
from connguard.engine.tree_parsing import TooManyErrors
from connguard.policies.model.origin import Origin
from connguard.policies.model.reading import Reading

from . import spellings, words
from .case import Case, Problem
from .checking import LIMIT_S, SLOW_S, TooLong, limited, misplaced, place_of
from .generating import SEEDS, weights
from .mutation import LARGEST, Mutator, encode
from .mutation import decode as to_text
from .seeds import ROOT
from .spellings import Spelling, found_in
from .targets import TARGETS

_NOWHERE = Path("/connguard-fuzz-nowhere")
_PLAIN = Settings(path=_NOWHERE / "connguard.toml")
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")

_PATIENT = 16
"""One case in this many of code in SQL is run with the whole number of steps."""

Call = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Function:
    """What is called; seeds and words are those of the target `like`, or given.

    `spelling` writes the same text in other ways, in which the same must be found.
    """

    name: str
    call: Call
    like: str = ""
    seeds: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    spelling: Spelling | None = None


def _text(function: Callable[[Text], object]) -> Call:
    return lambda data: function(decode("a", data)[0])


def _string(function: Callable[[str], object]) -> Call:
    return lambda data: function(decode("a", data)[0].string)


def _lazy(module: str, name: str) -> Call:
    """A function of a text in a module of connguard, which may give a text up."""

    def call(data: bytes) -> object:
        function = getattr(import_module(f"connguard.{module}"), name)
        try:
            return function(decode("a", data)[0])
        except TooManyErrors:  # who calls it reports that
            return None

    return call


@dataclass(frozen=True, slots=True)
class _FrontEnd:
    """The front end of a module, for files of one name that stand nowhere."""

    module: str
    name: str

    def __call__(self, data: bytes) -> object:
        return self._read([SourceFile(_NOWHERE / self.name, self.name)], [data])

    def many(self, texts: Sequence[bytes]) -> object:
        """Each text in a folder of its own: what is done once for a scan is done once."""
        folders = [f"c{number:02}/{self.name}" for number in range(len(texts))]
        return self._read([SourceFile(_NOWHERE / name, name) for name in folders], texts)

    def _read(self, files: Sequence[SourceFile], texts: Sequence[bytes]) -> object:
        context = Context((_NOWHERE,), _PLAIN, name_of=lambda path: path.name, files=files)
        for file, data in zip(files, texts, strict=True):
            context.texts[file.path] = decode(file.name, data)[0]
        return import_module(f"connguard.{self.module}").read(files, context)


def _replay(data: bytes) -> object:
    """One text in this many may run code for as long as in a scan, the others for a tenth."""
    from connguard.sql_rules import interpreter
    from connguard.sql_rules.replay import replay
    from connguard.sql_rules.script import Chunk, Script

    text = decode("a", data)[0]
    most = interpreter.MOST_STEPS
    if zlib.crc32(data) % _PATIENT:
        interpreter.MOST_STEPS = most // 10
    try:
        return replay([Script("a", (Chunk(text.string, text.origin),))])
    finally:
        interpreter.MOST_STEPS = most


def _lexer(data: bytes) -> object:
    from connguard.sql_rules import lexer

    string = decode("a", data)[0].string
    position = 0
    for token in lexer.tokens(string):
        assert token.start == position < token.end, "tokens leave a gap"
        position = token.end
    assert position == len(string), "tokens end too early"
    position = 0
    for piece in lexer.pieces(string):
        assert position <= piece.start < piece.end <= len(string), "statements overlap"
        position = piece.end
    return None


def _expression(data: bytes) -> object:
    from connguard.terraform.expression_parser import parse_expression, parse_template
    from connguard.terraform.expressions import Evaluator
    from connguard.terraform.module import NOTHING

    string = decode("a", data)[0].string
    evaluator = Evaluator()
    for parsed in (parse_expression(string), parse_template(string)):
        evaluator.evaluate(parsed, NOTHING)
    return None


def _hba(data: bytes) -> object:
    from connguard.postgres.hba_reader import read_hba_text

    return read_hba_text(decode("a", data)[0], 14 + data.count(b"a") % 5)


def _pgbouncer(data: bytes) -> object:
    from connguard.budget.pgbouncer_ini import parse

    file = SourceFile(_NOWHERE / "pgbouncer.ini", "a")
    return parse(decode("a", data)[0], file, Context((_NOWHERE,), _PLAIN))


def _settings(data: bytes) -> object:
    try:
        return settings.load(_NOWHERE / "connguard.toml", decode("a", data)[0].string)
    except SettingsError:
        return None


def _baseline(data: bytes) -> object:
    path = Path("/dev/shm/connguard-fuzz-baseline.json")
    path.write_bytes(data)
    try:
        return baseline.load(path)
    except baseline.BaselineError:
        return None


def _listing(data: bytes) -> object:
    """What `git ls-tree` may say of a hostile repository, and the difference to a commit."""
    commit = git_tree.Commit(_NOWHERE, "0" * 40)
    git = git_tree._git
    git_tree._git = lambda *_: data
    try:
        return [*commit._entries(), commit.changed_lines()]
    except git_tree.GitError:
        return None
    finally:
        git_tree._git = git


def _symptoms(data: bytes) -> object:
    from connguard.policies.model.recognition import recognise

    return recognise(decode("a", data)[0].string, symptoms())


def _snapshot(data: bytes) -> object:
    from connguard.live.snapshot import read_text

    reading = Reading()
    read_text(decode("a", data)[0], reading)
    return reading


def _document(name: str) -> Call:
    def call(data: bytes) -> object:
        from connguard.migrations import elements

        try:
            return getattr(elements, name)(decode("a", data)[0])
        except elements.DocumentError:
            return None

    return call


def _functions() -> Iterator[Function]:
    yield Function("text-replay", _replay, "sql", spelling=spellings.sql)
    yield Function("text-plpgsql", _replay, "plpgsql", spelling=spellings.sql)
    yield Function("text-psql", _replay, "psql")
    yield Function("text-lexer", _lexer, "sql")
    yield Function("text-sections", _lazy("migrations.sections", "sections"), "migrations-sql")
    yield Function("text-hba", _hba, "hba")
    yield Function("text-conf", _lazy("postgres.conf", "read_conf_text"), "postgresql.conf")
    pgbouncer_hba = _lazy("postgres.pgbouncer_hba", "read_pgbouncer_text")
    yield Function("text-pgbouncer-hba", pgbouncer_hba, "hba")
    yield Function("text-pgbouncer", _pgbouncer, "pgbouncer")
    yield Function("text-evaluator", _expression, "terraform", words.EXPRESSIONS)
    yield Function("text-hcl", _lazy("terraform.treesitter_reader", "read"), "terraform")
    yield Function("text-terraform", _FrontEnd("terraform.frontend", "main.tf"), "terraform")
    inventory = _FrontEnd("terraform.inventory", "main.tf")
    yield Function("text-networks", inventory, "terraform-networks")
    yield Function("text-tf-json", _FrontEnd("terraform.frontend", "a.tf.json"), "terraform-json")
    plan = _FrontEnd("terraform.plan_frontend", "plan.json")
    yield Function("text-plan", plan, "terraform-plan")
    planned = _FrontEnd("terraform.plan_inventory", "plan.json")
    yield Function("text-planned-networks", planned, "terraform-plan")
    yield Function("text-json", _lazy("terraform.json_tree", "parse"), "terraform-plan")
    yield Function("text-yaml", _text(yaml_source.parse), "kubernetes")
    compose = _FrontEnd("containers.frontend", "compose.yml")
    yield Function("text-compose", compose, "compose", spelling=spellings.yaml_styles)
    kubernetes = _FrontEnd("containers.frontend", "a.yaml")
    yield Function("text-kubernetes", kubernetes, "kubernetes", spelling=spellings.yaml_styles)
    helm = _FrontEnd("containers.frontend", "values.yaml")
    yield Function("text-helm", helm, "charts", spelling=spellings.yaml_styles)
    embedded = _FrontEnd("postgres.embedded_frontend", "a.yaml")
    yield Function("text-embedded", embedded, "embedded", spelling=spellings.yaml_styles)
    dockerfile = _FrontEnd("postgres.embedded_frontend", "Dockerfile")
    yield Function("text-dockerfile", dockerfile, "dockerfile")
    for name, file in (
        ("compose", "compose.yml"),
        ("kubernetes", "a.yaml"),
        ("odyssey", "odyssey.conf"),
        ("pgcat", "pgcat.toml"),
        ("pgpool", "pgpool.conf"),
        ("supabase", "supabase/config.toml"),
        ("systemd", "a.service"),
        ("platforms", "fly.toml"),
        ("app-json", "app.json"),
        ("application-files", "application.properties"),
        ("application-yaml", "application.yml"),
    ):
        yield Function(f"text-topology-{name}", _FrontEnd("budget.frontend", file), name)
    for name, module, function in (
        ("python", "python_migration", "python_migration"),
        ("javascript", "javascript_host", "javascript_migration"),
        ("typescript", "javascript_host", "javascript_migration"),
        ("ruby", "ruby_host", "ruby_migration"),
        ("go", "go_host", "go_migration"),
        ("elixir", "elixir_host", "elixir_migration"),
        ("java", "jvm", "jvm_migration"),
        ("kotlin", "jvm", "jvm_migration"),
        ("shell", "shell_host", "shell_migration"),
    ):
        call = _lazy(f"migrations.{module}", function)
        yield Function(f"text-migrations-{name}", call, f"migrations-{name}")
    yield Function("text-liquibase-xml", _document("read_xml"), "liquibase-xml")
    yield Function("text-liquibase-yaml", _document("read_yaml"), "liquibase-yaml")
    for name, module, function in (
        ("python", "pools_python", "read"),
        ("javascript", "pools_javascript", "read"),
        ("go", "pools_go", "read"),
        ("prisma", "pools_text", "prisma"),
        ("dotnet", "pools_text", "npgsql"),
        ("sequelize", "pools_text", "sequelize"),
        ("elixir", "pools_text", "ecto"),
        ("rust", "pools_text", "sqlx"),
    ):
        yield Function(f"text-pools-{name}", _lazy(f"budget.{module}", function), f"code-{name}")
    yield Function("text-sessions-python", _lazy("budget.sessions_python", "read"), "code-python")
    hosts = ("javascript", "go", "ruby", "elixir", "java", "kotlin", "rust", "prisma", "cable")
    for name in hosts:
        call = _lazy("budget.sessions_hosts", name)
        yield Function(f"text-sessions-{name}", call, f"code-{name}")
    yield Function("text-snapshot", _snapshot, "snapshot")
    yield Function("text-settings", _settings, "", _settings_seeds(), words.SETTINGS)
    yield Function("text-baseline", _baseline, "", words.BASELINES, words.PLAN)
    yield Function("text-git", _listing, "", words.LISTINGS, words.GIT)
    yield Function("text-symptoms", _symptoms, "", _symptom_seeds(), words.MESSAGES)
    dsn = _string(import_module("connguard.budget.dsn").parse)
    yield Function("text-dsn", dsn, "", words.URLS, words.PLATFORMS)


def _settings_seeds() -> tuple[str, ...]:
    found = sorted((ROOT / "examples").rglob("connguard.toml"))
    return tuple(path.read_text(encoding="utf-8") for path in found)


def _symptom_seeds() -> tuple[str, ...]:
    source = (ROOT / "tests" / "data" / "symptom_wordings.toml").read_text(encoding="utf-8")
    entries = [one for part in tomllib.loads(source).values() for one in part]
    return tuple(one["text"] for one in entries)


class FunctionSubject:
    """Draws texts for a function and calls it."""

    def __init__(self, function: Function, seeds: int = SEEDS) -> None:
        self._call = function.call
        self._function = function
        self._most = seeds

    def case(self, random: Random) -> Case:
        place = bisect(self._steps, random.random() * self._steps[-1])
        data = self._mutator.mutate(random, self._seeds[min(place, len(self._seeds) - 1)])
        return self.case_of(data)

    def case_of(self, data: bytes) -> Case:
        return Case(self._function.name, {"a": data}, "a")

    def seeds(self) -> list[bytes]:
        return self._seeds

    def mutate(self, random: Random, data: bytes) -> bytes:
        return self._mutator.mutate(random, data)

    @cached_property
    def _texts(self) -> list[str]:
        if self._function.seeds:
            return [*self._function.seeds]
        projects = TARGETS[self._function.like].projects()
        return [to_text(files[mutated]) for files, mutated in projects]

    @cached_property
    def _seeds(self) -> list[bytes]:
        short = [encode(text) for text in self._texts if len(text) < LARGEST]
        assert short, self._function.name
        return short[:: len(short) // self._most + 1]

    @cached_property
    def _steps(self) -> Sequence[float]:
        times = [self._time(one) for one in self._seeds]
        return list(accumulate(weights(times, [self._tells(one) for one in self._seeds])))

    def _tells(self, data: bytes) -> bool:
        """Whether something is found in a text."""
        try:
            return any(True for _ in _origins(self._call(data)))
        except Exception:  # a seed on which the reader fails tells something, whatever it raises
            return True

    @cached_property
    def _mutator(self) -> Mutator:
        return Mutator(words_of(self._function), self._texts)

    def _time(self, data: bytes) -> float:
        start = time.thread_time()
        self.problems(Case(self._function.name, {"a": data}, "a"))
        return time.thread_time() - start

    def fine(self, cases: Sequence[Case], *, thoroughly: bool = False) -> bool:
        call = self._call
        try:
            with limited(LIMIT_S + SLOW_S * len(cases)):
                if isinstance(call, _FrontEnd):
                    call.many([case.files["a"] for case in cases])
                else:
                    for case in cases:
                        call(case.files["a"])
                return not self.problems(cases[0], thoroughly=True)
        except (TooLong, Exception):
            return False

    def problems(self, case: Case, *, thoroughly: bool = False) -> list[Problem]:
        try:
            with limited():
                found = self._call(case.data)
                return list(self._told(case, found)) if thoroughly else []
        except TooLong as stopped:
            return [Problem("hang", str(stopped))]
        except Exception as error:
            where = f"{type(error).__name__} in {place_of(error)}"
            return [Problem("exception", where, "".join(traceback.format_exception(error)))]

    def _told(self, case: Case, found: object) -> Iterator[Problem]:
        texts: Mapping[str, Text] = _Every(decode("a", case.data)[0])
        for origin in _origins(found):
            wrong = misplaced(origin, texts)
            if wrong:
                yield Problem("place", wrong, str(origin))
        first, second = (_ADDRESS.sub("", repr(one)) for one in (found, self._call(case.data)))
        if first != second and "{" not in first:  # sets are in any order
            yield Problem("not deterministic", self._function.name)
        spelling = self._function.spelling
        for written in spelling(decode("a", case.data)[0].string) if spelling else ():
            try:
                other = self._call(written.encode())
            except UnicodeEncodeError:
                continue
            if found_in(found) != found_in(other):
                yield Problem("another spelling", self._function.name, written)

    def silent(self, case: Case) -> bool:
        return False

    def close(self) -> None:
        pass


class _Every(dict[str, Text]):
    """One text under every name."""

    def __init__(self, text: Text) -> None:
        super().__init__()
        self._text = text

    def get(self, key: str, default: Any = None) -> Any:
        return self._text


def _origins(found: object, depth: int = 0) -> Iterator[Origin]:
    """All places in a result."""
    if isinstance(found, Origin):
        yield found
    elif depth > 12 or isinstance(found, str | bytes | int | float | PurePath | Text):
        return
    elif isinstance(found, Mapping):
        for value in found.values():
            yield from _origins(value, depth + 1)
    elif isinstance(found, list | tuple | set | frozenset):
        for value in found:
            yield from _origins(value, depth + 1)
    elif hasattr(found, "__dataclass_fields__"):
        for name in found.__dataclass_fields__:
            yield from _origins(getattr(found, name, None), depth + 1)


FUNCTIONS: Mapping[str, Function] = {one.name: one for one in _functions()}


def words_of(function: Function) -> Sequence[str]:
    return function.words or TARGETS[function.like].words
