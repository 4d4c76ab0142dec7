# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links, pipes, devices, odd names, unreadable and vanishing files."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from markdown_it import MarkdownIt

from connguard.engine import disk
from connguard.engine.cli import main
from connguard.reporters.table import FORMATS

ROLE = "CREATE ROLE app LOGIN CONNECTION LIMIT -1;\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "1.sql").write_text(ROLE)
    return tmp_path


def scan(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["scan", "--no-cache", "--format", "json", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "bug in connguard" not in result.output
    return result


def found(result: Result) -> set[tuple[str, str]]:
    document = json.loads(result.stdout)
    return {(one["id"], one["location"]["path"]) for one in document["findings"]}


def test_links_are_not_followed(here: Path) -> None:
    """In a circle, to a folder outside, to a file outside, to nothing."""
    for target, name in (
        (".", "loop"),
        ("itself", "itself"),
        ("/etc", "migrations/etc"),
        ("/etc/passwd", "migrations/2.sql"),
        ("1.sql", "migrations/3.sql"),
        ("gone.sql", "migrations/4.sql"),
    ):
        (here / name).symlink_to(target)

    assert found(scan(".")) == {("PG001", "migrations/1.sql")}


def test_named_links_are_followed(here: Path) -> None:
    (here / "named.sql").symlink_to("migrations/1.sql")

    assert found(scan("named.sql")) == {("PG001", "named.sql")}


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "gone.sql", "circle", "x" * 5000])
def test_named_things_that_are_no_files(here: Path, name: str) -> None:
    (here / "circle").symlink_to("circle")

    result = scan(name)

    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")


def test_pipes_are_not_waited_for(here: Path) -> None:
    """Wherever a file is looked for: among the scanned ones, and beside and behind them."""
    texts = {
        "main.tf": 'resource "postgresql_role" "a" {\n  login = true\n  name = file("f.txt")\n}\n',
        "docker-compose.yml": "include: [p.yml]\nservices:\n  db:\n    image: postgres\n"
        "    env_file: x.env\n    ports: ['5432:5432']\n",
        "postgresql.conf": "listen_addresses = '*'\ninclude 'i.conf'\nhba_file = 'h.conf'\n",
        "pg_hba.conf": "host all @list 0.0.0.0/0 trust\ninclude h.conf\n",
        "pgbouncer.ini": "[databases]\n* = host=h\n[pgbouncer]\nauth_file = u.txt\n"
        "%include i.ini\n",
    }
    for name, text in texts.items():
        (here / name).write_text(text)
    (here / "migrations" / "1.sql").write_text(f"{ROLE}\\ir f.sql\n")
    for name in (
        *("f.txt", "p.yml", "x.env", ".env", "i.conf", "h.conf", "list", "u.txt", "i.ini"),
        *("migrations/f.sql", "other.tf", "terraform.tfvars", ".gitignore", "connguard.toml"),
        *("postgresql.auto.conf", "pyproject.toml", "userlist.txt"),
    ):
        os.mkfifo(here / name)

    ids = {one for one, _ in found(scan("."))}

    assert {"PG001", "PG205", "PG206", "PG301", "PG901"} <= ids
    assert scan("migrations/f.sql").exit_code == 2


def test_includes_do_not_leave_the_scanned_folders(here: Path) -> None:
    outside = here / "outside"
    outside.mkdir()
    (outside / "x.sql").write_text(ROLE.replace("app", "outside"))
    (outside / "x.conf").write_text("host all all 0.0.0.0/0 trust\n")
    inside = here / "inside"
    (inside / "migrations").mkdir(parents=True)
    (inside / "migrations" / "2.sql").write_text(
        f"{ROLE}\\i /etc/passwd\n\\i /dev/zero\n\\ir ../../outside/x.sql\n"
    )
    (inside / "migrations" / "link.sql").symlink_to(outside / "x.sql")
    (inside / "migrations" / "3.sql").write_text("\\ir link.sql\n")
    (inside / "pg_hba.conf").write_text("include ../outside/x.conf\ninclude_dir /\n")

    result = scan("inside")

    assert {path.split("/")[0] for _, path in found(result)} == {"inside"}
    assert ("PG303", "inside/pg_hba.conf") not in found(result)
    assert "outside" not in set(re.findall(r'role \\"(\w+)', result.stdout))


def test_changelog_that_includes_all_above_it(here: Path) -> None:
    folder = here / "db" / "changelog"
    folder.mkdir(parents=True)
    up = "../" * 20
    (folder / "db.changelog-master.xml").write_text(
        f'<databaseChangeLog><includeAll path="{up}" relativeToChangelogFile="true"/>'
        f'<changeSet id="1" author="a"><sql>{ROLE}</sql></changeSet></databaseChangeLog>'
    )

    assert {("PG001", "db/changelog/db.changelog-master.xml")} <= found(scan("db"))


