variable "name" {
  type = string
}

variable "clients" {
  type = list(string)
}

variable "more" {
  type = list(string)
}

resource "aws_security_group" "inside" {
  name = var.name

  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    self        = true
    cidr_blocks = var.clients
  }
}

resource "aws_db_instance" "inside" {
  engine                 = "postgres"
  instance_class         = "db.t4g.micro"
  allocated_storage      = 20
  username               = "owner"
  password               = "changed-later"
  vpc_security_group_ids = concat(var.more, [aws_security_group.inside.id])
}

output "group" {
  value = aws_security_group.inside.id
}
