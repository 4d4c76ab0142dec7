# Every way to write the rules of a security group, each with something to find or to leave alone.

variable "clients" {
  type    = map(string)
  default = { low = "0.0.0.0/1", high = "128.0.0.0/1" }
}

resource "aws_vpc" "main" {
  cidr_block = "10.20.0.0/16"
}

resource "aws_security_group" "split" {
  name   = "split"
  vpc_id = aws_vpc.main.id

  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/1", "128.0.0.0/1"]
  }
}

resource "aws_security_group" "self_first" {
  name   = "self-first"
  vpc_id = aws_vpc.main.id

  ingress {
    from_port = 0
    to_port   = 0
    protocol  = "-1"
    self      = true
  }

  ingress {
    from_port        = 5432
    to_port          = 5432
    protocol         = "tcp"
    ipv6_cidr_blocks = ["0::/0"]
  }
}

resource "aws_security_group" "written_out" {
  name   = "written-out"
  vpc_id = aws_vpc.main.id

  dynamic "ingress" {
    for_each = var.clients
    content {
      description = ingress.key
      from_port   = 5000
      to_port     = 6000
      protocol    = "tcp"
      cidr_blocks = [ingress.value]
    }
  }
}

resource "aws_security_group" "attribute" {
  name   = "attribute"
  vpc_id = aws_vpc.main.id

  ingress = [{
    description      = "as a list"
    from_port        = 5432
    to_port          = 5432
    protocol         = "6"
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = []
    prefix_list_ids  = []
    security_groups  = []
    self             = false
  }]
}

resource "aws_security_group" "rules" {
  name   = "rules"
  vpc_id = aws_vpc.main.id
}

resource "aws_security_group_rule" "low" {
  type              = "ingress"
  security_group_id = aws_security_group.rules.id
  from_port         = 443
  to_port           = 443
  protocol          = "-1"
  cidr_blocks       = ["0.0.0.0/1"]
}

resource "aws_security_group_rule" "high" {
  type              = "ingress"
  security_group_id = aws_security_group.rules.id
  from_port         = 5432
  to_port           = 5432
  protocol          = "tcp"
  cidr_blocks       = ["128.0.0.0/1"]
}

resource "aws_security_group_rule" "out" {
  type              = "egress"
  security_group_id = aws_security_group.good.id
  from_port         = 0
  to_port           = 0
  protocol          = "-1"
  cidr_blocks       = ["0.0.0.0/0"]
}

resource "aws_security_group" "good" {
  name   = "good"
  vpc_id = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "udp" {
  security_group_id = aws_security_group.good.id
  ip_protocol       = "udp"
  from_port         = 5432
  to_port           = 5432
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  security_group_id            = aws_security_group.good.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.rules.id
}

resource "aws_security_group" "modern" {
  name   = "modern"
  vpc_id = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "all" {
  security_group_id = aws_security_group.modern.id
  ip_protocol       = "-1"
  cidr_ipv6         = "::/0"
}

resource "aws_ec2_managed_prefix_list" "offices" {
  name           = "offices"
  address_family = "IPv4"
  max_entries    = 3

  entry {
    cidr = "192.0.2.0/28"
  }
}

resource "aws_ec2_managed_prefix_list_entry" "everybody" {
  prefix_list_id = aws_ec2_managed_prefix_list.offices.id
  cidr           = "0.0.0.0/0"
}

resource "aws_security_group" "listed" {
  name   = "listed"
  vpc_id = aws_vpc.main.id

  ingress {
    from_port       = 5432
    to_port         = 5432
    protocol        = "tcp"
    prefix_list_ids = [aws_ec2_managed_prefix_list.offices.id]
  }
}

resource "aws_default_security_group" "default" {
  vpc_id = aws_vpc.main.id

  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}
