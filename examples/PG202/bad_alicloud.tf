resource "alicloud_db_instance" "orders" {
  engine           = "PostgreSQL"
  engine_version   = "15.0"
  instance_type    = "pg.n2.2c.2m"
  instance_storage = 20
  security_ips     = ["10.0.0.0/8"] # expect: PG202
}
