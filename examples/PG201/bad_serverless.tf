# Neon accepts every address until allowed_ips names some.
resource "neon_project" "orders" { # expect: PG201
  name = "orders"
}

resource "render_postgres" "orders" {
  name    = "orders"
  plan    = "basic_256mb"
  region  = "frankfurt"
  version = "17"
  ip_allow_list = [ # expect: PG201
    { cidr_block = "0.0.0.0/0", description = "everywhere" },
  ]
}
