CREATE TABLE allowed_networks (
    name text NOT NULL,
    network cidr NOT NULL DEFAULT '0.0.0.0/0'  -- expect: PG204
);

INSERT INTO allowed_networks (name, network) VALUES
    ('office', '203.0.113.0/24'),
    ('support', '::/0');  -- expect: PG204

-- Two halves are the world, too.
INSERT INTO ip_whitelist (network) VALUES ('0.0.0.0/1');  -- expect: PG204
UPDATE projects SET trusted_ips = '{10.0.0.0/8,1.2.3.4/0}' WHERE name = 'shop';  -- expect: PG204

SELECT sp_set_firewall_rule('everyone', '0.0.0.0', '255.255.255.255');  -- expect: PG204

COPY firewall_rules (name, start_ip, end_ip) FROM stdin WITH (FORMAT csv);
vpn,198.51.100.1,198.51.100.9
-- expect-next-line: PG204
everyone,0.0.0.0,255.255.255.255
\.

-- expect-next-line: PG204
COPY (SELECT 'host all all 0.0.0.0/0 md5') TO PROGRAM 'tee -a $PGDATA/pg_hba.conf';
