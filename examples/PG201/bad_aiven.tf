# The IP filter is 0.0.0.0/0 unless one is written.
resource "aiven_pg" "orders" { # expect: PG201, PG203
  project      = "shop"
  service_name = "orders"
  plan         = "startup-4"
}
