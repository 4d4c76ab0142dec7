# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the Terraform evaluator against that of Trivy, as the package tfparse hands it out.

    python -m venv /tmp/tfparse && /tmp/tfparse/bin/pip install tfparse
    python tools/compare_tfparse.py --python /tmp/tfparse/bin/python FOLDER…

tfparse runs in a child process for each root module, since it can abort the process. Printed are
the attributes for which both give a value, and not the same, and those that only tfparse knows;
then counts. tfparse is no
dependency of connguard.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from connguard.engine.discovery import discover
from connguard.engine.reading import Context, SourceFile
from connguard.engine.settings import Settings
from connguard.policies.model.terraform_value import Unresolved
from connguard.terraform.bodies import Body
from connguard.terraform.configuration import Configuration, load
from connguard.terraform.module import Module

_SECONDS = 120
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PROGRAM = (
    "import json, sys, tfparse;"
    "json.dump(tfparse.load_from_path(sys.argv[1], allow_downloads=False), sys.stdout, default=str)"
)
_OPEN = object()
"""Stands for a value that is not known."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", required=True, help="an interpreter that has tfparse")
    parser.add_argument("folders", nargs="+", type=Path)
    given = parser.parse_args(arguments)
    counts: Counter[str] = Counter()
    for folder in given.folders:
        configuration = _load(folder)
        for root in configuration.roots:
            theirs = _tfparse(given.python, root.directory.path)
            if theirs is None:
                counts["root modules that tfparse does not survive"] += 1
                print(f"{root.directory.path}: tfparse failed")
                continue
            counts["root modules"] += 1
            _compare(configuration, root, theirs, counts)
    for name, number in sorted(counts.items()):
        print(f"{number:7} {name}")
    return int(counts["different values"] > 0)


def _load(folder: Path) -> Configuration:
    found = discover([folder], wanted=lambda path: path.name.endswith(".tf"))
    files = [SourceFile(file.path, file.name) for file in found.files]
    return load(files, Context((folder.absolute(),), Settings(path=folder / "connguard.toml")))


def _tfparse(python: str, path: Path) -> dict[str, dict[str, Any]] | None:
    """The resources by address; None when the program fails."""
    try:
        result = subprocess.run(
            [python, "-c", _PROGRAM, str(path)],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
        blocks = json.loads(result.stdout)
    except (subprocess.SubprocessError, ValueError):
        return None
    return {
        each["__tfmeta"]["path"]: each
        for listed in blocks.values()
        for each in listed
        if isinstance(each, dict) and each.get("__tfmeta", {}).get("type") == "resource"
    }


def _compare(
    configuration: Configuration,
    root: Module,
    theirs: dict[str, dict[str, Any]],
    counts: Counter[str],
) -> None:
    seen = set()
    for resource in configuration.resources_below(root):
        seen.add(resource.address)
        other = theirs.get(resource.address)
        if other is None:
            counts["instances that only connguard has"] += 1
            continue
        counts["instances in both"] += 1
        for path, ours, value in _pairs(resource.body, other, ""):
            if ours is _OPEN and value is _OPEN:
                counts["values that neither knows"] += 1
            elif ours is _OPEN:
                counts["values that only tfparse knows"] += 1
                print(f"{resource.origin} {resource.address} {path}: unknown | {value}")
            elif value is _OPEN:
                counts["values that only connguard knows"] += 1
            elif ours == value:
                counts["equal values"] += 1
            else:
                counts["different values"] += 1
                print(f"{resource.origin} {resource.address} {path}: {ours} | {value}")
    counts["instances that only tfparse has"] += len(theirs.keys() - seen)


def _pairs(body: Body, other: Mapping[str, Any], path: str) -> Iterator[tuple[str, object, object]]:
    """Path, our value and theirs of each attribute that both have."""
    for name, value in other.items():
        if name.startswith("__") or name in ("id", "for_each", "count", "dynamic", "content"):
            continue
        setting = body.setting(name)
        if setting is not None:
            yield f"{path}{name}", _plain(setting.value), _plain(value)
            continue
        blocks = body.blocks(name)
        listed = value if isinstance(value, list) else [value]
        written = [one for one in listed if isinstance(one, dict) and "__tfmeta" in one]
        if written and len(blocks) == len(written) and all(block.certain for block in blocks):
            for block, one in zip(blocks, written, strict=True):
                yield from _pairs(block, one, f"{path}{name}.")
        elif written and all(block.certain for block in blocks):
            yield f"{path}{name}", f"{len(blocks)} blocks", f"{len(written)} blocks"


def _plain(value: object) -> object:
    """A value in one shape for both; _OPEN when a part of it is not known."""
    if isinstance(value, Unresolved):
        return _OPEN
    if isinstance(value, Mapping):
        if "__attribute__" in value or "__name__" in value or "__ref__" in value:
            return _OPEN
        table = {key: _plain(one) for key, one in value.items() if key != "__tfmeta"}
        return _OPEN if _OPEN in table.values() else json.dumps(table, sort_keys=True, default=str)
    if isinstance(value, (list, tuple)):
        items = [_plain(one) for one in value]
        return _OPEN if _OPEN in items else sorted(map(str, items))
    if isinstance(value, str) and (_UUID.search(value) or "__attribute__" in value):
        return _OPEN
    if isinstance(value, (bool, int, float, Fraction)):
        return str(value).lower()
    return value if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
