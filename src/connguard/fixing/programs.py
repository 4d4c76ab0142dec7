# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""New migrations in the formats of Rails, Alembic and Django."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from connguard.fixing.layouts import CannotWrite, NewFiles, Place, names_in
from connguard.fixing.numbering import following, parse
from connguard.fixing.statements import KEPT
from connguard.policies.model.patterns import lazily

_PLAIN = lazily(r"[^\\\\#{}%`]*")
_RAILS_CLASS = lazily(r"<\s*(?P<base>ActiveRecord::Migration(?:\[[\d.]+\])?)")


def checked(sql: Sequence[str]) -> Sequence[str]:
    """SQL that means the same within a string of the program. Raises CannotWrite."""
    for line in sql:
        if not _PLAIN.fullmatch(line) or '"""' in line:
            raise CannotWrite("a name has characters that mean something else in a program")
    return sql


def rails(place: Place, sql: Sequence[str]) -> NewFiles:
    """https://guides.rubyonrails.org/active_record_migrations.html"""
    last = place.last
    base = _RAILS_CLASS.search(place.source(last))
    name = parse(last.name)
    if base is None or name is None:
        raise CannotWrite(f"{last.name} is no numbered Rails migration")
    new = following(name, names_in(last.parent), place.now)
    words = re.split(r"[-_]", new.title)
    files = NewFiles()
    files.add(
        last.with_name(f"{new.number}_{'_'.join(words)}.rb"),
        [
            f"class {''.join(word.capitalize() for word in words)} < {base['base']}",
            "  def up",
            "    execute <<~SQL",
            *(f"      {line}" for line in checked(sql)),
            "    SQL",
            "  end",
            "",
            "  def down",
            *(f"    # {line}" for line in KEPT),
            "  end",
            "end",
        ],
    )
    return files


def alembic(place: Place, sql: Sequence[str]) -> NewFiles:
    """https://alembic.sqlalchemy.org/en/latest/tutorial.html#create-a-migration-script"""
    folder = place.last.parent
    revisions = {
        str(found["revision"]): (path, found.get("down_revision"))
        for path in _python_files(place)
        if (found := _constants(place.source(path))).get("revision")
    }
    before = {one for _, down in revisions.values() for one in _each(down)}
    heads = [revision for revision in revisions if revision not in before]
    if len(heads) != 1:
        raise CannotWrite(f"there are {len(heads)} heads, and a revision continues one")
    head = heads[0]
    digest = hashlib.sha256("\n".join((head, *sql)).encode()).hexdigest()[:12]
    stem = revisions[head][0].stem
    number = parse(stem)
    title = "limit_connections"
    if number and head == number.number:  # revisions that are counted: 0001, 0002
        new = following(number, [path.stem for path, _ in revisions.values()], place.now)
        digest, title = new.number, new.title or title
    files = NewFiles()
    files.add(
        folder / f"{digest}_{title}.py",
        [
            '"""limit connections',
            "",
            f"Revision ID: {digest}",
            f"Revises: {head}",
            '"""',
            "",
            "from alembic import op",
            "",
            f'revision = "{digest}"',
            f"down_revision = {head!r}".replace("'", '"'),
            "branch_labels = None",
            "depends_on = None",
            "",
            "",
            "def upgrade() -> None:",
            "    op.execute(",
            '        """',
            *(f"        {line}" for line in checked(sql)),
            '        """',
            "    )",
            "",
            "",
            "def downgrade() -> None:",
            *(f"    # {line}" for line in KEPT),
            "    pass",
        ],
    )
    return files


def django(place: Place, sql: Sequence[str], app: Path) -> NewFiles:
    """The next migration of an app, whose folder of migrations is `app`.

    https://docs.djangoproject.com/en/stable/topics/migrations/
    """
    own = [path for path in _python_files(place) if path.parent == app]
    label = app.parent.name
    needed = {
        name for path in own for one, name in _dependencies(place.source(path)) if one == label
    }
    leaves = [path.stem for path in own if path.stem not in needed]
    name = parse(leaves[0]) if len(leaves) == 1 else None
    if name is None:
        raise CannotWrite(f"{label} has {len(leaves)} last migrations, and one is continued")
    new = following(name, names_in(app), place.now)
    files = NewFiles()
    files.add(
        app / f"{new.number}_{new.title or 'limit_connections'}.py",
        [
            "from django.db import migrations",
            "",
            "",
            "class Migration(migrations.Migration):",
            f'    dependencies = [("{label}", "{leaves[0]}")]',
            "",
            "    operations = [",
            "        migrations.RunSQL(",
            '            """',
            *(f"            {line}" for line in checked(sql)),
            '            """,',
            *(f"            # {line}" for line in KEPT),
            "            reverse_sql=migrations.RunSQL.noop,",
            "        ),",
            "    ]",
        ],
    )
    return files


def _python_files(place: Place) -> list[Path]:
    """Every file of the history, also those without SQL."""
    names = sorted(place.history.files)
    return [path for path in (Path(name).absolute() for name in names) if path.suffix == ".py"]


def _constants(source: str) -> dict[str, object]:
    return dict(_literals(_statements(source), ("revision", "down_revision")))


def _dependencies(source: str) -> Iterator[tuple[str, str]]:
    for node in _statements(source):
        if isinstance(node, ast.ClassDef) and node.name == "Migration":
            for _, value in _literals(node.body, ("dependencies",)):
                if isinstance(value, list):
                    yield from (one for one in value if isinstance(one, tuple) and len(one) == 2)


def _statements(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):
        return []


def _literals(body: Iterable[ast.stmt], names: Sequence[str]) -> Iterator[tuple[str, object]]:
    for node in body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ) if name in names:
                try:
                    yield name, ast.literal_eval(value)
                except (ValueError, TypeError, SyntaxError, RecursionError):
                    continue


def _each(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(one) for one in value] if isinstance(value, tuple | list) else []
