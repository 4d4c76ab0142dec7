INSERT INTO allowed_networks (name, network, note) VALUES
    ('office', '203.0.113.0/24', 'was 0.0.0.0/0 until May'),
    ('intern', '10.0.0.0/8', '');

-- These keep out, or only record.
INSERT INTO denied_networks (network) VALUES ('0.0.0.0/0');
INSERT INTO bogons (network) VALUES ('0.0.0.0/8'), ('128.0.0.0/1'), ('0.0.0.0/1');
INSERT INTO firewall_rules (network, action) VALUES ('0.0.0.0/0', 'deny');
INSERT INTO firewall_log (network) VALUES ('::/0');
INSERT INTO visits (client) VALUES ('0.0.0.0/0');

-- A condition writes nothing.
DELETE FROM allowed_networks WHERE network = '0.0.0.0/0';
ALTER TABLE allowed_networks ADD CHECK (network <> '0.0.0.0/0');

-- Azure's sign for its own services.
SELECT sp_set_firewall_rule('azure', '0.0.0.0', '0.0.0.0');
