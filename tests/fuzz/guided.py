# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzzing by coverage: atheris (libFuzzer) keeps the texts that reach new code, and mutates those.

Needs the dependency group `fuzz`. libFuzzer ends the process that it runs in, so `run` starts one.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

_PROGRESS = re.compile(r"^#(\d+)\s.*\bcov: (\d+) ft: (\d+)", re.MULTILINE)


def run(name: str, cases: int, seed: int, found: Path, seconds: int) -> dict[str, object]:
    """Run atheris in a process of its own. `edges` are those of connguard that were reached."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        arguments = [name, str(cases), str(seed), str(found), folder, str(seconds)]
        done = subprocess.run(
            [sys.executable, "-m", __name__, *arguments],
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
        )
        written = Path(folder, "problems.json")
        problems = json.loads(written.read_text()) if written.exists() else {}
        progress = _PROGRESS.findall(done.stderr)
        if not progress:
            raise RuntimeError(done.stderr[-2000:])
        first, last = progress[0], progress[-1]
        return {
            "target": name,
            "cases": int(last[0]),
            "seconds": round(time.monotonic() - start),
            "edges of the seeds": int(first[1]),
            "edges": int(last[1]),
            "features": int(last[2]),
            "problems": problems,
        }


def _fuzz(name: str, cases: int, seed: int, found: Path, folder: Path, seconds: int) -> None:
    import atheris

    with atheris.instrument_imports(include=["connguard"]):
        from .run import Statistics, check, subject_of

        subject = subject_of(name, folder / "files")
        for number in range(50):  # what a reader imports when it is first used
            subject.problems(subject.case(Random(number)))
    statistics = Statistics(name, seed, patience=10)  # counting edges takes time
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, text in enumerate(subject.seeds()):
        (corpus / str(number)).write_bytes(text)

    def test_one_input(data: bytes) -> None:
        check(subject, subject.case_of(data), statistics, found)
        if statistics.problems:
            (folder / "problems.json").write_text(json.dumps(statistics.problems))

    def mutate(data: bytes, most: int, draw: int) -> bytes:
        random = Random(draw)
        if random.random() < 0.3:
            return bytes(atheris.Mutate(data, most))
        return subject.mutate(random, data)[:most]

    options = [f"-runs={cases}", f"-seed={seed}", "-max_len=4096", f"-max_total_time={seconds}"]
    options += ["-rss_limit_mb=0", "-timeout=60", "-use_value_profile=1"]
    atheris.Setup([sys.argv[0], str(corpus), *options], test_one_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    _fuzz(
        sys.argv[1],
        int(sys.argv[2]),
        int(sys.argv[3]),
        Path(sys.argv[4]),
        Path(sys.argv[5]),
        int(sys.argv[6]),
    )
