app_connections = 20
