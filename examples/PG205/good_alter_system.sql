ALTER SYSTEM SET listen_addresses = '*';
-- Set again further down: the last one counts.
ALTER SYSTEM SET listen_addresses = 'localhost, 10.0.0.5';
