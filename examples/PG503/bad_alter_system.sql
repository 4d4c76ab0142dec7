ALTER SYSTEM SET tcp_keepalives_idle = '2h';  -- expect: PG503