@pytest.mark.parametrize("text", [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b"\r", b"\xff" * 99])
@pytest.mark.parametrize(
    "name",
    [
        *("migrations/2.sql", "main.tf", "main.tf.json", "plan.json", "docker-compose.yml"),
        *("pg_hba.conf", "postgresql.conf", "pgbouncer.ini", "Dockerfile", "app.service"),
        *("db/changelog/db.changelog-master.xml", "docker-entrypoint-initdb.d/1.sql.gz"),
    ],
)
def test_files_with_next_to_nothing_in_them(here: Path, name: str, text: bytes) -> None:
    (here / name).parent.mkdir(parents=True, exist_ok=True)
    (here / name).write_bytes(text)

    assert ("PG001", "migrations/1.sql") in found(scan("."))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(here: Path, encoding: str, line_end: str) -> None:
    text = f"-- é\n\n{ROLE}".replace("\n", line_end)
    (here / "migrations" / "1.sql").write_bytes(text.encode(encoding))

    (one,) = json.loads(scan(".").stdout)["findings"]

    assert (one["id"], one["location"]["line"]) == ("PG001", 3)


def test_unreadable_files_are_failures(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is scanned; the exit code says that not all was."""
    (here / "migrations" / "2.sql").write_text(ROLE.replace("app", "b"))
    (here / "main.tf").write_text("")

    def refused(path: str, flags: int) -> int:
        if path.endswith("2.sql"):
            raise PermissionError(13, "Permission denied", path)
        if path.endswith("main.tf"):
            raise FileNotFoundError(2, "No such file or directory", path)
        return os.open(path, flags)

    monkeypatch.setattr(disk, "_open_at_once", refused)

    result = scan(".")

    assert result.exit_code == 2
    assert ("PG001", "migrations/1.sql") in found(result)
    assert "error: migrations/2.sql: Permission denied" in result.stderr
    assert "error: main.tf: No such file or directory" in result.stderr


def test_file_that_becomes_a_folder_or_pipe(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at the folder and the reading."""
    listed = disk.entries

    def swapping(folder: Path) -> list[disk.Entry]:
        entries = listed(folder)
        for name, make in (("2.sql", os.mkdir), ("3.sql", os.mkfifo)):
            path = here / "migrations" / name
            if path.is_file():
                path.unlink()
                make(path)
        return entries

    for name in ("2.sql", "3.sql"):
        (here / "migrations" / name).write_text(ROLE)
    monkeypatch.setattr(disk, "entries", swapping)

    result = scan(".")

    assert result.exit_code in (1, 2)
    assert ("PG001", "migrations/1.sql") in found(result)


def test_folders_deeper_than_paths_are_long(here: Path) -> None:
    """The system takes no path of more than 4096 bytes."""
    name = "x" * 100
    above = os.open(here, os.O_RDONLY)
    for _ in range(60):
        os.mkdir(name, dir_fd=above)
        below = os.open(name, os.O_RDONLY, dir_fd=above)
        os.close(above)
        above = below
    os.close(above)

    result = scan(".")

    assert result.exit_code == 2
    assert found(result) == {("PG001", "migrations/1.sql")}
    assert "File name too long" in result.stderr


def test_patterns_of_many_stars(here: Path) -> None:
    """A name that nearly matches takes no time."""
    stars = "*a" * 40 + "b\n" + "a**" * 30 + "b/x\n" + "**/" * 30 + "x\n"
    (here / ".gitignore").write_text(stars)
    name = "a" * 200 + ".sql"
    (here / "migrations" / name).write_text(ROLE.replace("app", "b"))

    assert ("PG001", f"migrations/{name}") in found(scan("."))


NAMES = (
    b"\xff\xfe.sql",
    b"a\nb.sql",
    b"a\rb.sql",
    b"\x1b[31m\x1b]8;;x\x07.sql",
    b"::error::x.sql",
    b"\n::error::x.sql",
    b"##vso[task.setvariable variable=a]b.sql",
    "a\u202eb\u2066\u2028c.sql".encode(),
    b"%0A::error::.sql",
    b"<img src=x onerror=alert(1)>.sql",
    b"[a](javascript:x) ![b](x) `c` |d| @e #1.sql",
    b"=cmd|' -C calc'!A0.sql",
    b"a,line=1,title=x.sql",
    b"\"'&<>.sql",
)
HARMFUL = ("Cc", "Cf", "Cs", "Zl", "Zp")


@pytest.mark.parametrize("output_format", FORMATS)
def test_names_and_contents_are_inert(here: Path, output_format: str) -> None:
    """No terminal, CI server, browser or Markdown reader obeys a file, in any format."""
    folder = os.fsencode(here / "migrations")
    for number, name in enumerate(NAMES):
        role = name.decode("utf-8", "replace").replace('"', '""').removesuffix(".sql").strip()
        text = f'CREATE ROLE "{number}{role}" LOGIN CONNECTION LIMIT -1;\n'
        with open(os.path.join(folder, name), "wb") as stream:
            stream.write(text.encode("utf-8", "replace"))

    arguments = ["scan", "--no-cache", "--verbose", "--format", output_format, "."]
    result = CliRunner().invoke(main, arguments)

    assert result.exit_code in (1, 2)
    for text in (result.stdout, result.stderr):
        harmful = {char for char in text if unicodedata.category(char) in HARMFUL}
        assert harmful <= {"\n"}
        assert not re.search(r"##\w*\[", text)
        if output_format == "github":
            lines = text.splitlines()
            assert all(re.match(r"::(error|warning|notice) [^:]*::|(error|\S)", x) for x in lines)
        elif output_format == "text":
            assert not re.search(r"^\s*::", text, re.MULTILINE)
        elif output_format in ("html", "junit"):
            assert "<img" not in text
        elif output_format == "markdown":
            page = MarkdownIt("gfm-like").render(text)
            assert "<img" not in page
            assert "<a " not in page
