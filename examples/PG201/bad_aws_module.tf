# Calls of public modules are read by their inputs, without their files.
module "database_access" {
  source  = "terraform-aws-modules/security-group/aws"
  version = "~> 5.3"

  name                = "database"
  ingress_cidr_blocks = ["0.0.0.0/0"] # expect: PG201
  ingress_rules       = ["postgresql-tcp"]
}

module "database" {
  source  = "terraform-aws-modules/rds/aws"
  version = "~> 6.10"

  identifier             = "shop"
  engine                 = "postgres"
  engine_version         = "17.2"
  family                 = "postgres17"
  vpc_security_group_ids = [module.database_access.security_group_id]
}
