resource "linode_firewall" "db" {
  label           = "db"
  inbound_policy  = "DROP"
  outbound_policy = "ACCEPT"

  inbound {
    label    = "ssh"
    action   = "ACCEPT"
    protocol = "TCP"
    ports    = "22, 5432"
    ipv4     = ["0.0.0.0/0"] # expect: PG201
  }
}
