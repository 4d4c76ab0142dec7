# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real migrations, beside squawk and pgrubic; in short, made ones beside squawk."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks import corpora
from benchmarks.measure import Command, connguard, side_by_side
from benchmarks.options import Options
from benchmarks.table import Promise, Result, rows_of

NAME = "migrations"
COPIES = 7
"""Of the real files, for a tree that is as large as those of organisations."""

SHORT_FILES = 2_000
TERSE = "squawk, a line for each finding"
"""Its report with the source lines takes squawk longer than its linting."""

MANY_SECONDS = 2.0
"""Wall time promised for all copies, on 2 cores."""

_TABLE = """\
-- What customers have ordered, with a row for each change of its state
CREATE TABLE IF NOT EXISTS order_{0} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'paid', 'sent', 'closed')),
    amount numeric(12, 2) NOT NULL,
    tags text[] NOT NULL DEFAULT '{{}}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz
);
CREATE INDEX order_{0}_customer ON order_{0} (customer_id, created_at DESC);
ALTER TABLE order_{0} ADD CONSTRAINT positive CHECK (amount > 0) NOT VALID;
COMMENT ON COLUMN order_{0}.tags IS 'What the shop has written on it; see "tag"';
INSERT INTO setting (name, value) VALUES ('order.{0}.page', '50'), ('order.{0}.sort', 'id');
UPDATE customer SET note = (SELECT max(note) FROM old_{0} WHERE old_{0}.id = customer.id);
"""
_ROLE = """\
CREATE ROLE order_{0}_reader LOGIN CONNECTION LIMIT 20;
GRANT SELECT ON order_{0} TO order_{0}_reader;
"""


def measure(options: Options) -> Result:
    """The same files for all; squawk takes their names, pgrubic and connguard the folder."""
    folder = _made(options) if options.short else corpora.migrations(options.sql, options.corpora)
    files = corpora.suffixed(folder, ".sql")
    result = Result(NAME, f"{len(files):,} migration files")
    commands = [connguard("scan", ".", folder=folder)]
    copies = f"{COPIES * len(files):,} files"
    squawk = options.tool("squawk")
    pgrubic = None if options.short else options.tool("pgrubic")
    if squawk:
        commands.append(Command("squawk", (squawk, *files), folder))
        if not options.short:
            commands.append(Command(TERSE, (squawk, "--reporter", "Gcc", *files), folder))
    if not options.short:
        many = _copied(folder, options.scratch / "many")
        commands.append(connguard("scan", ".", label=f"connguard, {copies}", folder=many))
        if squawk:
            terse = (squawk, "--reporter", "Gcc", *corpora.suffixed(many, ".sql"))
            commands.append(Command(f"{TERSE}, {copies}", terse, many))
    if pgrubic:
        arguments = (pgrubic, "lint", "--workers", "2", ".")
        commands.append(Command("pgrubic", arguments, folder))
    measured = side_by_side(commands, options.rounds)
    result.rows = rows_of(measured)
    wall = {one.label: one.wall for one in measured}
    for label, most in (("squawk", 1.0), (TERSE, 1.0), ("pgrubic", 1 / 50)):
        if label in wall:
            ratio = wall["connguard"] / wall[label]
            result.promises.append(Promise(f"wall time / {label}", ratio, most))
        else:
            result.notes.append(f"{label} is not measured.")
    if not options.short:
        seconds = wall[f"connguard, {copies}"]
        result.promises.append(Promise(f"wall time for {copies} in s", seconds, MANY_SECONDS))
    return result


def _made(options: Options) -> Path:
    """Files like the real ones in size and statements: tables, and now and then a role."""
    folder = options.scratch / "made"
    folder.mkdir()
    for number in range(SHORT_FILES):
        text = _TABLE.format(number) + (_ROLE.format(number) if number % 50 == 0 else "")
        (folder / f"V{number + 1}__step.sql").write_text(text)
    return folder


def _copied(folder: Path, target: Path) -> Path:
    for number in range(COPIES):
        shutil.copytree(folder, target / f"copy{number}")
    return target
