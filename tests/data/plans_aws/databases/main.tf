# Databases behind groups and network ACLs: what is public, on which port, with which TLS.

resource "aws_vpc" "main" {
  cidr_block = "10.20.0.0/16"
}

resource "aws_subnet" "db" {
  for_each          = { a = 0, b = 1 }
  vpc_id            = aws_vpc.main.id
  availability_zone = "eu-central-1${each.key}"
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 8, each.value)
}

resource "aws_db_subnet_group" "db" {
  name       = "db"
  subnet_ids = [for subnet in aws_subnet.db : subnet.id]
}

resource "aws_subnet" "open" {
  count             = 2
  vpc_id            = aws_vpc.main.id
  availability_zone = element(["eu-central-1a", "eu-central-1b"], count.index)
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 8, 10 + count.index)
}

resource "aws_db_subnet_group" "open" {
  name       = "open"
  subnet_ids = aws_subnet.open[*].id
}

resource "aws_network_acl" "db" {
  vpc_id     = aws_vpc.main.id
  subnet_ids = [for subnet in aws_subnet.db : subnet.id]

  ingress {
    rule_no    = 100
    action     = "deny"
    protocol   = "tcp"
    from_port  = 5432
    to_port    = 5433
    cidr_block = "0.0.0.0/0"
  }

  ingress {
    rule_no    = 200
    action     = "allow"
    protocol   = "-1"
    from_port  = 0
    to_port    = 0
    cidr_block = "0.0.0.0/0"
  }
}

resource "aws_security_group" "wide" {
  name   = "wide"
  vpc_id = aws_vpc.main.id

  ingress {
    from_port   = 5433
    to_port     = 5433
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_db_parameter_group" "plain" {
  name   = "plain"
  family = "postgres14"

  parameter {
    name  = "log_connections"
    value = "1"
  }
}

resource "aws_db_instance" "public" {
  identifier             = "public"
  engine                 = "postgres"
  engine_version         = "14.12"
  instance_class         = "db.t4g.micro"
  allocated_storage      = 20
  username               = "owner"
  password               = "changed-later"
  port                   = 5433
  publicly_accessible    = true
  parameter_group_name   = aws_db_parameter_group.plain.name
  db_subnet_group_name   = aws_db_subnet_group.open.name
  vpc_security_group_ids = [aws_security_group.wide.id]
  skip_final_snapshot    = true
}

resource "aws_db_instance" "behind_acl" {
  identifier             = "behind-acl"
  engine                 = "postgres"
  engine_version         = "16.4"
  instance_class         = "db.t4g.micro"
  allocated_storage      = 20
  username               = "owner"
  password               = "changed-later"
  port                   = 5433
  db_subnet_group_name   = aws_db_subnet_group.db.name
  vpc_security_group_ids = [aws_security_group.wide.id]
  skip_final_snapshot    = true
}

resource "aws_security_group" "mysql" {
  name   = "mysql"
  vpc_id = aws_vpc.main.id

  ingress {
    from_port   = 0
    to_port     = 65535
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_db_instance" "mysql" {
  identifier             = "mysql"
  engine                 = "mysql"
  instance_class         = "db.t4g.micro"
  allocated_storage      = 20
  username               = "owner"
  password               = "changed-later"
  publicly_accessible    = true
  vpc_security_group_ids = [aws_security_group.mysql.id]
  skip_final_snapshot    = true
}

resource "aws_security_group" "aurora" {
  name   = "aurora"
  vpc_id = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "aurora" {
  security_group_id = aws_security_group.aurora.id
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
  cidr_ipv4         = "10.0.0.0/8"
}

resource "aws_rds_cluster_parameter_group" "aurora" {
  name   = "aurora"
  family = "aurora-postgresql16"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_rds_cluster" "aurora" {
  cluster_identifier              = "aurora"
  engine                          = "aurora-postgresql"
  engine_version                  = "16.4"
  master_username                 = "owner"
  master_password                 = "changed-later"
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.aurora.name
  db_subnet_group_name            = aws_db_subnet_group.open.name
  vpc_security_group_ids          = [aws_security_group.aurora.id]
  skip_final_snapshot             = true
}

resource "aws_rds_cluster_instance" "aurora" {
  count               = 2
  identifier          = "aurora-${count.index}"
  cluster_identifier  = aws_rds_cluster.aurora.id
  engine              = aws_rds_cluster.aurora.engine
  instance_class      = "db.r6g.large"
  publicly_accessible = count.index == 1
}

resource "aws_db_proxy" "proxy" {
  name                   = "proxy"
  engine_family          = "POSTGRESQL"
  role_arn               = "arn:aws:iam::123456789012:role/proxy"
  require_tls            = true
  vpc_subnet_ids         = aws_subnet.open[*].id
  vpc_security_group_ids = [aws_security_group.proxy.id]

  auth {
    auth_scheme = "SECRETS"
    iam_auth    = "DISABLED"
    secret_arn  = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:proxy-abcdef"
  }
}

resource "aws_security_group" "proxy" {
  name   = "proxy"
  vpc_id = aws_vpc.main.id

  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "web" {
  name   = "web"
  vpc_id = aws_vpc.main.id

  ingress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_instance" "web" {
  ami                    = "ami-0123456789abcdef0"
  instance_type          = "t4g.micro"
  subnet_id              = aws_subnet.open[0].id
  vpc_security_group_ids = [aws_security_group.web.id]
}
