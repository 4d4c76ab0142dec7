resource "ovh_cloud_project_database" "orders" { # expect: PG203
  engine  = "postgresql"
  version = "16"
  plan    = "essential"
  flavor  = "db1-4"

  nodes {
    region = "GRA"
  }

  ip_restrictions {
    ip = "198.51.100.7/32"
  }
}
