# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Address ranges in SQL: what is written into an allow-list, and what is not (edge 44)."""

from __future__ import annotations

import time

import pytest
from sql_findings import findings, ids, judged, lines, script

from connguard.policies.model.verdict import Severity
from connguard.sql_rules.replay import replay


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO allowed_ips VALUES ('0.0.0.0/0')",
        "INSERT INTO allowed_ips (cidr) VALUES ('10.0.0.0/8'), ('::/0')",
        "INSERT INTO allowed_ips (cidr) VALUES ('0::/0')",
        "INSERT INTO allowed_ips (cidr) VALUES ('0:0:0:0:0:0:0:0/0')",
        "INSERT INTO allowed_ips (cidr) VALUES ('1.2.3.4/0')",
        "INSERT INTO allowed_ips (cidr) VALUES ('0.0.0.0/1'), ('128.0.0.0/1')",
        "INSERT INTO allowed_ips (cidr) VALUES ('0.0.0.0/0.0.0.0')",
        "INSERT INTO allowed_ips (cidr) VALUES ('0/0')",
        "INSERT INTO allowed_ips (cidr) VALUES ('::ffff:0.0.0.0/96')",
        "INSERT INTO allowed_ips (cidr) VALUES (inet '0.0.0.0/0')",
        "INSERT INTO allowed_ips (cidr) VALUES (CAST('0.0.0.0/0' AS cidr))",
        "INSERT INTO allowed_ips (cidrs) VALUES ('{10.0.0.0/8,0.0.0.0/0}')",
        "INSERT INTO allowed_ips (cidrs) VALUES (ARRAY['10.0.0.0/8', '0.0.0.0/0']::cidr[])",
        'INSERT INTO allowed_ips (rules) VALUES (\'{"allow": ["0.0.0.0/0"]}\'::jsonb)',
        "INSERT INTO allowed_ips (cidrs) VALUES ('0.0.0.0/0, ::/0')",
        "INSERT INTO allowed_ips SELECT '0.0.0.0/0'",
        "INSERT INTO allowed_ips SELECT unnest(ARRAY['0.0.0.0/0'])",
        "INSERT INTO allowed_ips SELECT x FROM (VALUES ('0.0.0.0/0')) AS v(x)",
        "INSERT INTO allowed_ips VALUES ('10.0.0.1') ON CONFLICT (a) DO UPDATE SET a = '0.0.0.0/0'",
        "INSERT INTO firewall_rules (start_ip, end_ip) VALUES ('0.0.0.0', '255.255.255.255')",
        "INSERT INTO firewall_rules VALUES ('all', '0.0.0.1', '255.255.255.254')",
        "INSERT INTO firewall_rules (range) VALUES ('0.0.0.0 - 255.255.255.255')",
        "INSERT INTO firewall_rules (ips, action) VALUES ('0.0.0.0/0', 'allow')",
        "INSERT INTO ip_rules (cidr, action) VALUES ('0.0.0.0/0', 'ALLOW')",
        "INSERT INTO projects (name, allowed_ips) VALUES ('shop', '0.0.0.0/0')",
        "INSERT INTO \"ipWhitelist\" VALUES ('0.0.0.0/0')",
        "INSERT INTO ip_access_list VALUES ('0.0.0.0/0')",
        "UPDATE projects SET allowed_ips = '{0.0.0.0/0}' WHERE id = 1",
        "CREATE TABLE projects (allowed_ips cidr[] DEFAULT '{0.0.0.0/0}')",
        "ALTER TABLE projects ADD COLUMN trusted_networks text DEFAULT '0.0.0.0/0'",
        "ALTER TABLE projects ALTER COLUMN ip_whitelist SET DEFAULT ARRAY['::/0']",
        "SELECT sp_set_firewall_rule('everyone', '0.0.0.0', '255.255.255.255')",
        "CALL add_allowed_ip(cidr => '0.0.0.0/0')",
        "SELECT allow_ip('0.0.0.0/0'::cidr)",
        "DO $$ BEGIN PERFORM add_firewall_rule('0.0.0.0/0'); END $$",
        "DO $$ BEGIN INSERT INTO allowed_ips VALUES ('0.0.0.0/0'); END $$",
        "DO $$ BEGIN EXECUTE 'INSERT INTO allowed_ips VALUES (''0.0.0.0/0'')'; END $$",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS"
        " $$ INSERT INTO allowed_ips VALUES ('0.0.0.0/0') $$",
        "ALTER SYSTEM SET app.allowed_networks = '0.0.0.0/0'",
        "ALTER DATABASE shop SET app.trusted_cidrs = '10.0.0.0/8,::/0'",
        "COPY (SELECT 'host all all 0.0.0.0/0 md5') TO '/data/pg_hba.conf'",
        "COPY (SELECT 'host all all all trust') TO PROGRAM 'tee -a $PGDATA/pg_hba.conf'",
        "COPY t FROM PROGRAM 'echo \"host all all 0.0.0.0 0.0.0.0 md5\" >> pg_hba.conf'",
        "SELECT pg_file_write('pg_hba.conf', 'hostssl all all ::/0 scram-sha-256', true)",
    ],
)
def test_the_world_in_an_allow_list_is_a_finding(statement: str) -> None:
    """edge 44: every way in which SQL writes a range that lets the internet in."""
    assert lines(f"\n{statement};") == {(2, "PG204")}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO allowed_ips VALUES ('10.0.0.0/8'), ('203.0.113.7'), ('192.168.0.0/16')",
        "INSERT INTO allowed_ips VALUES ('0.0.0.0')",
        "INSERT INTO denied_ips VALUES ('0.0.0.0/0')",
        "INSERT INTO ip_blacklist VALUES ('0.0.0.0/0')",
        "INSERT INTO bogons VALUES ('0.0.0.0/8'), ('::/0')",
        "INSERT INTO firewall_log VALUES ('0.0.0.0/0')",
        "INSERT INTO firewall_rules (cidr, action) VALUES ('0.0.0.0/0', 'deny')",
        "INSERT INTO firewall_rules (cidr, direction) VALUES ('0.0.0.0/0', 'egress')",
        "INSERT INTO firewall_rules (cidr, enabled) VALUES ('0.0.0.0/0', false)",
        "INSERT INTO firewall_rules (start_ip, end_ip) VALUES ('0.0.0.0', '0.0.0.0')",
        "INSERT INTO networks VALUES ('0.0.0.0/0')",
        "INSERT INTO visits (client) VALUES ('0.0.0.0/0')",
        "INSERT INTO geoip (network, country) VALUES ('0.0.0.0/1', 'XX'), ('128.0.0.0/1', 'YY')",
        "INSERT INTO allowed_ips (cidr, note) VALUES ('10.0.0.0/8', 'was 0.0.0.0/0 before')",
        "INSERT INTO test_allowed_ips VALUES ('0.0.0.0/0')",
        'INSERT INTO allow_settings VALUES (\'{"deny": ["0.0.0.0/0"], "allow": ["10.0.0.0/8"]}\')',
        "SELECT * FROM allowed_ips WHERE cidr = '0.0.0.0/0'",
        "SELECT is_ip_allowed('0.0.0.0/0')",
        "SELECT count(*) FROM allowed_ips WHERE inet '0.0.0.0/0' >>= cidr",
        "DELETE FROM allowed_ips WHERE cidr = '0.0.0.0/0'",
        "UPDATE allowed_ips SET note = 'x' WHERE cidr = '0.0.0.0/0'",
        "UPDATE allowed_ips SET cidr = CASE WHEN cidr = '0.0.0.0/0' THEN '10.0.0.0/8' END",
        "ALTER TABLE allowed_ips ADD CHECK (cidr <> '0.0.0.0/0')",
        "CREATE TABLE allowed_ips (cidr cidr CHECK (masklen(cidr) > 0 AND cidr <> '0.0.0.0/0'))",
        "CREATE TABLE sessions (client inet DEFAULT '0.0.0.0/0')",
        "COMMENT ON TABLE allowed_ips IS '0.0.0.0/0'",
        "-- INSERT INTO allowed_ips VALUES ('0.0.0.0/0')\nSELECT 1",
        "COPY (SELECT 'host all all 0.0.0.0/0 reject') TO '/data/pg_hba.conf'",
        "COPY (SELECT 'host all all 0.0.0.0/0 md5') TO '/tmp/notes.txt'",
        "DO $$ BEGIN IF new_ip = '0.0.0.0/0' THEN RAISE 'allowed_ips'; END IF; END $$",
        "INSERT INTO allowed_ips VALUES ('not 0.0.0.0/0'), ('999.0.0.0/0'), ('1.2.3.4/99')",
    ],
)
def test_other_addresses_are_no_findings(statement: str) -> None:
    """edge 44, the other side: deny lists, data, comparisons, comments, narrow ranges."""
    assert lines(statement + ";") == set()


