# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`scan --diff`: what a change introduces, compared with a commit of a real git repository."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connguard.engine.cli import main

APP = "CREATE ROLE app LOGIN CONNECTION LIMIT -1;\n"
JOB = "CREATE ROLE job LOGIN CONNECTION LIMIT -1;\n"
LIMITED = "CREATE ROLE web LOGIN CONNECTION LIMIT 5;\n"
ODD = "ALTER ROLE app CONNEXION 5;\n"

Found = list[tuple[str, str, int]]


def git(folder: Path, *arguments: str) -> None:
    """Run git with an identity of its own and no settings of the machine."""
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    subprocess.run(
        ["git", *identity, "-c", "commit.gpgsign=false", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=60,
    )


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--message", "state")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose main branch has an unlimited role and a limited one."""
    folder = tmp_path / "project"
    (folder / "migrations").mkdir(parents=True)
    git(folder, "init", "--initial-branch=main")
    (folder / "migrations" / "V1__app.sql").write_text(APP)
    (folder / "migrations" / "V2__web.sql").write_text(LIMITED)
    commit(folder)
    monkeypatch.chdir(folder)
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["scan", *arguments])


def new(*arguments: str, base: str = "main") -> Found:
    result = run("--diff", base, "--format", "json", *arguments)
    assert result.stdout, result.stderr
    return [
        (one["location"]["path"], one["id"], one["location"]["line"])
        for one in json.loads(result.stdout)["findings"]
    ]


def test_nothing_changed_nothing_reported(project: Path) -> None:
    """What the base has is left out, and the summary says with what was compared."""
    result = run("--diff", "main")
    assert result.exit_code == 0
    assert result.stdout == "No new findings in 2 files, compared with main (1 known).\n"
    assert run().exit_code == 1


def test_a_new_file_that_lifts_a_limit_is_reported(project: Path) -> None:
    """The state changed: an untracked migration takes the limit away."""
    (project / "migrations" / "V3__more.sql").write_text("ALTER ROLE web CONNECTION LIMIT -1;\n")
    assert new() == [("migrations/V3__more.sql", "PG001", 1)]
    assert run("--diff", "main").exit_code == 1


def test_a_changed_file_that_lifts_a_limit_is_reported(project: Path) -> None:
    """The same in a migration that was there."""
    (project / "migrations" / "V2__web.sql").write_text(LIMITED.replace("5", "-1"))
    assert new() == [("migrations/V2__web.sql", "PG001", 1)]


def test_a_removed_file_may_introduce_a_finding(project: Path) -> None:
    """The finding stands in an unchanged line: the migration that set the limit is gone."""
    (project / "migrations" / "V3__limit.sql").write_text("ALTER ROLE app CONNECTION LIMIT 5;\n")
    commit(project)
    assert new() == []
    (project / "migrations" / "V3__limit.sql").unlink()
    assert new() == [("migrations/V1__app.sql", "PG001", 1)]


def test_shifts_and_renames_introduce_nothing(project: Path) -> None:
    """Neither new lines above, nor another name, nor a comment behind the statement."""
    old = project / "migrations" / "V1__app.sql"
    old.write_text("-- the roles\n\n" + APP.rstrip() + "  -- of the application\n")
    assert new() == []
    old.write_text("-- the roles\n\n" + APP)
    old.rename(project / "migrations" / "V1__application.sql")
    assert new() == []
    (project / "migrations").rename(project / "sql")
    assert new() == []


def test_a_copy_is_new(project: Path) -> None:
    """The same statement in another database's history is a second finding, and the new file's."""
    (project / "a_history").mkdir()
    (project / "a_history" / "V1__app.sql").write_text(APP)
    assert new() == [("a_history/V1__app.sql", "PG001", 1)]


def test_a_copy_is_new_though_the_first_one_was_repaired(project: Path) -> None:
    """That as many equal findings are there as before does not make it an old one."""
    (project / "migrations" / "V3__limit.sql").write_text("ALTER ROLE app CONNECTION LIMIT 5;\n")
    (project / "other").mkdir()
    (project / "other" / "V1__app.sql").write_text(APP)
    assert new() == [("other/V1__app.sql", "PG001", 1)]


