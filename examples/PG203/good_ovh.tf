resource "ovh_cloud_project_database" "orders" {
  engine  = "postgresql"
  version = "16"
  plan    = "essential"
  flavor  = "db1-4"

  nodes {
    region     = "GRA"
    network_id = "0d5c0b3a-example"
    subnet_id  = "7b1d9a2c-example"
  }
}
