# How databases name their groups: by outputs, inputs, keys, splats and local values.

variable "secret" {
  sensitive = true
  default   = "0.0.0.0/0"
}

locals {
  ports  = { blue = 5432, green = 5433 }
  groups = [aws_security_group.plain.id]
}

resource "aws_eip" "office" {
  domain = "vpc"
}

resource "aws_security_group" "plain" {
  name = "plain"

  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_security_group" "each" {
  for_each = local.ports
  name     = each.key

  dynamic "ingress" {
    for_each = local.ports
    content {
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = each.key == "blue" ? ["0.0.0.0/1", "128.0.0.0/1"] : ["10.2.0.0/24"]
    }
  }
}

resource "aws_security_group_rule" "secret" {
  type              = "ingress"
  security_group_id = aws_security_group.each["green"].id
  from_port         = 5433
  to_port           = 5433
  protocol          = "tcp"
  cidr_blocks       = [var.secret]
}

resource "aws_security_group_rule" "group" {
  type                     = "ingress"
  security_group_id        = aws_security_group.plain.id
  from_port                = 5432
  to_port                  = 5432
  protocol                 = "tcp"
  source_security_group_id = aws_security_group.each["blue"].id
}

resource "aws_db_instance" "each" {
  for_each               = local.ports
  engine                 = "postgres"
  instance_class         = "db.t4g.micro"
  allocated_storage      = 20
  username               = "owner"
  password               = "changed-later"
  port                   = each.value
  vpc_security_group_ids = [aws_security_group.each[each.key].id, module.network["one"].group]
}

resource "aws_db_instance" "splat" {
  engine                 = "postgres"
  instance_class         = "db.t4g.micro"
  allocated_storage      = 20
  username               = "owner"
  password               = "changed-later"
  vpc_security_group_ids = values(aws_security_group.each)[*].id
}

resource "aws_db_instance" "local" {
  engine                 = "postgres"
  instance_class         = "db.t4g.micro"
  allocated_storage      = 20
  username               = "owner"
  password               = "changed-later"
  vpc_security_group_ids = local.groups
}

module "network" {
  for_each = toset(["one", "two"])
  source   = "./network"
  name     = each.key
  clients  = each.key == "two" ? ["0.0.0.0/0"] : ["10.3.0.0/24"]
  more     = [aws_security_group.plain.id]
}
