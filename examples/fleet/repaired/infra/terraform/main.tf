resource "aws_db_parameter_group" "orders" {
  name   = "orders"
  family = "postgres16"

  parameter {
    name         = "max_connections"
    value        = "200"
    apply_method = "pending-reboot"
  }
}

resource "aws_db_instance" "orders" {
  identifier           = "orders"
  engine               = "postgres"
  engine_version       = "16.4"
  instance_class       = "db.m6g.large"
  parameter_group_name = aws_db_parameter_group.orders.name
  publicly_accessible  = false
}
