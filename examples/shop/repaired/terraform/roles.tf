variable "service_limits" {
  type = map(number)
  default = {
    shop_billing  = 10
    shop_shipping = 10
  }
}

resource "postgresql_role" "service" {
  for_each = var.service_limits

  name             = each.key
  login            = true
  connection_limit = each.value
}

resource "postgresql_role" "reporting" {
  name             = "shop_reporting"
  login            = true
  connection_limit = 4
}

resource "postgresql_role" "readers" {
  name = "shop_readers" # a group role: it never logs in
}

resource "postgresql_database" "shop" {
  name             = "shop"
  connection_limit = 90
}
