# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations of the smaller providers; `# expect: PG201` marks the lines with findings."""

from __future__ import annotations

CASES: dict[str, str] = {}

# --- DigitalOcean ---------------------------------------------------------------------------------

CASES["edge 18: the second inbound rule of a droplet firewall is open"] = """
resource "digitalocean_firewall" "web" {
  inbound_rule {
    protocol         = "tcp"
    port_range       = "22"
    source_addresses = ["10.10.0.0/24"]
  }
  inbound_rule {
    protocol         = "tcp"
    port_range       = "5432"
    source_addresses = ["0.0.0.0/0"] # expect: PG201
  }
}
"""
CASES["edge 23: UDP alone is no exposure"] = """
resource "digitalocean_firewall" "web" {
  inbound_rule {
    protocol         = "udp"
    port_range       = "5432"
    source_addresses = ["0.0.0.0/0", "::/0"]
  }
  inbound_rule {
    protocol         = "icmp"
    source_addresses = ["0.0.0.0/0", "::/0"]
  }
}
resource "hcloud_firewall" "db" {
  rule {
    direction  = "in"
    protocol   = "udp"
    port       = "5432"
    source_ips = ["0.0.0.0/0"]
  }
}
resource "linode_firewall" "db" {
  inbound_policy = "DROP"
  inbound {
    action   = "ACCEPT"
    protocol = "UDP"
    ports    = "5432"
    ipv4     = ["0.0.0.0/0"]
  }
}
resource "openstack_networking_secgroup_rule_v2" "db" {
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "udp"
  port_range_min    = 5432
  port_range_max    = 5432
  remote_ip_prefix  = "0.0.0.0/0"
  security_group_id = "0c8e"
}
resource "ibm_is_security_group_rule" "db" {
  group     = "r006-1"
  direction = "inbound"
  remote    = "0.0.0.0/0"
  udp {
    port_min = 5432
    port_max = 5432
  }
}
resource "oci_core_security_list" "db" {
  ingress_security_rules {
    protocol = "17"
    source   = "0.0.0.0/0"
  }
}
"""
CASES["edge 21: the ports of poolers count"] = """
resource "hcloud_firewall" "pooler" {
  rule {
    direction  = "in"
    protocol   = "tcp"
    port       = "6432"
    source_ips = ["0.0.0.0/0"] # expect: PG201
  }
}
resource "digitalocean_firewall" "supavisor" {
  inbound_rule {
    protocol         = "tcp"
    port_range       = "6543"
    source_addresses = ["0.0.0.0/0"] # expect: PG201
  }
}
"""
CASES["edge 21: the port of a managed pooler, split over two groups"] = """
resource "yandex_vpc_security_group" "low" {
  ingress {
    protocol       = "TCP"
    port           = 6432
    v4_cidr_blocks = ["0.0.0.0/1"]
  }
}
resource "yandex_vpc_security_group" "high" {
  ingress {
    protocol       = "TCP"
    from_port      = 6000
    to_port        = 7000
    v4_cidr_blocks = ["128.0.0.0/1"] # expect: PG201
  }
}
resource "yandex_mdb_postgresql_cluster" "main" {
  security_group_ids = [yandex_vpc_security_group.low.id, yandex_vpc_security_group.high.id]
  host {
    zone             = "ru-central1-a"
    assign_public_ip = true # expect: PG203
  }
}
"""
CASES["edge 27: a small public network, and private ones"] = """
resource "digitalocean_firewall" "office" {
  inbound_rule {
    protocol         = "tcp"
    port_range       = "5432"
    source_addresses = ["203.0.114.8/29", "10.20.0.0/16", "192.168.1.0/24"]
  }
}
resource "hcloud_firewall" "office" {
  rule {
    direction  = "in"
    protocol   = "tcp"
    port       = "5432"
    source_ips = ["198.51.101.0/29", "172.16.4.0/22"]
  }
}
"""
CASES["droplets that are no databases: only named ports are judged"] = """
resource "digitalocean_droplet" "web" {
  name = "web-1"
}
resource "digitalocean_firewall" "web" {
  droplet_ids = [digitalocean_droplet.web.id]
  inbound_rule {
    protocol         = "tcp"
    port_range       = "1-65535"
    source_addresses = ["0.0.0.0/0"]
  }
}
"""
CASES["a droplet called like a database is one"] = """
resource "digitalocean_droplet" "store" {
  name = "postgres-1"
  tags = ["stores"]
}
resource "digitalocean_firewall" "store" {
  tags = ["stores"]
  inbound_rule {
    protocol         = "tcp"
    port_range       = "all"
    source_addresses = ["0.0.0.0/0"] # expect: PG201
  }
}
"""
CASES["tags, droplets, load balancers and clusters as sources are narrow"] = """
resource "digitalocean_firewall" "db" {
  inbound_rule {
    protocol                  = "tcp"
    port_range                = "5432"
    source_tags               = ["web"]
    source_load_balancer_uids = ["4de7"]
    source_kubernetes_ids     = ["99a1"]
  }
}
"""
CASES["a managed database without trusted sources is open"] = """
resource "digitalocean_database_cluster" "db" { # expect: PG201
  engine = "pg"
}
resource "digitalocean_database_cluster" "cache" {
  engine = "redis"
}
"""
CASES["two halves of the internet as trusted sources"] = """
resource "digitalocean_database_cluster" "db" {
  engine = "pg"
}
resource "digitalocean_database_firewall" "db" {
  cluster_id = digitalocean_database_cluster.db.id
  rule {
    type  = "ip_addr"
    value = "0.0.0.0/1" # expect: PG201
  }
  rule {
    type  = "ip_addr"
    value = "128.0.0.0/1"
  }
}
"""
CASES["trusted sources that are no addresses"] = """
resource "digitalocean_database_cluster" "db" {
  engine = "pg"
}
resource "digitalocean_database_firewall" "db" {
  cluster_id = digitalocean_database_cluster.db.id
  rule {
    type  = "k8s"
    value = "99a1"
  }
  rule {
    type  = "tag"
    value = "backend"
  }
  rule {
    type  = "app"
    value = "9f00"
  }
}
resource "digitalocean_database_cluster" "mysql" {
  engine = "mysql"
}
resource "digitalocean_database_firewall" "mysql" {
  cluster_id = digitalocean_database_cluster.mysql.id
  rule {
    type  = "ip_addr"
    value = "0.0.0.0/0"
  }
}
"""
CASES["a database firewall of a cluster that cannot be told leaves the cluster undecided"] = """
variable "cluster" {}
resource "digitalocean_database_cluster" "db" { # expect: PG902
  engine = "pg"
}
resource "digitalocean_database_firewall" "db" {
  cluster_id = var.cluster
  rule {
    type  = "ip_addr"
    value = "192.0.2.7"
  }
}
"""

