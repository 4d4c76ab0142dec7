resource "x" "y" {
  a = <<EOT
end with blanks
EOT  
  b = 1
}
resource "x" "z" {
  c = 2
}