def test_ranges_add_up_across_migrations() -> None:
    """Halves in two migrations are the world; the one that completes it is reported."""
    found = findings(
        "INSERT INTO allowed_ips VALUES ('0.0.0.0/2'), ('64.0.0.0/10');",
        "INSERT INTO other VALUES (1);",
        "INSERT INTO allowed_ips VALUES ('128.0.0.0/1');",
    )
    assert [(each.policy.id, each.origin.path) for each in found] == [
        ("PG204", "V1.sql"),
        ("PG204", "V3.sql"),
    ]
    assert [
        (each.origin.path, each.severity)
        for each in findings(
            "\n".join(f"INSERT INTO allowed_ips VALUES ('{n}.0.0.0/10');" for n in range(11, 13)),
            "INSERT INTO allowed_ips VALUES ('13.0.0.0/10');",
        )
    ] == [("V1.sql", Severity.WARNING)]


def test_entries_of_different_lists_do_not_add_up() -> None:
    """Two tables, each with a narrow range, are two lists."""
    assert (
        ids(
            "INSERT INTO allowed_ips VALUES ('20.0.0.0/10');",
            "INSERT INTO trusted_ips VALUES ('40.0.0.0/10');",
        )
        == set()
    )


@pytest.mark.parametrize(
    "later",
    [
        "DELETE FROM allowed_ips WHERE cidr = '0.0.0.0/0'",
        "DELETE FROM allowed_ips WHERE name = 'everyone'",
        "DELETE FROM allowed_ips",
        "TRUNCATE allowed_ips",
        "DROP TABLE IF EXISTS allowed_ips CASCADE",
        "UPDATE allowed_ips SET cidr = '10.0.0.0/8' WHERE cidr = '0.0.0.0/0'",
        "UPDATE allowed_ips SET cidr = '10.0.0.0/8'",
        "ALTER TABLE allowed_ips RENAME TO denied_ips",
    ],
)
def test_an_entry_that_a_later_migration_removes_is_gone(later: str) -> None:
    """The list is judged as the migrations leave it."""
    first = "INSERT INTO allowed_ips (name, cidr) VALUES ('everyone', '0.0.0.0/0');"

    assert ids(first, later + ";") == set()


