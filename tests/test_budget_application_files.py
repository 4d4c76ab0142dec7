# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools that applications' own files set: Spring Boot's and Rails', joined to deployments."""

from __future__ import annotations

from pathlib import Path

import pytest

from connguard.budget.run import Run, run
from connguard.engine.settings import Settings

SPRING = """\
services:
  api:
    build: ./api
    environment: {{{variables}}}
    deploy: {{replicas: 3}}
  db:
    image: postgres:16
"""

RAILS = """\
services:
  web:
    build: .
    command: bundle exec puma -w 4
    environment: {{RAILS_ENV: production{variables}}}
  db:
    image: postgres:16
"""
URL = ', DATABASE_URL: "postgres://app@db/shop"'
RESOURCES = "api/src/main/resources/"


def budget_of(root: Path, files: dict[str, str]) -> Run:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return run([root], Settings(), [])


def demand(root: Path, files: dict[str, str]) -> str:
    """What the services ask of the only server, as a number or a range."""
    done = budget_of(root, files)
    (budget,) = [one for _, one in done.stacks]
    assert budget.server is not None
    return str(budget.server.demand)


def verdict(root: Path, files: dict[str, str]) -> list[str]:
    return [finding.policy.id for finding in budget_of(root, files).report.findings]


def rails(database: str, variables: str = URL) -> dict[str, str]:
    return {
        "Gemfile": 'gem "rails"\n',
        "config/database.yml": database,
        "compose.yaml": RAILS.format(variables=variables),
    }


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("  max_connections: 30\n", "120"),
        ("  pool: 30\n", "120"),
        ("  max_connections: 30\n  pool: 30\n", "120"),
        ("  max_connections: 30\n  pool: 5\n", "20 to 120"),
        ('  max_connections: <%= ENV.fetch("RAILS_MAX_THREADS") { 3 } %>\n', "12"),
        ("", "20"),
    ],
)
def test_rails_calls_its_pool_max_connections(tmp_path: Path, lines: str, expected: str) -> None:
    """From 8.1 on; an older one reads `pool`, and which it is the file does not say."""
    text = f'production:\n  adapter: postgresql\n{lines}  url: <%= ENV["DATABASE_URL"] %>\n'
    assert demand(tmp_path, rails(text)) == expected


def spring(files: dict[str, str], variables: str = "", base: str = RESOURCES) -> dict[str, str]:
    """Three replicas of ./api, with these files among its resources."""
    return {
        "compose.yaml": SPRING.format(variables=variables),
        **{f"{base}{name}": text for name, text in files.items()},
    }


JDBC = 'SPRING_DATASOURCE_URL: "jdbc:postgresql://db:5432/shop"'
POOL = "spring.datasource.hikari.maximum-pool-size="
PLAIN_YAML = "spring:\n  datasource:\n    hikari:\n      maximum-pool-size: {}\n"
LOCAL = "spring.datasource.url=jdbc:postgresql://localhost:5432/shop\n"
ON_PROFILE = "---\nspring:\n  config:\n    activate:\n      on-profile: {}\n"
PROD = "  datasource:\n    hikari:\n      maximum-pool-size: 40\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, "30"),
        ({"application.properties": f"{POOL}40\n"}, "120"),
        ({"application.properties": f"{LOCAL}{POOL}40\n"}, "120"),
        ({"application.properties": LOCAL}, "30"),
        ({"application.yml": PLAIN_YAML.format(40)}, "120"),
        ({"application.yml": PLAIN_YAML.format("${POOL:40}")}, "120"),
        ({"application.yml": PLAIN_YAML.format("${POOL}")}, "0 or more"),
        ({"application.yml": "spring:\n  application: {name: api}\n"}, "30"),
        ({"application.properties": f"{POOL}40\n", "application.yml": POOL}, "120"),
    ],
)
def test_a_url_in_the_environment_hides_no_pool_of_the_files(
    tmp_path: Path, files: dict[str, str], expected: str
) -> None:
    """HikariCP's default is the size only where nothing else sets one."""
    assert demand(tmp_path, spring(files, JDBC)) == expected


def test_a_pool_in_the_environment_wins_over_the_files(tmp_path: Path) -> None:
    size = ", SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE: 7"
    files = {"application.properties": f"{POOL}40\n"}
    assert demand(tmp_path, spring(files, JDBC + size)) == "21"


def test_a_variable_in_a_file_of_spring_is_that_of_the_service(tmp_path: Path) -> None:
    files = {"application.properties": f"{POOL}${{HIKARI_MOST:5}}\n"}
    assert demand(tmp_path, spring(files, f"{JDBC}, HIKARI_MOST: 40")) == "120"


def test_files_of_tests_set_no_pool(tmp_path: Path) -> None:
    files = {
        "main/resources/application.properties": f"{POOL}5\n",
        "test/resources/application.properties": f"{POOL}40\n",
    }
    assert demand(tmp_path, spring(files, JDBC, base="api/src/")) == "15"


