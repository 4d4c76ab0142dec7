# Not everything that is unknown matters.

variable "secret" {
  type      = string
  sensitive = true
}

variable "group_limit" {
  type = number
}

resource "postgresql_role" "app" {
  name             = "app"
  login            = true
  password         = var.secret
  connection_limit = 20
}

resource "postgresql_role" "group" {
  name             = "group"
  connection_limit = var.group_limit
}
