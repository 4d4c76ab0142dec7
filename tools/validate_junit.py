# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validates JUnit XML against an XML schema: `validate_junit.py SCHEMA FILE...`. Needs lxml."""

from __future__ import annotations

import sys

from lxml import etree  # type: ignore[import-not-found,import-untyped,unused-ignore]


def main(schema_path: str, *paths: str) -> int:
    schema = etree.XMLSchema(etree.parse(schema_path))
    if schema.validate(etree.fromstring("<testsuites><testcase/></testsuites>")):
        print(f"{schema_path} refuses nothing")
        return 2
    count = 0
    for path in paths:
        schema.validate(etree.parse(path))
        for error in schema.error_log:
            print(f"{path}:{error.line}: {error.message}")
            count += 1
    print(f"{len(paths)} files, {count} errors")
    return int(not paths or count > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
