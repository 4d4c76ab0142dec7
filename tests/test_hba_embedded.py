# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access lists and server settings inside YAML, shell scripts and Dockerfiles."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from connguard.engine.scan import scan
from connguard.engine.settings import Settings

SELECTED = Settings(select=("PG2", "PG3", "PG4", "PG5", "PG9"))


def _findings(tmp_path: Path, name: str, text: str) -> set[tuple[int, str]]:
    (tmp_path / name).write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    report = scan([tmp_path], SELECTED)
    assert report.failures == []
    return {(finding.origin.line, finding.policy.id) for finding in report.findings}


def test_patroni_lists_and_parameters(tmp_path: Path) -> None:
    """Lines of a list are read in order, whatever YAML quotes they are in."""
    assert _findings(
        tmp_path,
        "patroni.yml",
        """
        bootstrap:
          dcs:
            postgresql:
              parameters:
                password_encryption: md5
                wal_levl: replica
        postgresql:
          pg_hba:
            - local all all peer
            - hostssl all all 10.1.0.0/24 scram-sha-256   # YAML's comment
            - 'hostssl all app 10.1.0.9/32 reject'
            - "hostssl all bob 0.0.0.0/0 cert"
        """,
    ) == {(5, "PG402"), (6, "PG508"), (11, "PG302"), (12, "PG301")}


def test_files_in_a_config_map(tmp_path: Path) -> None:
    """Block scalars keep the places of their lines."""
    assert _findings(
        tmp_path,
        "map.yaml",
        """
        apiVersion: v1
        kind: ConfigMap
        data:
          pg_hba.conf: |
            # TYPE
            local all all peer
            HOST all all all md5
          postgresql.conf: |
            listen_addresses = '*'
            max_connections = 1e2
        """,
    ) == {(7, "PG306"), (10, "PG508")}


@pytest.mark.parametrize(
    "text",
    [
        "data:\n  postgresql.conf: \"listen_addresses = '*'\\nmax_connections = 5\\n\"\n",
        "data: {postgresql.conf: 'listen_addresses = ''*'''}\n",
        "data:\n  postgresql.conf: !!str |\n    listen_addresses = '*'\n",
        "data:\n  postgresql.conf: &conf |\n    listen_addresses = '*'\n",
        "data:\n  postgresql.conf: >\n    port = 5432\n\n    listen_addresses = '*'\n",
        "data:\r  postgresql.conf: |\r    # on\r    listen_addresses = '*'\r",
        "data:\n  postgresql.conf: |",
    ],
)
def test_settings_in_every_kind_of_scalar(text: str, tmp_path: Path) -> None:
    """Escapes, tags, folded and other line ends hide no setting."""
    (tmp_path / "a.yaml").write_bytes(text.encode())

    report = scan([tmp_path], SELECTED)

    expected = {"PG205"} if "listen" in text else set()
    assert {finding.policy.id for finding in report.findings} == expected


@pytest.mark.parametrize(
    "text",
    [
        "pg_hba.conf: |\n  hosst all all all trust\n",
        'pg_hba.conf: "hosst all all all trust\\n"\n',
        "pg_hba.conf: |\r  # hosts\r  hosst all all all trust\r",
    ],
)
def test_a_list_of_one_line_that_is_no_rule(text: str, tmp_path: Path) -> None:
    """A file is told from a path by its line end."""
    assert {policy for _, policy in _findings(tmp_path, "a.yaml", text)} == {"PG306"}


@pytest.mark.parametrize(
    ("head", "tail"),
    [
        ("apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nspec:\n  postgresql:\n    pg_hba:", 6),
        ("apiVersion: acid.zalan.do/v1\nkind: postgresql\nspec:\n  patroni:\n    pg_hba:", 6),
    ],
)
def test_operators(head: str, tail: int, tmp_path: Path) -> None:
    """CloudNativePG and Zalando keep the lines in a list."""
    text = f"{head}\n      - hostssl all all 10.1.0.0/24 md5\n"
    assert _findings(tmp_path, "cluster.yaml", text) == {(tail, "PG304")}


def test_crunchy_rules_in_fields(tmp_path: Path) -> None:
    """authentication.rules has lines, and rules in fields."""
    assert _findings(
        tmp_path,
        "crunchy.yaml",
        """
        apiVersion: postgres-operator.crunchydata.com/v1beta1
        kind: PostgresCluster
        spec:
          authentication:
            rules:
              - hba: hostssl all all 10.1.0.0/24 password
              - connection: hostssl
                users: [alice, bob]
                method: cert
        """,
    ) == {(6, "PG304"), (7, "PG301")}


def test_ansible_tasks(tmp_path: Path) -> None:
    """The module's rules are judged one by one; copied and edited files by their lines."""
    assert _findings(
        tmp_path,
        "tasks.yml",
        """
        - community.postgresql.postgresql_pg_hba:
            dest: /etc/postgresql/15/main/pg_hba.conf
            contype: hostssl
            users: joe,simon
            source: 0.0.0.0/0
            databases: sales
            method: scram-sha-256
        - community.postgresql.postgresql_pg_hba:
            dest: /etc/postgresql/15/main/pg_hba.conf
            contype: host
            source: 0.0.0.0/0
            method: trust
            state: absent
        - ansible.builtin.lineinfile:
            path: /etc/postgresql/15/main/pg_hba.conf
            line: "hostssl all all 10.1.0.0/24 md5"
        - ansible.builtin.blockinfile:
            path: "{{ pgdata }}/pg_hba.conf"
            block: |
              hostssl all all 10.2.0.0/24 scram
        - ansible.builtin.copy:
            dest: /etc/postgresql/15/main/postgresql.conf
            content: |
              ssl = off
        """,
    ) == {(2, "PG301"), (16, "PG304"), (20, "PG306"), (24, "PG401")}


