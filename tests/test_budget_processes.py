# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many processes a service has: its command, the files that it names, and its environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from connguard.budget.run import run
from connguard.engine.settings import Settings
from connguard.policies.model.amount import Amount
from connguard.policies.model.topology import Service

COMPOSE = """services:
  web:
    build: .
    environment:
      DATABASE_URL: postgres://app@db/shop?connection_limit=3
{variables}{command}  db:
    image: postgres:16
"""


def services(folder: Path) -> dict[str, Service]:
    done = run([folder], Settings(), [])
    return {one.name: one for stack, _ in done.stacks for one in stack.topology.services}


def processes(
    folder: Path,
    *,
    command: str = "",
    variables: dict[str, str] | None = None,
    files: Mapping[str, str] | None = None,
) -> Amount:
    """Of a service of a compose file."""
    lines = "".join(f"      {key}: {value}\n" for key, value in (variables or {}).items())
    line = f"    command: {command}\n" if command else ""
    (folder / "compose.yml").write_text(COMPOSE.format(variables=lines, command=line))
    (folder / "Dockerfile").write_text("FROM scratch\n")
    for name, text in (files or {}).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return services(folder)["web"].processes


def shown(amount: Amount) -> tuple[str, str]:
    """The number, and its file, line and column."""
    place = amount.origin
    where = f"{Path(place.path).name}:{place.line}:{place.column}" if place is not None else ""
    return str(amount), where


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("gunicorn shop.wsgi --workers 4", ("4", "compose.yml:6:43")),
        ('["gunicorn", "shop.wsgi", "-w", "4"]', ("4", "compose.yml:6:47")),
        ("gunicorn shop.wsgi --workers=${N:-6}", ("6", "compose.yml:6:43")),
        ("gunicorn shop.wsgi --workers $N", ("1 or more", "compose.yml:6:43")),
        ("uvicorn app:app", ("1", "")),
        ("celery -A shop worker -c 8", ("8", "compose.yml:6:39")),
        ("celery -A shop worker -c 8 -P gevent", ("1", "")),
        ("celery -A shop worker", ("1 or more", "compose.yml:6:14")),
        ("celery -A shop beat", ("1", "")),
        ("pm2-runtime index.js -i 3", ("3", "compose.yml:6:38")),
        ("pm2-runtime index.js -i max", ("1 or more", "compose.yml:6:38")),
        ("pm2-runtime index.js", ("1", "")),
        ("foreman start", ("1 or more", "compose.yml:6:14")),
        ("python worker.py", ("1", "")),
        ("./server", ("1", "")),
        ("java -jar app.jar", ("1", "")),
        ("flask run", ("1", "")),
        ("gunicorn shop -w 2 -w 4", ("4", "compose.yml:6:36")),
        ("gunicorn -w 4 -k uvicorn.workers.UvicornWorker shop", ("4", "compose.yml:6:26")),
        ("gunicorn -k uvicorn.workers.UvicornWorker shop -w 4", ("4", "compose.yml:6:64")),
        ('multirun "gunicorn -w 2 a" "gunicorn -w 3 b"', ("2 to 5", "compose.yml:6:36")),
        ("sh -c 'pip install gunicorn && gunicorn -w 4 a'", ("4", "compose.yml:6:57")),
        ("celery -A shop worker --autoscale=10,3", ("10", "compose.yml:6:48")),
        ("celery -A shop worker -c 4 --autoscale 10,3", ("10", "compose.yml:6:53")),
        ("celery -A shop worker --autoscale=10 -P gevent", ("1", "")),
        ("celery -A shop worker --autoscale=$MOST", ("1 or more", "compose.yml:6:48")),
        ("celery multi start a b -A shop", ("1 or more", "compose.yml:6:14")),
        ("uwsgi --http :8000 --module app:app --processes 4", ("4", "compose.yml:6:62")),
        ("uwsgi --http :8000 -p 4", ("4", "compose.yml:6:36")),
        ("uwsgi --http :8000 --module app:app", ("1", "")),
        ("uwsgi --ini shop.ini", ("1 or more", "compose.yml:6:14")),
        ("dramatiq app --processes 4", ("4", "compose.yml:6:39")),
        ("dramatiq app", ("1 or more", "compose.yml:6:14")),
        ("rq worker-pool -n 4", ("4", "compose.yml:6:32")),
        ("rq worker-pool", ("1", "")),
        ("rq worker", ("1", "")),
        ("supervisord -c supervisord.conf", ("1 or more", "compose.yml:6:14")),
        ("make serve", ("1 or more", "compose.yml:6:14")),
        ("./start.sh", ("1 or more", "compose.yml:6:14")),
        ('["sh", "-c", "./migrate.sh && exec ./start.sh"]', ("1 or more", "compose.yml:6:14")),
        ('["sh", "-c", "./migrate.sh && exec node app.js 2>&1"]', ("1", "")),
        ("./wait-for-it.sh db:5432 -- python app.py", ("1", "")),
        ("./wait-for-it.sh db:5432 -- gunicorn -w 4 app", ("4", "compose.yml:6:54")),
        ("docker-entrypoint.sh node app.js", ("1", "")),
        ("./entrypoint.sh ./server", ("1", "")),
        ("./run.sh production", ("1 or more", "compose.yml:6:14")),
        ("node tools/deploy.sh", ("1", "")),
    ],
)
def test_commands(tmp_path: Path, command: str, expected: tuple[str, str]) -> None:
    """The number stands at its own place; what the machine decides is not guessed."""
    assert shown(processes(tmp_path, command=command)) == expected


