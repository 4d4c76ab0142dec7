# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings files."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from connguard.engine.cli import main
from connguard.engine.fail_on import LEVELS
from connguard.engine.setting_reference import SETTINGS, TOP, heading
from connguard.engine.settings import (
    MIGRATION_FORMATS,
    MIGRATION_ORDERS,
    TERRAFORM_READERS,
    AddressSettings,
    MigrationSettings,
    Settings,
    SettingsError,
    load,
    locate,
)
from connguard.policies.model.topology import SERVICE_TIMEOUTS, SESSION_FEATURES


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_both_files_mean_the_same(tmp_path: Path) -> None:
    """`connguard.toml` and `[tool.connguard]` take the same keys."""
    body = 'select = ["PG0"]\nfail-on = "warning"\nexclude = ["legacy/"]\n'
    own = load(_write(tmp_path / "connguard.toml", body))
    project = load(_write(tmp_path / "pyproject.toml", "[tool.connguard]\n" + body))

    assert ("PG0",) == own.select == project.select
    assert "warning" == own.fail_on.level == project.fail_on.level
    assert ("legacy/",) == own.exclude == project.exclude


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('\nfial-on = "error"\n', ":2: fial-on: unknown setting"),
        ('fail-on = "fatal"\n', ":1: fail-on: must be one of error, warning, note, never"),
        ('select = "PG001"\n', ":1: select: must be a list of strings"),
        ("respect-gitignore = 1\n", ":1: respect-gitignore: must be true or false"),
        ("[per-path-ignores]\nlegacy = [1]\n", ":2: legacy: must be a list of strings"),
        ("[nonsense]\nx = 1\n", ":1: nonsense: unknown setting"),
        ("[addresses]\ninternet = 8\n", ':2: internet: unknown setting "internet" in [addresses]'),
        ("[addresses]\ninternet-ipv4 = 33\n", ":2: internet-ipv4: must be a prefix length from 0"),
        ("[addresses]\ninternet-ipv6 = true\n", ":2: internet-ipv6: must be a prefix length"),
        ("addresses = 8\n", ":1: addresses: must be a table of prefix lengths"),
        ("select = [\n", ":2: "),
    ],
)
def test_mistakes_are_errors_with_their_line(tmp_path: Path, text: str, message: str) -> None:
    """A misspelt key or a wrong type never passes in silence."""
    path = _write(tmp_path / "connguard.toml", text)

    with pytest.raises(SettingsError) as caught:
        load(path)

    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_the_nearest_settings_file_holds(tmp_path: Path) -> None:
    """A pyproject.toml without our table is passed over."""
    _write(tmp_path / "connguard.toml", "")
    _write(tmp_path / "a" / "pyproject.toml", "[tool.other]\n")
    _write(tmp_path / "a" / "b" / "pyproject.toml", "[tool.connguard]\n")
    (tmp_path / "a" / "c").mkdir()

    assert tmp_path / "connguard.toml" == locate(tmp_path / "a" / "c")
    assert tmp_path / "a" / "b" / "pyproject.toml" == locate(tmp_path / "a" / "b" / "x.sql")


def test_an_unreadable_settings_file_is_an_error(tmp_path: Path) -> None:
    """--config with a path that does not exist."""
    with pytest.raises(SettingsError, match="No such file"):
        load(tmp_path / "connguard.toml")


@pytest.mark.parametrize(
    ("table", "key", "words"),
    [
        (TOP, "fail-on", LEVELS),
        (TOP, "terraform-reader", TERRAFORM_READERS),
        ("migrations", "format", MIGRATION_FORMATS),
        ("migrations", "order", MIGRATION_ORDERS),
        ("service", "needs", SESSION_FEATURES),
    ],
)
def test_the_reference_names_every_value(table: str, key: str, words: tuple[str, ...]) -> None:
    assert [word for word in words if word not in SETTINGS[table][key].value] == []


def test_the_reference_has_the_defaults_of_the_code() -> None:
    addresses = AddressSettings()
    shown = {key: setting.default for key, setting in SETTINGS["addresses"].items()}
    assert shown == {
        "public-block-ipv4": str(addresses.public_block_ipv4),
        "public-block-ipv6": "wider than 48",
        "internet-ipv4": str(addresses.internet_ipv4),
        "internet-ipv6": str(addresses.internet_ipv6),
    }
    assert set(SERVICE_TIMEOUTS) <= set(SETTINGS["service"])
    settings = Settings()
    assert SETTINGS[TOP]["fail-on"].default == f"`{settings.fail_on.level}`"
    assert SETTINGS[TOP]["terraform-reader"].default == f"`{settings.terraform_reader}`"
    assert SETTINGS[TOP]["respect-gitignore"].default == f"`{settings.respect_gitignore}`".lower()
    assert SETTINGS["migrations"]["order"].default == f"`{MigrationSettings('x').order}`"


@pytest.mark.parametrize("table", [table for table in SETTINGS if table != TOP])
def test_a_key_without_a_description_is_refused(tmp_path: Path, table: str) -> None:
    """The reader of every table takes its keys from the reference."""
    path = _write(tmp_path / "connguard.toml", f"{heading(table)}\nunheard-of = 1\n")
    result = CliRunner().invoke(main, ["scan", str(tmp_path), "--config", str(path)])
    assert result.exit_code == 2
    assert "unheard-of" in result.output
