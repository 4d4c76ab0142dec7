# A limit, or no mention of one.

resource "postgresql_database" "limited" {
  name             = "limited"
  connection_limit = 40
}

resource "postgresql_database" "default" {
  name = "default"
}