def test_a_command_over_several_lines(tmp_path: Path) -> None:
    """YAML's list marks stand between the words."""
    command = "\n      - gunicorn\n      - shop.wsgi\n      - --workers\n      - '5'"
    assert shown(processes(tmp_path, command=command)) == ("5", "compose.yml:10:10")


@pytest.mark.parametrize(
    ("dockerfile", "expected"),
    [
        ('FROM a\nCMD ["gunicorn", "shop", "-w", "4"]\n', ("4", "Dockerfile:2:33")),
        ('FROM a\nENTRYPOINT ["gunicorn"]\nCMD ["shop", "-w", "4"]\n', ("4", "Dockerfile:3:21")),
        ("FROM a\nENV WEB_CONCURRENCY=3\nCMD gunicorn shop\n", ("3", "Dockerfile:2:21")),
        ("FROM a\nENV WEB_CONCURRENCY 3\nCMD gunicorn shop\n", ("3", "Dockerfile:2:21")),
        ("FROM a\nENV A=b \\\n    WEB_CONCURRENCY=3\nCMD gunicorn s\n", ("3", "Dockerfile:3:21")),
        ("FROM a\nENV WEB_CONCURRENCY=$N\nCMD gunicorn s\n", ("1 or more", "Dockerfile:2:21")),
        ("FROM a\nCMD gunicorn s -w 9\nFROM b\nCMD gunicorn s -w 2\n", ("2", "Dockerfile:4:19")),
        ("FROM a\nENV WEB_CONCURRENCY=3\nCMD celery -A s beat\n", ("1", "")),
        (
            "FROM a\nENV WEB_CONCURRENCY=3\nCMD python manage.py migrate && gunicorn s\n",
            ("3", "Dockerfile:2:21"),
        ),
    ],
)
def test_dockerfiles(tmp_path: Path, dockerfile: str, expected: tuple[str, str]) -> None:
    """The last stage is what runs."""
    assert shown(processes(tmp_path, files={"Dockerfile": dockerfile})) == expected