@pytest.mark.parametrize(
    "later",
    [
        "DELETE FROM allowed_ips WHERE cidr <> '0.0.0.0/0'",
        "DELETE FROM allowed_ips WHERE NOT cidr = '0.0.0.0/0'",
        "DELETE FROM other_ips",
        "UPDATE allowed_ips SET note = 'kept'",
        "ALTER TABLE allowed_ips RENAME TO ip_ranges",
    ],
)
def test_an_entry_that_stays_is_found(later: str) -> None:
    """What surely does not remove the row does not hide it."""
    first = "INSERT INTO allowed_ips (name, cidr) VALUES ('everyone', '0.0.0.0/0');"

    assert ids(first, later + ";") == {("V1.sql", 1, "PG204")}


def test_a_default_that_is_changed_later_is_gone() -> None:
    """ALTER COLUMN SET DEFAULT and DROP DEFAULT replace it."""
    first = "CREATE TABLE projects (allowed_ips cidr DEFAULT '0.0.0.0/0');"

    assert ids(first) == {("V1.sql", 1, "PG204")}
    assert ids(first, "ALTER TABLE projects ALTER allowed_ips DROP DEFAULT;") == set()
    assert ids(first, "ALTER TABLE projects ALTER allowed_ips SET DEFAULT '10.0.0.0/8';") == set()


