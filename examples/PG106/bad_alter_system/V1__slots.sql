ALTER SYSTEM SET max_connections = 5000;  -- expect: PG106