CASES["whether an open cluster is PostgreSQL is not known"] = """
variable "engine" {}
resource "digitalocean_database_cluster" "any" { # expect: PG902
  engine = var.engine
}
"""
CASES["a port that the caller has to set"] = """
variable "ssh_port" {
  default = null
}
resource "hcloud_firewall" "ssh" {
  rule {
    direction  = "in"
    protocol   = "tcp"
    port       = var.ssh_port # expect: PG902
    source_ips = ["0.0.0.0/0"]
  }
}
"""

CASES["networks and addresses of the configuration are narrow, though unknown"] = """
resource "digitalocean_vpc" "main" {
  name   = "main"
  region = "fra1"
}
resource "digitalocean_droplet" "app" {
  name = "app"
}
resource "digitalocean_firewall" "db" {
  inbound_rule {
    protocol   = "tcp"
    port_range = "5432"
    source_addresses = [
      digitalocean_vpc.main.ip_range,
      digitalocean_droplet.app.ipv4_address,
      digitalocean_droplet.app.ipv4_address_private,
    ]
  }
}
data "yandex_vpc_subnet" "app" {
  name = "app"
}
resource "yandex_vpc_security_group" "db" {
  ingress {
    protocol       = "TCP"
    port           = 6432
    v4_cidr_blocks = data.yandex_vpc_subnet.app.v4_cidr_blocks
  }
}
data "oci_core_vcn" "main" {
  vcn_id = "ocid1.vcn"
}
resource "oci_core_security_list" "db" {
  ingress_security_rules {
    protocol = "all"
    source   = data.oci_core_vcn.main.cidr_block
  }
}
resource "openstack_compute_instance_v2" "app" {
  name = "app"
}
resource "openstack_networking_secgroup_rule_v2" "db" {
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  port_range_min    = 5432
  port_range_max    = 5432
  remote_ip_prefix  = openstack_compute_instance_v2.app.access_ip_v4
  security_group_id = "0c8e"
}
"""

