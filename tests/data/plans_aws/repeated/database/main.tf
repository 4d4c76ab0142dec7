variable "name" {
  type = string
}

variable "public" {
  type    = bool
  default = true
}

variable "clients" {
  type = list(string)
}

variable "groups" {
  type    = list(string)
  default = []
}

resource "aws_security_group" "this" {
  count       = length(var.clients) > 0 ? 1 : 0
  name_prefix = var.name
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each          = toset(var.clients)
  security_group_id = one(aws_security_group.this[*].id)
  ip_protocol       = "tcp"
  from_port         = aws_db_instance.this.port
  to_port           = aws_db_instance.this.port
  cidr_ipv4         = each.value
}

resource "aws_db_instance" "this" {
  identifier             = var.name
  engine                 = "postgres"
  engine_version         = "17.2"
  instance_class         = "db.t4g.micro"
  allocated_storage      = 20
  username               = "owner"
  password               = "changed-later"
  publicly_accessible    = var.public
  port                   = 5432
  vpc_security_group_ids = concat(var.groups, aws_security_group.this[*].id)
  skip_final_snapshot    = true
}
