resource "openstack_networking_secgroup_v2" "app" {
  name = "app"
}

resource "openstack_networking_secgroup_v2" "db" {
  name = "db"
}

resource "openstack_networking_secgroup_rule_v2" "postgres" {
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  port_range_min    = 5432
  port_range_max    = 5432
  remote_group_id   = openstack_networking_secgroup_v2.app.id
  security_group_id = openstack_networking_secgroup_v2.db.id
}