# --- Hetzner Cloud --------------------------------------------------------------------------------

CASES["rules of all firewalls of a server add up"] = """
resource "hcloud_server" "app" {
  firewall_ids = [hcloud_firewall.low.id, hcloud_firewall.high.id]
}
resource "hcloud_firewall" "low" {
  rule {
    direction  = "in"
    protocol   = "tcp"
    port       = "5432"
    source_ips = ["203.0.114.0/24"]
  }
}
resource "hcloud_firewall" "high" {
  rule {
    direction  = "in"
    protocol   = "tcp"
    port       = "any"
    source_ips = ["0.0.0.0/0"] # expect: PG201
  }
}
"""
CASES["an attached firewall that names no port of PostgreSQL"] = """
resource "hcloud_server" "web" {
  name = "web"
}
resource "hcloud_firewall" "web" {
  rule {
    direction  = "in"
    protocol   = "tcp"
    port       = "1-65535"
    source_ips = ["0.0.0.0/0"]
  }
  rule {
    direction       = "out"
    protocol        = "tcp"
    port            = "5432"
    destination_ips = ["0.0.0.0/0"]
  }
}
resource "hcloud_firewall_attachment" "web" {
  firewall_id = hcloud_firewall.web.id
  server_ids  = [hcloud_server.web.id]
}
"""

# --- Scaleway -------------------------------------------------------------------------------------

CASES["a Scaleway database has a public endpoint and lets everybody in by default"] = """
resource "scaleway_rdb_instance" "main" { # expect: PG201, PG203
  engine = "PostgreSQL-16"
}
resource "scaleway_rdb_instance" "other" {
  engine = "MySQL-8"
}
"""
CASES["a Scaleway database in a private network only"] = """
resource "scaleway_rdb_instance" "main" {
  engine = "PostgreSQL-16"
  private_network {
    pn_id       = "fr-par/1"
    enable_ipam = true
  }
}
"""
CASES["a Scaleway database with both endpoints and an ACL"] = """
resource "scaleway_rdb_instance" "main" {
  engine = "PostgreSQL-16"
  private_network {
    pn_id       = "fr-par/1"
    enable_ipam = true
  }
  load_balancer {} # expect: PG203
}
resource "scaleway_rdb_acl" "main" {
  instance_id = scaleway_rdb_instance.main.id
  acl_rules {
    ip = "203.0.114.7/32"
  }
}
"""
CASES["an ACL for everybody"] = """
resource "scaleway_rdb_instance" "main" { # expect: PG203
  engine = "PostgreSQL-16"
}
resource "scaleway_rdb_acl" "main" {
  instance_id = scaleway_rdb_instance.main.id
  acl_rules {
    ip = "203.0.114.7/32"
  }
  acl_rules {
    ip = "0.0.0.0/0" # expect: PG201
  }
}
"""
CASES["a Scaleway security group accepts by default"] = """
resource "scaleway_instance_security_group" "open" { # expect: PG201
  inbound_rule {
    action = "accept"
    port   = 5432
    ip     = "203.0.114.7"
  }
}
resource "scaleway_instance_security_group" "closed" {
  inbound_rule {
    action   = "drop"
    port     = 5432
    ip_range = "0.0.0.0/0"
  }
  inbound_rule {
    action   = "drop"
    port     = 5432
    ip_range = "::/0"
  }
}
resource "scaleway_instance_security_group" "ordered" {
  inbound_default_policy = "drop"
  inbound_rule {
    action = "drop"
    port   = 5432
  }
  inbound_rule {
    action = "accept"
    port   = 5432
  }
}
resource "scaleway_instance_security_group" "external" {
  inbound_default_policy = "drop"
  external_rules         = true
}
resource "scaleway_instance_security_group_rules" "external" {
  security_group_id = scaleway_instance_security_group.external.id
  inbound_rule { # expect: PG201
    action     = "accept"
    port_range = "5000-6000"
  }
}
"""

