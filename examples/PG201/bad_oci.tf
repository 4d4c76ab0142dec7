# It has private addresses only, so the two halves make a warning: the whole network gets in.
resource "oci_core_network_security_group" "db" {
  compartment_id = "ocid1.compartment.oc1..example"
  vcn_id         = "ocid1.vcn.oc1..example"
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

resource "oci_psql_db_system" "orders" {
  display_name = "orders"

  network_details {
    subnet_id = "ocid1.subnet.oc1..example"
    nsg_ids   = [oci_core_network_security_group.db.id]
  }
}
