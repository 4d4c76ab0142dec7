# A locked role says so; a limit of 0 then does no harm.

resource "postgresql_role" "former_employee" {
  name             = "former_employee"
  login            = false
  connection_limit = 0
}

resource "postgresql_role" "mailer" {
  name             = "mailer"
  login            = true
  connection_limit = 4
}
