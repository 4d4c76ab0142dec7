# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS configurations, with `# expect: PG201` on each line where a finding must be."""

from __future__ import annotations

CASES: dict[str, str] = {}


def _case(name: str, text: str) -> None:
    assert name not in CASES
    CASES[name] = text.lstrip("\n")


_POSTGRES = """
resource "aws_db_instance" "shop" {
  engine                 = "postgres"
  engine_version         = "16.4"
  %s
}
"""
_DATABASE = _POSTGRES % "vpc_security_group_ids = [aws_security_group.db.id]"
_PUBLIC = _POSTGRES % (
    "vpc_security_group_ids = [aws_security_group.db.id]\n"
    "  publicly_accessible    = true # expect: PG203"
)
_OPEN_GROUP = """
resource "aws_security_group" "db" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"] # expect: PG201
  }
}
"""
_GROUP = """
resource "aws_security_group" "db" {
  name = "db"
}
"""

# --- the rules of groups -------------------------------------------------------------------------

_case(
    "edge 1: two halves in two rules of one group",
    """
resource "aws_security_group" "db" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/1"] # expect: PG201
  }
  ingress {
    from_port   = 5000
    to_port     = 6000
    protocol    = "tcp"
    cidr_blocks = ["128.0.0.0/1"]
  }
}
"""
    + _DATABASE,
)

_case(
    "edge 1: two halves in two groups of one database",
    """
resource "aws_security_group" "low" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/2"] # expect: PG201
  }
}
resource "aws_security_group" "high" {
  ingress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["128.0.0.0/2"]
  }
}
"""
    + _POSTGRES
    % "vpc_security_group_ids = [aws_security_group.low.id, aws_security_group.high.id]",
)

_case(
    "edge 4: self before an open block, in attribute syntax",
    """
resource "aws_security_group" "db" {
  ingress = [ # expect: PG201
    {
      from_port = 0, to_port = 0, protocol = "-1", self = true, description = ""
      cidr_blocks = [], ipv6_cidr_blocks = [], prefix_list_ids = [], security_groups = []
    },
    {
      from_port = 5432, to_port = 5432, protocol = "tcp", self = false, description = ""
      cidr_blocks = ["0.0.0.0/0"], ipv6_cidr_blocks = [], prefix_list_ids = [], security_groups = []
    },
  ]
}
"""
    + _DATABASE,
)

_case(
    "rules as resources, inline and both",
    _GROUP
    + """
resource "aws_security_group_rule" "one" {
  type              = "ingress"
  security_group_id = aws_security_group.db.id
  from_port         = 5432
  to_port           = 5432
  protocol          = 6
  cidr_blocks       = ["0.0.0.0/1"] # expect: PG201
}
resource "aws_vpc_security_group_ingress_rule" "two" {
  security_group_id = aws_security_group.db.id
  from_port         = 5432
  to_port           = 5432
  ip_protocol       = "tcp"
  cidr_ipv4         = "128.0.0.0/1"
}
"""
    + _DATABASE,
)

_case(
    "what goes out, another protocol, another port, another group",
    _GROUP
    + """
resource "aws_security_group" "clients" {
  name = "clients"
}
resource "aws_security_group_rule" "out" {
  type              = "egress"
  security_group_id = aws_security_group.db.id
  from_port         = 0
  to_port           = 65535
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"]
}
resource "aws_vpc_security_group_egress_rule" "out" {
  security_group_id = aws_security_group.db.id
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
resource "aws_security_group_rule" "ping" {
  type              = "ingress"
  security_group_id = aws_security_group.db.id
  from_port         = -1
  to_port           = -1
  protocol          = "icmp"
  cidr_blocks       = ["0.0.0.0/0"]
}
resource "aws_security_group_rule" "near" {
  type              = "ingress"
  security_group_id = aws_security_group.db.id
  from_port         = 5433
  to_port           = 65535
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"]
}
resource "aws_security_group_rule" "clients" {
  type                     = "ingress"
  security_group_id        = aws_security_group.db.id
  from_port                = 5432
  to_port                  = 5432
  protocol                 = "tcp"
  source_security_group_id = aws_security_group.clients.id
}
"""
    + _DATABASE,
)

_case(
    "rules of a group that is not in the files",
    """
data "aws_security_group" "db" {
  name = "db"
}
resource "aws_security_group_rule" "open" {
  type              = "ingress"
  security_group_id = data.aws_security_group.db.id
  from_port         = 5432
  to_port           = 5432
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"] # expect: PG201
}
""",
)

