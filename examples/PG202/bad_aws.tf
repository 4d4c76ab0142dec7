# A whole private range; the rule takes its sources from a prefix list.
resource "aws_ec2_managed_prefix_list" "company" {
  name           = "company"
  address_family = "IPv4"
  max_entries    = 1

  entry {
    cidr = "10.0.0.0/8"
  }
}

resource "aws_security_group" "proxy" {
  name = "proxy"
}

resource "aws_security_group_rule" "company" {
  type              = "ingress"
  security_group_id = aws_security_group.proxy.id
  from_port         = 5432
  to_port           = 5432
  protocol          = "tcp"
  prefix_list_ids   = [aws_ec2_managed_prefix_list.company.id] # expect: PG202
}

resource "aws_db_proxy" "shop" {
  name                   = "shop"
  engine_family          = "POSTGRESQL"
  role_arn               = "arn:aws:iam::123456789012:role/proxy"
  require_tls            = true
  vpc_subnet_ids         = ["subnet-a", "subnet-b"]
  vpc_security_group_ids = [aws_security_group.proxy.id]
}
