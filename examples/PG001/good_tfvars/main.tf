# The default would be unsafe. The values that are applied are not.

variable "app_connections" {
  type    = number
  default = -1
}

resource "postgresql_role" "app" {
  name             = "app"
  login            = true
  connection_limit = var.app_connections
}
