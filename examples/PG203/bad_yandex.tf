resource "yandex_mdb_postgresql_cluster" "orders" {
  name        = "orders"
  environment = "PRODUCTION"
  network_id  = "enp0000example"

  host {
    zone             = "ru-central1-a"
    assign_public_ip = true # expect: PG203
  }
}