_case(
    "a database with a group that is not in the files",
    """
variable "groups" {
  type = list(string)
}
"""
    + _POSTGRES % "vpc_security_group_ids = var.groups # expect: PG902",
)

_case(
    "a group of unknown rules beside an open one",
    _OPEN_GROUP
    + """
variable "more" {
  type = string
}
"""
    + _POSTGRES % "vpc_security_group_ids = [var.more, aws_security_group.db.id]",
)

_case(
    "unknown sources",
    """
variable "clients" {
  type = list(string)
}
resource "aws_security_group" "db" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = var.clients # expect: PG902
  }
}
""",
)

_case(
    "unknown port and protocol",
    _GROUP
    + """
variable "port" {
  type = number
}
resource "aws_security_group_rule" "some" {
  type              = "ingress"
  security_group_id = aws_security_group.db.id
  from_port         = var.port # expect: PG902
  to_port           = var.port
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"]
}
""",
)

_case(
    "edge 12: rules from a map, a list of ports, and functions",
    """
locals {
  clients = { a = "0.0.0.0/1", b = "128.0.0.0/1" }
}
resource "aws_security_group" "db" {
  dynamic "ingress" {
    for_each = local.clients
    content {
      from_port   = 5432
      to_port     = 5432
      protocol    = "tcp"
      cidr_blocks = [ingress.value] # expect: PG201
    }
  }
}
resource "aws_security_group" "ports" {
  dynamic "ingress" {
    for_each = toset([22, 5432])
    content {
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = concat(["10.0.0.0/24"], [cidrsubnet("0.0.0.0/0", 1, 0)]) # expect: PG201
    }
  }
}
""",
)

_case(
    "rules that may not exist",
    _GROUP
    + """
variable "open" {
  type = bool
}
resource "aws_security_group_rule" "maybe" {
  count             = var.open ? 1 : 0
  type              = "ingress"
  security_group_id = aws_security_group.db.id
  from_port         = 5432
  to_port           = 5432
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"] # expect: PG201
}
""",
)

_case(
    "a rule with the port of the database",
    _GROUP
    + """
resource "aws_security_group_rule" "db" {
  type              = "ingress"
  security_group_id = aws_security_group.db.id
  from_port         = aws_db_instance.shop.port
  to_port           = aws_db_instance.shop.port
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"] # expect: PG201
}
"""
    + _DATABASE,
)

_case(
    "edge 7: prefix lists",
    """
resource "aws_ec2_managed_prefix_list" "clients" {
  name           = "clients"
  address_family = "IPv4"
  max_entries    = 5
  dynamic "entry" {
    for_each = ["0.0.0.0/2", "64.0.0.0/2"]
    content {
      cidr = entry.value
    }
  }
}
resource "aws_ec2_managed_prefix_list_entry" "rest" {
  prefix_list_id = aws_ec2_managed_prefix_list.clients.id
  cidr           = "128.0.0.0/1"
}
resource "aws_security_group" "db" {
  name = "db"
}
resource "aws_vpc_security_group_ingress_rule" "clients" {
  security_group_id = aws_security_group.db.id
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
  prefix_list_id    = aws_ec2_managed_prefix_list.clients.id # expect: PG201
}
""",
)

_case(
    "prefix lists of AWS, and one that is not in the files",
    """
data "aws_prefix_list" "s3" {
  name = "com.amazonaws.eu-central-1.s3"
}
data "aws_ec2_managed_prefix_list" "offices" {
  name = "offices"
}
resource "aws_security_group" "service" {
  ingress {
    from_port       = 5432
    to_port         = 5432
    protocol        = "tcp"
    prefix_list_ids = [data.aws_prefix_list.s3.id, aws_vpc_endpoint.s3.prefix_list_id]
  }
}
resource "aws_vpc_endpoint" "s3" {
  vpc_id       = "vpc-1"
  service_name = "com.amazonaws.eu-central-1.s3"
}
resource "aws_security_group" "offices" {
  ingress {
    from_port       = 5432
    to_port         = 5432
    protocol        = "tcp"
    prefix_list_ids = [data.aws_ec2_managed_prefix_list.offices.id] # expect: PG902
  }
}
resource "aws_security_group" "written" {
  ingress {
    from_port       = 5432
    to_port         = 5432
    protocol        = "tcp"
    prefix_list_ids = ["pl-0123456789"] # expect: PG902
  }
}
""",
)

