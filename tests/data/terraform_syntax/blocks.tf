# A comment before everything.
terraform {
  required_version = ">= 1.3"
  required_providers {
    postgresql = {
      source  = "cyrilgdn/postgresql"
      version = "~> 1.25"
    }
  }
}

resource "postgresql_role" "app" { login = true }

resource "postgresql_role" "reports" { # trailing comment
  name             = "reports" // another
  connection_limit = -1        /* and another */

  lifecycle {
    ignore_changes = [password]
    precondition {
      condition     = var.limit > 0
      error_message = "Too few."
    }
  }
}

resource aws_security_group unquoted {
  dynamic "ingress" {
    for_each = var.ports
    iterator = port
    content {
      from_port = port.value
    }
  }
}

locals {}
