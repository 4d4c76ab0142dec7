# Both are defaults: a public endpoint, and 0.0.0.0/0 in its list of allowed addresses.
resource "scaleway_rdb_instance" "orders" { # expect: PG201, PG203
  name      = "orders"
  node_type = "DB-DEV-S"
  engine    = "PostgreSQL-16"
}
