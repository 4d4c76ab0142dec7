# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools that settings of Flask and configuration files of Sequelize set."""

from __future__ import annotations

from pathlib import Path, PurePath

import pytest

from connguard.budget import pools_javascript, pools_python, pools_text
from connguard.budget.code_pool import Made
from connguard.budget.pool_claims import language_of
from connguard.budget.run import run
from connguard.engine.settings import Settings
from connguard.engine.text import Text

FLASK = "from flask_sqlalchemy import SQLAlchemy\n"
COMPOSE = """services:
  web:
    build: ./web
    environment:
      DATABASE_URL: postgres://app@db/shop
  db:
    image: postgres:16
"""


def shown(made: list[Made]) -> list[tuple[str, int | None, bool]]:
    """Size, the line that sets it, and whether it is a default that others replace."""
    return [
        (str(one.size), one.size.origin.line if one.size.origin else None, one.implied)
        for one in made
    ]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (FLASK + "db = SQLAlchemy()\n", [("15", 2, True)]),
        (FLASK + "db = SQLAlchemy(engine_options={'pool_size': 3})\n", [("13", 2, False)]),
        (
            'SQLALCHEMY_ENGINE_OPTIONS = {"pool_size": 20, "max_overflow": 0}\n',
            [("20", 1, False)],
        ),
        (
            'app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {\n    "pool_size": 8,\n}\n',
            [("18", 2, False)],
        ),
        (
            "app.config.update(SQLALCHEMY_ENGINE_OPTIONS=dict(pool_size=8))\n",
            [("1 or more", 1, False)],
        ),
        ('SQLALCHEMY_ENGINE_OPTIONS = {**base, "echo": 1}\n', [("1 or more", 1, False)]),
        (
            "class TestConfig:\n    SQLALCHEMY_ENGINE_OPTIONS = {'pool_size': 1}\n"
            "class Production:\n    SQLALCHEMY_ENGINE_OPTIONS = {'pool_size': 9}\n",
            [("19", 4, False)],
        ),
        ("SQLALCHEMY_POOL_SIZE = 20\n", [("15 to 30", 1, False)]),
        (
            "SQLALCHEMY_DATABASE_URI = 'sqlite:///x'\nSQLALCHEMY_ENGINE_OPTIONS = {'echo': 1}\n",
            [],
        ),
        ("db = SQLAlchemy()\n", []),
    ],
)
def test_flask(code: str, expected: list[tuple[str, int | None, bool]]) -> None:
    """Flask-SQLAlchemy has SQLAlchemy's defaults, 5 + 10, and settings that change them."""
    assert shown(pools_python.read(Text("config.py", code))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"development": {"dialect": "sqlite"},\n'
            ' "production": {"dialect": "postgres", "pool": {"max": 12}}}',
            [("12", 2, False)],
        ),
        ('{"production": {"dialect": "postgres"}}', [("5", 1, False)]),
        (
            '{"production": {"dialect": "postgres", "pool": {"max": "9"}}}',
            [("0 or more", 1, False)],
        ),
        ('{"production": {"dialect": "mysql", "pool": {"max": 12}}}', []),
        ('{"development": {"dialect": "postgres"}}', []),
        ("[]", []),
        ("{", []),
    ],
)
def test_sequelize_in_json(text: str, expected: list[tuple[str, int | None, bool]]) -> None:
    """The environment `production` counts."""
    assert shown(pools_text.sequelize(Text("config/config.json", text))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "module.exports = {\n  production: { dialect: 'postgres', pool: { max: 12 } },\n};\n",
            [("12", 2, False)],
        ),
        (
            "const common = { dialect: 'postgres' };\nmodule.exports = { production: common };\n",
            [("5", 2, False)],
        ),
        (
            "module.exports = { production: { dialect: 'postgres', pool: POOL } };\n",
            [("0 or more", 1, False)],
        ),
        ("module.exports = { development: { dialect: 'postgres' } };\n", []),
    ],
)
def test_sequelize_in_a_script(text: str, expected: list[tuple[str, int | None, bool]]) -> None:
    """config/config.js with constants and expressions."""
    assert shown(pools_javascript.read(Text("config/config.js", text))) == expected


def test_which_files_of_that_name_are_read() -> None:
    """Those in a folder `config`."""
    assert language_of(PurePath("web/config/config.json")) == "sequelize"
    assert language_of(PurePath("web/config.json")) is None


def test_a_configuration_replaces_what_the_constructor_does_not_say(tmp_path: Path) -> None:
    """Sequelize's own models/index.js passes the configuration on."""
    (tmp_path / "compose.yml").write_text(COMPOSE)
    files = {
        "package.json": "{}",
        "config/config.json": '{"production": {"dialect": "postgres", "pool": {"max": 7}}}',
        "models/index.js": (
            "const Sequelize = require('sequelize');\n"
            "const config = require(__dirname + '/../config/config.json')[env];\n"
            "module.exports = new Sequelize(config.database, config.username, null, config);\n"
            "// dialect: 'postgres'\n"
        ),
    }
    for name, text in files.items():
        path = tmp_path / "web" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    ((stack, _),) = run([tmp_path], Settings(), []).stacks
    (service,) = stack.topology.services
    assert str(service.pool) == "7"
    assert service.pool.origin is not None
    assert service.pool.origin.path.endswith("config/config.json")


def test_a_setting_of_flask_replaces_the_default(tmp_path: Path) -> None:
    """The engine and its options stand in different files."""
    (tmp_path / "compose.yml").write_text(COMPOSE)
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "requirements.txt").write_text("flask-sqlalchemy\n")
    (tmp_path / "web" / "app.py").write_text(FLASK + "db = SQLAlchemy()\n")
    (tmp_path / "web" / "config.py").write_text("SQLALCHEMY_ENGINE_OPTIONS = {'pool_size': 2}\n")
    ((stack, _),) = run([tmp_path], Settings(), []).stacks
    assert [str(one.pool) for one in stack.topology.services] == ["12"]
