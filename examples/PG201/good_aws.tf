# Only the application's group and one office reach the database; the web server's own rules, and
# a network ACL with a deny before the allow, are nothing to report.
resource "aws_security_group" "application" {
  name = "application"

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "database" {
  name = "database"

  ingress {
    from_port       = 5432
    to_port         = 5432
    protocol        = "tcp"
    security_groups = [aws_security_group.application.id]
  }

  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["198.51.100.0/28"]
  }
}

resource "aws_instance" "application" {
  ami                    = "ami-0123456789abcdef0"
  instance_type          = "t4g.micro"
  vpc_security_group_ids = [aws_security_group.application.id]
}

resource "aws_db_instance" "shop" {
  engine                 = "postgres"
  engine_version         = "17.2"
  instance_class         = "db.t4g.micro"
  vpc_security_group_ids = [aws_security_group.database.id]
}
