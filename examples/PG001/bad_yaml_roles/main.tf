# Roles kept in YAML, with defaults for what a role does not say.

locals {
  roles = yamldecode(file("${path.module}/roles.yaml")).roles
}

resource "postgresql_role" "this" {
  for_each = { for role in local.roles : role.name => role if !try(role.retired, false) }

  name             = each.key
  login            = try(each.value.login, true)
  connection_limit = try(each.value.connections, -1) # expect: PG001
}
