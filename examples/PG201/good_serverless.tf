resource "neon_project" "orders" {
  name        = "orders"
  allowed_ips = ["198.51.100.7"]
}

resource "render_postgres" "orders" {
  name    = "orders"
  plan    = "basic_256mb"
  region  = "frankfurt"
  version = "17"
}

resource "supabase_settings" "orders" {
  project_ref     = "abcdefghijklmnopqrst"
  ssl_enforcement = true
  network         = jsonencode({ restrictions = ["198.51.100.7/32"] })
}
