resource "google_sql_database_instance" "shop" {
  name             = "shop"
  database_version = "POSTGRES_16"
  region           = "europe-west1"

  settings {
    tier = "db-custom-2-7680"
    # Without ssl_mode, plain connections are accepted.
    ip_configuration { # expect: PG401
      ipv4_enabled    = false
      private_network = "projects/shop/global/networks/shop"
    }
  }
}

resource "google_alloydb_instance" "shop" {
  cluster       = "projects/shop/locations/europe-west1/clusters/shop"
  instance_id   = "shop"
  instance_type = "PRIMARY"

  client_connection_config {
    ssl_config {
      ssl_mode = "ALLOW_UNENCRYPTED_AND_ENCRYPTED" # expect: PG401
    }
  }
}
