# One of the instances of a cluster is public: the cluster is.
resource "aws_rds_cluster" "shop" {
  cluster_identifier   = "shop"
  engine               = "aurora-postgresql"
  engine_version       = "16.4" # expect: PG401
  db_subnet_group_name = "shop"
}

resource "aws_rds_cluster_instance" "shop" {
  for_each            = { writer = false, reports = true }
  cluster_identifier  = aws_rds_cluster.shop.id
  engine              = aws_rds_cluster.shop.engine
  instance_class      = "db.r8g.large"
  publicly_accessible = each.value # expect: PG203
}
