# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scan of one repository of a fleet: a pure function of the job and the repository's files.

`scan_repository` takes and gives plain JSON values, so that any engine can ship it. It changes the
working directory, which is why it runs in a process of its own (`child.py`).
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from connguard.engine import baseline as baselines
from connguard.engine import git_tree
from connguard.engine.baseline import BaselineError
from connguard.engine.cache import NotUsable, open_cache
from connguard.engine.discovery import DEFAULT_EXCLUDES
from connguard.engine.finding import (
    EXIT_CLEAN,
    EXIT_ERROR,
    EXIT_NOTHING_TO_SCAN,
    Failed,
    Finding,
    Report,
)
from connguard.engine.frontends import FRONT_ENDS
from connguard.engine.git_tree import GitError
from connguard.engine.registry import RegistryError
from connguard.engine.scan import chosen_policies, conclude, read_all
from connguard.engine.settings import FILE_NAME, Settings, SettingsError, load
from connguard.fleet.facts import Facts, collect
from connguard.fleet.plain import from_plain, to_plain
from connguard.policies.model.amount import worst_standing
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.reporters.json_report import counts, failures
from connguard.reporters.plain import encodable

SCANNED = "scanned"
NOTHING = "nothing-to-scan"
FAILED = "failed"
TIMED_OUT = "timed-out"
OUT_OF_MEMORY = "out-of-memory"
CRASHED = "crashed"
STATUSES = (SCANNED, NOTHING, FAILED, TIMED_OUT, OUT_OF_MEMORY, CRASHED)
"""What became of a repository. All but the first two lead to exit code 2."""

_STARVED = (
    *(SystemError.__name__, "failed to map segment", "cannot allocate memory"),
    os.strerror(errno.ENOMEM),
)
"""What Python, its loader of libraries and the system say, too, when a limit leaves no memory."""

_SHA = lazily(r"[0-9a-f]{40,64}")


@dataclass(frozen=True, slots=True)
class Job:
    """One repository to scan.

    `name` is unique in the fleet, `path` its checkout or bare repository. `ref` is a commit, branch
    or tag to read in the place of the work tree. `select`, `ignore`, `fail_on` and `exclude` are
    those of the command line, over the repository's own settings. `defaults` is a settings file
    for repositories that have none, `cache` a folder for what scans have seen. `timeout` is in
    seconds, `memory` in MiB; 0 is no limit.
    """

    name: str
    path: str
    ref: str = ""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    defaults: str = ""
    cache: str = ""
    timeout: float = 0
    memory: int = 0


Result = dict[str, Any]
"""`repository`: a row; `findings`: rows; `facts`: a plain `Facts`, or null where there are none."""


def scan_repository(job: Job) -> Result:
    """Scan a repository with its own settings. What goes wrong is said in its row."""
    try:
        with (
            limited_memory(job.memory),
            _work_tree(job) as (folder, commit, lacking),
            contextlib.chdir(folder),
        ):
            result = _scan(job, lacking)
            if commit is not None:
                result["repository"]["commit"] = commit
            return result
    except MemoryError:
        return failure(job, OUT_OF_MEMORY, _memory_text(job))
    except (SettingsError, RegistryError, BaselineError, GitError, ValueError) as error:
        return _stopped(job, str(error))
    except OSError as error:
        return _stopped(job, error.strerror or str(error))
    except Exception as error:  # the other repositories must not be lost to a bug
        return _stopped(job, Failed.bug("the scan", error).reason)


def _stopped(job: Job, reason: str) -> Result:
    if _starved(job, reason):
        return failure(job, OUT_OF_MEMORY, _memory_text(job))
    return failure(job, FAILED, reason)


def failure(job: Job, status: str, reason: str) -> Result:
    """The result for a repository of which nothing is known but why."""
    row = _row(job, status, encodable(reason), Report(), EXIT_ERROR)
    return {"repository": row, "findings": [], "facts": None}


def _starved(job: Job, reason: str) -> bool:
    signs = (MemoryError.__name__, *(_STARVED if job.memory else ()))
    return any(sign in reason for sign in signs)


def _memory_text(job: Job) -> str:
    return f"needs more than {job.memory} MiB (--memory)" if job.memory else "out of memory"