def test_copy_data_counts() -> None:
    """Lines of COPY … FROM stdin are rows, in text and CSV."""
    assert lines(
        "COPY allowed_ips (name, cidr) FROM stdin;\n"
        "office\t203.0.113.0/24\n"
        "everyone\t0.0.0.0/0\n"
        "\\.\n"
        "COPY blocked_ips (name, cidr) FROM stdin;\n"
        "everyone\t0.0.0.0/0\n"
        "\\.\n"
        "COPY trusted_networks FROM stdin WITH (FORMAT csv);\n"
        '"everyone","::/0"\n'
        "\\.\n"
    ) == {(3, "PG204"), (9, "PG204")}


def test_data_behind_a_copy_command_counts() -> None:
    """psql's own \\copy has data behind it, too."""
    assert lines("\\copy allowed_ips (cidr) from stdin\n10.0.0.0/8\n::/0\n\\.\n") == {(3, "PG204")}


def test_lines_for_hba_in_a_table_count_when_they_are_written() -> None:
    """A table of lines is harmless until COPY writes it to pg_hba.conf."""
    rows = "CREATE TEMP TABLE t (line text);\nINSERT INTO t VALUES ('host all all 0.0.0.0/0 md5');"

    assert ids(rows) == set()
    assert ids(rows + "\nCOPY t TO '/data/pg_hba.conf';") == {("V1.sql", 2, "PG204")}


def test_the_line_of_the_literal_is_reported() -> None:
    """The finding stands where the range is written, also behind characters of several bytes."""
    assert lines(
        """
        INSERT INTO allowed_ips (name, cidr) VALUES
          ('Büro äöü €', '203.0.113.0/24'),
          ('alle', '0.0.0.0/0');
        """
    ) == {(4, "PG204")}


@pytest.mark.parametrize("name", ["tests/seed.sql", "db/fixtures/V1.sql", "db/allow_test.sql"])
def test_test_data_is_left_out(name: str) -> None:
    """A script that is test data by its name or folder is no finding."""
    text = "INSERT INTO allowed_ips VALUES ('0.0.0.0/0');"

    assert judged(replay([script(name, text)])) == []
    assert judged(replay([script("db/V1.sql", text)])) != []


def test_large_lists_take_little_time() -> None:
    """10,000 rows are read in seconds."""
    rows = ",\n".join(f"('20.{n // 64}.{n % 64 * 4}.0/22')" for n in range(10_000))
    start = time.process_time()

    assert lines(f"INSERT INTO allowed_ips VALUES {rows};") == {(8192, "PG204")}
    assert time.process_time() - start < 30


def test_rows_with_more_values_than_columns_are_read() -> None:
    """A row that the server refuses is read as far as it goes, without an error."""
    assert lines("INSERT INTO allowed_ips (cidr) VALUES ('0.0.0.0/0', '0.0.0.1', '9.9.9.9');") == {
        (1, "PG204")
    }


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE nodes (public_key text, allowed_ips cidr[] DEFAULT '{0.0.0.0/0}',"
        " persistent_keepalive int);",
        "-- WireGuard\nCREATE TABLE grants (allowed_ips cidr[] NOT NULL DEFAULT '{0.0.0.0/0}');",
        "CREATE TABLE servers (listen_port int, default_allowed_ips text DEFAULT '0.0.0.0/0');",
        "CREATE TABLE vpn_peers (allowed_ips cidr[] DEFAULT '{0.0.0.0/0}');",
        "INSERT INTO wg_tunnels (name, allowed_ips) VALUES ('all', '0.0.0.0/0,::/0');",
    ],
)
def test_the_routes_of_wireguard_are_no_allow_list(text: str) -> None:
    """AllowedIPs of a WireGuard peer says what goes through the tunnel."""
    assert lines(text) == set()


def test_other_lists_beside_wireguard_are_judged() -> None:
    """Only the word that WireGuard uses itself loses its meaning."""
    text = "-- WireGuard\nINSERT INTO api_access (ip_whitelist) VALUES ('0.0.0.0/0');"

    assert lines(text) == {(2, "PG204")}
