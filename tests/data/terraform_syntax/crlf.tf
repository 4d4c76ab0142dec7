resource "x" "y" {
  a = 1
  b = <<-EOT
    one
  EOT
  c = [
    2,
  ]
}