# --- Linode ---------------------------------------------------------------------------------------

CASES["the policy of a Linode firewall, and its rules in order"] = """
resource "linode_firewall" "open" {
  inbound_policy = "ACCEPT" # expect: PG201
}
resource "linode_firewall" "closed" {
  inbound_policy = "ACCEPT"
  inbound {
    action   = "DROP"
    protocol = "TCP"
    ports    = "22, 5432"
    ipv4     = ["0.0.0.0/0"]
    ipv6     = ["::/0"]
  }
}
resource "linode_firewall" "listed" {
  inbound_policy = "DROP"
  inbound {
    action   = "ACCEPT"
    protocol = "TCP"
    ports    = "443, 5000-6000"
    ipv4     = ["0.0.0.0/0"] # expect: PG201
  }
}
resource "linode_firewall" "disabled" {
  disabled       = true # expect: PG201
  inbound_policy = "DROP"
}
"""
CASES["allow lists of Linode databases"] = """
resource "linode_database_postgresql_v2" "closed" { # expect: PG203
  engine_id = "postgresql/16"
}
resource "linode_database_postgresql_v2" "open" {
  engine_id  = "postgresql/16"
  allow_list = ["0.0.0.0/0"] # expect: PG201
  private_network = { # expect: PG203
    vpc_id        = 1
    subnet_id     = 2
    public_access = true
  }
}
resource "linode_database_postgresql" "old" { # expect: PG401
  engine_id = "postgresql/13.2"
}
resource "linode_database_access_controls" "old" {
  database_id   = linode_database_postgresql.old.id
  database_type = "postgresql"
  allow_list    = ["203.0.0.0/12"] # expect: PG202
}
resource "linode_database_access_controls" "mysql" {
  database_id   = 123
  database_type = "mysql"
  allow_list    = ["0.0.0.0/0"]
}
"""

# --- OVHcloud, Aiven ------------------------------------------------------------------------------

CASES["address restrictions of OVHcloud databases"] = """
resource "ovh_cloud_project_database" "open" { # expect: PG203
  engine = "postgresql"
  nodes {
    region = "GRA"
  }
  ip_restrictions {
    ip = "0.0.0.0/0" # expect: PG201
  }
}
resource "ovh_cloud_project_database" "closed" {
  engine = "postgresql"
  nodes {
    region     = "GRA"
    network_id = "4f12"
    subnet_id  = "9a33"
  }
}
resource "ovh_cloud_project_database_ip_restriction" "half" {
  engine     = "postgresql"
  cluster_id = "8c1b"
  ip         = "0.0.0.0/1" # expect: PG201
}
resource "ovh_cloud_project_database_ip_restriction" "other" {
  engine     = "mongodb"
  cluster_id = "77aa"
  ip         = "0.0.0.0/0"
}
resource "ovh_cloud_project_database_ip_restriction" "rest" {
  engine     = "postgresql"
  cluster_id = "8c1b"
  ip         = "128.0.0.0/1"
}
"""
CASES["IP filters of Aiven, their default, and VPCs"] = """
resource "aiven_pg" "default" { # expect: PG201, PG203
  plan = "startup-4"
}
resource "aiven_pg" "filtered" { # expect: PG203
  pg_user_config {
    ip_filter_string = ["203.0.114.7/32"]
  }
}
resource "aiven_pg" "objects" { # expect: PG203
  pg_user_config {
    ip_filter_object {
      network = "0.0.0.0/1" # expect: PG201
    }
    ip_filter_object {
      network = "128.0.0.0/1"
    }
  }
}
resource "aiven_project_vpc" "main" {
  cloud_name = "aws-eu-west-1"
}
resource "aiven_pg" "hidden" {
  project_vpc_id = aiven_project_vpc.main.id
}
resource "aiven_pg" "shown" { # expect: PG201
  project_vpc_id = aiven_project_vpc.main.id
  pg_user_config {
    public_access {
      pg = true # expect: PG203
    }
  }
}
"""

# --- OpenStack, Alibaba Cloud, Oracle, IBM --------------------------------------------------------

