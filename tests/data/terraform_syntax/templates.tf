locals {
  plain   = "a \"quoted\" \\ word\n"
  nested  = "a${"b${"c"}"}d"
  literal = "$${not} %%{this}"
  whole   = "${var.x}"
  if      = "%{if var.x}yes%{else}no%{endif}"
  for     = "%{for k, v in var.m~} ${k} %{~endfor}"
  heredoc = <<EOT
line ${var.x}
  resource "not" "a_block" {
EOT
  trimmed = <<-EOT
    first
      second
    EOT
  after   = 1
  policy = jsonencode({
    text = <<-X
      inner "quotes" }
    X
  })
}