_case(
    "networks of our own, and single addresses",
    """
data "aws_vpc" "main" {}
data "aws_subnet" "app" {
  for_each = toset(["subnet-1", "subnet-2"])
  id       = each.value
}
resource "aws_vpc" "planned" {
  ipv4_ipam_pool_id = "ipam-pool-1"
}
resource "aws_eip" "nat" {
  count = 2
}
module "vpc" {
  source = "terraform-aws-modules/vpc/aws"
}
data "http" "me" {
  url = "https://example.org/ip"
}
resource "aws_security_group" "db" {
  ingress {
    from_port = 5432
    to_port   = 5432
    protocol  = "tcp"
    cidr_blocks = concat(
      [data.aws_vpc.main.cidr_block, aws_vpc.planned.cidr_block, module.vpc.vpc_cidr_block],
      module.vpc.private_subnets_cidr_blocks,
      [for subnet in data.aws_subnet.app : subnet.cidr_block],
      formatlist("%s/32", aws_eip.nat[*].public_ip),
      ["${chomp(data.http.me.response_body)}/32"],
    )
  }
}
""",
)

# --- databases -----------------------------------------------------------------------------------

_case(
    "edge 21: the port of the database counts",
    """
resource "aws_security_group" "db" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
  ingress {
    from_port   = 5433
    to_port     = 5433
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"] # expect: PG202
  }
}
resource "aws_db_instance" "shop" {
  engine                 = "postgres"
  engine_version         = "16"
  port                   = "5433"
  vpc_security_group_ids = [aws_security_group.db.id]
}
""",
)

_case(
    "edge 23: UDP is no exposure",
    """
resource "aws_security_group" "db" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "17"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"""
    + _DATABASE,
)

_case("a public database", _OPEN_GROUP + _PUBLIC)

_case(
    "another engine",
    """
resource "aws_security_group" "db" {
  ingress {
    from_port   = 0
    to_port     = 65535
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_db_instance" "shop" {
  engine                 = "mysql"
  publicly_accessible    = true
  vpc_security_group_ids = [aws_security_group.db.id]
}
resource "aws_rds_cluster" "shop" {
  engine                 = "aurora-mysql"
  vpc_security_group_ids = [aws_security_group.db.id]
}
""",
)

_case(
    "an engine that is not known",
    _OPEN_GROUP
    + """
variable "engine" {
  type = string
}
resource "aws_db_instance" "shop" {
  engine                 = var.engine
  publicly_accessible    = true # expect: PG203
  vpc_security_group_ids = [aws_security_group.db.id]
}
""",
)

_case(
    "a replica has the engine of its source",
    """
resource "aws_db_instance" "main" {
  identifier = "main"
  engine     = "mariadb"
}
resource "aws_db_instance" "replica" {
  replicate_source_db = aws_db_instance.main.identifier
  publicly_accessible = true
}
resource "aws_db_instance" "postgres" {
  identifier     = "postgres"
  engine         = "postgres"
  engine_version = "16"
}
resource "aws_db_instance" "postgres_replica" {
  replicate_source_db = aws_db_instance.postgres.identifier
  publicly_accessible = true # expect: PG203
}
""",
)

_case(
    "whether it is public is not known",
    """
variable "public" {
  type = bool
}
resource "aws_db_instance" "shop" {
  engine              = "postgres"
  engine_version      = "16"
  publicly_accessible = var.public # expect: PG902
}
""",
)

_case(
    "a cluster is as public as its instances",
    _OPEN_GROUP
    + """
resource "aws_rds_cluster" "shop" {
  cluster_identifier     = "shop"
  engine                 = "aurora-postgresql"
  engine_version         = "16.4" # expect: PG401
  vpc_security_group_ids = [aws_security_group.db.id]
}
resource "aws_rds_cluster_instance" "shop" {
  count               = 2
  cluster_identifier  = aws_rds_cluster.shop.id
  engine              = aws_rds_cluster.shop.engine
  publicly_accessible = true # expect: PG203
}
resource "aws_rds_cluster_instance" "elsewhere" {
  cluster_identifier  = "elsewhere"
  engine              = "aurora-postgresql"
  publicly_accessible = true # expect: PG203
}
resource "aws_rds_cluster_instance" "mysql" {
  cluster_identifier  = "mysql"
  engine              = "aurora-mysql"
  publicly_accessible = true
}
""",
)

_case(
    "a proxy listens on 5432, whatever the database does",
    """
resource "aws_security_group" "proxy" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"] # expect: PG201
  }
}
resource "aws_db_proxy" "shop" {
  name                   = "shop"
  engine_family          = "POSTGRESQL"
  require_tls            = true
  vpc_security_group_ids = [aws_security_group.proxy.id]
}
resource "aws_security_group" "endpoint" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"] # expect: PG202
  }
}
resource "aws_db_proxy_endpoint" "readers" {
  db_proxy_name          = aws_db_proxy.shop.name
  vpc_security_group_ids = [aws_security_group.endpoint.id]
}
resource "aws_db_proxy" "mysql" {
  engine_family = "MYSQL"
}
resource "aws_db_proxy" "plain" { # expect: PG401
  engine_family = "POSTGRESQL"
}
""",
)

