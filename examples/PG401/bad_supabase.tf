resource "supabase_settings" "orders" {
  project_ref     = "abcdefghijklmnopqrst"
  ssl_enforcement = false # expect: PG401
}
