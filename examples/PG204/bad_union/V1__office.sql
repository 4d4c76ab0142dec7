INSERT INTO allowed_networks (network) VALUES ('11.0.0.0/10');
