ALTER SYSTEM SET tcp_keepalives_idle = '1min';