def test_role_variables_in_fields(tmp_path: Path) -> None:
    """Lists of mappings, as widespread roles take them."""
    assert _findings(
        tmp_path,
        "vars.yml",
        """
        postgresql_hba_entries:
          - { type: local, database: all, user: postgres, auth_method: peer }
          - { type: hostssl, database: all, user: all, address: 10.1.0.0/24, auth_method: md5 }
        postgresql_pg_hba: "{{ postgresql_hba_entries }}"
        pg_hba_location: "/etc/postgresql/{{ version }}/main/pg_hba.conf"
        """,
    ) == {(3, "PG304")}


def test_the_module_by_its_short_name(tmp_path: Path) -> None:
    """The module is called like a variable that holds a list, but has fields."""
    assert _findings(
        tmp_path,
        "tasks.yml",
        """
        - postgresql_pg_hba:
            contype: hostssl
            source: 0.0.0.0/0
            method: scram-sha-256
        """,
    ) == {(2, "PG301")}


def test_files_under_other_names(tmp_path: Path) -> None:
    """Keys that end like the files; a list of nothing but mistakes is one, a path is none."""
    assert _findings(
        tmp_path,
        "values.yaml",
        """
        data:
          my-pg_hba.conf: |
            hostssl all all 0.0.0.0/0 scram-sha-256
          custom-postgresql.conf: |
            listen_addresses = '*'
        primary:
          pgHbaConfiguration: |
            # a mistake
            hots all all all md5
        other:
          pg_hba.conf: /etc/postgresql/pg_hba.conf
        """,
    ) == {(3, "PG301"), (9, "PG306")}


def test_heredocs_and_echo(tmp_path: Path) -> None:
    """What a script appends is one list; a comment above a heredoc covers all of it."""
    assert _findings(
        tmp_path,
        "init-db.sh",
        """
        #!/bin/bash
        cat > /tmp/other <<EOF
        host all all all trust
        EOF
        # connguard: ignore PG304 the old client is replaced in May
        cat >> "$PGDATA/pg_hba.conf" <<'EOF'
        hostssl shop app 10.1.0.0/24 md5
        hostssl shop web 10.1.0.0/24 scram
        EOF
        echo "hostssl shop $APP_USER 0.0.0.0/0 cert" >> ${PGDATA}/pg_hba.conf
        echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
        printf '%s\\n' 'hostssl all bob 10.1.0.0/24 password' >> "$PGDATA/pg_hba.conf"
        """,
    ) == {(8, "PG306"), (10, "PG301"), (11, "PG205"), (12, "PG304")}


def test_quotes_of_the_shell(tmp_path: Path) -> None:
    """In single quotes a backslash is nothing but itself; a quote that does not end is no echo."""
    assert _findings(
        tmp_path,
        "setup.sh",
        r"""
        echo 'hostssl shop web 0.0.0.0/0 cert # \' >> "$PGDATA/pg_hba.conf"
        echo "# continues the line above" >> "$PGDATA/pg_hba.conf"
        echo "hostssl shop \"app\" 0.0.0.0/0 cert" >> "$PGDATA/pg_hba.conf"
        echo "ssl = off\\\x\x\x\x\x\x\x\x\x\x\x\x\x\x\x\x\x\x\x\x\x\x\x\x\x\x\x\x >> postgresql.conf
        """,
    ) == {(1, "PG301"), (3, "PG301")}


def test_dockerfiles(tmp_path: Path) -> None:
    """RUN echo … >> pg_hba.conf, over several lines."""
    assert _findings(
        tmp_path,
        "Dockerfile",
        """
        FROM postgres:16
        RUN echo "hostssl all all 0.0.0.0/0 cert" >> /var/lib/pg_hba.conf && \\
            echo "ssl = off" >> /var/lib/postgresql.conf
        """,
    ) == {(2, "PG301"), (3, "PG401")}


def test_templates_are_undecided_not_invalid(tmp_path: Path) -> None:
    """What is filled in later is never called wrong, and never passed in silence."""
    found = _findings(
        tmp_path,
        "pg_hba.conf",
        """
        {% for one in hosts %}
        hostssl all {{ one.user }} {{ one.cidr }} scram-sha-256
        {% endfor %}
        hostssl all all ${APP_CIDR} md5
        """,
    )
    assert (1, "PG901") in found
    assert {identifier for _, identifier in found} == {"PG901", "PG902"}


def test_files_of_other_programs_are_left_out(tmp_path: Path) -> None:
    """A postgresql.conf of another program (fail2ban, collectd) is no server's."""
    (tmp_path / "postgresql.conf").write_text("[postgresql]\nenabled = true\nport = 5432\n")
    (tmp_path / "hba.conf").write_text("adapter one\nadapter two\nadapter three\n")
    report = scan([tmp_path], SELECTED)
    assert report.findings == []
    assert sorted(line.partition(":")[2].strip() for line in report.log) == [
        "not a PostgreSQL configuration, left out",
        "not a pg_hba.conf, left out",
    ]
