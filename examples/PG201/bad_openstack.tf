resource "openstack_networking_secgroup_v2" "db" {
  name = "db"
}

# No remote prefix and no remote group: everybody.
resource "openstack_networking_secgroup_rule_v2" "postgres" { # expect: PG201
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  port_range_min    = 5432
  port_range_max    = 5432
  security_group_id = openstack_networking_secgroup_v2.db.id
}
