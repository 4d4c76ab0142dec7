# The same map with a limit for everyone, and a role that is switched off by count.

locals {
  squads = {
    payments = { connections = 15 }
    catalog  = { connections = 10 }
  }
}

resource "postgresql_role" "squad" {
  for_each = local.squads

  name             = "squad_${each.key}"
  login            = true
  connection_limit = each.value.connections
}

resource "postgresql_role" "retired" {
  count = 0

  name  = "retired"
  login = true
}
