# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files are evidently for development, tests or demonstrations, by their path."""

from __future__ import annotations

from pathlib import PurePath

from connguard.policies.model.patterns import lazily

_WORDS = {
    *("dev", "devel", "develop", "development", "devcontainer", "devstack", "local", "localhost"),
    *("test", "tests", "testing", "e2e", "integration", "ci", "cicd", "bench", "benchmark"),
    *("benchmarks", "debug", "example", "examples", "sample", "samples", "demo", "demos", "docs"),
    *("doc", "fixtures", "testdata", "tutorial", "tutorials", "playground", "sandbox", "hack"),
    *("override", "github", "gitlab", "circleci", "buildkite", "workshop", "quickstart", "spec"),
    *("minikube", "kind", "k3d", "poc", "lab", "labs", "exercise", "exercises"),
}
_SEPARATORS = lazily(r"[^A-Za-z0-9]+")


def passing(path: str) -> str | None:
    """The word in a path, relative to what is scanned, that says so; None when none does."""
    for part in reversed(PurePath(path).parts):
        stem = part.lower().removesuffix(".yaml").removesuffix(".yml")
        for word in _SEPARATORS.split(stem):
            if word in _WORDS:
                return part
    return None
