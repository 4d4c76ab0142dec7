# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings from `connguard.toml` or `[tool.connguard]` in `pyproject.toml`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connguard.engine import disk
from connguard.engine.fail_on import LEVELS, FailOn
from connguard.engine.limits import NAMES as LIMITS
from connguard.engine.limits import Limits
from connguard.policies.model.records import dataclass

if TYPE_CHECKING:
    from connguard.policies.model.addresses import BreadthLimits

TERRAFORM_READERS = ("tree-sitter", "hcl2")
FILE_NAME = "connguard.toml"

MIGRATION_FORMATS = (
    *("plain", "flyway", "liquibase", "planned", "alembic", "django", "initdb", "programs", "none"),
)
MIGRATION_ORDERS = ("natural", "name")


class SettingsError(Exception):
    """A settings file that cannot be used. The message names the file and, if known, the line."""


@dataclass(frozen=True, slots=True)
class MigrationSettings:
    """One `[[migrations]]` table: what is below `path` is one database's history.

    `format` is one of MIGRATION_FORMATS or None for what is recognised; "none" leaves the folder
    out. `order` is one of MIGRATION_ORDERS, or the files and folders below `path` in running
    order, and holds for the format "plain".
    """

    path: str
    format: str | None = None
    order: str | tuple[str, ...] = "natural"


@dataclass(frozen=True, slots=True)
class AddressSettings:
    """The table `[addresses]`: from which prefix length on public addresses are too many.

    The lengths stand for as many addresses, in one network or in several. The default of
    `public_block_ipv6` is anything wider than a /48.
    """

    public_block_ipv4: int = 16
    public_block_ipv6: int | None = None
    internet_ipv4: int = 9
    internet_ipv6: int = 16

    def limits(self) -> BreadthLimits:
        """The lengths as numbers of addresses."""
        from connguard.policies.model.addresses import BreadthLimits

        return BreadthLimits(
            block_v4=2 ** (32 - self.public_block_ipv4),
            # Up to one site, a /48, is narrow by default.
            block_v6=2**80 + 1
            if self.public_block_ipv6 is None
            else 2 ** (128 - self.public_block_ipv6),
            internet_v4=2 ** (32 - self.internet_ipv4),
            internet_v6=2 ** (128 - self.internet_ipv6),
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """Checked settings. `path` is the file they come from; globs are relative to its folder."""

    path: Path | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: FailOn = field(default_factory=FailOn)
    exclude: tuple[str, ...] = ()
    respect_gitignore: bool = True
    per_path_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    terraform_reader: str = "tree-sitter"
    terraform_var_files: tuple[str, ...] = ()
    migrations: tuple[MigrationSettings, ...] = ()
    baseline: Path | None = None
    addresses: AddressSettings = field(default_factory=AddressSettings)
    jobs: int | None = None
    limits: Limits = field(default_factory=Limits)
    cache: bool = True
    topology: Mapping[str, Any] = field(default_factory=dict)

    @property
    def base(self) -> Path:
        """The folder that paths and globs in the settings are relative to."""
        return self.path.parent if self.path else Path.cwd()


def locate(start: Path) -> Path | None:
    """The settings file for a path: the nearest one in its folder or in a folder above it."""
    folder = start if disk.is_dir(start) else start.parent
    for candidate in (folder, *folder.parents):
        own = candidate / FILE_NAME
        if disk.is_file(own):
            return own
        project = candidate / "pyproject.toml"
        if disk.is_file(project) and _has_table(project):
            return project
    return None


def load(path: Path, text: str | None = None) -> Settings:
    """Read a settings file, or `text` as its content. Raises SettingsError."""
    text, document = _parse(path, text)
    if path.name == "pyproject.toml":
        document = document.get("tool", {}).get("connguard", {})
    return _Checker(path, text).settings(document)


def _parse(path: Path, content: str | None = None) -> tuple[str, dict[str, Any]]:
    import tomllib

    try:
        text = disk.read_text(path) if content is None else content
        return text, tomllib.loads(text)
    except RecursionError as error:
        raise SettingsError(f"{path}: nested too deeply") from error
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"at line (\d+)", str(error))
        line = match[1] if match else text.count("\n") + 1
        raise SettingsError(f"{path}:{line}: {error}") from error
    except ValueError as error:  # a number of more digits than Python reads
        raise SettingsError(f"{path}: a number of too many digits") from error


def _has_table(project: Path) -> bool:
    try:
        text = disk.read_text(project)
    except (OSError, UnicodeDecodeError):
        return False
    return "tool.connguard" in text and "connguard" in _parse(project)[1].get("tool", {})


