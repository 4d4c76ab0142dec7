# The team's roles are a map, and two entries forget the limit.

locals {
  team_roles = {
    billing  = { connections = 15 }
    search   = { connections = -1 }
    delivery = { connections = 10 }
  }
}

resource "postgresql_role" "team" {
  for_each = local.team_roles

  name             = "team_${each.key}"
  login            = true
  connection_limit = each.value.connections # expect: PG001
}

resource "postgresql_role" "shard" { # expect: PG001
  count = 3

  name  = "shard_${count.index}"
  login = true
}
