# One module, several databases; groups that are handed in; rules in a map.

variable "databases" {
  type = map(object({ public = bool, clients = list(string) }))
  default = {
    shop    = { public = false, clients = ["10.1.0.0/24", "10.2.0.0/24"] }
    reports = { public = true, clients = ["10.1.0.0/24", "0.0.0.0/0"] }
  }
}

module "database" {
  source   = "./database"
  for_each = var.databases

  name    = each.key
  public  = each.value.public
  clients = each.value.clients
  groups  = [aws_security_group.shared.id]
}

resource "aws_security_group" "shared" {
  name = "shared"
}

resource "aws_security_group_rule" "shared" {
  for_each = {
    offices = { port = 5432, clients = ["192.0.2.0/24"] }
    web     = { port = 443, clients = ["0.0.0.0/0"] }
  }

  type              = "ingress"
  security_group_id = aws_security_group.shared.id
  from_port         = each.value.port
  to_port           = each.value.port
  protocol          = "tcp"
  cidr_blocks       = each.value.clients
}
