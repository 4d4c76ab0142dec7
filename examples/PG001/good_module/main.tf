# The module has a sensible variable that all callers keep within bounds.

module "orders" {
  source = "./modules/service_role"

  name  = "orders"
  limit = 25
}

module "exports" {
  source = "./modules/service_role"

  name  = "exports"
  limit = 5
}