CASES["rules of an OpenStack group"] = """
resource "openstack_networking_secgroup_v2" "db" {
  name = "db"
}
resource "openstack_networking_secgroup_rule_v2" "any" { # expect: PG201
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  port_range_min    = 5432
  port_range_max    = 5432
  security_group_id = openstack_networking_secgroup_v2.db.id
}
resource "openstack_networking_secgroup_v2" "members" {
  name = "members"
}
resource "openstack_networking_secgroup_rule_v2" "members" {
  direction         = "ingress"
  ethertype         = "IPv4"
  remote_group_id   = openstack_networking_secgroup_v2.members.id
  security_group_id = openstack_networking_secgroup_v2.members.id
}
resource "openstack_networking_secgroup_rule_v2" "out" {
  direction         = "egress"
  ethertype         = "IPv4"
  remote_ip_prefix  = "0.0.0.0/0"
  security_group_id = openstack_networking_secgroup_v2.members.id
}
resource "openstack_compute_secgroup_v2" "old" {
  name = "old"
  rule {
    from_port   = 5000
    to_port     = 6000
    ip_protocol = "tcp"
    cidr        = "0.0.0.0/0" # expect: PG201
  }
}
resource "openstack_compute_secgroup_v2" "everything" {
  name = "everything"
  rule {
    from_port   = 1
    to_port     = 65535
    ip_protocol = "tcp"
    cidr        = "0.0.0.0/0"
  }
}
resource "openstack_compute_instance_v2" "web" {
  name            = "web"
  security_groups = [openstack_compute_secgroup_v2.everything.name]
}
"""
CASES["security groups of Alibaba Cloud: priorities and ranges"] = """
resource "alicloud_security_group" "open" {}
resource "alicloud_security_group_rule" "open" {
  type              = "ingress"
  ip_protocol       = "all"
  port_range        = "-1/-1"
  cidr_ip           = "0.0.0.0/0" # expect: PG201
  security_group_id = alicloud_security_group.open.id
}
resource "alicloud_security_group" "dropped" {}
resource "alicloud_security_group_rule" "drop" {
  type              = "ingress"
  ip_protocol       = "tcp"
  policy            = "drop"
  priority          = 1
  port_range        = "5432/5432"
  cidr_ip           = "0.0.0.0/0"
  security_group_id = alicloud_security_group.dropped.id
}
resource "alicloud_security_group_rule" "accept" {
  type              = "ingress"
  ip_protocol       = "tcp"
  priority          = 2
  port_range        = "5000/6000"
  cidr_ip           = "0.0.0.0/0"
  security_group_id = alicloud_security_group.dropped.id
}
resource "alicloud_ecs_prefix_list" "all" {
  entry {
    cidr = "0.0.0.0/0"
  }
}
resource "alicloud_security_group" "listed" {}
resource "alicloud_security_group_rule" "listed" {
  type              = "ingress"
  ip_protocol       = "tcp"
  port_range        = "5432/5432"
  prefix_list_id    = alicloud_ecs_prefix_list.all.id # expect: PG201
  security_group_id = alicloud_security_group.listed.id
}
"""
CASES["address lists of ApsaraDB and PolarDB"] = """
resource "alicloud_db_instance" "default" {
  engine = "PostgreSQL"
}
resource "alicloud_db_instance" "inside" {
  engine       = "PostgreSQL"
  security_ips = ["10.1.2.3,0.0.0.0/0"] # expect: PG201
}
resource "alicloud_db_instance" "mysql" {
  engine       = "MySQL"
  security_ips = ["0.0.0.0/0"]
}
resource "alicloud_db_instance" "public" {
  engine       = "PostgreSQL"
  security_ips = ["203.0.114.7"]
}
resource "alicloud_db_connection" "public" { # expect: PG203
  instance_id = alicloud_db_instance.public.id
}
resource "alicloud_polardb_cluster" "main" {
  db_type = "PostgreSQL"
  db_cluster_ip_array {
    security_ips = ["10.0.0.0/8"] # expect: PG202
  }
}
"""
CASES["Oracle's security lists and groups"] = """
resource "oci_core_security_list" "open" {
  ingress_security_rules {
    protocol = "6"
    source   = "0.0.0.0/0" # expect: PG201
    tcp_options {
      min = 5432
      max = 5432
    }
  }
}
resource "oci_core_security_list" "service" {
  ingress_security_rules {
    protocol    = "all"
    source      = "all-fra-services-in-oracle-services-network"
    source_type = "SERVICE_CIDR_BLOCK"
  }
}
resource "oci_core_security_list" "private" {
  ingress_security_rules {
    protocol = "all"
    source   = "0.0.0.0/0"
  }
}
resource "oci_core_subnet" "private" {
  prohibit_public_ip_on_vnic = true
  security_list_ids          = [oci_core_security_list.private.id]
}
resource "oci_core_network_security_group" "db" {
  vcn_id = "ocid1.vcn"
}
resource "oci_core_network_security_group_security_rule" "low" {
  network_security_group_id = oci_core_network_security_group.db.id
  direction                 = "INGRESS"
  protocol                  = "6"
  source                    = "0.0.0.0/1" # expect: PG201
  tcp_options {
    destination_port_range {
      min = 5432
      max = 5432
    }
  }
}
resource "oci_core_network_security_group_security_rule" "high" {
  network_security_group_id = oci_core_network_security_group.db.id
  direction                 = "INGRESS"
  protocol                  = "all"
  source                    = "128.0.0.0/1"
}
resource "oci_psql_db_system" "main" {
  network_details {
    subnet_id = oci_core_subnet.private.id
    nsg_ids   = [oci_core_network_security_group.db.id]
  }
}
"""
CASES["the range of the own network is narrow, though unknown"] = """
variable "cidr" {}
variable "office" {}
resource "oci_core_vcn" "main" {
  cidr_block = var.cidr
}
resource "oci_core_security_list" "own" {
  ingress_security_rules {
    protocol = "all"
    source   = var.cidr
  }
}
resource "oci_core_security_list" "office" {
  ingress_security_rules {
    protocol = "all"
    source   = var.office # expect: PG902
  }
}
"""
CASES["IBM's security groups and databases"] = """
resource "ibm_is_security_group" "open" {
  vpc = "r006-1"
}
resource "ibm_is_security_group_rule" "open" { # expect: PG201
  group     = ibm_is_security_group.open.id
  direction = "inbound"
  tcp {
    port_min = 5432
    port_max = 5432
  }
}
resource "ibm_is_security_group" "members" {
  vpc = "r006-1"
}
resource "ibm_is_security_group_rule" "members" {
  group     = ibm_is_security_group.members.id
  direction = "inbound"
  remote    = ibm_is_security_group.members.id
}
resource "ibm_is_security_group_rule" "ping" {
  group     = ibm_is_security_group.members.id
  direction = "inbound"
  remote    = "0.0.0.0/0"
  icmp {
    type = 8
  }
}
resource "ibm_database" "open" { # expect: PG201
  service           = "databases-for-postgresql"
  plan              = "standard"
  service_endpoints = "public-and-private" # expect: PG203
}
resource "ibm_database" "private" {
  service           = "databases-for-postgresql"
  plan              = "standard"
  service_endpoints = "private"
}
resource "ibm_database" "listed" {
  service           = "databases-for-postgresql"
  plan              = "standard"
  service_endpoints = "public" # expect: PG203
  allowlist {
    address = "203.0.114.7/32"
  }
}
resource "ibm_database" "other" {
  service           = "databases-for-redis"
  plan              = "standard"
  service_endpoints = "public"
}
"""

