# 0 does not mean "no limit": nobody can log in as this role.

resource "postgresql_role" "mailer" {
  name             = "mailer"
  login            = true
  connection_limit = 0 # expect: PG002
}

variable "batch_connections" {
  default = "0"
}

resource "postgresql_role" "batch" {
  name             = "batch"
  login            = true
  connection_limit = var.batch_connections # expect: PG002
}