_case(
    "edge 13: the default group, for a database that names none",
    """
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_vpc" "other" {
  cidr_block = "10.1.0.0/16"
}
resource "aws_default_security_group" "main" {
  vpc_id = aws_vpc.main.id
  ingress {
    from_port   = 5432
    to_port     = 5433
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_default_security_group" "other" {
  vpc_id = aws_vpc.other.id
  ingress {
    from_port   = 5433
    to_port     = 5433
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"] # expect: PG201
  }
}
resource "aws_subnet" "db" {
  vpc_id     = aws_vpc.other.id
  cidr_block = "10.1.0.0/24"
}
resource "aws_db_subnet_group" "db" {
  name       = "db"
  subnet_ids = [aws_subnet.db.id]
}
resource "aws_db_instance" "shop" {
  engine               = "postgres"
  engine_version       = "16"
  port                 = 5433
  db_subnet_group_name = aws_db_subnet_group.db.name
}
resource "aws_security_group_rule" "main" {
  type              = "ingress"
  security_group_id = aws_vpc.other.default_security_group_id
  from_port         = 5433
  to_port           = 5433
  protocol          = "tcp"
  ipv6_cidr_blocks  = ["2000::/4"]
}
resource "aws_instance" "web" {
  vpc_security_group_ids = [aws_vpc.main.default_security_group_id]
}
""".replace('["0.0.0.0/0"]\n', '["0.0.0.0/0"] # expect: PG201\n', 1),
)

# --- who holds a group ---------------------------------------------------------------------------

_case(
    "a group of a web server",
    """
resource "aws_security_group" "web" {
  ingress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_instance" "web" {
  vpc_security_group_ids = [aws_security_group.web.id]
}
resource "aws_security_group" "pgbouncer" {
  ingress {
    from_port   = 6432
    to_port     = 6432
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"] # expect: PG201
  }
}
resource "aws_ecs_service" "pgbouncer" {
  network_configuration {
    security_groups = [aws_security_group.pgbouncer.id]
  }
}
resource "aws_security_group" "old" {
  name = "old"
  ingress {
    from_port   = 0
    to_port     = 65535
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_instance" "old" {
  security_groups = [aws_security_group.old.name]
}
""",
)

_case(
    "a group that nothing in the files holds",
    """
resource "aws_security_group" "any" {
  ingress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"] # expect: PG201
  }
}
resource "aws_security_group" "ssh" {
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
""",
)

_OPEN = """
resource "aws_security_group" "any" {
  ingress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]%s
  }
}
"""
_NAMED = """resource "aws_instance" "%s" {
  vpc_security_group_ids = [aws_security_group.any.id]
  tags                   = { Name = "%s" }
}
"""

_case(
    "a virtual machine that is called PostgreSQL",
    _OPEN % " # expect: PG201" + _NAMED % ("postgres", "a"),
)
_case(
    "a virtual machine whose tag is called PostgreSQL",
    _OPEN % " # expect: PG201" + _NAMED % ("a", "postgres-primary"),
)
_case("a virtual machine for the web", _OPEN % "" + _NAMED % ("web", "web-1"))
_case("a virtual machine for MySQL", _OPEN % "" + _NAMED % ("mysql", "mysql-1"))
_case(
    "an interface of a virtual machine that is called PostgreSQL",
    _OPEN % " # expect: PG201"
    + """
resource "aws_instance" "a" {
  tags = { Name = "postgres-primary" }
}
resource "aws_network_interface_sg_attachment" "a" {
  security_group_id    = aws_security_group.any.id
  network_interface_id = aws_instance.a.primary_network_interface_id
}
""",
)

