INSERT INTO allowed_networks (name, network) VALUES ('everyone', '0.0.0.0/0');
