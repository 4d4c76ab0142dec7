variable "service_limits" {
  type = map(number)
  default = {
    shop_billing  = 10
    shop_shipping = -1
  }
}

resource "postgresql_role" "service" {
  for_each = var.service_limits

  name             = each.key
  login            = true
  connection_limit = each.value # expect: PG001
}

resource "postgresql_role" "reporting" { # expect: PG001
  name  = "shop_reporting"
  login = true
}

resource "postgresql_role" "readers" {
  name = "shop_readers" # a group role: it never logs in
}

resource "postgresql_database" "shop" {
  name             = "shop"
  connection_limit = -1 # expect: PG004
}
