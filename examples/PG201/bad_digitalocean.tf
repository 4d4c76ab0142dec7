# A cluster that no firewall names lets everybody in, and only the first rule below is narrow.
resource "digitalocean_database_cluster" "orders" { # expect: PG201
  name       = "orders"
  engine     = "pg"
  version    = "17"
  size       = "db-s-1vcpu-2gb"
  region     = "fra1"
  node_count = 1
}

resource "digitalocean_firewall" "db" {
  name = "db"

  inbound_rule {
    protocol         = "tcp"
    port_range       = "22"
    source_addresses = ["10.114.0.0/20"]
  }

  inbound_rule {
    protocol         = "tcp"
    port_range       = "5000-6000"
    source_addresses = ["0.0.0.0/0", "::/0"] # expect: PG201
  }
}