# --- Others ---------------------------------------------------------------------------------------

CASES["Exoscale, Vultr, UpCloud, Render"] = """
resource "exoscale_security_group" "db" {
  name = "db"
}
resource "exoscale_security_group_rule" "db" {
  security_group_id = exoscale_security_group.db.id
  type              = "INGRESS"
  protocol          = "TCP"
  cidr              = "::/0" # expect: PG201
  start_port        = 5432
  end_port          = 5432
}
resource "exoscale_dbaas" "open" {
  type = "pg"
  pg {
    ip_filter = ["0.0.0.0/0"] # expect: PG201
  }
}
resource "exoscale_dbaas" "mysql" {
  type = "mysql"
  mysql {
    ip_filter = ["0.0.0.0/0"]
  }
}
resource "vultr_firewall_group" "db" {
  description = "db"
}
resource "vultr_firewall_rule" "db" {
  firewall_group_id = vultr_firewall_group.db.id
  protocol          = "tcp"
  ip_type           = "v4"
  subnet            = "0.0.0.0" # expect: PG201
  subnet_size       = 0
  port              = "5000:6000"
}
resource "vultr_firewall_rule" "cloudflare" {
  firewall_group_id = "another"
  protocol          = "tcp"
  ip_type           = "v4"
  subnet            = "0.0.0.0"
  subnet_size       = 0
  port              = "5432"
  source            = "cloudflare"
}
resource "upcloud_managed_database_postgresql" "closed" {
  name = "closed"
  properties {
    ip_filter = ["0.0.0.0/0"]
  }
}
resource "upcloud_managed_database_postgresql" "open" {
  name = "open"
  properties {
    public_access = true          # expect: PG203
    ip_filter     = ["0.0.0.0/0"] # expect: PG201
  }
}
resource "render_postgres" "closed" {
  name = "closed"
}
resource "render_postgres" "open" {
  name          = "open"
  ip_allow_list = [ # expect: PG201
    { cidr_block = "0.0.0.0/0", description = "everywhere" },
  ]
}
"""
CASES["Neon and Supabase"] = """
resource "neon_project" "open" { # expect: PG201
  name = "open"
}
resource "neon_project" "listed" {
  name        = "listed"
  allowed_ips = ["203.0.114.7"]
}
resource "neon_project" "private" {
  name                     = "private"
  block_public_connections = "yes"
}
resource "supabase_settings" "open" {
  project_ref     = "abc"
  ssl_enforcement = false # expect: PG401
  network = jsonencode({ # expect: PG201
    restrictions = ["0.0.0.0/0"]
  })
}
resource "supabase_settings" "listed" {
  project_ref     = "abc"
  ssl_enforcement = true
  network = jsonencode({
    restrictions = ["203.0.114.7/32"]
  })
}
"""

