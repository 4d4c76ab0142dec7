resource "digitalocean_droplet" "app" {
  name   = "app"
  image  = "debian-13-x64"
  size   = "s-1vcpu-1gb"
  region = "fra1"
}

resource "digitalocean_database_cluster" "orders" {
  name       = "orders"
  engine     = "pg"
  version    = "17"
  size       = "db-s-1vcpu-2gb"
  region     = "fra1"
  node_count = 1
}

resource "digitalocean_database_firewall" "orders" {
  cluster_id = digitalocean_database_cluster.orders.id

  rule {
    type  = "droplet"
    value = digitalocean_droplet.app.id
  }

  rule {
    type  = "ip_addr"
    value = "198.51.100.7"
  }
}

resource "digitalocean_firewall" "app" {
  name        = "app"
  droplet_ids = [digitalocean_droplet.app.id]

  inbound_rule {
    protocol         = "tcp"
    port_range       = "443"
    source_addresses = ["0.0.0.0/0", "::/0"]
  }
}