_case(
    "a load balancer for PostgreSQL",
    """
resource "aws_lb" "open" {
  load_balancer_type = "network"
}
resource "aws_lb_listener" "open" {
  load_balancer_arn = aws_lb.open.arn
  port              = 5432 # expect: PG201
  protocol          = "TCP"
}
resource "aws_lb_listener" "web" {
  load_balancer_arn = aws_lb.open.arn
  port              = 443
  protocol          = "TLS"
}
resource "aws_lb_target_group" "db" {
  port     = 5432
  protocol = "TCP"
}
resource "aws_lb_target_group" "web" {
  port     = 8443
  protocol = "TCP"
}
resource "aws_lb_listener" "other_port" {
  load_balancer_arn = aws_lb.open.arn
  port              = 15432 # expect: PG201
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.db.arn
  }
}
resource "aws_lb_listener" "weighted" {
  load_balancer_arn = aws_lb.open.arn
  port              = 25432 # expect: PG201
  protocol          = "TCP"
  default_action {
    type = "forward"
    forward {
      target_group {
        arn    = aws_lb_target_group.web.arn
        weight = 1
      }
      target_group {
        arn    = aws_lb_target_group.db.arn
        weight = 9
      }
    }
  }
}
resource "aws_lb_listener" "other_program" {
  load_balancer_arn = aws_lb.open.arn
  port              = 8443
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
}
resource "aws_lb_listener" "inside_on_another_port" {
  load_balancer_arn = aws_lb.inside.arn
  port              = 15432
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.db.arn
  }
}
resource "aws_lb" "inside" {
  load_balancer_type = "network"
  internal           = true
}
resource "aws_lb_listener" "inside" {
  load_balancer_arn = aws_lb.inside.arn
  port              = 5432
  protocol          = "TCP"
}
resource "aws_lb" "guarded" {
  load_balancer_type = "network"
  security_groups    = [aws_security_group.guard.id]
}
resource "aws_lb_listener" "guarded" {
  load_balancer_arn = aws_lb.guarded.arn
  port              = 5432
  protocol          = "TCP"
}
resource "aws_security_group" "guard" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["192.0.2.0/24"]
  }
}
""",
)

# --- network ACLs --------------------------------------------------------------------------------

_NETWORK = """
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "db" {
  count      = 2
  vpc_id     = aws_vpc.main.id
  cidr_block = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
}
resource "aws_db_subnet_group" "db" {
  name       = "db"
  subnet_ids = aws_subnet.db[*].id
}
resource "aws_db_instance" "shop" {
  engine                 = "postgres"
  engine_version         = "16"
  db_subnet_group_name   = aws_db_subnet_group.db.id
  vpc_security_group_ids = [aws_security_group.db.id]
}
"""
_NARROW_ACL = """
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    from_port  = 5432
    to_port    = 5432
    cidr_block = "10.0.0.0/16"
  }
"""
_SHUT_GROUP = _OPEN_GROUP.replace(" # expect: PG201", "")

_case(
    "a network ACL keeps out what the group lets in",
    _SHUT_GROUP
    + _NETWORK
    + """
resource "aws_network_acl" "db" {
  vpc_id     = aws_vpc.main.id
  subnet_ids = aws_subnet.db[*].id
"""
    + _NARROW_ACL
    + "}\n",
)

_case(
    "an ACL of one of two subnets keeps nothing out",
    _OPEN_GROUP
    + _NETWORK
    + """
resource "aws_network_acl" "db" {
  vpc_id     = aws_vpc.main.id
  subnet_ids = [aws_subnet.db[0].id]
"""
    + _NARROW_ACL
    + "}\n",
)

_case(
    "the numbers of an ACL's rules decide",
    _OPEN_GROUP
    + _NETWORK
    + """
resource "aws_network_acl" "db" {
  vpc_id = aws_vpc.main.id
}
resource "aws_network_acl_association" "db" {
  count          = 2
  network_acl_id = aws_network_acl.db.id
  subnet_id      = aws_subnet.db[count.index].id
}
resource "aws_network_acl_rule" "deny" {
  network_acl_id = aws_network_acl.db.id
  rule_number    = 200
  rule_action    = "deny"
  protocol       = "-1"
  cidr_block     = "0.0.0.0/0"
}
resource "aws_network_acl_rule" "allow" {
  network_acl_id = aws_network_acl.db.id
  rule_number    = 100
  rule_action    = "allow"
  protocol       = "all"
  cidr_block     = "0.0.0.0/0"
}
""",
)

_case(
    "a deny before the allow, and one that may not exist",
    _SHUT_GROUP
    + _NETWORK
    + """
resource "aws_default_network_acl" "main" {
  default_network_acl_id = aws_vpc.main.default_network_acl_id
  ingress {
    rule_no    = 10
    action     = "deny"
    protocol   = "6"
    from_port  = 5000
    to_port    = 6000
    cidr_block = "0.0.0.0/0"
  }
  ingress {
    rule_no    = 20
    action     = "allow"
    protocol   = "-1"
    from_port  = 0
    to_port    = 0
    cidr_block = "0.0.0.0/0"
  }
}
""",
)

