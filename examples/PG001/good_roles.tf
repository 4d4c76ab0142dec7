# Every role that logs in has a cap; groups and superusers need none.

locals {
  pool_size = 20
  replicas  = 2
}

resource "postgresql_role" "checkout" {
  name             = "checkout"
  login            = true
  connection_limit = local.replicas * (local.pool_size + 5) + 1
}

resource "postgresql_role" "metrics" {
  name             = "metrics"
  login            = true
  connection_limit = "3"
}

resource "postgresql_role" "readers" {
  name = "readers"
}

resource "postgresql_role" "writers" {
  name             = "writers"
  login            = false
  connection_limit = -1
}

resource "postgresql_role" "operator" {
  name      = "operator"
  login     = true
  superuser = true
}
