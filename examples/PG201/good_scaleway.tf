resource "scaleway_vpc_private_network" "main" {
  name = "main"
}

resource "scaleway_rdb_instance" "orders" {
  name      = "orders"
  node_type = "DB-DEV-S"
  engine    = "PostgreSQL-16"

  private_network {
    pn_id       = scaleway_vpc_private_network.main.id
    enable_ipam = true
  }
}

resource "scaleway_instance_security_group" "app" {
  inbound_default_policy = "drop"

  inbound_rule {
    action   = "accept"
    port     = 5432
    ip_range = "10.20.0.0/24"
  }
}
