resource "aiven_project_vpc" "main" {
  project      = "shop"
  cloud_name   = "aws-eu-central-1"
  network_cidr = "10.42.0.0/24"
}

resource "aiven_pg" "orders" {
  project        = "shop"
  service_name   = "orders"
  plan           = "startup-4"
  project_vpc_id = aiven_project_vpc.main.id

  pg_user_config {
    ip_filter_string = ["10.42.0.0/24"]
  }
}
