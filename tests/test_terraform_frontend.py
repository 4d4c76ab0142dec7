# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From Terraform source to facts and findings."""

from __future__ import annotations

from pathlib import Path

import pytest
from terraform_scans import context_of, facts, findings, limits, read, write

from connguard.engine.reading import SourceFile
from connguard.engine.settings import Settings
from connguard.policies.model.facts import Role
from connguard.policies.model.origin import Known, Unknown
from connguard.policies.model.reading import Comment, Span
from connguard.terraform import frontend


def one_role(folder: Path, attributes: str) -> Role:
    main = f'variable "unset" {{}}\nresource "postgresql_role" "app" {{\n{attributes}\n}}\n'
    (role,) = facts(read(folder, {"main.tf": main}))
    assert isinstance(role, Role)
    return role


@pytest.mark.parametrize(
    ("written", "limit"),
    [
        ("-1", -1),
        ('"-1"', -1),
        ("0", 0),
        ("10.0", 10),
        ('"10.0"', 10),
        ("1e1", 10),
        ('"25"', 25),
        ("null", None),
        ("5 * 5 - 26", -1),
        ("var.unset", "unknown"),
        ('"${var.unset}"', "unknown"),
        ("true", "unknown"),
        ('"many"', "unknown"),
        ("10.5", "unknown"),
        ("[10]", "unknown"),
        ("aws_x.y.z", "unknown"),
        ("data.a.b.c", "unknown"),
        ("unheard_of(1)", "unknown"),
    ],
)
def test_edges_29_and_30_limits(tmp_path: Path, written: str, limit: object) -> None:
    """edge 29, edge 30: all spellings of a number, null as absent, and nothing guessed."""
    role = one_role(tmp_path, f"  login = true\n  connection_limit = {written}")

    found = role.connection_limit
    shown = found.value if isinstance(found, Known) else ("unknown" if found else None)
    assert shown == limit


def test_edge_28_unknown_is_reported(tmp_path: Path) -> None:
    """edge 28: what Checkov drops without a trace is a remark here."""
    main = 'variable "n" {}\nresource "postgresql_role" "app" {\n  login = true\n'
    main += "  connection_limit = var.n\n}\n"

    assert findings(read(tmp_path, {"main.tf": main})) == {("PG902", "main.tf", 4)}


def test_edge_29_string_and_unresolved(tmp_path: Path) -> None:
    """edge 29: "-1" as a string is -1, an unresolved variable is not."""
    role = one_role(tmp_path, '  login = "true"\n  connection_limit = "-1"')
    unresolved = one_role(tmp_path, "  connection_limit = var.unset")

    assert isinstance(role.connection_limit, Known)
    assert role.connection_limit.value == -1
    assert isinstance(unresolved.connection_limit, Unknown)
    assert unresolved.connection_limit.reason.startswith("var.unset ")


def test_edge_30_absent_limit_is_reported_at_the_header(tmp_path: Path) -> None:
    """edge 30: a missing limit is the default -1, and the place is the resource."""
    main = '\n\nresource "postgresql_role" "app" {\n  login = true\n}\n'

    reading = read(tmp_path, {"main.tf": main})

    assert findings(reading) == {("PG001", "main.tf", 3)}
    (role,) = facts(reading)
    assert (role.origin.column, role.origin.end_column) == (1, 33)


def test_explicit_limit_is_reported_at_the_attribute(tmp_path: Path) -> None:
    """An explicit -1 is reported where it is written, with the whole attribute as range."""
    role = one_role(tmp_path, "  login = true\n  /* é */ connection_limit = -1")

    assert role.connection_limit is not None
    place = role.connection_limit.origin
    assert (place.line, place.column, place.end_line, place.end_column) == (4, 11, 4, 32)


@pytest.mark.parametrize(
    ("attributes", "ids"),
    [
        ("login = true", {"PG001"}),
        ("login = true\nconnection_limit = null", {"PG001"}),
        ("login = true\nconnection_limit = -1", {"PG001"}),
        ("login = true\nconnection_limit = 0", {"PG002"}),
        ("login = true\nconnection_limit = 10", set()),
        ("", set()),
        ("login = false\nconnection_limit = -1", set()),
        ("login = null\nconnection_limit = -1", set()),
        ("login = false\nconnection_limit = 0", set()),
        ("login = true\nsuperuser = true", set()),
        ("login = true\nsuperuser = true\nconnection_limit = 5", {"PG003"}),
        ("login = true\nconnection_limit = -2", {"PG008"}),
        ("login = true\nsuperuser = true\nconnection_limit = -2", {"PG008"}),
        ("login = var.unset", {"PG902"}),
        ("login = var.unset\nconnection_limit = 5", set()),
        ("login = true\nsuperuser = var.unset", {"PG902"}),
        ("login = true\nconnection_limit = var.unset", {"PG902"}),
        ("login = false\nconnection_limit = var.unset", set()),
        ('login = "yes"', {"PG902"}),
    ],
)
def test_verdicts(tmp_path: Path, attributes: str, ids: set[str]) -> None:
    """Which policies a role fires; an unknown value never passes silently where it matters."""
    main = f'variable "unset" {{}}\nresource "postgresql_role" "app" {{\n{attributes}\n}}\n'

    assert {one[0] for one in findings(read(tmp_path, {"main.tf": main}))} == ids


