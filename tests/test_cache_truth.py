# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever happens to the files: a run with the cache reports what a run without reports."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connguard.engine import disk
from connguard.engine.cache import Cache
from connguard.engine.finding import Report
from connguard.engine.scan import scan
from connguard.engine.settings import Settings, SettingsError, load, locate
from connguard.reporters import json_report, text_report

BAD = "ALTER ROLE app CONNECTION LIMIT -1;\n"
GOOD = "ALTER ROLE app CONNECTION LIMIT 10;\n"

FILES = {
    "migrations/1_roles.sql": "CREATE ROLE app LOGIN CONNECTION LIMIT 5;\n",
    "migrations/2_more.sql": "\\i common.psql\n\\ir ../shared/grants.psql\n" + BAD,
    "migrations/common.psql": GOOD,
    "shared/grants.psql": "CREATE ROLE reader LOGIN;\n",
    "migrations/3_down.sql": BAD,
    "infra/main.tf": (
        'module "db" {\n  source = "../modules/db"\n  most = var.most\n}\n'
        'variable "most" {}\n'
        'resource "postgresql_role" "file" {\n  name = "x"\n  login = true\n'
        '  connection_limit = tonumber(file("limit.txt"))\n}\n'
    ),
    "infra/limit.txt": "7",
    "infra/terraform.tfvars": "most = 5\n",
    "modules/db/main.tf": (
        'variable "most" {}\nresource "postgresql_role" "app" {\n  name = "app"\n'
        "  login = true\n  connection_limit = var.most\n}\n"
    ),
    "server/pg_hba.conf": "include more_hba.conf\nhost all all 0.0.0.0/0 md5\n",
    "server/more_hba.conf": "local all all peer\n",
    "server/postgresql.conf": "max_connections = 100\ninclude_dir 'conf.d'\n",
    "server/conf.d/a.conf": "max_connections = 20\n",
    "server/PG_VERSION": "15\n",
    "compose.yaml": (
        'services:\n  db:\n    image: postgres:16\n    env_file: db.env\n    ports: ["5432:5432"]\n'
    ),
    "db.env": "POSTGRES_HOST_AUTH_METHOD=trust\n",
    "chart/templates/s.yaml": (
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: postgres\nspec:\n"
        "  type: {{ .Values.type }}\n  ports:\n    - port: 5432\n"
    ),
    "chart/Chart.yaml": "name: chart\n",
    "chart/values.yaml": "type: LoadBalancer\n",
    "Dockerfile": "FROM postgres:16\nCOPY server/pg_hba.conf /etc/\n",
}
APPEARING = {
    ".gitignore": "3_*\nserver/\n",
    "migrations/.ignore": "1_*\n",
    "connguard.toml": 'ignore = ["PG001"]\n',
    ".git/info/exclude": "chart/\n",
    "migrations/2_more.postgres.sql": GOOD,
    "migrations/3.sql": GOOD,
    "migrations/flyway.conf": "flyway.placeholders.x=1\n",
    "migrations/atlas.sum": "h1:x\n2_more.sql h1:x\n",
    "infra/prod.tfvars": "most = -1\n",
    "infra/override.tf": 'resource "postgresql_role" "file" {\n  connection_limit = -1\n}\n',
    "server/conf.d/b.conf": "max_connections = 9000\n",
    "server/postgresql.auto.conf": "max_connections = 8000\n",
    ".env": "POSTGRES_PASSWORD=x\n",
    "pyproject.toml": '[tool.connguard]\nselect = ["PG0"]\n',
}
NAMES = sorted((*FILES, *APPEARING))


class Tree:
    """A project in a folder, and what happens to it. Every change is possible at any time."""

    def __init__(self, root: Path) -> None:
        self.root = root / "project"
        self.outside = root / "outside"
        self.outside.mkdir()
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def touch(self, name: str) -> None:
        os.utime(self.root / name)

    def same_size(self, name: str) -> None:
        """Another content of the same size and time of change, as only ctime tells."""
        path = self.root / name
        times = os.stat(path)
        data = path.read_bytes()
        path.write_bytes(data.translate(bytes.maketrans(b"05-1", b"50 1")))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def edit(self, name: str) -> None:
        path = self.root / name
        path.write_text(path.read_text() + (BAD if name.endswith("sql") else "\n"))

    def delete(self, name: str) -> None:
        (self.root / name).unlink()

    def restore(self, name: str) -> None:
        self.write(name, (FILES | APPEARING)[name])

    def rename(self, name: str) -> None:
        path = self.root / name
        path.rename(path.with_name("9_" + path.name))

    def forbid(self, name: str) -> None:
        """Root may read it nevertheless; what others may is noted in ctime."""
        (self.root / name).chmod(0)

    def allow(self, name: str) -> None:
        (self.root / name).chmod(0o644)

    def link_away(self, name: str) -> None:
        """A link to the same content outside of the project."""
        path, target = self.root / name, self.outside / Path(name).name
        target.write_bytes(path.read_bytes())
        path.unlink()
        path.symlink_to(target)

    def edit_outside(self, name: str) -> None:
        target = self.outside / Path(name).name
        target.write_text(target.read_text() + BAD)

    def link_folder(self, name: str) -> None:
        """The folder moves away, and a link stands in its place."""
        folder = (self.root / name).parent
        if folder != self.root and not folder.is_symlink():
            target = self.outside / folder.name
            folder.rename(target)
            folder.symlink_to(target)

    def swap_folder(self, name: str) -> None:
        """Another folder of the same names, without some of the content."""
        folder = (self.root / name).parent
        if folder != self.root:
            old = self.outside / f"old-{folder.name}"
            folder.rename(old)
            shutil.copytree(old, folder, symlinks=True)
            (folder / Path(name).name).write_text(BAD)

    def folder_in_its_place(self, name: str) -> None:
        path = self.root / name
        path.unlink()
        path.mkdir()

    def pipe_in_its_place(self, name: str) -> None:
        path = self.root / name
        path.unlink()
        os.mkfifo(path)

    def nothing(self, name: str) -> None:
        """Most runs follow each other without a change."""


