# The internet in two halves, in two places, on the port of the database: nothing says 0.0.0.0/0.
resource "aws_security_group" "database" {
  name = "database"

  ingress {
    from_port   = 5433
    to_port     = 5433
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/1"] # expect: PG201
  }
}

resource "aws_vpc_security_group_ingress_rule" "partners" {
  security_group_id = aws_security_group.database.id
  ip_protocol       = "-1"
  cidr_ipv4         = "128.0.0.0/1"
}

resource "aws_db_instance" "shop" {
  engine                 = "postgres"
  engine_version         = "17.2"
  instance_class         = "db.t4g.micro"
  port                   = 5433
  publicly_accessible    = true # expect: PG203
  vpc_security_group_ids = [aws_security_group.database.id]
}
