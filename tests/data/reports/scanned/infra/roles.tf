variable "limit" {
  type = number
}

resource "postgresql_role" "reporting" {
  name     = "reporting"
  login    = true
  password = "do-not-print"

  inherit = true
}

resource "postgresql_role" "jobs" {
  name             = "jobs"
  login            = true
  connection_limit = var.limit
}

resource "postgresql_database" "shop" {
  name             = "shop"
  connection_limit = -1 # checkov:skip=CKV_CUSTOM_PG_004:the only database of this server
}
