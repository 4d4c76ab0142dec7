# The default is safe. The values that are applied are not.

variable "app_connections" {
  type    = number
  default = 20
}

resource "postgresql_role" "app" {
  name             = "app"
  login            = true
  connection_limit = var.app_connections # expect: PG001
}
