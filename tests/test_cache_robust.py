# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cache that is damaged, forged, full, of another version or shared by many: never a wrong report
and never an exception."""

from __future__ import annotations

import copy
import os
import pickle
import random
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from connguard.commands.caching import OFF
from connguard.engine import cache as caches
from connguard.engine import disk
from connguard.engine.cache import Cache, NotUsable, open_cache
from connguard.engine.cache_entry import _DIGEST, _MAGIC, Unusable, _checksum, decode
from connguard.engine.cache_texts import SourceTexts
from connguard.engine.cli import main
from connguard.engine.finding import Failed, Report
from connguard.engine.limits import Limits
from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.reporters.table import FORMATS, renderer

TAKEN = "cache: nothing has changed since an earlier run"
BAD = (
    "CREATE ROLE app LOGIN PASSWORD 'hunter2' CONNECTION LIMIT -1;\n"
    "-- connguard: ignore PG001 nightly job, runs alone\n"
    "CREATE ROLE batch LOGIN CONNECTION LIMIT -1;\n"
    "DO $$ BEGIN EXECUTE 'ALTER ROLE ' || x || ' CONNECTION LIMIT -1'; END $$;\n"
    "this is no SQL;\n"
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with findings of every kind, which is the working directory."""
    folder = tmp_path / "project"
    (folder / "migrations").mkdir(parents=True)
    (folder / "migrations" / "1.sql").write_text(BAD)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the cache of the test is."""
    return tmp_path / "cache"


def run(cache: Cache, scanning: Callable[[], Report] | None = None) -> Report:
    cache.log.clear()
    paths, settings = [Path()], Settings()
    found = scanning or (lambda: scan(paths, settings))
    return cache.report(paths, settings, found, with_budgets=False)


def outcome(report: Report) -> list[str]:
    return [
        renderer(name)(report) for name in FORMATS if name not in ("gitlab-sast", "html", "junit")
    ]


def entry_of(folder: Path) -> Path:
    (entry,) = folder.glob("*.entry")
    return entry


def test_no_damage_is_taken_for_an_entry(project: Path, folder: Path) -> None:
    """Every byte changed, and every length: it is no entry any more."""
    run(Cache(folder))
    data = entry_of(folder).read_bytes()
    decode(data, b"")
    dice = random.Random(9)
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= dice.randrange(1, 256)
        with pytest.raises(Unusable):
            decode(bytes(damaged), b"")
        with pytest.raises(Unusable):
            decode(data[:position], b"")


@pytest.mark.parametrize(
    "content",
    [b"", b"x", _MAGIC, b"\0" * 5000, pickle.dumps([1]), b"connguard cache 2\n" + b"{}" * 50],
    ids=["empty", "short", "head", "zeros", "pickle", "later"],
)
def test_a_damaged_entry_is_scanned_over(project: Path, folder: Path, content: bytes) -> None:
    """The report is that of a scan, and the next run has a good entry again."""
    cache = Cache(folder)
    expected = outcome(run(cache))
    entry_of(folder).write_bytes(content)
    assert outcome(run(cache)) == expected
    assert TAKEN not in cache.log
    assert outcome(run(cache)) == expected
    assert cache.log == [TAKEN]


def test_forged_entries_raise_nothing(project: Path, folder: Path) -> None:
    """Whoever can sign an entry may put anything into it: no exception comes of it."""
    run(Cache(folder))
    data = entry_of(folder).read_bytes()
    document = orjson.loads(data[len(_MAGIC) + _DIGEST :])
    dice = random.Random(4)
    odd: list[Any] = [
        None,
        True,
        -1,
        10**15,
        0.5,
        "",
        "\x1b[31m\n",
        [],
        [[]],
        {},
        {"read": "x"},
        "read",
    ]
    usable = 0
    for _ in range(300):
        forged = orjson.loads(orjson.dumps(document))
        for _ in range(dice.choice((1, 1, 1, 3))):
            _put(forged, dice, odd)
        body = orjson.dumps(forged)
        try:
            entry = decode(_MAGIC + _checksum(body, b"") + body, b"")
            entry.trace.changed()
        except Unusable:
            continue
        usable += 1
        entry.report.texts = SourceTexts(entry, Limits())
        outcome(entry.report)
    assert usable > 5


def _put(document: Any, dice: random.Random, odd: list[Any]) -> None:
    """Something odd at some place of a document."""
    here = document
    while True:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        if not keys:
            return
        key = dice.choice(keys)
        if isinstance(here[key], dict | list) and here[key] and dice.random() < 0.9:
            here = here[key]
            continue
        here[key] = copy.deepcopy(dice.choice(odd))
        return


def test_an_excerpt_is_of_what_was_scanned(project: Path, folder: Path) -> None:
    """Of a file that changes before the report is made, no source lines are shown."""
    cache = Cache(folder)
    run(cache)
    report = run(cache)
    assert cache.log == [TAKEN]
    (project / "migrations" / "1.sql").write_text("SELECT 1;\n")
    assert "migrations/1.sql" not in report.texts
    assert "hunter2" not in renderer("text")(report)


def test_no_secrets_are_kept(project: Path, folder: Path) -> None:
    """Only names, places and messages; for its owner only."""
    run(Cache(folder))
    entry = entry_of(folder)
    assert b"hunter2" not in entry.read_bytes()
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("what", ["version", "code", "libraries", "python", "folder", "settings"])
def test_another_version_has_another_entry(
    project: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """What was found by another connguard, with other libraries or settings, is not taken."""
    cache = Cache(folder)
    run(cache)
    settings = Settings()
    if what == "version":
        monkeypatch.setattr(caches, "__version__", "9.9")
    elif what == "code":
        monkeypatch.setattr(caches, "_code", lambda: "other")
    elif what == "libraries":
        monkeypatch.setattr(caches, "_libraries", lambda: ["pglast-9.dist"])
    elif what == "python":
        monkeypatch.setattr(sys, "version", "3.99")
    elif what == "folder":
        monkeypatch.chdir(project / "migrations")
    else:
        settings = Settings(select=("PG002",))
    cache.log.clear()
    paths = [Path()]
    report = cache.report(paths, settings, lambda: scan(paths, settings), with_budgets=False)
    assert cache.log == []
    assert report.findings == scan(paths, settings).findings


def test_the_libraries_are_those_of_the_project() -> None:
    """Everything that is depended on and reads files is part of an entry's name."""
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text()
    dependencies = text.partition("\ndependencies = [")[2].partition("\n]")[0].splitlines()
    names = {
        line.split('"')[1].partition(">")[0].replace("-", "_") for line in dependencies if line
    }
    assert {name for name in names if not name.startswith("tree_sitter")} == {
        "click",
        *(set(caches.LIBRARIES) & names),
    }
    found = " ".join(caches._libraries.__wrapped__())
    assert "pglast" in found
    assert "tree_sitter_hcl" in found


