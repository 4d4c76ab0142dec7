# The provider takes -1 and up. These are refused when the plan is made.

resource "postgresql_role" "app" {
  name             = "app"
  login            = true
  connection_limit = -5 # expect: PG008
}

resource "postgresql_database" "app" {
  name             = "app"
  connection_limit = -2 # expect: PG008
}