# --- Kubernetes, Helm, Docker ---------------------------------------------------------------------

_SERVICE = """
resource "kubernetes_service_v1" "db" {
  metadata {
    name        = "db"
    annotations = { %(annotations)s }
  }
  spec {
    type = "LoadBalancer" # expect: %(expect)s
    port {
      port        = %(port)s
      target_port = %(target)s
    }
  }
}
"""


def _service(annotations: str = "", port: str = "5432", target: str = "5432", *, hit: bool) -> str:
    text = _SERVICE % {
        "annotations": annotations,
        "port": port,
        "target": target,
        "expect": "PG201",
    }
    return text if hit else text.replace(" # expect: PG201", "")


_AWS = "service.beta.kubernetes.io/aws-load-balancer-"
CASES["a load balancer for everybody"] = _service(hit=True)
CASES["a load balancer whose target is PostgreSQL's port"] = _service(port="15432", hit=True)
CASES["a load balancer whose target is called so"] = _service(
    port="15432", target='"postgresql"', hit=True
)
CASES["a load balancer of a web server"] = _service(port="443", target='"https"', hit=False)
CASES["an exporter is no database"] = _service(port="9187", target='"postgres-exporter"', hit=False)
for _annotation in (
    f'"{_AWS}internal" = "true"',
    f'"{_AWS}scheme" = "internal"',
    f'"{_AWS}type" = "external"',
    '"networking.gke.io/load-balancer-type" = "Internal"',
    '"service.beta.kubernetes.io/azure-load-balancer-internal" = "true"',
):
    CASES[f"an internal load balancer: {_annotation}"] = _service(_annotation, hit=False)
for _annotation in (
    f'"{_AWS}internal" = "false"',
    f'"{_AWS}type" = "external", "{_AWS}scheme" = "internet-facing"',
    f'"{_AWS}type" = "nlb"',
):
    CASES[f"a public load balancer: {_annotation}"] = _service(_annotation, hit=True)