def test_what_failed_is_not_kept(project: Path, folder: Path) -> None:
    """An unreadable file, a bug, or a process that died: the next run tries again."""

    def failing() -> Report:
        report = scan([Path()], Settings())
        report.failures.append(Failed("x", "unreadable"))
        return report

    def lost() -> Report:
        report = scan([Path()], Settings())
        disk.unrepeatable()
        return report

    run(Cache(folder), failing)
    run(Cache(folder), lost)
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_to(project: Path, tmp_path: Path) -> None:
    """The scan is made without a cache, and --verbose tells why."""
    (tmp_path / "file").write_text("")
    cache = Cache(tmp_path / "file" / "cache")
    assert [one.policy.id for one in run(cache).findings] != []
    assert "Not a directory" in cache.log[-1]


def test_old_entries_are_removed(
    project: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ones that were used least recently go, and nothing that is not of the cache."""
    monkeypatch.setattr(caches, "MOST_ENTRIES", 3)
    folder.mkdir()
    (folder / "mine.txt").write_text("")
    (folder / ".x.entry.1234.part").write_text("")
    os.utime(folder / ".x.entry.1234.part", (0, 0))
    cache = Cache(folder)
    for number in range(5):
        used = Settings(exclude=(f"x{number}",))
        cache.report([Path()], used, lambda: scan([Path()], Settings()), with_budgets=False)
        for age, entry in enumerate(sorted(folder.glob("*.entry"), key=os.path.getmtime)):
            os.utime(entry, (1000 + age, 1000 + age))
    assert len(list(folder.glob("*.entry"))) == 3
    assert (folder / "mine.txt").exists()
    assert not (folder / ".x.entry.1234.part").exists()


def test_no_cache_among_the_files_without_a_secret(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pull request could bring an entry that says that all is well."""
    monkeypatch.delenv(caches.SECRET, raising=False)
    with pytest.raises(NotUsable, match="needs a secret"):
        open_cache(project / ".cache", [Path("migrations")])
    monkeypatch.setenv(caches.SECRET, "s3cret")
    cache = open_cache(project / ".cache", [Path()])
    assert cache is not None
    run(cache)
    run(cache)
    forged = Cache(cache.folder)
    run(forged)
    assert forged.log == [f"cache: {entry_of(cache.folder).name}: not as it was written"]


def test_many_at_once(project: Path, folder: Path) -> None:
    """Eight processes on one cache, with files changing: each prints what a run without prints."""
    arguments = [sys.executable, "-m", "connguard", "scan", "--quiet", "--cache-dir", str(folder)]
    environment = {name: value for name, value in os.environ.items() if name != OFF}
    for text in (BAD, BAD + "CREATE ROLE other LOGIN CONNECTION LIMIT -1;\n"):
        (project / "migrations" / "1.sql").write_text(text)
        running = [
            subprocess.Popen([*arguments, "."], stdout=subprocess.PIPE, env=environment, text=True)
            for _ in range(8)
        ]
        printed = {process.communicate(timeout=120)[0] for process in running}
        assert printed == {scanned("--quiet", ".").stdout}


def scanned(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["scan", *arguments])


@pytest.fixture
def in_use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The command line uses a cache in this folder."""
    monkeypatch.delenv(OFF)
    monkeypatch.setenv(caches.FOLDER, str(folder))
    return folder


def test_the_command_takes_an_earlier_report(project: Path, in_use: Path) -> None:
    """The same output and exit code; --verbose says where it comes from."""
    first, second = scanned("--verbose", "."), scanned("--verbose", ".")
    assert TAKEN not in first.stderr
    assert TAKEN in second.stderr
    assert (second.stdout, second.exit_code) == (first.stdout, first.exit_code)
    assert first.exit_code == 1


@pytest.mark.parametrize("how", ["--no-cache", "environment", "settings", "--stdin"])
def test_no_cache_where_none_is_wanted(
    project: Path, in_use: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Neither read nor written."""
    if how == "environment":
        monkeypatch.setenv(OFF, "1")
    if how == "settings":
        (project / "connguard.toml").write_text("cache = false\n")
    arguments = [how] if how.startswith("--") else []
    scanned(*arguments, *([] if how == "--stdin" else ["."]))
    assert not in_use.exists()


def test_thresholds_and_baselines_hold_for_an_earlier_report(project: Path, in_use: Path) -> None:
    """They are applied to it as to a new one."""
    assert scanned("--write-baseline", "known.json", ".").exit_code == 0
    entries = len(list(in_use.glob("*.entry")))
    with_baseline = scanned("--verbose", "--baseline", "known.json", ".")
    assert with_baseline.exit_code == 0
    lenient = scanned("--verbose", "--fail-on", "never", ".")
    assert lenient.exit_code == 0
    assert TAKEN in scanned("--verbose", ".").stderr
    assert scanned(".").exit_code == 1
    assert entries == 1


@pytest.mark.parametrize("form", ["html", "markdown", "json"])
def test_budgets_are_shown_with_a_cache_as_without(project: Path, in_use: Path, form: str) -> None:
    """What is not kept is computed again where it is shown."""
    (project / "connguard.toml").write_text(
        '[server]\nmax_connections = 20\n[[service]]\nname = "api"\npool = 30\nvia = "direct"\n'
    )
    scanned(".")
    assert (
        scanned("--format", form, ".").stdout == scanned("--no-cache", "--format", form, ".").stdout
    )


def test_a_cache_among_the_files_is_refused(project: Path, in_use: Path) -> None:
    """The user is told, since the folder was named."""
    result = scanned("--cache-dir", ".cache", ".")
    assert result.exit_code == 2
    assert "needs a secret in CONNGUARD_CACHE_KEY" in result.stderr
