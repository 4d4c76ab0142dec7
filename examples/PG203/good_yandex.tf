resource "yandex_vpc_security_group" "db" {
  network_id = "enp0000example"

  ingress {
    protocol       = "TCP"
    port           = 6432
    v4_cidr_blocks = ["10.4.0.0/24"]
  }
}

resource "yandex_mdb_postgresql_cluster" "orders" {
  name               = "orders"
  environment        = "PRODUCTION"
  network_id         = "enp0000example"
  security_group_ids = [yandex_vpc_security_group.db.id]

  host {
    zone = "ru-central1-a"
  }
}