def test_a_manifest_that_is_called_application_is_no_file_of_spring(tmp_path: Path) -> None:
    manifest = f"apiVersion: argoproj.io/v1alpha1\n{PLAIN_YAML.format(40)}"
    assert demand(tmp_path, spring({"application.yml": manifest}, JDBC)) == "30"


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("prod", "120"),
        ("dev", "15"),
        ('"cloud,prod"', "120"),
        ('"${PROFILE}"', "15 to 120"),
        ("", "15 to 120"),
    ],
)
@pytest.mark.parametrize("url", [JDBC, "DB_HOST: db"])
@pytest.mark.parametrize(
    "files",
    [
        {
            "application.properties": f"{LOCAL}{POOL}5\n",
            "application-prod.properties": f"{POOL}40\n",
        },
        {"application.yml": PLAIN_YAML.format(5), "application-prod.yml": PLAIN_YAML.format(40)},
        {"application.yml": PLAIN_YAML.format(5) + ON_PROFILE.format("prod") + PROD},
        {"application.yml": PLAIN_YAML.format(5) + ON_PROFILE.format('"!dev & prod | x"') + PROD},
        {"application.properties": f"{POOL}5\n#---\nspring.profiles=prod\n{POOL}40\n"},
    ],
)
def test_the_active_profile_of_spring_counts(
    tmp_path: Path, files: dict[str, str], url: str, profile: str, expected: str
) -> None:
    """Where the deployment does not say which is active, any of those that there are may be."""
    active = f", SPRING_PROFILES_ACTIVE: {profile}" if profile else ""
    assert demand(tmp_path, spring(files, url + active)) == expected


def test_profiles_that_do_not_differ_in_the_pool_leave_nothing_open(tmp_path: Path) -> None:
    files = {"application.properties": f"{POOL}5\n", "application-prod.properties": "a.b=c\n"}
    assert demand(tmp_path, spring(files, JDBC)) == "15"


def test_an_unknown_profile_is_undecided(tmp_path: Path) -> None:
    files = {
        "application.properties": f"{POOL}5\n",
        "application-prod.properties": f"{POOL}40\n",
    }
    assert verdict(tmp_path, spring(files, JDBC)) == ["PG902"]


@pytest.mark.parametrize(
    ("host", "expected"),
    [("${DB_HOST:localhost}", "120"), ("elsewhere", "60"), ("${OTHER}", "60 to 120")],
)
def test_a_second_data_source_has_a_pool_of_its_own(
    tmp_path: Path, host: str, expected: str
) -> None:
    text = (
        "spring:\n  datasource:\n    url: jdbc:postgresql://${DB_HOST:localhost}/shop\n"
        "    hikari:\n      maximum-pool-size: 20\n"
        f"audit:\n  datasource:\n    jdbc-url: jdbc:postgresql://{host}/audit\n"
        "    maximum-pool-size: 20\n"
    )
    assert demand(tmp_path, spring({"application.yml": text}, "DB_HOST: db")) == expected


def test_services_that_share_a_folder_do_not_share_springs_pool(tmp_path: Path) -> None:
    """A worker in another language, built from the same context."""
    files = spring({"application.properties": f"{POOL}5\n"}, JDBC)
    files["compose.yaml"] += (
        "  worker:\n    build: ./api\n    environment:\n"
        '      DATABASE_URL: "postgres://app@db/shop?pool_max_conns=2"\n'
    )
    assert demand(tmp_path, files) == "17"


def test_a_deployment_by_image_runs_the_only_project_or_not(tmp_path: Path) -> None:
    """Nothing says that it does: its default, or what the file says."""
    files = spring({"application.properties": f"{POOL}40\n"}, JDBC, base="src/main/resources/")
    files["compose.yaml"] = files["compose.yaml"].replace("build: ./api", "image: registry/api")
    assert demand(tmp_path, files) == "30 to 120"


SECTIONS = """\
default: &default
  adapter: postgresql
  pool: {pool}
production:
  primary:
    <<: *default
    url: <%= ENV["DATABASE_URL"] %>
  cache:
    <<: *default
    {cache}
  sessions:
    adapter: sqlite3
    database: storage/sessions.sqlite3
"""


@pytest.mark.parametrize(
    ("pool", "cache", "variables", "expected"),
    [
        ("12", 'url: <%= ENV["C_URL"] %>', ', C_URL: "postgres://app@db/cache"', "96"),
        ("12", 'url: <%= ENV["C_URL"] %>', ', C_URL: "postgres://app@other/cache"', "48"),
        ("12", 'url: <%= ENV["C_URL"] %>', ', C_URL: "postgres://app@db/c?pool=2"', "56"),
        ("12", 'url: <%= ENV["C_URL"] %>', ', C_URL: "${ELSEWHERE}"', "48 to 96"),
        ("12", 'url: <%= ENV["C_URL"] %>', "", "48 to 96"),
        ("12", "database: cache", ', CACHE_DATABASE_URL: "postgres://app@db/cache"', "96"),
        ("12", "host: db", "", "96"),
        ("12", 'host: <%= ENV["C_HOST"] %>', ", C_HOST: db", "96"),
        ('<%= ENV["SIZE"] || 5 %>', "host: db", ", SIZE: 30", "240"),
        ('<%= ENV["DB_POOL"] || 5 %>', "host: db", ", DB_POOL: 30", "240"),
    ],
)
def test_every_database_of_rails_has_a_pool(
    tmp_path: Path, pool: str, cache: str, variables: str, expected: str
) -> None:
    """They add up where they are on one server; where one is may not be known."""
    text = SECTIONS.format(pool=pool, cache=cache)
    assert demand(tmp_path, rails(text, URL + variables)) == expected