def test_the_deployment_wins_over_the_dockerfile(tmp_path: Path) -> None:
    """For the variable, and for the command."""
    dockerfile = "FROM a\nENV WEB_CONCURRENCY=3\nCMD gunicorn shop\n"
    amount = processes(
        tmp_path, variables={"WEB_CONCURRENCY": "7"}, files={"Dockerfile": dockerfile}
    )
    assert shown(amount) == ("7", "compose.yml:6:24")
    amount = processes(tmp_path, command="gunicorn -w 2 shop", files={"Dockerfile": dockerfile})
    assert shown(amount) == ("2", "compose.yml:6:26")


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        ("workers 3\n", {}, ("3", "puma.rb:1:9")),
        ("workers(3)\n", {}, ("3", "puma.rb:1:9")),
        ("workers 0\n", {}, ("1", "puma.rb:1:9")),
        ('workers ENV.fetch("WEB_CONCURRENCY") { 2 }\n', {}, ("2", "puma.rb:1:9")),
        ('workers ENV.fetch("WORKERS", 2).to_i\n', {}, ("2", "puma.rb:1:9")),
        ("workers Integer(ENV['WORKERS'] || 2)\n", {}, ("2", "puma.rb:1:9")),
        ("workers Integer(ENV['WORKERS'] || 2)\n", {"WORKERS": "5"}, ("5", "compose.yml:6:16")),
        ("workers Integer(ENV['WORKERS'])\n", {}, ("1 or more", "puma.rb:1:9")),
        ("workers 4 if ENV['CLUSTER']\n", {}, ("1 to 4", "puma.rb:1:9")),
        ("if production?\n  workers 4\nend\n", {}, ("1 to 4", "puma.rb:2:11")),
        ("require 'etc'\nworkers Etc.nprocessors\n", {}, ("1 or more", "puma.rb:2:9")),
        ("threads 5, 5\n", {}, ("1", "")),
        ("# workers 4\n", {}, ("1", "")),
    ],
)
def test_puma(
    tmp_path: Path, text: str, variables: dict[str, str], expected: tuple[str, str]
) -> None:
    """config/puma.rb, with the environment of the service."""
    command = "bundle exec puma -C config/puma.rb"
    amount = processes(
        tmp_path, command=command, variables=variables, files={"config/puma.rb": text}
    )
    assert shown(amount) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "ecosystem.config.js",
            "module.exports = { apps: [{ name: 'web', script: 'a.js', instances: 4 }] };\n",
            ("4", "ecosystem.config.js:1:69"),
        ),
        (
            "ecosystem.config.cjs",
            "module.exports = {\n  apps: [\n    { name: 'web', script: 'a.js' },\n  ],\n};\n",
            ("1", "ecosystem.config.cjs:3:5"),
        ),
        (
            "ecosystem.config.js",
            "module.exports = { apps: [{ name: 'web', instances: 'max' }] };\n",
            ("1 or more", "ecosystem.config.js:1:53"),
        ),
        (
            "ecosystem.config.js",
            "module.exports = { apps: [{ name: 'web', instances: process.env.N || 2 }] };\n",
            ("2", "ecosystem.config.js:1:53"),
        ),
        (
            "ecosystem.config.js",
            "module.exports = { apps: [{ instances: cpus() }] };\n",
            ("1 or more", "ecosystem.config.js:1:40"),
        ),
        (
            "ecosystem.config.json",
            '{"apps": [{"name": "web", "instances": 4}, {"name": "jobs", "instances": 2}]}\n',
            ("1 to 6", "ecosystem.config.json:1:40"),
        ),
    ],
)
def test_pm2(tmp_path: Path, name: str, text: str, expected: tuple[str, str]) -> None:
    """The processes of the apps; of several it is not known which use the database."""
    command = f"pm2-runtime start {name}"
    assert shown(processes(tmp_path, command=command, files={name: text})) == expected


def test_pm2_starts_one_of_the_apps(tmp_path: Path) -> None:
    """`--only` names it."""
    text = "module.exports = { apps: [{ name: 'web', instances: 4 }, { name: 'jobs' }] };\n"
    command = "pm2-runtime ecosystem.config.js --only web"
    assert str(processes(tmp_path, command=command, files={"ecosystem.config.js": text})) == "4"


def test_gunicorn_reads_its_file(tmp_path: Path) -> None:
    """gunicorn.conf.py beside the code, or the file that `-c` names."""
    amount = processes(
        tmp_path, command="gunicorn shop", files={"gunicorn.conf.py": "workers = 6\n"}
    )
    assert shown(amount) == ("6", "gunicorn.conf.py:1:11")
    text = "import os\nworkers = os.cpu_count()\n"
    amount = processes(tmp_path, command="gunicorn -c conf.py shop", files={"conf.py": text})
    assert shown(amount) == ("1 or more", "conf.py:2:11")


