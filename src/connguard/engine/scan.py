# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One scan, from paths to a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from connguard.engine import disk, suppressions
from connguard.engine.discovery import discover, display_name
from connguard.engine.finding import Failed, Finding, Report, Suppressed
from connguard.engine.frontends import Entry, by_front_end, is_claimed, may_be_claimed
from connguard.engine.judge import Judge
from connguard.engine.natural import path_key
from connguard.engine.progress import Progress, silent
from connguard.engine.reading import Context, SourceFile
from connguard.engine.registry import policies, policy_ids, select
from connguard.engine.settings import Settings, SettingsError
from connguard.engine.text import Text, decode
from connguard.policies.model.reading import Reading, Subject


def scan(
    paths: Sequence[Path],
    settings: Settings,
    *,
    stdin: tuple[Path, bytes] | None = None,
    texts: Mapping[Path, Text] | None = None,
    progress: Progress = silent,
) -> Report:
    """Scan files and directories; `stdin` is a file name and content to scan in their place.

    `texts` are read in the place of what stands in the files of these (absolute) paths.
    Raises ValueError when the settings select or ignore a policy that does not exist.
    """
    chosen = chosen_policies(settings)
    report = Report()
    context, reading = read_all(
        paths, settings, report, stdin=stdin, texts=texts, progress=progress
    )
    conclude(reading, context, chosen, report)
    return report


def read_all(
    paths: Sequence[Path],
    settings: Settings,
    report: Report,
    *,
    stdin: tuple[Path, bytes] | None = None,
    texts: Mapping[Path, Text] | None = None,
    progress: Progress = silent,
) -> tuple[Context, Reading]:
    """Read the files, and put together what only all of them show."""
    context, reading = gather(paths, settings, report, stdin=stdin, texts=texts, progress=progress)
    progress("adding up connections")
    reading.extend(_assembled(reading, context, report))
    reading.extend(compared_with_live(reading, context, report))
    return context, reading


def gather(
    paths: Sequence[Path],
    settings: Settings,
    report: Report,
    *,
    stdin: tuple[Path, bytes] | None = None,
    texts: Mapping[Path, Text] | None = None,
    progress: Progress = silent,
) -> tuple[Context, Reading]:
    """Find the files and read them; what fails is recorded in `report`.

    `texts` are read in the place of what stands in the files of these (absolute) paths.
    """
    progress("looking for files")
    context = _inputs(paths, settings, stdin, report)
    context.texts.update(texts or {})
    context.progress = progress
    return context, _read(context, report)


def conclude(reading: Reading, context: Context, chosen: frozenset[str], report: Report) -> None:
    """Judge a reading with the chosen policies, and finish the report."""
    settings = context.settings
    context.progress("judging what was read")
    judge = Judge((known for known in policies() if known.id in chosen), report)
    judge.judge(reading.subjects)
    judge.judge(Subject((refused,)) for refused in context.refused)
    texts = {text.path: text for text in context.texts.values() if text is not None}
    _ignore_paths(report, settings)
    judge.judge(suppressions.apply(report, reading.notes, texts, chosen))
    _finish(report, texts)
    # What nothing could be made of was scanned as well if something is said about it.
    report.names = frozenset(reading.files) | {one.origin.path for one in report.findings}
    report.files = len(report.names)
    report.failures.extend(Failed(name, reason) for name, reason in context.unreadable)
    report.log.extend((*reading.log, *context.log))


def _assembled(reading: Reading, context: Context, report: Report) -> Reading:
    """What only all front ends together show: the connection budget."""
    if not context.settings.topology and not any(
        type(fact).__module__.startswith("connguard.budget.")
        for subject in reading.subjects
        for fact in subject.alternatives
    ):
        return Reading()  # nothing of a topology was found: its modules need not be loaded
    from connguard.budget.assemble import assemble

    try:
        assembled, report.budgets = assemble(reading.subjects, context)
        return assembled
    except SettingsError:
        raise
    except Exception as error:  # the findings of the single files must not be lost
        report.failures.append(Failed.bug("the connection budget", error))
        return Reading()


