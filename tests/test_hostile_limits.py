# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is too much is reported with the name of the setting, and costs nothing."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from connguard.budget.session_rules import feature_of
from connguard.engine.finding import Report
from connguard.engine.limits import NAMES, Limits
from connguard.engine.scan import scan
from connguard.engine.setting_reference import SETTINGS
from connguard.engine.settings import Settings, SettingsError, load

ROLE = "CREATE ROLE app LOGIN CONNECTION LIMIT -1;\n"
HUGE = 20 * 1024**3


def scanned(folder: Path, files: dict[str, str | bytes], **limits: int) -> Report:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    report = scan([folder], Settings(limits=Limits(**limits)))
    assert report.failures == []
    return report


def ids(report: Report) -> set[str]:
    return {finding.policy.id for finding in report.findings}


def not_parsed(report: Report) -> set[str]:
    return {f"{part.origin.path.rpartition('/')[2]}: {part.reason}" for part in report.not_parsed}


def mentions(report: Report, setting: str) -> bool:
    reasons = [part.reason for part in report.not_parsed]
    reasons += [gap.reason for gap in report.undecided]
    return any(f"the setting {setting} in [limits]" in reason for reason in reasons)


def test_every_limit_is_documented_with_its_default() -> None:
    """The reference is written by hand, and names what holds."""
    limits = Limits()

    assert set(SETTINGS["limits"]) == set(NAMES)
    for name in NAMES:
        default = str(getattr(limits, name.replace("-", "_")))
        assert SETTINGS["limits"][name].default.split(": ")[-1] == default


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[limits]\nfile-size = 0\n", ":2: file-size: must be a number from 1 on"),
        ("[limits]\nfile-size = true\n", ":2: file-size: must be a number from 1 on"),
        ("[limits]\nfilesize = 1\n", ':2: filesize: unknown setting "filesize" in [limits]'),
        ("limits = 1\n", ":1: limits: must be a table of numbers"),
        (f"a = {'[' * 5000}{']' * 5000}\n", "nested too deeply"),
        (f"baseline = {'9' * 5000}\n", "a number of too many digits"),
    ],
)
def test_limits_are_checked(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "connguard.toml"
    file.write_text(text)

    with pytest.raises(SettingsError, match=message.replace("[", r"\[")):
        load(file)


def test_limits_are_read(tmp_path: Path) -> None:
    file = tmp_path / "connguard.toml"
    file.write_text("[limits]\nfile-size = 7\nrepeated-includes = 8\n")

    assert load(file).limits == Limits(file_size=7, repeated_includes=8)


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("migrations/1.sql", "sql-file-size"),
        ("main.tf", "file-size"),
        ("main.tf.json", "file-size"),
        ("docker-compose.yml", "file-size"),
        ("pg_hba.conf", "file-size"),
        ("postgresql.conf", "file-size"),
        ("pgbouncer.ini", "file-size"),
    ],
)
def test_files_of_20_gigabytes_cost_nothing(tmp_path: Path, name: str, setting: str) -> None:
    """They have holes, so that they fit on the disk, but not in the memory."""
    large = tmp_path / name
    large.parent.mkdir(exist_ok=True)
    with large.open("wb") as stream:
        stream.truncate(HUGE)

    report = scanned(tmp_path, {"other/migrations/1.sql": ROLE})

    assert "PG001" in ids(report)
    most = getattr(Limits(), setting.replace("-", "_"))
    assert not_parsed(report) == {
        f"{large.name}: the file has {HUGE} bytes, more than {most};"
        f" the setting {setting} in [limits] can be raised"
    }


def test_settings_and_ignore_files_of_20_gigabytes_are_not_read(tmp_path: Path) -> None:
    for name in (".gitignore", "connguard.toml"):
        with (tmp_path / name).open("wb") as stream:
            stream.truncate(HUGE)

    assert "PG001" in ids(scanned(tmp_path, {"migrations/1.sql": ROLE}))
    with pytest.raises(SettingsError, match="File too large"):
        load(tmp_path / "connguard.toml")


def test_packed_file_that_unpacks_to_too_much(tmp_path: Path) -> None:
    data = gzip.compress(ROLE.encode() + b"\0" * 3_000_000)
    name = "docker-entrypoint-initdb.d/1.sql.gz"

    report = scanned(tmp_path, {name: data}, unpacked_size=1_000_000)

    assert mentions(report, "unpacked-size")
    assert ids(report) == {"PG901"}


BOMB = "x0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"x{n + 1}: &a{n + 1} [{','.join([f'*a{n}'] * 9)}]\n" for n in range(300)
)
MERGES = "x0: &a0 {k: v}\n" + "".join(
    f'x{n + 1}: &a{n + 1} {{"<<": [{",".join([f"*a{n}"] * 9)}]}}\n' for n in range(30)
)
COMPOSE = "services:\n  db:\n    image: postgres:16\n    ports: ['5432:5432']\n"