_case(
    "a deny that may not exist does not count",
    _OPEN_GROUP
    + _NETWORK
    + """
variable "shut" {
  type = bool
}
resource "aws_network_acl" "db" {
  vpc_id     = aws_vpc.main.id
  subnet_ids = aws_subnet.db[*].id
  ingress {
    rule_no    = 20
    action     = "allow"
    protocol   = "-1"
    from_port  = 0
    to_port    = 0
    cidr_block = "0.0.0.0/0"
  }
}
resource "aws_network_acl_rule" "shut" {
  count          = var.shut ? 1 : 0
  network_acl_id = aws_network_acl.db.id
  rule_number    = 10
  rule_action    = "deny"
  protocol       = "tcp"
  from_port      = 5432
  to_port        = 5432
  cidr_block     = "0.0.0.0/0"
}
""",
)

# --- TLS -----------------------------------------------------------------------------------------

_case(
    "the default of rds.force_ssl follows the version",
    """
resource "aws_db_instance" "old" {
  engine         = "postgres"
  engine_version = "14.9" # expect: PG401
}
resource "aws_db_instance" "new" {
  engine         = "postgres"
  engine_version = "15"
}
resource "aws_db_instance" "default_group" {
  engine               = "postgres"
  parameter_group_name = "default.postgres13" # expect: PG401
}
resource "aws_rds_cluster" "aurora" {
  engine         = "aurora-postgresql"
  engine_version = "15.3" # expect: PG401
}
resource "aws_rds_cluster" "multi_az" {
  engine         = "postgres"
  engine_version = "15.3"
}
resource "aws_rds_cluster" "new_aurora" {
  engine         = "aurora-postgresql"
  engine_version = "17.4" # expect: PG902
}
resource "aws_rds_cluster" "any_aurora" { # expect: PG902
  engine = "aurora-postgresql"
}
resource "aws_db_instance" "any" {
  engine = "postgres"
}
""",
)

_case(
    "a parameter group decides",
    """
resource "aws_db_parameter_group" "on" {
  name   = "on"
  family = "postgres14"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}
resource "aws_db_parameter_group" "off" {
  name   = "off"
  family = "postgres16"
  parameter {
    name  = "rds.force_ssl"
    value = 0 # expect: PG401
  }
}
resource "aws_db_parameter_group" "silent" {
  name_prefix = "silent"
  family      = "postgres12" # expect: PG401
}
resource "aws_db_instance" "on" {
  engine               = "postgres"
  engine_version       = "14"
  parameter_group_name = aws_db_parameter_group.on.name
}
resource "aws_db_instance" "off" {
  engine               = "postgres"
  engine_version       = "16"
  parameter_group_name = aws_db_parameter_group.off.id
}
resource "aws_db_instance" "silent" {
  engine               = "postgres"
  parameter_group_name = aws_db_parameter_group.silent.name
}
variable "group" {
  type = string
}
resource "aws_db_instance" "elsewhere" {
  engine               = "postgres"
  engine_version       = "14"
  parameter_group_name = var.group # expect: PG902
}
""",
)

# --- calls of modules ----------------------------------------------------------------------------

_case(
    "the security-group module",
    """
module "names" {
  source              = "terraform-aws-modules/security-group/aws"
  ingress_cidr_blocks = ["0.0.0.0/0"] # expect: PG201
  ingress_rules       = ["https-443-tcp", "postgresql-tcp"]
}
module "everything" {
  source                   = "terraform-aws-modules/security-group/aws"
  version                  = "~> 5.0"
  ingress_ipv6_cidr_blocks = ["::/0"] # expect: PG201
  ingress_rules            = ["all-tcp"]
}
module "maps" {
  source                   = "terraform-aws-modules/security-group/aws"
  ingress_cidr_blocks      = ["0.0.0.0/0"]
  ingress_with_cidr_blocks = [ # expect: PG201
    { rule = "postgresql-tcp", cidr_blocks = "0.0.0.0/1,128.0.0.0/1" },
    { from_port = 443, to_port = 443, protocol = "tcp", cidr_blocks = "0.0.0.0/0" },
  ]
}
module "default_sources" {
  source                   = "terraform-aws-modules/security-group/aws"
  ingress_cidr_blocks      = ["0.0.0.0/0"] # expect: PG201
  ingress_with_cidr_blocks = [{ from_port = 5000, to_port = 5500, protocol = 6 }]
}
module "postgresql" {
  source              = "terraform-aws-modules/security-group/aws//modules/postgresql"
  ingress_cidr_blocks = ["10.0.0.0/8"] # expect: PG202
}
module "git" {
  source              = "git::https://github.com/terraform-aws-modules/terraform-aws-security-group.git?ref=v4.0.0"
  ingress_cidr_blocks = ["0.0.0.0/0"] # expect: PG201
  ingress_rules       = ["postgresql-tcp"]
}
module "computed" {
  source                           = "terraform-aws-modules/security-group/aws"
  ingress_cidr_blocks              = ["0.0.0.0/0"] # expect: PG201
  computed_ingress_rules           = ["postgresql-tcp"]
  number_of_computed_ingress_rules = 1
}
""",
)

