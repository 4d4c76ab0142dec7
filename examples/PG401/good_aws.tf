resource "aws_rds_cluster_parameter_group" "shop" {
  name   = "shop"
  family = "aurora-postgresql16"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_rds_cluster" "shop" {
  cluster_identifier              = "shop"
  engine                          = "aurora-postgresql"
  engine_version                  = "16.4"
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.shop.name
}

resource "aws_db_instance" "reports" {
  engine         = "postgres"
  engine_version = "15.7"
  instance_class = "db.t4g.micro"
}
