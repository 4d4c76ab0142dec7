resource "postgresql_role" "app" {
  name             = "app"
  login            = true
  connection_limit = 5
}

resource "postgresql_database" "app" {
  name             = "app"
  connection_limit = 100
}
