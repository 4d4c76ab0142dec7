ALTER SYSTEM SET listen_addresses = '*';  -- expect: PG205
