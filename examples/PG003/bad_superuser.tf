# PostgreSQL does not enforce the limit of a superuser.

resource "postgresql_role" "maintenance" {
  name             = "maintenance"
  login            = true
  superuser        = true
  connection_limit = 5 # expect: PG003
}
