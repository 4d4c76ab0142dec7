# What nobody knows before apply: addresses, and whether a rule exists at all.

resource "aws_vpc" "assigned" {
  assign_generated_ipv6_cidr_block = true
  cidr_block                       = "10.30.0.0/16"
}

resource "terraform_data" "clients" {
  input = "0.0.0.0/0"
}

resource "aws_eip" "nat" {
  domain = "vpc"
}

resource "aws_security_group" "narrow" {
  name   = "narrow"
  vpc_id = aws_vpc.assigned.id

  ingress {
    from_port        = 5432
    to_port          = 5432
    protocol         = "tcp"
    cidr_blocks      = ["${aws_eip.nat.public_ip}/32", aws_vpc.assigned.cidr_block]
    ipv6_cidr_blocks = [aws_vpc.assigned.ipv6_cidr_block]
  }
}

resource "aws_security_group" "later" {
  name   = "later"
  vpc_id = aws_vpc.assigned.id

  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = [terraform_data.clients.output]
  }
}

resource "aws_security_group" "both" {
  name   = "both"
  vpc_id = aws_vpc.assigned.id

  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = [terraform_data.clients.output, "0.0.0.0/0"]
  }
}

resource "aws_security_group" "empty" {
  name   = "empty"
  vpc_id = aws_vpc.assigned.id
}

resource "aws_db_instance" "default_port" {
  identifier             = "default-port"
  engine                 = "postgres"
  engine_version         = "16.4"
  instance_class         = "db.t4g.micro"
  allocated_storage      = 20
  username               = "owner"
  password               = "changed-later"
  vpc_security_group_ids = [aws_security_group.named_after.id]
  skip_final_snapshot    = true
}

resource "aws_security_group" "named_after" {
  name   = "named-after"
  vpc_id = aws_vpc.assigned.id
}

resource "aws_security_group_rule" "named_after" {
  type              = "ingress"
  security_group_id = aws_security_group.named_after.id
  from_port         = aws_db_instance.default_port.port
  to_port           = aws_db_instance.default_port.port
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"]
}

resource "aws_security_group" "mixed" {
  name   = "mixed"
  vpc_id = aws_vpc.assigned.id

  ingress {
    from_port        = 5432
    to_port          = 5432
    protocol         = "tcp"
    ipv6_cidr_blocks = [aws_vpc.assigned.ipv6_cidr_block, "::/0"]
  }
}
