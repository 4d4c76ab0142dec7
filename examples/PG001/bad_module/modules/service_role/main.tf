variable "name" {
  type = string
}

variable "limit" {
  type    = number
  default = 10
}

resource "postgresql_role" "service" {
  name             = var.name
  login            = true
  connection_limit = var.limit # expect: PG001
}