CASES["source ranges of a load balancer"] = """
resource "kubernetes_service" "open" {
  metadata {
    name = "open"
  }
  spec {
    type                        = "LoadBalancer"
    load_balancer_source_ranges = ["0.0.0.0/1", "128.0.0.0/1"] # expect: PG201
    port {
      port = 5432
    }
  }
}
resource "kubernetes_service" "narrow" {
  metadata {
    name = "narrow"
  }
  spec {
    type                        = "LoadBalancer"
    load_balancer_source_ranges = ["203.0.114.7/32"]
    port {
      port = 5432
    }
  }
}
resource "kubernetes_service" "annotated" {
  metadata {
    name = "annotated"
    annotations = {
      "service.beta.kubernetes.io/load-balancer-source-ranges" = "203.0.114.7/32,203.0.114.8/32"
    }
  }
  spec {
    type = "LoadBalancer"
    port {
      port = 5432
    }
  }
}
resource "kubernetes_service" "inside" {
  metadata {
    name = "inside"
  }
  spec {
    port {
      port = 5432
    }
  }
}
resource "kubernetes_service" "nodes" {
  metadata {
    name = "nodes"
  }
  spec {
    type = "NodePort" # expect: PG206
    port {
      port      = 5432
      node_port = 30432
    }
  }
}
"""
CASES["a type that is not known"] = """
variable "kind" {}
resource "kubernetes_service" "db" {
  metadata {
    name = "db"
  }
  spec {
    type = var.kind # expect: PG902
    port {
      port = 5432
    }
  }
}
"""
CASES["values of the Bitnami charts"] = r"""
resource "helm_release" "set" {
  chart = "postgresql"
  set {
    name  = "primary.service.type"
    value = "LoadBalancer" # expect: PG201
  }
}
resource "helm_release" "ranged" {
  chart = "oci://registry-1.docker.io/bitnamicharts/postgresql-ha"
  set {
    name  = "service.type"
    value = "LoadBalancer"
  }
  set {
    name  = "service.loadBalancerSourceRanges[0]"
    value = "0.0.0.0/1"
  }
  set {
    name  = "service.loadBalancerSourceRanges[1]"
    value = "128.0.0.0/1" # expect: PG201
  }
}
resource "helm_release" "internal" {
  chart = "postgresql"
  set {
    name  = "primary.service.type"
    value = "LoadBalancer"
  }
  set {
    name  = "primary.service.annotations.networking\\.gke\\.io/load-balancer-type"
    value = "Internal"
  }
}
resource "helm_release" "yaml" {
  chart = "bitnami/postgresql"
  values = [ # expect: PG206
    <<EOT
# the finding stands where the values begin
auth:
  database: "app" # not a type
primary:
  service:
    type: NodePort
    nodePorts:
      postgresql: 30432
EOT
  ]
}
resource "helm_release" "default" {
  chart = "postgresql"
  values = [<<EOT
primary:
  extraEnvVars:
    - name: A
      value: "1"
EOT
  ]
}
resource "helm_release" "web" {
  chart = "nginx"
  set {
    name  = "service.type"
    value = "LoadBalancer"
  }
}
"""
CASES["values written as an expression"] = """
locals {
  kind = "LoadBalancer"
}
resource "helm_release" "db" {
  chart  = "postgresql"
  values = [yamlencode({ primary = { service = { type = local.kind } } })] # expect: PG201
}
resource "helm_release" "internal" {
  chart = "postgresql"
  values = [yamlencode({
    primary = {
      service = {
        type        = local.kind
        annotations = { "networking.gke.io/load-balancer-type" = "Internal" }
      }
    }
  })]
}
"""
CASES["values that cannot be read"] = """
resource "helm_release" "db" {
  chart  = "postgresql"
  values = [templatefile("missing.yaml", {})] # expect: PG902
}
"""
CASES["containers that publish PostgreSQL"] = """
resource "docker_image" "postgres" {
  name = "postgres:17"
}
resource "docker_container" "open" {
  name  = "open"
  image = docker_image.postgres.image_id
  ports {
    internal = 5432
    external = 5432 # expect: PG206
  }
}
resource "docker_container" "local" {
  name  = "local"
  image = docker_image.postgres.image_id
  ports {
    internal = 5432
    external = 5432
    ip       = "127.0.0.1"
  }
}
resource "docker_container" "web" {
  name  = "web"
  image = "nginx:1.27"
  ports {
    internal = 80
    external = 80
  }
}
resource "docker_service" "db" {
  name = "db"
  endpoint_spec {
    ports {
      target_port    = 5432
      published_port = 5432 # expect: PG206
    }
  }
}
"""