DEEDS = [
    name
    for name, deed in vars(Tree).items()
    if callable(deed) and not name.startswith("_") and name not in ("write", "nothing")
]


def outcome(report: Report) -> tuple[object, ...]:
    """All that is reported, also with the source lines."""
    return (
        report.findings,
        report.suppressed,
        report.undecided,
        report.not_parsed,
        report.failures,
        report.log,
        report.names,
        report.files,
        json_report.render(report),
        text_report.render(report, verbose=True),
    )


def given_settings(root: Path) -> Settings:
    try:
        own = locate(root)
        return load(own) if own else Settings()
    except SettingsError:
        return Settings()


@contextlib.contextmanager
def project() -> Iterator[tuple[Tree, Cache, Callable[[], bool]]]:
    """A tree, a cache, and a run with both that tells whether it took an earlier report."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree(Path(folder))
        cache = Cache(Path(folder, "cache"))

        def same_with_and_without() -> bool:
            used = given_settings(tree.root)
            fresh = scan([tree.root], used)
            cache.log.clear()
            report = cache.report(
                [tree.root], used, lambda: scan([tree.root], used), with_budgets=False
            )
            assert outcome(report) == outcome(fresh)
            return "cache: nothing has changed since an earlier run" in cache.log

        yield tree, cache, same_with_and_without


@pytest.fixture(params=[20_000_000, disk.JUST_NOW], ids=["by stamps", "by contents"])
def just_now(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of a test are all new: with the real value, every stamp is distrusted."""
    monkeypatch.setattr(disk, "JUST_NOW", request.param)


@pytest.mark.parametrize("stamps", [False, True])
@given(deeds=st.lists(st.tuples(st.sampled_from(DEEDS), st.sampled_from(NAMES)), max_size=5))
@settings(max_examples=12)
def test_a_cached_run_reports_what_a_new_one_does(
    stamps: bool, deeds: list[tuple[str, str]]
) -> None:
    """After any edits, with times that lie or not."""
    with pytest.MonkeyPatch.context() as patched, project() as (tree, _, same):
        patched.setattr(disk, "JUST_NOW", 20_000_000 if stamps else 2_000_000_000)
        same()
        for deed, name in deeds:
            with contextlib.suppress(OSError, UnicodeDecodeError):
                getattr(tree, deed)(name)
            same()


@pytest.mark.usefixtures("just_now")
def test_nothing_changed_is_seen() -> None:
    """Without a change the earlier report is taken, at the first and at any later time."""
    with project() as (_, _, same):
        time.sleep(0.05)
        assert [same(), same(), same()] == [False, True, True]


@pytest.mark.usefixtures("just_now")
@pytest.mark.parametrize(
    ("deed", "name"),
    [
        ("same_size", "migrations/1_roles.sql"),
        ("same_size", "migrations/common.psql"),
        ("edit", "infra/limit.txt"),
        ("edit", "modules/db/main.tf"),
        ("edit", "server/conf.d/a.conf"),
        ("edit", "db.env"),
        ("delete", "chart/values.yaml"),
        ("delete", "chart/Chart.yaml"),
        ("delete", "server/PG_VERSION"),
        ("rename", "migrations/common.psql"),
        ("folder_in_its_place", "migrations/common.psql"),
        ("pipe_in_its_place", "infra/limit.txt"),
        *(("restore", name) for name in APPEARING if name != ".env"),
    ],
)
def test_a_change_is_noticed(deed: str, name: str) -> None:
    """Each of these changes what a run sees, so that it does not take the earlier report."""
    with project() as (tree, _, same):
        time.sleep(0.05)
        assert [same(), same()] == [False, True]
        getattr(tree, deed)(name)
        assert not same()


@pytest.mark.usefixtures("just_now")
def test_a_new_checkout_of_the_same_files_is_the_same() -> None:
    """Only contents count where all files are new, as in CI."""
    with project() as (tree, cache, same):
        same()
        again = tree.root.with_name("again")
        shutil.copytree(tree.root, again, symlinks=True)
        shutil.rmtree(tree.root)
        again.rename(tree.root)
        assert same()
        time.sleep(0.05)
        assert same()
        assert len(list(cache.folder.glob("*.entry"))) == 1
