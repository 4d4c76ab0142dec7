app_connections = -1
