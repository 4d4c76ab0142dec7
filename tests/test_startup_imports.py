# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is imported, by a scan of one small file: nothing that it does not need."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import connguard
from connguard.engine import registry
from connguard.engine.policy_index import INDEX
from connguard.engine.registry import RegisteredPolicy, RegistryError, find, policies, walk

PACKAGE = Path(connguard.__file__).parent
FILES = {
    "a.sql": "CREATE ROLE app LOGIN CONNECTION LIMIT -1;\n",
    "pg_hba.conf": "host all all 10.0.0.0/8 scram-sha-256\n",
    "pgbouncer.ini": "[databases]\napp = host=db\n[pgbouncer]\ndefault_pool_size = 20\n",
    "compose.yaml": "services:\n  db:\n    image: postgres:17\n",
    "main.tf": 'resource "postgresql_role" "app" {\n  name = "app"\n  login = true\n}\n',
}

_PROGRAM = """
import json, sys
before = set(sys.modules)
from connguard.engine.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    code = end.code
loaded = {}
for name, module in sys.modules.items():
    waits = type(module).__name__ == "_LazyModule"
    if name not in before and not waits:
        loaded[name] = getattr(module, "__file__", None) or ""
print(json.dumps([code, loaded]), file=sys.stderr)
"""


@cache
def _loaded(*arguments: str) -> dict[str, str]:
    """The modules that a run imports in a new interpreter, with their files."""
    with TemporaryDirectory() as folder:
        for name, text in FILES.items():
            Path(folder, name).write_text(text)
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    code, loaded = json.loads(done.stderr.splitlines()[-1])
    assert code in (0, 1)
    assert isinstance(loaded, dict)
    return loaded


def _scan(file: str) -> dict[str, str]:
    return _loaded("scan", "--no-cache", file)


def _libraries(loaded: dict[str, str]) -> set[str]:
    """The installed packages that stand beside connguard."""
    return {
        name.partition(".")[0]
        for name, file in loaded.items()
        if "site-packages" in Path(file).parts and not name.startswith("connguard")
    } - {"coverage", "typing_extensions"}


@pytest.mark.parametrize(
    ("file", "libraries"),
    [
        ("a.sql", {"click", "orjson", "pglast"}),
        ("pg_hba.conf", {"click"}),
        ("pgbouncer.ini", {"click"}),
        ("compose.yaml", {"click", "orjson", "yaml"}),
        ("main.tf", {"click", "tree_sitter", "tree_sitter_hcl"}),
    ],
)
def test_libraries_are_loaded_for_the_files_that_need_them(file: str, libraries: set[str]) -> None:
    """Parsers of other formats, ignore patterns or an editor's protocol are not needed."""
    assert _libraries(_scan(file)) <= libraries


def test_terraform_needs_no_parser_of_sql() -> None:
    assert "pglast" not in _libraries(_scan("main.tf"))


@pytest.mark.parametrize("name", ["ast", "enums"])
def test_classes_of_trees_are_not_made(name: str) -> None:
    """pglast's classes for Python trees cost more than the scan."""
    loaded = _scan("a.sql")

    assert "pglast.parser" in loaded
    assert f"pglast.{name}" not in loaded


@pytest.mark.parametrize("file", FILES)
def test_heavy_modules_of_the_standard_library_are_not_loaded(file: str) -> None:
    """Databases, servers, processes and other formats have no part in reading a file."""
    heavy = {
        *("asyncio", "concurrent.futures", "csv", "difflib", "email", "html"),
        *("http.client", "logging", "multiprocessing", "pickle", "shutil", "sqlite3", "ssl"),
        *("subprocess", "tarfile", "tempfile", "unittest", "urllib.request"),
        *("xml.etree.ElementTree", "zipfile"),
    }

    assert heavy.isdisjoint(_scan(file))


def test_mappings_of_clouds_that_do_not_occur_are_not_loaded() -> None:
    loaded = _scan("main.tf")

    assert not [name for name in loaded if name.startswith("connguard.policies.providers.")]


