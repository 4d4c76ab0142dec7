resource "google_sql_database_instance" "shop" {
  name             = "shop"
  database_version = "POSTGRES_16"
  region           = "europe-west1"

  settings {
    tier = "db-custom-2-7680"
    ip_configuration {
      ipv4_enabled = true # expect: PG203
      ssl_mode     = "ENCRYPTED_ONLY"
    }
  }
}