@pytest.mark.parametrize("bomb", [BOMB, MERGES], ids=["laughs", "merges"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("docker-compose.yml", COMPOSE + "    environment: *a20\n    command: *a20\n"),
        ("db/changelog/db.changelog-master.yaml", "databaseChangeLog: *a20\n"),
        ("k8s/x.yaml", "apiVersion: v1\nkind: Pod\nspec: *a20\nimage: postgres:16\n"),
    ],
)
def test_aliases_do_not_multiply(tmp_path: Path, bomb: str, name: str, text: str) -> None:
    report = scanned(tmp_path, {name: bomb + text})

    assert mentions(report, "yaml-alias-nodes")


def test_aliases_as_people_write_them_are_read(tmp_path: Path) -> None:
    text = "x-env: &env {A: b}\n" + COMPOSE + "    environment: {<<: *env, C: d}\n"

    assert ids(scanned(tmp_path, {"docker-compose.yml": text})) == {"PG206"}


def test_alias_of_what_it_is_a_part_of(tmp_path: Path) -> None:
    report = scanned(tmp_path, {"docker-compose.yml": COMPOSE + "    environment: &e {A: *e}\n"})

    assert not_parsed(report) == {
        "docker-compose.yml: not YAML: an alias stands for what it is a part of"
    }


def sql_includes(depth: int) -> dict[str, str | bytes]:
    return {
        f"migrations/{n:02}.sql": f"\\ir {n + 1:02}.sql\n" * 2 + ROLE.replace("app", f"a{n}")
        for n in range(depth)
    }


def hba_includes(depth: int) -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = {
        f"h{n}.conf": f"include h{n + 1}.conf\n" * 9 for n in range(depth)
    }
    return {**files, "pg_hba.conf": "host all all 0.0.0.0/0 trust\ninclude h0.conf\n"}


def hba_lists(depth: int) -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = {f"n{n}": f"@n{n + 1} " * 9 + "\n" for n in range(depth)}
    return {**files, "pg_hba.conf": "host all all 0.0.0.0/0 trust\nhost @n0 all 10.0.0.1/32 md5\n"}


def conf_includes(depth: int) -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = {
        f"c{n}.conf": f"include 'c{n + 1}.conf'\n" * 9 for n in range(depth)
    }
    return {**files, "postgresql.conf": "listen_addresses = '*'\ninclude 'c0.conf'\n"}


def changelogs(depth: int) -> dict[str, str | bytes]:
    include = '<include file="c{}.xml" relativeToChangelogFile="true"/>'
    change = f'<changeSet id="1" author="a"><sql>{ROLE}</sql></changeSet>'
    return {
        f"db/changelog/c{n}.xml": f"<databaseChangeLog>{include.format(n + 1) * 2}{change}"
        "</databaseChangeLog>"
        for n in range(depth)
    }


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (sql_includes(20), "PG001"),
        (changelogs(20), "PG001"),
        (hba_includes(9), "PG303"),
        (hba_lists(9), "PG303"),
        (conf_includes(9), "PG205"),
    ],
    ids=["sql", "liquibase", "pg_hba.conf", "lists", "postgresql.conf"],
)
def test_includes_do_not_multiply(
    tmp_path: Path, files: dict[str, str | bytes], found: str
) -> None:
    """A few files that include each other twice stand for millions."""
    report = scanned(tmp_path, files, repeated_includes=20)

    assert mentions(report, "repeated-includes")
    assert found in ids(report)


def test_pgbouncer_includes_do_not_multiply(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"i{n}.ini": f"%include i{n + 1}.ini\n" * 9 for n in range(9)}
    files["pgbouncer.ini"] = "[databases]\n* = host=h\n[pgbouncer]\n%include i0.ini\n"

    assert "PG901" in ids(scanned(tmp_path, files, repeated_includes=20))


def test_psql_and_compose_variables_do_not_multiply(tmp_path: Path) -> None:
    """A variable of four of the one before, thirty times."""
    sql = "\\set v0 x\n" + "".join(f"\\set v{n + 1} {f':v{n}' * 4}\n" for n in range(30))
    env = "V0=1\n" + "".join(f"V{n + 1}={f'${{V{n}}}' * 4}\n" for n in range(30))

    report = scanned(
        tmp_path,
        {
            "migrations/1.sql": f"{sql}{ROLE}SELECT :v30;\n",
            "docker-compose.yml": COMPOSE + "    command: postgres -c max_connections=${V30}\n",
            ".env": env,
        },
    )

    assert {"PG001", "PG206"} <= ids(report)