def test_the_pool_of_rails_follows_the_environment(tmp_path: Path) -> None:
    """RAILS_MAX_THREADS of the service, else the default that the file names."""
    rails = (
        'production:\n  adapter: postgresql\n  pool: <%= ENV.fetch("RAILS_MAX_THREADS") { 5 } %>\n'
    )
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "database.yml").write_text(rails)
    (tmp_path / "Dockerfile").write_text("FROM ruby\nCMD bundle exec puma\n")
    text = COMPOSE.replace("?connection_limit=3", "")
    for variables, pool in (("", "5"), ("      RAILS_MAX_THREADS: 12\n", "12")):
        (tmp_path / "compose.yml").write_text(text.format(variables=variables, command=""))
        assert str(services(tmp_path)["web"].pool) == pool


def test_a_procfile_says_what_a_formation_runs(tmp_path: Path) -> None:
    """Dynos are those of app.json, processes those of the command."""
    (tmp_path / "app.json").write_text(
        '{"addons": ["heroku-postgresql:standard-0"],\n'
        ' "env": {"WEB_CONCURRENCY": {"value": "3"}},\n'
        ' "formation": {"web": {"quantity": 2}, "worker": {"quantity": 1}}}\n'
    )
    (tmp_path / "Procfile").write_text(
        "web: bundle exec puma -C config/puma.rb\nworker: celery -A shop worker --concurrency=4\n"
    )
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "puma.rb").write_text('workers ENV.fetch("WEB_CONCURRENCY", 2)\n')
    found = services(tmp_path)
    assert shown(found["web"].processes) == ("3", "app.json:2:29")
    assert shown(found["worker"].processes) == ("4", "Procfile:2:45")


@pytest.mark.parametrize(
    ("command", "files", "expected"),
    [
        ("./start.sh", {"start.sh": "#!/bin/sh\nexec gunicorn -w 4 a\n"}, ("4", "start.sh:2:18")),
        ("bash start.sh", {"start.sh": "# gunicorn -w 9\ngunicorn a\n"}, ("1", "")),
        ("/app/start.sh", {"start.sh": "exec python app.py\n"}, ("1", "")),
        ("./start", {"start": "#!/bin/sh\nexec gunicorn -w 4 a\n"}, ("4", "start:2:18")),
        ("./start.sh", {"start.sh": "gunicorn \\\n  -w 4 a\n"}, ("4", "start.sh:2:6")),
        ("./start.sh", {"start.sh": "exec ./other.sh\n"}, ("1 or more", "start.sh:1:1")),
        (
            "./start.sh",
            {"start.sh": "exec ./other.sh\n", "other.sh": "uvicorn a --workers 3\n"},
            ("3", "other.sh:1:21"),
        ),
        (
            "./start.sh gunicorn -w 4 a",
            {"start.sh": '#!/bin/sh\nset -e\nexec "$@"\n'},
            ("4", "compose.yml:6:37"),
        ),
        ("./start.sh python a.py", {"start.sh": '#!/bin/sh\nexec "$@"\n'}, ("1", "")),
        (
            "./start.sh web",
            {
                "start.sh": 'case "$1" in\n'
                "web) gunicorn -w 4 a;;\nqueue) celery -A a worker -c 2;;\nesac\n"
            },
            ("2 to 6", "start.sh:2:18"),
        ),
        ("make serve", {"Makefile": "serve:\n\tgunicorn -w 4 a\n"}, ("4", "Makefile:2:14")),
        ("make serve", {"Makefile": "serve: a\n\tpython a.py\nb:\n\tgunicorn -w 4\n"}, ("1", "")),
        ("make serve", {"Makefile": "all:\n\tgunicorn -w 4\n"}, ("1 or more", "compose.yml:6:14")),
        ("uwsgi --ini a.ini", {"a.ini": "[uwsgi]\nprocesses = 4\n"}, ("4", "a.ini:2:13")),
        ("uwsgi --ini a.ini", {"a.ini": "[uwsgi]\nmodule = a\n"}, ("1", "")),
        ("uwsgi a.ini", {"a.ini": "[uwsgi]\nworkers = %k\n"}, ("1 or more", "a.ini:2:11")),
    ],
)
def test_scripts(
    tmp_path: Path, command: str, files: dict[str, str], expected: tuple[str, str]
) -> None:
    """What a script of the repository starts; one that is not at hand may start several."""
    assert shown(processes(tmp_path, command=command, files=files)) == expected


