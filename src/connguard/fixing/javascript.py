# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""New migrations in the formats of Knex, node-pg-migrate and Sequelize."""

from __future__ import annotations

import re
from collections.abc import Sequence

from connguard.fixing.layouts import CannotWrite, NewFiles, Place, names_in
from connguard.fixing.numbering import following, parse
from connguard.fixing.programs import checked
from connguard.fixing.statements import KEPT
from connguard.policies.model.patterns import lazily

_EXPORT = lazily(r"^export\b", re.MULTILINE)
_RUNNERS = (
    ("queryInterface", "queryInterface.sequelize.query"),
    ("pgm", "pgm.sql"),
    ("knex", "knex.raw"),
)
"""What the function of the neighbour takes, and how SQL is run with it."""


def javascript(place: Place, sql: Sequence[str]) -> NewFiles:
    """The next file beside the last one, with the same module system.

    https://knexjs.org/guide/migrations.html, https://salsita.github.io/node-pg-migrate/,
    https://sequelize.org/docs/v6/other-topics/migrations/
    """
    last = place.last
    source = place.source(last)
    name = parse(last.name)
    found = next((one for one in _RUNNERS if re.search(rf"\b{one[0]}\b", source)), None)
    if found is None or name is None or last.suffix not in (".js", ".cjs", ".mjs"):
        raise CannotWrite(f"{last.name} is not of a kind for which files are written")
    parameter, run = found
    up = [f"  await {run}(`", *(f"    {line}" for line in checked(sql)), "  `);"]
    down = [f"  // {line}" for line in KEPT]
    if _EXPORT.search(source):
        lines = [
            f"export async function up({parameter}) {{",
            *up,
            "}",
            "",
            "export async function down() {",
            *down,
            "}",
        ]
    else:
        lines = [
            f"exports.up = async ({parameter}) => {{",
            *up,
            "};",
            "",
            "exports.down = async () => {",
            *down,
            "};",
        ]
    files = NewFiles()
    files.add(last.with_name(str(following(name, names_in(last.parent), place.now))), lines)
    return files
