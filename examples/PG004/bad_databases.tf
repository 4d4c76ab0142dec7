# One tenant's database may take every connection of the server.

locals {
  tenants = {
    small = 20
    large = -1
  }
}

resource "postgresql_database" "tenant" {
  for_each = local.tenants

  name             = "tenant_${each.key}"
  connection_limit = each.value # expect: PG004
}
