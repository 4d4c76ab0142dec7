# Before PostgreSQL 15, RDS lets clients in without TLS unless rds.force_ssl says otherwise; RDS
# Proxy does so whatever the version.
resource "aws_db_instance" "shop" {
  engine         = "postgres"
  engine_version = "14.12" # expect: PG401
  instance_class = "db.t4g.micro"
}

resource "aws_db_proxy" "shop" { # expect: PG401
  name           = "shop"
  engine_family  = "POSTGRESQL"
  role_arn       = "arn:aws:iam::123456789012:role/proxy"
  vpc_subnet_ids = ["subnet-a", "subnet-b"]
}
