# The limit arrives from outside: a default, a tfvars file or the plan would decide it.

variable "limit" {
  type = number
}

variable "environment" {
  type = string
}

resource "postgresql_role" "app" {
  name             = "app"
  login            = true
  connection_limit = var.limit # expect: PG902
}

resource "postgresql_role" "worker" {
  name             = "worker"
  login            = true
  connection_limit = var.environment == "production" ? 50 : -1 # expect: PG902
}

data "external" "sizing" {
  program = ["./sizing.sh"]
}

resource "postgresql_role" "sized" {
  name             = "sized"
  login            = true
  connection_limit = data.external.sizing.result.limit # expect: PG902
}
