# The group lets everybody in, but the network ACL of the database's subnets does not.
resource "aws_vpc" "shop" {
  cidr_block = "10.20.0.0/16"
}

resource "aws_subnet" "database" {
  count      = 2
  vpc_id     = aws_vpc.shop.id
  cidr_block = cidrsubnet(aws_vpc.shop.cidr_block, 8, count.index)
}

resource "aws_db_subnet_group" "database" {
  name       = "database"
  subnet_ids = aws_subnet.database[*].id
}

resource "aws_network_acl" "database" {
  vpc_id     = aws_vpc.shop.id
  subnet_ids = aws_subnet.database[*].id

  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    from_port  = 5432
    to_port    = 5432
    cidr_block = "10.20.0.0/16"
  }
}

resource "aws_security_group" "database" {
  vpc_id = aws_vpc.shop.id

  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_db_instance" "shop" {
  engine                 = "postgres"
  engine_version         = "17.2"
  instance_class         = "db.t4g.micro"
  db_subnet_group_name   = aws_db_subnet_group.database.name
  vpc_security_group_ids = [aws_security_group.database.id]
}