def test_thousands_of_users_and_databases_in_pg_hba_conf(tmp_path: Path) -> None:
    """Every user may come to every database in another way: lines are judged one by one."""
    line = "host db{0} all 10.0.0.{0}/32 md5\nhost all u{0} 10.0.1.{0}/32 md5\n"
    lines = "".join(line.format(n) for n in range(150))

    report = scanned(
        tmp_path,
        {"pg_hba.conf": f"{lines}host all all 0.0.0.0/0 trust\n"},
        hba_comparisons=10_000,
    )

    assert mentions(report, "hba-comparisons")
    assert {"PG301", "PG303"} <= ids(report)


DIGITS = "9" * 6000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pgbouncer.ini", f"[databases]\nd = host=h pool_size={DIGITS} port={DIGITS}\n"
         f"[pgbouncer]\ndefault_pool_size = {DIGITS}\nmax_client_conn = 0x{DIGITS}\n"),
        ("docker-compose.yml", f"{COMPOSE}    command: postgres -c max_connections={DIGITS}\n"
         f"    deploy: {{replicas: {DIGITS}}}\n    environment:\n      DB_POOL: {DIGITS}\n"
         f"      DATABASE_URL: postgres://a:b@db:{DIGITS}/c?pool_size={DIGITS}\n"
         f"  p:\n    image: postgres:{DIGITS}\n    ports: ['{DIGITS}:6432']\n"),
        ("pg_hba.conf", f"host all all 10.0.0.0/{DIGITS} md5\nhost all all 0.0.0.0/0 trust\n"),
        ("postgresql.conf", f"max_connections = {DIGITS}\nstatement_timeout = '{DIGITS}ms'\n"
         "listen_addresses = '*'\n"),
        ("main.tf", 'resource "postgresql_role" "a" {\n  login = true\n'
         f"  connection_limit = {DIGITS}\n}}\n"),
        ("migrations/1.sql", f"ALTER SYSTEM SET max_connections = {DIGITS};\n"
         f"CREATE ROLE b LOGIN CONNECTION LIMIT {DIGITS};\n{ROLE}"),
        ("a.service", f"[Service]\nExecStart=/usr/bin/pgbouncer\nLimitNOFILE={DIGITS}\n"),
    ],
)  # fmt: skip
def test_numbers_of_thousands_of_digits(tmp_path: Path, name: str, text: str) -> None:
    """Python refuses to read them; here they are as large as any number."""
    report = scanned(tmp_path, {name: text})

    assert ids(report) or name == "a.service"


def test_messages_have_a_length(tmp_path: Path) -> None:
    """A name of megabytes stands in them shortened."""
    report = scanned(tmp_path, {"pg_hba.conf": f"host {'x' * 9999} all 0.0.0.0/0 {'y' * 9999}\n"})

    assert report.findings
    assert max(len(finding.message) for finding in report.findings) <= 2000


def test_more_resources_of_terraform_than_the_limit(tmp_path: Path) -> None:
    role = 'resource "postgresql_role" "r{}" {{\n  name = "r{}"\n  login = true\n}}\n'
    text = "".join(role.format(n, n) for n in range(9))

    report = scanned(tmp_path, {"main.tf": text}, terraform_resources=5)

    assert mentions(report, "terraform-resources")
    assert ids(report) == {"PG001", "PG901"}


def test_modules_that_are_nested_deeper_than_anybody_nests_them(tmp_path: Path) -> None:
    """What is below is not passed in silence."""
    call = 'module "m" {{\n  source = "../m{}"\n}}\n'
    files: dict[str, str | bytes] = {f"m{n}/main.tf": call.format(n + 1) for n in range(20)}
    role = 'resource "postgresql_role" "r" {\n  name = "r"\n  login = true\n}\n'
    files |= {"m20/main.tf": role, "main.tf": 'module "m" {\n  source = "./m0"\n}\n'}

    report = scanned(tmp_path, files)

    reason = "modules are nested more than 12 deep: this one is not read"
    assert [(one.reason, one.origin.path.split("/")[-2]) for one in report.not_parsed] == [
        (reason, "m11")
    ]


@pytest.mark.parametrize("part", ["/**/", "-- x\n", " ", "/*", "*/", "/**"])
def test_comments_before_a_statement_do_not_backtrack(part: str) -> None:
    """With a pattern that tries every way to split them, this never ends."""
    assert feature_of(part * 2_000 + "x") is None


def test_names_of_variables_do_not_backtrack(tmp_path: Path) -> None:
    name = "DATABASEURL" * 4_000
    text = f"{COMPOSE}    environment:\n      - {name}x=postgres://a@b/c\n"

    assert "PG206" in ids(scanned(tmp_path, {"docker-compose.yml": text}))
