# The network of the VPC itself, known or not, and a few addresses.
data "aws_vpc" "shop" {
  default = true
}

resource "aws_eip" "bastion" {
  domain = "vpc"
}

resource "aws_security_group" "database" {
  name = "database"

  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = [data.aws_vpc.shop.cidr_block, "${aws_eip.bastion.public_ip}/32"]
  }
}
