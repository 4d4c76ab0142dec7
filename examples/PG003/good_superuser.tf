# The superuser has no limit to rely on, and the application has a role of its own.

resource "postgresql_role" "maintenance" {
  name      = "maintenance"
  login     = true
  superuser = true
}

resource "postgresql_role" "app" {
  name             = "app"
  login            = true
  connection_limit = 20
}