_case(
    "the security-group module, with nothing to find",
    """
module "vpc" {
  source = "terraform-aws-modules/vpc/aws"
}
module "web" {
  source              = "terraform-aws-modules/security-group/aws"
  ingress_cidr_blocks = ["0.0.0.0/0"]
  ingress_rules       = ["http-80-tcp", "https-443-tcp"]
}
module "db" {
  source = "terraform-aws-modules/security-group/aws"
  ingress_with_cidr_blocks = [
    { rule = "postgresql-tcp", cidr_blocks = module.vpc.vpc_cidr_block },
    { rule = "postgresql-tcp", cidr_blocks = join(",", module.vpc.private_subnets_cidr_blocks) },
  ]
  ingress_with_self = [{ rule = "all-all" }]
}
module "nothing" {
  source                 = "terraform-aws-modules/security-group/aws"
  create                 = false
  ingress_cidr_blocks    = ["0.0.0.0/0"]
  ingress_rules          = ["postgresql-tcp"]
}
module "not_computed" {
  source                 = "terraform-aws-modules/security-group/aws"
  ingress_cidr_blocks    = ["0.0.0.0/0"]
  computed_ingress_rules = ["postgresql-tcp"]
}
module "web_everything" {
  source              = "terraform-aws-modules/security-group/aws"
  ingress_cidr_blocks = ["0.0.0.0/0"]
  ingress_rules       = ["all-all"]
}
resource "aws_instance" "web" {
  vpc_security_group_ids = [module.web_everything.security_group_id]
}
""",
)

_case(
    "the rds module behind the security-group module",
    """
module "db_group" {
  source = "terraform-aws-modules/security-group/aws"
  ingress_with_cidr_blocks = [ # expect: PG201
    { from_port = 5433, to_port = 5433, protocol = "tcp", cidr_blocks = "0.0.0.0/0" },
    { from_port = 5432, to_port = 5432, protocol = "tcp", cidr_blocks = "10.0.0.0/8" },
  ]
}
module "db" {
  source                 = "terraform-aws-modules/rds/aws"
  engine                 = "postgres"
  engine_version         = "16"
  family                 = "postgres16"
  port                   = "5433"
  publicly_accessible    = true # expect: PG203
  vpc_security_group_ids = [module.db_group.security_group_id]
}
module "old" {
  source         = "terraform-aws-modules/rds/aws"
  engine         = "postgres"
  engine_version = "13.4" # expect: PG401
}
module "forced" {
  source         = "terraform-aws-modules/rds/aws"
  engine         = "postgres"
  engine_version = "13.4"
  parameters     = [{ name = "rds.force_ssl", value = "1" }]
}
module "not_forced" {
  source         = "terraform-aws-modules/rds/aws"
  engine         = "postgres"
  engine_version = "16"
  parameters     = [{ name = "rds.force_ssl", value = "0" }] # expect: PG401
}
module "mysql" {
  source              = "terraform-aws-modules/rds/aws"
  engine              = "mysql"
  publicly_accessible = true
}
""",
)

_case(
    "the rds-aurora module",
    """
module "old" {
  source              = "terraform-aws-modules/rds-aurora/aws"
  version             = "~> 7.0"
  engine              = "aurora-postgresql"
  engine_version      = "16.4" # expect: PG401
  allowed_cidr_blocks = ["0.0.0.0/0"] # expect: PG201
  instances           = { one = {}, two = { publicly_accessible = true } } # expect: PG203
}
module "rules" {
  source         = "terraform-aws-modules/rds-aurora/aws"
  engine         = "aurora-postgresql"
  engine_version = "16.4"
  db_cluster_parameter_group_parameters = [{ name = "rds.force_ssl", value = 1 }]
  security_group_rules = { # expect: PG202
    vpc     = { cidr_blocks = ["10.0.0.0/8"] }
    out     = { type = "egress", cidr_blocks = ["0.0.0.0/0"] }
    private = { source_security_group_id = "sg-1" }
  }
}
module "new" { # expect: PG902
  source  = "terraform-aws-modules/rds-aurora/aws"
  version = "~> 10.0"
  engine  = "aurora-postgresql"
  port    = 5433
  security_group_ingress_rules = { # expect: PG201
    low  = { cidr_ipv4 = "0.0.0.0/1" }
    high = { cidr_ipv4 = "128.0.0.0/1", ip_protocol = "-1" }
  }
}
module "mysql" {
  source              = "terraform-aws-modules/rds-aurora/aws"
  engine              = "aurora-mysql"
  allowed_cidr_blocks = ["0.0.0.0/0"]
}
module "shut" { # expect: PG902
  source                = "terraform-aws-modules/rds-aurora/aws"
  engine                = "aurora-postgresql"
  create_security_group = false
  allowed_cidr_blocks   = ["0.0.0.0/0"]
}
""",
)