def test_a_copied_line_is_reported_where_it_was_added(project: Path) -> None:
    """Of two equal lines, the added one is new, though it stands first."""
    file = project / "migrations" / "V3__odd.sql"
    file.write_text(f"SELECT 1;\n-- old\n{ODD}")
    commit(project)
    file.write_text(f"-- added\n{ODD}SELECT 1;\n-- old\n{ODD}")
    assert new() == [("migrations/V3__odd.sql", "PG901", 2)]
    result = run("--diff", "main", "--format", "json")
    assert [part["location"]["line"] for part in json.loads(result.stdout)["not_parsed"]] == [2]


def test_a_removed_suppression_brings_the_finding_back(project: Path) -> None:
    """The base did not report it, so it is new."""
    file = project / "migrations" / "V3__job.sql"
    file.write_text("-- connguard: ignore PG001 alone at night\n" + JOB)
    commit(project)
    assert new() == []
    file.write_text(JOB)
    assert new() == [("migrations/V3__job.sql", "PG001", 1)]


def test_a_suppressed_finding_does_not_hide_its_copy(project: Path) -> None:
    """The old one gets a comment, a copy comes without."""
    old = project / "migrations" / "V1__app.sql"
    old.write_text("-- connguard: ignore PG001 known\n" + APP)
    (project / "other").mkdir()
    (project / "other" / "V1__app.sql").write_text(APP)
    assert new() == [("other/V1__app.sql", "PG001", 1)]


def test_the_baseline_holds_beside_the_comparison(project: Path) -> None:
    """An accepted finding is not used up by a copy of it, in either order."""
    assert run("--write-baseline", "base.json").exit_code == 0
    (project / "other").mkdir()
    (project / "other" / "V1__app.sql").write_text(APP)
    assert new("--baseline", "base.json") == [("other/V1__app.sql", "PG001", 1)]


