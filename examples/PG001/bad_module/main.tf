# The module has a sensible variable, and one caller lifts the limit through it.

module "orders" {
  source = "./modules/service_role"

  name  = "orders"
  limit = 25
}

module "exports" {
  source = "./modules/service_role"

  name  = "exports"
  limit = -1
}