def _scan(job: Job, lacking: Sequence[str]) -> Result:
    settings = _settings(job)
    chosen = chosen_policies(settings)
    accepted = baselines.load(settings.baseline) if settings.baseline else []
    report, facts, budget = _earlier_or_now(job, settings)
    reason = "the clone does not hold it"
    report.failures.extend(Failed(name, reason) for name in lacking)
    if settings.baseline:
        baselines.apply(report, [one for one in accepted if one.id in chosen])
    code = report.exit_code(settings.fail_on.fails)
    if code == EXIT_NOTHING_TO_SCAN and not facts.empty:
        code = EXIT_CLEAN  # it holds services that connect elsewhere
    status = NOTHING if code == EXIT_NOTHING_TO_SCAN else SCANNED
    starved = any(_starved(job, one.reason) for one in report.failures)
    if starved:
        status = OUT_OF_MEMORY  # what was found until then still counts
    return {
        "repository": _row(job, status, _memory_text(job) if starved else "", report, code, budget),
        "findings": [finding_row(job.name, one, "") for one in report.findings],
        "facts": None if facts.empty else qualified(to_plain(facts), job.name),
    }


def _earlier_or_now(job: Job, settings: Settings) -> tuple[Report, Facts, str | None]:
    """The report with the facts and the verdict on the budget, or those of an earlier scan.

    Repositories have a folder each in the cache, which holds a limited number of entries.
    """
    here = (Path(),)
    if job.cache and not job.ref and not _is_bare(Path(job.path)):
        name = hashlib.sha256(job.path.encode("utf-8", "surrogateescape")).hexdigest()[:24]
        with contextlib.suppress(NotUsable, TypeError, KeyError, ValueError):
            cache = open_cache(Path(job.cache, name), here)
            if cache is not None:
                report = cache.report(here, settings, lambda: _now(settings), with_budgets=False)
                return report, *_extra(report)
    report = _now(settings)
    return report, *_extra(report)


def _now(settings: Settings) -> Report:
    report = Report()
    context, reading = read_all((Path(),), settings, report)
    facts = collect(reading.subjects, [stack for stack, _ in report.budgets], context)
    conclude(reading, context, chosen_policies(settings), report)
    budget = worst_standing(one.standing for _, one in report.budgets) if report.budgets else None
    report.extra = {
        "facts": to_plain(facts),
        "budget": budget.value if budget is not None else None,
    }
    return report


def _extra(report: Report) -> tuple[Facts, str | None]:
    """What `_now` keeps beside findings. Raises TypeError, KeyError, ValueError for others."""
    extra: Any = report.extra
    return from_plain(Facts, extra["facts"]), extra["budget"]


_PLACE = frozenset(("path", "line", "column", "end_line", "end_column"))


def qualified(plain: Any, repository: str) -> Any:
    """Plain facts whose places begin with the name of their repository."""
    if isinstance(plain, list):
        return [qualified(one, repository) for one in plain]
    if not isinstance(plain, dict):
        return plain
    if plain.keys() == _PLACE:
        return {**plain, "path": f"{repository}/{plain['path']}"}
    return {key: qualified(one, repository) for key, one in plain.items()}


def _row(
    job: Job, status: str, reason: str, report: Report, code: int, budget: str | None = None
) -> dict[str, Any]:
    policies = Counter(one.policy.id for one in report.findings)
    return {
        "type": "repository",
        "repository": encodable(job.name),
        "path": encodable(job.path),
        "commit": _commit(job),
        "status": status,
        "reason": reason,
        "exit_code": code,
        **counts(report),
        "policies": dict(sorted(policies.items())),
        "budget": budget,
        "failures": failures(report),
    }


def finding_row(repository: str, finding: Finding, server: str) -> dict[str, Any]:
    """A finding as a row. `server` names the shared server that it is about, if it is."""
    return {
        "type": "finding",
        "repository": encodable(repository),
        "server": encodable(server) or None,
        "id": finding.policy.id,
        "name": finding.policy.name,
        "severity": finding.severity.value,
        "message": encodable(finding.message),
        **place(finding.origin),
        "fix": encodable(finding.fix) or None,
        "prevents": [failure.value for failure in finding.policy.prevents],
        "fingerprint": finding.fingerprint,
        "related": [
            {"message": encodable(one.message), **place(one.origin)} for one in finding.related
        ],
    }


def place(origin: Origin) -> dict[str, Any]:
    return {
        "path": encodable(origin.path),
        "line": origin.line,
        "column": origin.column,
        "end_line": origin.end_line,
        "end_column": origin.end_column,
    }


