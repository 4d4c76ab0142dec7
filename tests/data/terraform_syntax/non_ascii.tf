resource "x" "é€😀" {
  note = "grüße 😀 ${var.x}" # ü
  b    = 1
}
