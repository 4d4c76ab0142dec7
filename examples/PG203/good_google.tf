resource "google_sql_database_instance" "shop" {
  name             = "shop"
  database_version = "POSTGRES_16"
  region           = "europe-west1"

  settings {
    tier = "db-custom-2-7680"
    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.shop.id
      ssl_mode        = "ENCRYPTED_ONLY"
    }
  }
}

resource "google_compute_network" "shop" {
  name = "shop"
}

resource "google_alloydb_instance" "shop" {
  cluster       = "projects/shop/locations/europe-west1/clusters/shop"
  instance_id   = "shop"
  instance_type = "PRIMARY"
}