def _settings(job: Job) -> Settings:
    """The settings in the repository's root, else the defaults of the fleet. Raises SettingsError.

    What stands above the repository is not its own.
    """
    settings = _own_settings()
    if settings is None and job.defaults:
        # Paths and globs are relative to the repository; a declared topology is none of its own.
        settings = replace(load(Path(job.defaults)), path=None, baseline=None, topology={})
    settings = settings or Settings()
    return replace(
        settings,
        select=job.select or settings.select,
        ignore=(*settings.ignore, *job.ignore),
        fail_on=settings.fail_on.overridden(job.fail_on),
        exclude=(*settings.exclude, *job.exclude),
        jobs=1,  # there is a process for each processor already
    )


def _own_settings() -> Settings | None:
    here = Path.cwd()
    own = here / FILE_NAME
    if own.is_file():
        return load(own)
    project = here / "pyproject.toml"
    if project.is_file():
        text = project.read_text("utf-8", "replace")
        if "tool.connguard" in text:
            return load(project)
    return None


# The files: a work tree, or what git holds.


@contextlib.contextmanager
def _work_tree(job: Job) -> Iterator[tuple[Path, str | None, list[str]]]:
    """The files to scan; the commit that they were taken from, if they were; what it lacks here."""
    path = Path(job.path)
    if not job.ref and not _is_bare(path):
        yield path, None, []
        return
    with tempfile.TemporaryDirectory(prefix="connguard-fleet-") as name:
        # Some names of services are those of the folder that they lie in.
        folder = Path(name) / PurePosixPath(job.name).name
        folder.mkdir()
        commit = git_tree.commit_of(path, job.ref or "HEAD")
        lacking: list[str] = []

        def lacks(name: PurePosixPath) -> None:
            if any(entry.claims(name) for entry in FRONT_ENDS):
                lacking.append(str(name))

        commit.export(folder, _may_matter, lacks)
        yield folder, commit.sha, lacking


def _is_bare(path: Path) -> bool:
    return (path / "HEAD").is_file() and (path / "objects").is_dir()


def _may_matter(path: PurePosixPath) -> bool:
    return not DEFAULT_EXCLUDES.intersection(path.parts[:-1])


def _commit(job: Job) -> str | None:
    """The commit that is checked out, read without running git; null where it is not known."""
    path = Path(job.path)
    folder = path if _is_bare(path) else path / ".git"
    try:
        if folder.is_file():  # a work tree or submodule: the file names the folder
            folder = path / folder.read_text("utf-8").removeprefix("gitdir:").strip()
        shared = folder
        if (folder / "commondir").is_file():
            shared = folder / (folder / "commondir").read_text("utf-8").strip()
        head = (folder / "HEAD").read_text("utf-8").strip()
        if not head.startswith("ref:"):
            return head if _SHA.fullmatch(head) else None
        ref = head.removeprefix("ref:").strip()
        if ".." in ref.split("/"):
            return None
        if (shared / ref).is_file():
            sha = (shared / ref).read_text("utf-8").strip()
            return sha if _SHA.fullmatch(sha) else None
        for line in (shared / "packed-refs").read_text("utf-8").splitlines():
            sha, _, name = line.partition(" ")
            if name == ref and _SHA.fullmatch(sha):
                return sha
    except (OSError, UnicodeDecodeError, ValueError):
        return None
    return None


def peak_memory() -> int:
    """The most memory that this process has held, in bytes; 0 where that cannot be asked.

    Linux hands the peak of getrusage down from a process to the programs that it starts; VmHWM
    (proc_pid_status(5)) is this program's alone.
    """
    with contextlib.suppress(OSError), open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    try:
        import resource
    except ImportError:
        return 0
    import sys

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def address_space() -> int:
    """The address space that this process holds, in bytes; 0 where that cannot be asked."""
    with contextlib.suppress(OSError), open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    return 0


@contextlib.contextmanager
def limited_memory(mebibytes: int) -> Iterator[None]:
    """Let this process have so much address space at most, where the platform can; 0: any.

    Raises MemoryError at once if it holds more already: how far a scan would come is chance then.
    """
    try:
        import resource
    except ImportError:
        mebibytes = 0
    if not mebibytes:
        yield
        return
    if address_space() > mebibytes << 20:
        raise MemoryError
    before = resource.getrlimit(resource.RLIMIT_AS)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20, before[1]))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, before)