class _Checker:
    """Checks names and types, so that a misspelt setting is an error and not silence."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text

    def settings(self, document: Mapping[str, Any]) -> Settings:
        from connguard.engine.setting_reference import SETTINGS, TOP  # most scans have no settings

        own = {TOP, "addresses", "limits", "migrations"}
        known = {*SETTINGS[TOP], *(table for table in SETTINGS if table != TOP)}
        for key in document:
            if key not in known:
                raise self._error(key, "unknown setting")
        ignores = document.get("per-path-ignores", {})
        if not isinstance(ignores, dict):
            raise self._error("per-path-ignores", "must be a table of globs and lists of ids")
        migrations = document.get("migrations", [])
        if not isinstance(migrations, list) or not all(isinstance(one, dict) for one in migrations):
            raise self._error("migrations", "must be written as [[migrations]]")
        return Settings(
            path=self._path,
            select=self._strings(document, "select"),
            ignore=self._strings(document, "ignore"),
            fail_on=self._fail_on(document),
            exclude=self._strings(document, "exclude"),
            respect_gitignore=self._flag(document, "respect-gitignore", True),
            per_path_ignores={glob: self._strings(ignores, glob) for glob in ignores},
            terraform_reader=self._choice(
                document, "terraform-reader", TERRAFORM_READERS, "tree-sitter"
            ),
            terraform_var_files=self._strings(document, "terraform-var-files"),
            migrations=tuple(self._migration(table) for table in migrations),
            baseline=self._path_of(document, "baseline"),
            addresses=self._addresses(document.get("addresses", {})),
            jobs=self._jobs(document),
            limits=self._limits(document.get("limits", {})),
            cache=self._flag(document, "cache", True),
            # The connection budget reads and checks these.
            topology={key: document[key] for key in SETTINGS if key in document and key not in own},
        )

    def _fail_on(self, document: Mapping[str, Any]) -> FailOn:
        """A level, or a table of levels by policy, in which `default` is the general one."""
        table = document.get("fail-on", "error")
        if not isinstance(table, dict):
            return FailOn(self._choice(document, "fail-on", LEVELS, "error"))
        levels = {key: self._choice(table, key, LEVELS, "error") for key in table}
        return FailOn(levels.pop("default", "error"), levels)

    def _migration(self, table: Mapping[str, Any]) -> MigrationSettings:
        from connguard.engine.setting_reference import SETTINGS

        for key in table:
            if key not in SETTINGS["migrations"]:
                raise self._error(key, f'unknown setting "{key}" in [[migrations]]')
        path, written = table.get("path"), table.get("format")
        if not isinstance(path, str) or not path:
            raise self._error("migrations", "each needs a path")
        order = table.get("order", "natural")
        if isinstance(order, list):
            ordered: str | tuple[str, ...] = self._strings(table, "order")
        else:
            ordered = self._choice(table, "order", MIGRATION_ORDERS, "natural")
        plain = written in (None, "plain")
        if "order" in table and not plain:
            raise self._error("order", 'only the format "plain" takes an order')
        known = None if written is None else self._choice(table, "format", MIGRATION_FORMATS, "")
        return MigrationSettings(path, "plain" if "order" in table else known, ordered)

    def _addresses(self, table: Any) -> AddressSettings:
        if not isinstance(table, dict):
            raise self._error("addresses", "must be a table of prefix lengths")
        longest = {
            "public-block-ipv4": 32,
            "public-block-ipv6": 128,
            "internet-ipv4": 32,
            "internet-ipv6": 128,
        }
        for key, value in table.items():
            if key not in longest:
                raise self._error(key, f'unknown setting "{key}" in [addresses]')
            if type(value) is not int or not 0 <= value <= longest[key]:
                raise self._error(key, f"must be a prefix length from 0 to {longest[key]}")
        return AddressSettings(**{key.replace("-", "_"): table[key] for key in table})

    def _jobs(self, document: Mapping[str, Any]) -> int | None:
        value = document.get("jobs")
        if value is not None and (type(value) is not int or value < 1):
            raise self._error("jobs", "must be a number of processes, 1 or more")
        return value

    def _limits(self, table: Any) -> Limits:
        if not isinstance(table, dict):
            raise self._error("limits", "must be a table of numbers")
        for key, value in table.items():
            if key not in LIMITS:
                raise self._error(key, f'unknown setting "{key}" in [limits]')
            if type(value) is not int or value < 1:
                raise self._error(key, "must be a number from 1 on")
        return Limits(**{key.replace("-", "_"): table[key] for key in table})

    def _strings(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._error(key, "must be a list of strings")
        return tuple(value)

    def _path_of(self, table: Mapping[str, Any], key: str) -> Path | None:
        """A file name relative to the folder of the settings file."""
        value = table.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value:
            raise self._error(key, "must be the name of a file")
        return self._path.parent / value

    def _flag(self, table: Mapping[str, Any], key: str, default: bool) -> bool:
        value = table.get(key, default)
        if not isinstance(value, bool):
            raise self._error(key, "must be true or false")
        return value

    def _choice(
        self, table: Mapping[str, Any], key: str, choices: Iterable[str], default: str
    ) -> str:
        value = table.get(key, default)
        if value not in choices:
            raise self._error(key, f"must be one of {', '.join(choices)}")
        return str(value)

    def _error(self, key: str, problem: str) -> SettingsError:
        pattern = re.compile(rf'^\s*(?:\[+\s*(?:tool\.connguard\.)?)?"?{re.escape(key)}"?\s*[\]=.]')
        for number, line in enumerate(self._text.splitlines(), 1):
            if pattern.match(line):
                return SettingsError(f"{self._path}:{number}: {key}: {problem}")
        return SettingsError(f"{self._path}: {key}: {problem}")