def test_no_pattern_is_compiled_by_an_import() -> None:
    """There are hundreds; `lazily` compiles those that are used."""
    modules = [
        Path(folder, name)
        for folder, _, names in os.walk(PACKAGE, followlinks=True)
        for name in names
        if name.endswith(".py") and name != "patterns.py"
    ]
    assert any(path.parent.name == "sql_rules" for path in modules)
    compiled = [
        f"{path.relative_to(PACKAGE)}:{call.lineno}"
        for path in modules
        for call in _calls_of_the_import(ast.parse(path.read_text("utf-8")))
        if ast.unparse(call.func) == "re.compile"
    ]

    assert compiled == []


def _calls_of_the_import(node: ast.AST) -> Iterator[ast.Call]:
    """The calls in a module that are not in a function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _calls_of_the_import(child)


def test_numbers_of_settings_are_loaded_where_a_setting_is_read() -> None:
    assert {"decimal", "fractions", "tomllib"}.isdisjoint(_scan("a.sql"))


def test_only_policies_about_what_was_found_are_loaded() -> None:
    """A role in SQL: the policies about roles, and no other."""
    wanted = {one.name.replace("-", "_") for one in policies() if "model.facts.Role" in one.about}
    names = {one.name.replace("-", "_") for one in policies()}
    loaded = {name.removeprefix("connguard.policies.") for name in _scan("a.sql")}

    assert names & loaded == wanted


def test_sql_loads_no_other_reader() -> None:
    """Readers of other formats, and the facts that only they make, wait for their files."""
    loaded = _scan("a.sql")
    others = ("terraform", "containers", "postgres", "live", "budget", "fleet", "fixing", "editor")
    light = {"connguard.live", "connguard.budget"}
    facts = ("topology", "usage", "live_facts", "hba", "hba_facts", "network", "terraform_facts")

    assert {
        name
        for name in loaded
        if name.startswith(tuple(f"connguard.{other}." for other in others))
        and not name.endswith("claims")
    } == set()
    assert {f"connguard.{other}" for other in others} & set(loaded) <= light
    assert {f"connguard.policies.model.{fact}" for fact in facts}.isdisjoint(loaded)


def test_compose_loads_no_replay_access_lists_or_manifests() -> None:
    """Any YAML may be a changelog with SQL or hold an access list; this file is neither."""
    loaded = _scan("compose.yaml")

    assert "connguard.containers.frontend" in loaded
    assert not [name for name in loaded if name.startswith("connguard.containers.kubernetes")]
    assert "connguard.containers.helm" not in loaded

    assert "connguard.migrations.frontend" in loaded
    assert "connguard.sql_rules.replay" not in loaded
    assert "connguard.postgres.embedded_frontend" in loaded
    assert "connguard.postgres.embedded" not in loaded


@pytest.mark.parametrize("file", ["compose.yaml", "pgbouncer.ini"])
def test_declarations_and_other_poolers_are_read_where_there_are_any(file: str) -> None:
    loaded = _scan(file)
    others = ("declared", "declared_topology", "other_poolers", "platforms", "supabase", "charts")

    assert "connguard.budget.frontend" in loaded
    assert {f"connguard.budget.{other}" for other in others}.isdisjoint(loaded)


@pytest.mark.parametrize("arguments", [("--version",), ("--help",)])
def test_version_and_help_load_no_reader(arguments: tuple[str, ...]) -> None:
    loaded = _loaded(*arguments)

    assert _libraries(loaded) <= {"click"}
    assert "connguard.engine.scan" not in loaded


def test_the_index_is_what_the_folder_holds() -> None:
    """Ids, names and fact classes are those of the modules."""
    indexed = [(one.id, one.name, one.about) for one in policies()]

    assert indexed == [(one.id, one.name, one.about) for one in walk()]


def test_a_policy_that_is_not_in_the_index_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who adds a policy need not write the index first."""
    lines = INDEX.splitlines(keepends=True)
    monkeypatch.setattr(registry, "INDEX", "".join(lines[1:]))
    policies.cache_clear()
    try:
        assert [one.id for one in policies()] == [line.split()[0] for line in lines]
    finally:
        policies.cache_clear()


def test_a_module_that_is_not_the_policy_of_the_index_is_an_error() -> None:
    known = find("PG001")
    assert known is not None
    stale = RegisteredPolicy("PG999", known.name, known.about)

    with pytest.raises(RegistryError, match="PG999 role-without-connection-limit is not what"):
        _ = stale.policy
