variable "plain" { default = "5" }
variable "typed" {
  type    = number
  default = "7"
}
variable "roles" {
  type = map(object({
    login = optional(bool, true)
    limit = optional(number, -1)
    tags  = optional(list(string))
  }))
  default = {
    app     = { limit = "10" }
    reports = { login = false, extra = 1 }
  }
}
variable "names" {
  type    = set(string)
  default = ["b", "a", "b"]
}
variable "pair" {
  type    = tuple([string, number])
  default = [1, "2"]
}
variable "mixed" {
  type    = list(string)
  default = [1, true, "x"]
}
locals {
  limit   = 10
  double  = local.limit * 2
  object  = { a = 1, b = "two", c = [1, 2, 3], d = { e = null } }
  list    = ["x", "y", "z"]
  nested  = [[1, 2], [], [3, [4]]]
  people  = [{ name = "ann", age = 30 }, { name = "bob", age = 25 }]
  merged  = merge(local.object, { a = 2, f = true })
  rules = {
    app    = { port = 5432, cidrs = ["10.1.0.0/24", "10.2.0.0/24"] }
    office = { port = 6432, cidrs = ["203.0.113.0/28"], note = "vpn" }
  }
  indented = <<-EOT
    first ${local.limit}
      second

    third
  EOT
  raw = <<EOT
  kept ${local.list[0]} $${x} "q" \n
EOT
  loop = <<-EOT
    %{for name in local.list~}
    - ${name}
    %{endfor~}
    %{if local.limit > 5}big%{else}small%{endif}
  EOT
}
