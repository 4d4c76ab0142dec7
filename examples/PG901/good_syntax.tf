# What older and newer Terraform allow: nothing of it is an error.

resource postgresql_role legacy_quotes {
  name             = "legacy"
  login            = true
  connection_limit = "${5 + 5}"
}

locals {
  text = <<-EOT
    resource "postgresql_role" "not_a_resource" {
      login = true
    }
    %%{literal} $${literal} ${join(", ", [for n in ["a", "b"] : upper(n)])}
  EOT
}
