-- Each is a small part of the internet; with the office's it is too much.
INSERT INTO allowed_networks (network) VALUES
    ('20.0.0.0/10'),  -- expect: PG204
    ('40.0.0.0/12');
