resource "ibm_database" "orders" {
  name              = "orders"
  plan              = "standard"
  location          = "eu-de"
  service           = "databases-for-postgresql"
  service_endpoints = "private"
}
