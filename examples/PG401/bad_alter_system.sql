ALTER SYSTEM SET ssl TO 'false';  -- expect: PG401