TWO = """\
services:
  api:
    image: api
    environment:
      DATABASE_URL: "postgres://app@db/shop?{first}"
      {name}: "postgres://app@{place}?{second}"
    deploy: {{replicas: 2}}
  db:
    image: postgres:16
  other:
    image: postgres:16
"""
THIRTY = "pool_max_conns=30"


@pytest.mark.parametrize(
    ("name", "place", "first", "second", "expected"),
    [
        ("ANALYTICS_DATABASE_URL", "db/analytics", THIRTY, THIRTY, "120"),
        ("ANALYTICS_DATABASE_URL", "other/analytics", THIRTY, THIRTY, "60"),
        ("ANALYTICS_DATABASE_URL", "db/analytics", THIRTY, "", "60"),
        ("POSTGRES_URL", "db/shop", THIRTY, THIRTY, "60"),
        ("READ_DATABASE_URL", "db/shop", THIRTY, "pool_max_conns=20", "60 to 100"),
        ("DIRECT_URL", "db/shop", THIRTY, "pool_max_conns=20", "60 to 100"),
        ("DIRECT_URL", "db/shop", "connection_limit=30", "connection_limit=20", "60"),
        ("TEST_DATABASE_URL", "db/shop_test", THIRTY, THIRTY, "60"),
    ],
)
def test_a_second_connection_string_with_a_size_is_a_second_pool(
    tmp_path: Path, name: str, place: str, first: str, second: str, expected: str
) -> None:
    """Another database has a pool of its own; the same one under another name may have one."""
    text = TWO.format(name=name, place=place, first=first, second=second)
    done = budget_of(tmp_path, {"compose.yaml": text})
    demands = [budget.server.demand for _, budget in done.stacks if budget.server is not None]
    assert str(demands[0]) == expected


BUILT = """\
services:
  api:
    build: ./api
    deploy: {{replicas: 3}}{more}
  db:
    image: postgres:16
"""
ENGINE = 'from sqlalchemy import create_engine\nengine = create_engine("{}")\n'
TO_DB = ENGINE.format("postgresql://app@db/shop")
RAILS_TO_DB = "production:\n  adapter: postgresql\n  host: db\n  pool: 12\n"
SPRING_TO_DB = "spring.datasource.url=jdbc:postgresql://db:5432/shop\n"


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        ({"api/app.py": TO_DB}, "", "45"),
        ({"api/deep/app.py": TO_DB}, "", "45"),
        ({"api/app.py": TO_DB}, "\n    command: gunicorn -w 2 app", "90"),
        ({"api/app.py": TO_DB}, "\n    command: gunicorn -w 2 app\n    depends_on: [db]", "90"),
        ({"api/app.py": TO_DB}, "\n  worker:\n    build: ./api", "0 or more"),
        ({"other/app.py": TO_DB}, "", "0 or more"),
        ({"api/config/database.yml": RAILS_TO_DB}, "", "36"),
        ({"api/config/database.yml": RAILS_TO_DB}, "\n  worker:\n    build: ./api", "12 or more"),
        ({"other/config/database.yml": RAILS_TO_DB}, "", "12 or more"),
        ({f"{RESOURCES}application.properties": f"{SPRING_TO_DB}{POOL}40\n"}, "", "120"),
        ({"other/application.properties": f"{SPRING_TO_DB}{POOL}40\n"}, "", "40 or more"),
        ({"api/app.py": TO_DB, "api/more.py": TO_DB}, "", "45 to 90"),
    ],
)
def test_code_that_names_a_host_is_that_of_what_is_built_from_its_folder(
    tmp_path: Path, files: dict[str, str], more: str, expected: str
) -> None:
    """Its replicas are those of the deployment; of two that are built so it may be either."""
    assert demand(tmp_path, {"compose.yaml": BUILT.format(more=more), **files}) == expected


def test_code_that_names_no_host_of_the_project_makes_no_service(tmp_path: Path) -> None:
    text = ENGINE.format("postgresql://app@elsewhere/shop")
    done = budget_of(tmp_path, {"compose.yaml": BUILT.format(more=""), "api/app.py": text})
    assert done.stacks == []


def test_code_with_two_hosts_makes_two_pools(tmp_path: Path) -> None:
    other = ENGINE.format("postgresql://app@other/shop")
    text = BUILT.format(more="\n  other:\n    image: postgres:16")
    done = budget_of(tmp_path, {"compose.yaml": text, "api/app.py": TO_DB, "api/other.py": other})
    demands = [budget.server.demand for _, budget in done.stacks if budget.server is not None]
    assert [str(one) for one in demands] == ["45", "45"]
