# Without an allow list every address is accepted.
resource "ibm_database" "orders" { # expect: PG201
  name              = "orders"
  plan              = "standard"
  location          = "eu-de"
  service           = "databases-for-postgresql"
  service_endpoints = "public" # expect: PG203
}
