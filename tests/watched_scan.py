# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that scans a folder and prints what the interpreter did meanwhile that a scan must not.

Arguments: the folder, the file for the report, and for the test of this program, Python code to run
in place of the scan.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import connguard.engine.scan
from connguard.engine.cli import main

FORBIDDEN = (
    *("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty."),
    *("os.startfile", "ftplib.", "http.", "urllib.", "smtplib.", "webbrowser.", "ctypes.dlsym"),
)
PARSED = "<unknown>"
"""What ast.parse calls its source: it makes a tree of it, and no code."""

HARMLESS = ("connguard.", "builtins", "collections", "pathlib", "copyreg", "_codecs")
"""What results of other processes are made of."""

scanned, output, *instead = sys.argv[1:]
seen: list[list[str]] = []


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """https://docs.python.org/3/library/audit_events.html"""
    if event.startswith(FORBIDDEN):
        seen.append([event, repr(arguments)[:200]])
    elif event == "compile" and arguments[1] != PARSED:
        source, name = arguments
        text = source if isinstance(source, bytes) else str(source).encode("utf-8", "replace")
        if scanned in str(name) or b"connguard-was-run" in text:
            seen.append([event, str(name)])
    elif event == "exec" and (
        scanned in arguments[0].co_filename or arguments[0].co_filename == PARSED
    ):
        seen.append([event, arguments[0].co_filename])
    elif event == "import" and scanned in str(arguments[1] or ""):
        seen.append([event, repr(arguments[:2])])
    elif event == "pickle.find_class" and not str(arguments[0]).startswith(HARMLESS):
        seen.append([event, repr(arguments)])


if instead:
    connguard.engine.scan.scan = lambda *_, **__: exec(instead[0])  # type: ignore[assignment]
sys.addaudithook(watch)
code: object = None
try:
    main(["scan", "--format", "json", "--output", output, "--jobs", "1", scanned])
except SystemExit as end:
    code = end.code
except AttributeError:
    assert instead
imported = [
    name
    for name, module in list(sys.modules.items())
    if scanned in str(vars(module).get("__file__", ""))
]
print(json.dumps({"seen": seen, "code": code, "imported": imported}))