@pytest.mark.parametrize(
    ("dockerfile", "expected"),
    [
        ('FROM a\nENTRYPOINT ["/app/entrypoint.sh"]\n', ("4", "entrypoint.sh:2:18")),
        (
            'FROM a\nCOPY docker/entrypoint.sh /\nENTRYPOINT ["/entrypoint.sh"]\n',
            ("4", "entrypoint.sh:2:18"),
        ),
        (
            'FROM a\nCMD ["a", "-w", "5"]\nEXPOSE 80\nENTRYPOINT ["gunicorn"]\n',
            ("5", "Dockerfile:2:18"),
        ),
    ],
)
def test_entrypoints_of_images(tmp_path: Path, dockerfile: str, expected: tuple[str, str]) -> None:
    """A script that the Dockerfile copies; ENTRYPOINT and CMD are one command line."""
    folder = "docker/" if "docker/" in dockerfile else ""
    files = {f"{folder}entrypoint.sh": "#!/bin/sh\nexec gunicorn -w 4 a\n"}
    assert shown(processes(tmp_path, files={**files, "Dockerfile": dockerfile})) == expected


@pytest.mark.parametrize(
    ("lines", "dockerfile", "expected"),
    [
        ('    entrypoint: ["gunicorn", "-w", "4"]\n    command: ["app:app"]\n', "", "4"),
        ('    command: ["-w", "4", "app:app"]\n', 'ENTRYPOINT ["gunicorn"]\n', "4"),
        ("    entrypoint: python a.py\n", "CMD gunicorn -w 4\n", "1"),
    ],
)
def test_entrypoint_and_command(tmp_path: Path, lines: str, dockerfile: str, expected: str) -> None:
    """They are one command line; an entrypoint of the deployment hides the image's CMD."""
    (tmp_path / "compose.yml").write_text(COMPOSE.format(variables="", command=lines))
    (tmp_path / "Dockerfile").write_text("FROM a\n" + dockerfile)
    assert str(services(tmp_path)["web"].processes) == expected


@pytest.mark.parametrize(
    ("command", "arguments", "expected"),
    [
        ("gunicorn app:app", "--workers 4", ("4", "compose.yml:6:26")),
        ("gunicorn app:app", "--timeout 9 --workers=4", ("4", "compose.yml:6:26")),
        ("gunicorn app:app", "--timeout 9", ("1", "")),
        ("gunicorn app:app", "${ARGUMENTS}", ("1 or more", "compose.yml:6:26")),
        ("gunicorn app:app -w 2", "--workers 4", ("2", "compose.yml:7:34")),
        ("python app.py", "--workers 4", ("1", "")),
    ],
)
def test_arguments_in_the_environment(
    tmp_path: Path, command: str, arguments: str, expected: tuple[str, str]
) -> None:
    """GUNICORN_CMD_ARGS gives way to the command line, and is nothing to others."""
    variables = {"GUNICORN_CMD_ARGS": arguments}
    assert shown(processes(tmp_path, command=command, variables=variables)) == expected


def test_arguments_in_flow_style(tmp_path: Path) -> None:
    """An option may follow a bracket or a comma."""
    command = '[gunicorn, -w, "4"]'
    assert str(processes(tmp_path, command=command)) == "4"
    assert str(processes(tmp_path, command='[-w, "4"]', files=_GUNICORN)) == "4"


_GUNICORN = {"Dockerfile": 'FROM a\nENTRYPOINT ["gunicorn"]\n'}