def test_databases(tmp_path: Path) -> None:
    """Only an explicit -1 is a finding for a database."""
    main = """
resource "postgresql_database" "explicit" {
  name             = "a"
  connection_limit = -1
}
resource "postgresql_database" "absent" {
  name = "b"
}
resource "postgresql_database" "refused" {
  name             = "c"
  connection_limit = -5
}
"""
    assert findings(read(tmp_path, {"main.tf": main})) == {
        ("PG004", "main.tf", 4),
        ("PG008", "main.tf", 11),
    }


def test_name_is_recognisable(tmp_path: Path) -> None:
    """The evaluated name, or Terraform's address where it is not known."""
    main = """
variable "unset" {}
resource "postgresql_role" "a" { name = "app_${1 + 1}" }
resource "postgresql_role" "b" { name = var.unset }
resource "postgresql_role" "c" { name = "x-${var.unset}" }
"""
    assert list(limits(read(tmp_path, {"main.tf": main}))) == [
        "app_2",
        "postgresql_role.b",
        "postgresql_role.c",
    ]


def test_data_sources_and_other_resources_are_no_roles(tmp_path: Path) -> None:
    """Only managed resources of our types become facts."""
    main = 'data "postgresql_role" "x" { login = true }\nresource "mysql_role" "y" {}\n'

    assert facts(read(tmp_path, {"main.tf": main})) == []


def test_notes_for_suppressions(tmp_path: Path) -> None:
    """Comments and spans are given for files with suppressions, and only for these."""
    main = (
        'resource "postgresql_role" "a" { # connguard: ignore PG001 legacy\n  login = true\n}\n'
        "// second\n/* third */\n"
    )
    reading = read(tmp_path, {"main.tf": main, "other.tf": "# nothing\n"})

    (notes,) = reading.notes
    assert notes.path == "main.tf"
    assert notes.comments == (
        Comment(1, 34, "connguard: ignore PG001 legacy", False),
        Comment(4, 1, "second", True),
        Comment(5, 1, "third", True),
    )
    assert notes.spans == (Span(1, 3),)


def test_files_are_counted(tmp_path: Path) -> None:
    """All Terraform files count as read, also those without roles."""
    files = {"a.tf": "", "b/c.tf": "locals {}\n", "d.tofu": "", "e.tf.json": "{}"}

    assert read(tmp_path, files).files == set(files)


def test_unreadable_file_is_recorded(tmp_path: Path) -> None:
    """A file that cannot be opened leads to exit code 2; the others are judged."""
    write(tmp_path, {"main.tf": 'resource "postgresql_role" "a" { login = true }\n'})
    context = context_of(tmp_path)
    sources = [SourceFile(tmp_path / name, name) for name in ("gone.tf", "main.tf")]

    reading = frontend.read(sources, context)

    assert [name for name, _ in context.unreadable] == ["gone.tf"]
    assert findings(reading) == {("PG001", "main.tf", 1)}


def test_missing_var_file_is_recorded(tmp_path: Path) -> None:
    """A var file that the settings name and that is not there is not passed over."""
    main = 'variable "n" { default = 5 }\nresource "postgresql_role" "a" {\n  login = true\n'
    write(tmp_path, {"main.tf": main + "  connection_limit = var.n\n}\n"})
    settings = Settings(path=tmp_path / "connguard.toml", terraform_var_files=("none.tfvars",))
    context = context_of(tmp_path, settings)

    reading = frontend.read([SourceFile(tmp_path / "main.tf", "main.tf")], context)

    assert [name for name, _ in context.unreadable] == ["none.tfvars"]
    assert findings(reading) == {("PG902", "main.tf", 4)}


def test_link_of_a_folder(tmp_path: Path) -> None:
    """A folder that is reached through a symbolic link is read like any other."""
    files = {"real/main.tf": 'module "m" {\n  source = "./m"\n}\n', "real/m/main.tf": ""}
    files["real/m/main.tf"] = 'resource "postgresql_role" "a" { login = true }\n'
    write(tmp_path, files)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    names = ("link/m/main.tf", "link/main.tf")

    reading = frontend.read(
        [SourceFile(tmp_path / name, name) for name in names], context_of(tmp_path)
    )

    assert findings(reading) == {("PG001", "link/m/main.tf", 1)}
    (role,) = facts(reading)
    assert [str(one.origin) for one in role.history] == ["link/main.tf:1"]