def test_from_a_folder_below_and_for_single_paths(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PATH arguments hold for both states; names are as in a scan without comparison."""
    (project / "other").mkdir()
    (project / "other" / "V1__job.sql").write_text(JOB)
    assert new("migrations") == []
    assert new("other", "migrations/V1__app.sql") == [("other/V1__job.sql", "PG001", 1)]
    monkeypatch.chdir(project / "other")
    assert new() == [("V1__job.sql", "PG001", 1)]
    assert new("../migrations") == []
    assert new(str(project)) == [("V1__job.sql", "PG001", 1)]
    monkeypatch.chdir(project.parent)
    assert new("project") == [("project/other/V1__job.sql", "PG001", 1)]


def test_both_states_are_scanned_with_the_settings_of_today(project: Path) -> None:
    """Settings that leave a folder out do so in both states; what comes in is known."""
    (project / "connguard.toml").write_text('exclude = ["migrations/"]\n')
    commit(project)
    (project / "connguard.toml").write_text("")
    assert new() == []
    (project / "connguard.toml").write_text('[per-path-ignores]\n"migrations/" = ["PG001"]\n')
    assert new() == []


TOPOLOGY = """
[[service]]
name = "web"
instances = {}
pool = 2
via = "direct"
database = "shop"
user = "web"
"""


def test_a_declared_topology_is_part_of_the_change(project: Path) -> None:
    """More instances in connguard.toml are what a pull request may introduce."""
    (project / "connguard.toml").write_text(TOPOLOGY.format(1))
    commit(project)
    assert new() == []
    (project / "connguard.toml").write_text(TOPOLOGY.format(9))
    assert ("connguard.toml", "PG101", 5) in new()


def test_a_topology_that_was_wrong_counts_as_none(project: Path) -> None:
    """The change that repairs the settings file can be compared."""
    (project / "connguard.toml").write_text("[[service]]\nnmae = 3\n")
    commit(project)
    (project / "connguard.toml").write_text(TOPOLOGY.format(9))
    assert ("connguard.toml", "PG101", 5) in new()


def test_ignored_and_odd_files_of_the_base(project: Path) -> None:
    """Links are not followed, ignore files hold, and names may have blanks and letters."""
    (project / ".gitignore").write_text("ignored/\n")
    (project / "ignored").mkdir()
    (project / "ignored" / "V1__job.sql").write_text(JOB)
    (project / "migrations" / "V3__größer als.sql").write_text(JOB)
    (project / "migrations" / "V4__link.sql").symlink_to("V3__größer als.sql")
    git(project, "add", "--force", "ignored")
    commit(project)
    assert new() == []
    assert new("--no-ignore") == []


def test_the_work_tree_and_the_index_are_left_alone(project: Path) -> None:
    """Nothing is checked out: what is staged and what is not stays so."""
    (project / "migrations" / "V3__job.sql").write_text(JOB)
    git(project, "add", "--all")
    (project / "migrations" / "V1__app.sql").write_text(APP + "-- more\n")
    before = _status(project)
    assert new() == [("migrations/V3__job.sql", "PG001", 1)]
    assert _status(project) == before


def _status(folder: Path) -> bytes:
    command = ["git", "status", "--porcelain=v2", "--branch"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60).stdout


def test_hooks_of_git_do_not_mislead(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git sets GIT_DIR and GIT_INDEX_FILE for its hooks."""
    monkeypatch.setenv("GIT_DIR", "/nowhere/.git")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    assert new() == []


def test_submodules_are_compared_at_their_commits(project: Path) -> None:
    """What a submodule had at the base is known; what its new commit brings is new."""
    other = project.parent / "other"
    (other / "sql").mkdir(parents=True)
    git(other, "init", "--initial-branch=main")
    (other / "sql" / "V1__job.sql").write_text(JOB)
    commit(other)
    git(project, "-c", "protocol.file.allow=always", "submodule", "add", str(other), "sub")
    commit(project)
    assert new() == []
    (project / "sub" / "sql" / "V2__more.sql").write_text(JOB.replace("job", "more"))
    commit(project / "sub")
    assert new() == [("sub/sql/V2__more.sql", "PG001", 1)]


def test_linked_work_trees(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There, .git is a file."""
    git(project, "worktree", "add", "../linked", "-b", "feature")
    linked = project.parent / "linked"
    monkeypatch.chdir(linked)
    assert new() == []
    (linked / "migrations" / "V3__job.sql").write_text(JOB)
    assert new() == [("migrations/V3__job.sql", "PG001", 1)]


def test_an_empty_base(project: Path) -> None:
    """Against a state without the scanned folder, everything is new."""
    (project / "other").mkdir()
    (project / "other" / "V1__job.sql").write_text(JOB)
    assert new("other") == [("other/V1__job.sql", "PG001", 1)]


@pytest.mark.parametrize("base", ["nosuch", "--upload-pack=x", "", "main:migrations", "ma\nin"])
def test_no_such_commit(project: Path, base: str) -> None:
    """Exit code 2; a base that is not understood is never "nothing new"."""
    result = run(f"--diff={base}")
    assert result.exit_code == 2
    assert "is no commit, branch or tag" in result.stderr


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2, with the path."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "V1__app.sql").write_text(APP)
    result = run("--diff", "main", str(tmp_path))
    assert result.exit_code == 2
    assert "not in the work tree of a git repository" in result.stderr


def test_git_is_not_installed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2, and why."""
    monkeypatch.setenv("PATH", str(project))
    result = run("--diff", "main")
    assert result.exit_code == 2
    assert "git is not installed" in result.stderr


def test_options_that_do_not_go_together(project: Path) -> None:
    """A baseline of a part, or of standard input, makes no sense."""
    assert run("--diff", "main", "--write-baseline", "b.json").exit_code == 2
    assert run("--diff", "main", "--stdin").exit_code == 2