_case(
    "cloudposse's modules",
    """
module "rds" {
  source              = "cloudposse/rds/aws"
  engine              = "postgres"
  engine_version      = "16"
  database_port       = 5432
  allowed_cidr_blocks = ["0.0.0.0/0"] # expect: PG201
  publicly_accessible = true # expect: PG203
}
module "cluster" {
  source              = "cloudposse/rds-cluster/aws"
  engine              = "aurora-postgresql"
  cluster_family      = "aurora-postgresql14" # expect: PG401
  db_port             = 5432
  allowed_cidr_blocks = ["10.0.0.0/8"] # expect: PG202
}
module "mysql" {
  source              = "cloudposse/rds-cluster/aws"
  allowed_cidr_blocks = ["0.0.0.0/0"]
}
module "group" {
  source = "cloudposse/security-group/aws"
  rules = [ # expect: PG201
    {
      type        = "ingress"
      from_port   = 5432
      to_port     = 5432
      protocol    = "tcp"
      cidr_blocks = ["0.0.0.0/0"]
    },
    { type = "egress", from_port = 0, to_port = 0, protocol = "-1", cidr_blocks = ["0.0.0.0/0"] },
  ]
}
module "off" {
  source              = "cloudposse/rds/aws"
  enabled             = false
  engine              = "postgres"
  publicly_accessible = true
}
""",
)

_case(
    "a narrow part does not hide a wide one",
    """
data "aws_vpc" "main" {}
data "aws_subnet" "app" {
  for_each = toset(["subnet-1", "subnet-2"])
  id       = each.value
}
variable "office" {
  type = string
}
module "vpc" {
  source = "terraform-aws-modules/vpc/aws"
}
locals {
  rule = { from_port = 5432, to_port = 5432, protocol = "tcp" }
  ways = {
    concat = concat(module.vpc.private_subnets_cidr_blocks, ["0.0.0.0/0"])
    compact  = compact([data.aws_vpc.main.cidr_block, "0.0.0.0/0"])
    distinct = distinct(flatten([[data.aws_vpc.main.cidr_block], ["0.0.0.0/0"]]))
    set      = toset([data.aws_vpc.main.cidr_block, "0.0.0.0/0"])
    for      = [for subnet in data.aws_subnet.app : "0.0.0.0/0"]
    split    = split(",", join(",", [data.aws_vpc.main.cidr_block, "0.0.0.0/0"]))
  }
}
resource "aws_security_group" "way" {
  for_each = local.ways
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = each.value # expect: PG201
  }
}
resource "aws_security_group" "condition" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = data.aws_vpc.main.state == "" ? ["0.0.0.0/0"] : [] # expect: PG902
  }
}
resource "aws_security_group" "replaced" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = [replace(data.aws_vpc.main.cidr_block, "/.*/", "0.0.0.0/0")] # expect: PG902
  }
}
module "text" {
  source = "terraform-aws-modules/security-group/aws"
  ingress_with_cidr_blocks = [ # expect: PG902
    { rule = "postgresql-tcp", cidr_blocks = "0.0.0.0/0,${var.office}/32" },
  ]
}
module "settings" {
  source = "example/settings/aws"
}
resource "aws_security_group" "settings" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = concat(module.settings.public_cidrs, module.settings.ips) # expect: PG902
  }
}
module "made" {
  source = "terraform-aws-modules/security-group/aws"
  ingress_with_cidr_blocks = concat( # expect: PG201
    [for one in module.vpc.subnets_cidr_blocks : { rule = "postgresql-tcp", cidr_blocks = one }],
    [{ rule = "postgresql-tcp", cidr_blocks = "0.0.0.0/0" }],
  )
}
""".lstrip(),
)