def compared_with_live(reading: Reading, context: Context, report: Report) -> Reading:
    """What differs between the files and the snapshots of live servers among them."""
    if not any(
        type(fact).__module__.startswith("connguard.live.")
        for subject in reading.subjects
        for fact in subject.alternatives
    ):
        return Reading()
    from connguard.live.drift import drift

    try:
        return drift(reading.subjects, context)
    except Exception as error:  # the findings of the single files must not be lost
        report.failures.append(Failed.bug("the comparison with a live server", error))
        return Reading()


def chosen_policies(settings: Settings) -> frozenset[str]:
    """The ids of the policies that the settings choose. Raises ValueError for an unknown one."""
    chosen = select(settings.select) if settings.select else frozenset(policy_ids())
    return chosen - select(settings.ignore)


def _inputs(
    paths: Sequence[Path],
    settings: Settings,
    stdin: tuple[Path, bytes] | None,
    report: Report,
) -> Context:
    if stdin is not None:
        path = Path(stdin[0]).absolute()
        file = SourceFile(path, display_name(path), named=True)
        context = Context((path.parent,), settings, name_of=display_name, files=(file,))
        context.texts[path] = decode(file.name, stdin[1])[0]
        return context
    found = discover(
        paths,
        wanted=is_claimed,
        may_want=may_be_claimed,
        excludes=settings.exclude,
        exclude_base=settings.base,
        respect_gitignore=settings.respect_gitignore,
    )
    roots = tuple(
        absolute if disk.is_dir(absolute) else absolute.parent
        for absolute in (path.absolute() for path in paths)
    )
    report.log.extend(found.skipped)
    return Context(
        roots,
        settings,
        unreadable=found.unreadable,
        name_of=display_name,
        files=found.files,
        listed=found.listed,
    )


def _read(context: Context, report: Report) -> Reading:
    reading = Reading()
    for entry, claimed in by_front_end(context.files).items():
        context.progress(f"reading {len(claimed)} files as {entry.name}")
        reading.extend(_read_with(entry, claimed, context, report))
    return reading


def _read_with(
    entry: Entry, claimed: Sequence[SourceFile], context: Context, report: Report
) -> Reading:
    try:
        return entry.load().read(claimed, context)
    except Exception as error:  # what the other front ends find must not be lost
        report.failures.append(Failed.bug(f"reading {entry.name} files", error))
        return Reading()


def _ignore_paths(report: Report, settings: Settings) -> None:
    """Apply `per-path-ignores`."""
    if not settings.per_path_ignores:
        return
    from pathspec import GitIgnoreSpec

    rules = [
        (glob, GitIgnoreSpec.from_lines([glob]), select(ids))
        for glob, ids in settings.per_path_ignores.items()
    ]
    kept = []
    for finding in report.findings:
        path = Path(finding.origin.path).absolute()
        shown = path.relative_to(settings.base) if path.is_relative_to(settings.base) else path
        for glob, spec, ids in rules:
            if finding.policy.id in ids and spec.match_file(shown.as_posix()):
                report.suppressed.append(Suppressed(finding, f"per-path-ignores: {glob}", None))
                break
        else:
            kept.append(finding)
    report.findings[:] = kept


def _finish(report: Report, texts: dict[str, Text]) -> None:
    """Sort everything by place and give the findings their fingerprints."""
    report.texts = texts
    if report.findings or report.suppressed:
        from connguard.engine.known import Numbering

        number = Numbering(texts)
        report.findings[:] = [
            number.marked(finding) for finding in sorted(report.findings, key=by_place)
        ]
        report.suppressed[:] = [
            replace(one, finding=number.marked(one.finding))
            for one in sorted(report.suppressed, key=lambda one: by_place(one.finding))
        ]
    report.undecided.sort(key=lambda gap: (gap.origin, gap.policy_id))
    report.not_parsed.sort(key=lambda part: part.origin)


def by_place(finding: Finding) -> tuple[object, ...]:
    """By place, V2 before V10."""
    origin = finding.origin
    place = (path_key(origin.path), origin.path, origin.line, origin.column)
    return place, finding.policy.id, finding.message
