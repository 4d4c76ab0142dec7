resource "hcloud_server" "postgres" {
  name        = "postgres"
  image       = "debian-13"
  server_type = "cx22"
}

resource "hcloud_firewall" "postgres" {
  name = "postgres"

  rule {
    direction  = "in"
    protocol   = "tcp"
    port       = "any"
    source_ips = ["0.0.0.0/0", "::/0"] # expect: PG201
  }
}

resource "hcloud_firewall_attachment" "postgres" {
  firewall_id = hcloud_firewall.postgres.id
  server_ids  = [hcloud_server.postgres.id]
}
