# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In whatever encoding a file is written: its findings stay at their lines, or it is reported."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from example_cases import EXAMPLES, Case

from connguard.engine.frontends import FRONT_ENDS
from connguard.engine.scan import scan
from connguard.engine.settings import Settings, load, locate

# The example, its file that is written in another way, and the front ends that find something.
FILES = (
    ("PG001/bad_roles.tf", "bad_roles.tf", ("terraform",)),
    ("PG001/bad_role.tf.json", "bad_role.tf.json", ("terraform",)),
    ("PG201/bad_aws.tf", "bad_aws.tf", ("terraform networks",)),
    ("PG001/bad_plan.json", "bad_plan.json", ("terraform plan",)),
    ("PG003/bad_superuser_limit.sql", "bad_superuser_limit.sql", ("sql",)),
    ("PG301/bad.pg_hba.conf", "bad.pg_hba.conf", ("pg_hba.conf",)),
    ("PG205/bad.postgresql.conf", "bad.postgresql.conf", ("postgresql.conf",)),
    ("PG301/bad.patroni.yml", "bad.patroni.yml", ("embedded",)),
    ("PG303/bad.init-db.sh", "bad.init-db.sh", ("embedded",)),
    ("PG206/bad_compose", "docker-compose.yml", ("containers",)),
    ("PG201/bad_service", "service-db.yaml", ("containers",)),
    ("PG110/bad_any_database.ini", "bad_any_database.ini", ("topology",)),
    ("PG103/bad_code_pool", "api/shop.py", ("connection pools of code",)),
    ("PG112/bad_code_python", "web/app.py", ("session features of code",)),
    ("PG112/bad_code_go_before_1_21", "web/main.go", ("session features of code",)),
    ("PG112/bad_code_javascript", "web/index.mjs", ("session features of code",)),
    ("PG604/bad", "connguard-live.json", ("live snapshot",)),
)
# Terraform plans are the same files for all of them; so are its modules.
SAME_READING = {"planned networks", "planned topology", "terraform topology"}

REFUSED = {"PG306", "PG508", "PG901", "PG902"}
"""A line that its server refuses, and a part that is not checked or cannot be decided."""

# What is no program, or does nothing, when it is written so.
NOTHING = {
    ("bad.init-db.sh", "CR"),  # one line for a shell, and no here-document
    ("web/main.go", "CR"),  # no line ends, and so no semicolons
    ("web/app.py", "a NUL"),  # "source code cannot contain null bytes"
    ("web/app.py", "garbage behind it"),
}

_COMMENTS = {".sql": "--", ".go": "//", ".mjs": "//", ".ini": ";", ".json": ""}


def _without_comments(path: Path, text: str) -> str:
    """The same lines: a lone CR does not end a comment in most formats."""
    mark = re.escape(_COMMENTS.get(path.suffix, "#"))
    return re.sub(rf"(?m)[ \t]*(?:{mark}|# )[^\n]*$", "", text) if mark else text


def _comment(path: Path, text: str, what: bytes) -> bytes:
    mark = _COMMENTS.get(path.suffix, "#").encode()
    return text.encode() + (mark + b" " + what + b"\n" if mark else b"\n")


REWRITTEN: dict[str, Callable[[Path, str], bytes]] = {
    "UTF-8 with a mark": lambda _, text: b"\xef\xbb\xbf" + text.encode(),
    "UTF-16 LE": lambda _, text: b"\xff\xfe" + text.encode("utf-16-le"),
    "UTF-16 BE": lambda _, text: b"\xfe\xff" + text.encode("utf-16-be"),
    "Latin-1": lambda path, text: _comment(path, text, b"caf\xe9"),
    "CRLF": lambda _, text: text.replace("\n", "\r\n").encode(),
    "CR": lambda path, text: _without_comments(path, text).replace("\n", "\r").encode(),
    "a NUL": lambda path, text: _comment(path, text, b"a\0b"),
    "garbage behind it": lambda _, text: text.encode() + b"\xff\xfe\x80\x81",
    "a part of a character": lambda path, text: _comment(path, text, b"\xe2\x82"),
}


@pytest.mark.parametrize("way", REWRITTEN)
@pytest.mark.parametrize(("example", "name", "readers"), FILES)
def test_findings_stay_or_the_file_is_reported(
    tmp_path: Path, example: str, name: str, readers: tuple[str, ...], way: str
) -> None:
    """Another encoding, other line ends and odd bytes hide nothing."""
    case = Case(EXAMPLES / example)
    if case.path.is_dir():
        here = Path(shutil.copytree(case.path, tmp_path / case.path.name))
    else:
        here = Path(shutil.copy(case.path, tmp_path)).parent
    file = here / name
    assert all(
        entry.claims(Path("migrations") / name) or entry.claims(Path(name))
        for entry in FRONT_ENDS
        if entry.name in readers
    )
    expected = {(line, one) for path, line, one in case.expected() if path == name}
    assert expected

    file.write_bytes(REWRITTEN[way](file, file.read_text(encoding="utf-8")))
    config = locate(here)
    target = here if case.path.is_dir() else file
    report = scan([target], load(config) if config else Settings())

    found = {
        (finding.origin.line, finding.policy.id)
        for finding in report.findings
        if Path(finding.origin.path).absolute() == file
    }
    refused = {one for _, one in found} & REFUSED - {one for _, one in expected}
    assert refused or expected <= found or ((name, way) in NOTHING and not found)
    assert report.failures == []


def test_every_front_end_is_tried() -> None:
    """Each front end of the table has a file above."""
    tried = {reader for _, _, readers in FILES for reader in readers}

    assert tried | SAME_READING == {entry.name for entry in FRONT_ENDS}
