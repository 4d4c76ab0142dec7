# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs of AWS modules, databases, groups and ACLs: each way to say something once."""

from __future__ import annotations

_GROUP = "terraform-aws-modules/security-group/aws"


def _call(name: str, source: str, *lines: str) -> str:
    content = "".join(f"  {line}\n" for line in lines)
    return f'module "{name}" {{\n  source = "{source}"\n{content}}}\n'


def _group(name: str, *lines: str) -> str:
    return _call(name, _GROUP, *lines)


def _resource(kind: str, name: str, *lines: str) -> str:
    content = "".join(f"  {line}\n" for line in lines)
    return f'resource "{kind}" "{name}" {{\n{content}}}\n'


_POSTGRES = "{ from_port = 5432, to_port = 5432, protocol = "

CASES: dict[str, str] = {
    "the security-group module: named rules": _group(
        "unknown_name",
        'ingress_cidr_blocks = ["1.0.0.0/8"]',
        "ingress_rules = [var.rule]",
    )
    + _group("unknown_names", 'ingress_cidr_blocks = ["1.0.0.0/8"]', "ingress_rules = var.rules")
    + _group(
        "own_rules",
        'ingress_cidr_blocks = ["1.0.0.0/8"]',
        'ingress_rules = ["pg", "udp", "short", "text", "other"]',
        "rules = {",
        '  pg = [5430, 5440, "tcp", "PostgreSQL"], udp = [5432, 5432, "udp"]',
        '  short = [5432, 5432], text = "5432"',
        "}",
    )
    + _group(
        "unknown_rules",
        'ingress_cidr_blocks = ["1.0.0.0/8"]',
        'ingress_rules = ["postgresql-tcp"]',
        "rules = var.rules",
    )
    + _group(
        "rules_are_text",
        'ingress_cidr_blocks = ["1.0.0.0/8"]',
        'ingress_rules = ["postgresql-tcp"]',
        'rules = "none"',
    )
    + _group(
        "rules_are_null",
        'ingress_ipv6_cidr_blocks = ["2a00::/12"]',
        'ingress_rules = ["all-all", "all-tcp"]',
        "rules = null",
    )
    + _group(
        "prefix_lists",
        "ingress_prefix_list_ids = [aws_ec2_managed_prefix_list.office.id]",
        'ingress_rules = ["postgresql-tcp"]',
    )
    + _group("nobody", 'ingress_rules = ["postgresql-tcp"]')
    + _resource(
        "aws_ec2_managed_prefix_list",
        "office",
        'name = "office"',
        'entry { cidr = "52.0.0.0/8" }',
    )
    + _call(
        "automatic",
        f"{_GROUP}//modules/postgresql",
        'ingress_cidr_blocks = ["1.0.0.0/8"]',
        'auto_ingress_rules = ["all-tcp"]',
    )
    + _call(
        "another_part",
        f"{_GROUP}//modules/mysql",
        'ingress_cidr_blocks = ["1.0.0.0/8"]',
    ),
    "the security-group module: computed rules": _group(
        "one_of_two",
        'ingress_cidr_blocks = ["1.0.0.0/8"]',
        'computed_ingress_rules = ["postgresql-tcp", "all-tcp"]',
        "number_of_computed_ingress_rules = 1",
    )
    + _group(
        "unknown_number",
        'ingress_cidr_blocks = ["1.0.0.0/8"]',
        'computed_ingress_rules = ["postgresql-tcp", "all-tcp"]',
        "number_of_computed_ingress_rules = var.number",
    )
    + _group(
        "less_than_none",
        'ingress_cidr_blocks = ["1.0.0.0/8"]',
        'computed_ingress_rules = ["postgresql-tcp", "all-tcp"]',
        "number_of_computed_ingress_rules = -1",
    )
    + _group(
        "no_number",
        'ingress_cidr_blocks = ["1.0.0.0/8"]',
        'computed_ingress_rules = ["postgresql-tcp"]',
    )
    + _group(
        "maps",
        "computed_ingress_with_cidr_blocks = [",
        '  { rule = "postgresql-tcp", cidr_blocks = "1.0.0.0/8" },',
        '  { rule = "all-tcp", cidr_blocks = "2.0.0.0/8" },',
        "]",
        "number_of_computed_ingress_with_cidr_blocks = 1",
    )
    + _group(
        "maps_without_number",
        "computed_ingress_with_ipv6_cidr_blocks = [",
        '  { rule = "postgresql-tcp", ipv6_cidr_blocks = "2a00::/12" },',
        "]",
    ),
    "the security-group module: maps": _group(
        "blocks",
        "ingress_with_cidr_blocks = [",
        '  { rule = "postgresql-tcp", cidr_blocks = "1.0.0.0/8, 3.0.0.0/8" },',
        f'  {_POSTGRES}"tcp", cidr_blocks = "2.0.0.0/8" }},',
        f'  {_POSTGRES}"udp", cidr_blocks = "4.0.0.0/8" }},',
        '  { from_port = 6432, cidr_blocks = "5.0.0.0/8", rule = "all-all" },',
        '  { protocol = "tcp", cidr_blocks = "6.0.0.0/8", rule = "postgresql-tcp" },',
        '  { protocol = "tcp", cidr_blocks = "7.0.0.0/8", rule = var.rule },',
        '  { rule = var.rule, cidr_blocks = "8.0.0.0/8" },',
        '  { rule = "ssh-tcp", cidr_blocks = "9.0.0.0/8" },',
        '  { rule = null, cidr_blocks = "11.0.0.0/8" },',
        '  { protocol = null, from_port = null, rule = "all-tcp", cidr_blocks = "12.0.0.0/8" },',
        '  { rule = "postgresql-tcp", cidr_blocks = var.office },',
        '  { rule = "postgresql-tcp", cidr_blocks = ["13.0.0.0/8"] },',
        "]",
    )
    + _group(
        "everybody",
        'ingress_cidr_blocks = ["1.0.0.0/8"]',
        'ingress_ipv6_cidr_blocks = ["2a00::/12"]',
        "ingress_prefix_list_ids = [var.list]",
        'ingress_with_cidr_blocks = [{ rule = "postgresql-tcp" }]',
        'ingress_with_ipv6_cidr_blocks = [{ rule = "all-all", ipv6_cidr_blocks = null }]',
        'ingress_with_prefix_list_ids = [{ rule = "all-tcp" }]',
    )
    + _group(
        "own_sources",
        'ingress_cidr_blocks = ["1.0.0.0/8"]',
        'ingress_with_ipv6_cidr_blocks = [{ rule = "all-all", ipv6_cidr_blocks = "2b00::/12" }]',
        'ingress_with_prefix_list_ids = [{ rule = "all-tcp", prefix_list_ids = "pl-1,pl-2" }]',
    )
    + _group(
        "perhaps",
        "ingress_with_cidr_blocks = var.rules",
    ),
    "the rds module": _call(
        "part",
        "terraform-aws-modules/rds/aws//modules/db_instance",
        'engine = "postgres"',
        'engine_version = "16"',
        'publicly_accessible = "true"',
    )
    + _call(
        "another_part",
        "terraform-aws-modules/rds/aws//modules/db_option_group",
        'engine = "postgres"',
        "publicly_accessible = true",
    )
    + _call(
        "no_instance",
        "terraform-aws-modules/rds/aws",
        "create_db_instance = false",
        'engine = "postgres"',
        "publicly_accessible = true",
    )
    + _call(
        "unknown_address",
        "terraform-aws-modules/rds/aws",
        'engine = "postgres"',
        "publicly_accessible = var.public",
        "port = var.port",
    )
    + _call(
        "no_address",
        "terraform-aws-modules/rds/aws",
        'engine = "postgres"',
        'family = "postgres12"',
        "publicly_accessible = false",
    )
    + _call(
        "by_its_family",
        "terraform-aws-modules/rds/aws",
        'family = "postgres14"',
        "publicly_accessible = true",
    ),
    "the rds-aurora module": _call(
        "maps",
        "terraform-aws-modules/rds-aurora/aws",
        'engine = "aurora-postgresql"',
        'engine_version = "15.4"',
        "port = 5433",
        "security_group_rules = {",
        f'  tcp   = {{ cidr_blocks = ["1.0.0.0/8"], {_POSTGRES[2:]}"tcp" }}',
        f'  six   = {{ cidr_blocks = ["2.0.0.0/8"], {_POSTGRES[2:]}6 }}',
        f'  udp   = {{ cidr_blocks = ["3.0.0.0/8"], {_POSTGRES[2:]}"udp" }}',
        '  own   = { cidr_blocks = ["4.0.0.0/8"], protocol = "TCP" }',
        '  own6  = { cidr_blocks = ["14.0.0.0/8"], protocol = "6" }',
        '  whole = { cidr_blocks = ["5.0.0.0/8"], protocol = "-1" }',
        '  all   = { cidr_blocks = ["6.0.0.0/8"], protocol = "all" }',
        '  icmp  = { cidr_blocks = ["7.0.0.0/8"], protocol = "icmp" }',
        '  ipv6  = { ipv6_cidr_blocks = ["2a00::/12"] }',
        '  to    = { cidr_blocks = ["8.0.0.0/8"], to_port = 5432 }',
        '  what  = { cidr_blocks = ["9.0.0.0/8"], protocol = var.protocol }',
        '  out   = { cidr_blocks = ["11.0.0.0/8"], type = "egress" }',
        '  in    = { cidr_blocks = ["12.0.0.0/8"], type = "ingress" }',
        '  list  = { prefix_list_ids = ["pl-1"] }',
        "  some  = { cidr_blocks = var.office }",
        '  group = { source_security_group_id = "sg-1" }',
        "}",
    )
    + _call(
        "unknown_rules",
        "terraform-aws-modules/rds-aurora/aws",
        'engine = "aurora-postgresql"',
        "security_group_rules = var.rules",
    )
    + _call(
        "unknown_rule",
        "terraform-aws-modules/rds-aurora/aws",
        'engine = "aurora-postgresql"',
        'security_group_ingress_rules = [var.rule, { cidr_ipv6 = "2a00::/12" }, "text", {',
        '  prefix_list_id = "pl-1", ip_protocol = "all" }, { cidr_ipv4 = "1.0.0.0/8",',
        '  ip_protocol = "udp" }, { cidr_ipv4 = "2.0.0.0/8", from_port = 1, to_port = 6000 }]',
    )
    + _call(
        "unknown_port",
        "terraform-aws-modules/rds-aurora/aws",
        'engine = "aurora-postgresql"',
        "port = var.port",
        'allowed_cidr_blocks = ["1.0.0.0/8"]',
    )
    + _call(
        "instances",
        "terraform-aws-modules/rds-aurora/aws",
        'engine = "aurora-postgresql"',
        "publicly_accessible = true",
        "instances = { one = { publicly_accessible = false }, two = {} }",
    )
    + _call(
        "private_instances",
        "terraform-aws-modules/rds-aurora/aws",
        'engine = "aurora-postgresql"',
        "publicly_accessible = true",
        "instances = { one = { publicly_accessible = false } }",
    )
    + _call(
        "unknown_instances",
        "terraform-aws-modules/rds-aurora/aws",
        'engine = "aurora-postgresql"',
        "instances = var.instances",
    )
    + _call(
        "no_instances",
        "terraform-aws-modules/rds-aurora/aws",
        'engine = "aurora-postgresql"',
        "publicly_accessible = true",
        "instances = {}",
        "vpc_security_group_ids = [var.group]",
    )
    + _call(
        "own_group_and_more",
        "terraform-aws-modules/rds-aurora/aws",
        'engine = "aurora-postgresql"',
        'allowed_cidr_blocks = ["1.0.0.0/8"]',
        "vpc_security_group_ids = [aws_security_group.more.id]",
        "create_security_group = true",
    )
    + _resource(
        "aws_security_group",
        "more",
        f'ingress {{\n    {_POSTGRES[2:].replace(", ", chr(10))}"tcp"',
        'cidr_blocks = ["2.0.0.0/8"]\n  }',
    )
    + _call("no_engine", "terraform-aws-modules/rds-aurora/aws", "publicly_accessible = true"),
    "cloudposse's modules": _call(
        "rds",
        "cloudposse/rds/aws",
        'engine = "postgres"',
        'allowed_cidr_blocks = ["1.0.0.0/8"]',
        'allowed_ipv6_cidr_blocks = ["2a00::/12"]',
        "associate_security_group_ids = [var.group]",
        "publicly_accessible = var.public",
    )
    + _call(
        "rds_port",
        "cloudposse/rds/aws",
        'engine = "postgres"',
        "database_port = 5433",
        "allowed_prefix_list_ids = [var.list]",
        "create_security_group = false",
    )
    + _call(
        "cluster",
        "cloudposse/rds-cluster/aws",
        'engine = "aurora-postgresql"',
        'allowed_cidr_blocks = ["1.0.0.0/8"]',
    )
    + _call(
        "cluster_port",
        "cloudposse/rds-cluster/aws",
        'engine = "aurora-postgresql"',
        "db_port = 5433",
        "publicly_accessible = true",
        'allowed_cidr_blocks = ["1.0.0.0/8"]',
    )
    + _call(
        "part",
        "cloudposse/rds-cluster/aws//modules/part",
        'engine = "aurora-postgresql"',
        'allowed_cidr_blocks = ["1.0.0.0/8"]',
    )
    + _call(
        "group",
        "cloudposse/security-group/aws",
        "rules = [",
        "  var.rule,",
        f'  {_POSTGRES}"tcp", cidr_blocks = ["1.0.0.0/8"] }},',
        f'  {_POSTGRES}"udp", cidr_blocks = ["2.0.0.0/8"] }},',
        f'  {_POSTGRES}"tcp", cidr_blocks = ["3.0.0.0/8"], type = "egress" }},',
        f'  {_POSTGRES}"tcp", ipv6_cidr_blocks = ["2a00::/12"], type = "ingress" }},',
        f'  {_POSTGRES}"tcp", prefix_list_ids = ["pl-1"] }},',
        f'  {_POSTGRES}"tcp", self = true }},',
        "]",
    )
    + _call(
        "map",
        "cloudposse/security-group/aws",
        "rules_map = {",
        f'  one = [{_POSTGRES}"tcp", cidr_blocks = ["1.0.0.0/8"] }}]',
        "  two = var.rules",
        f'  three = [{_POSTGRES}"-1", cidr_blocks = ["2.0.0.0/8"] }}]',
        "}",
    )
    + _call(
        "matrix",
        "cloudposse/security-group/aws",
        "rule_matrix = [",
        "  var.row,",
        f'  {{ cidr_blocks = ["1.0.0.0/8"], rules = [{_POSTGRES}"tcp" }}, var.rule] }},',
        f'  {{ cidr_blocks = ["2.0.0.0/8"], rules = [{_POSTGRES}"udp" }}] }},',
        "]",
    )
    + _call(
        "old_matrix",
        "cloudposse/security-group/aws",
        f'rule_matrix = {{ cidr_blocks = ["1.0.0.0/8"], rules = [{_POSTGRES}"tcp" }}] }}',
    ),
    "switches": "".join(
        _group(
            f"{name}_{value.replace('.', '_')}",
            f"{name} = {value}",
            'ingress_cidr_blocks = ["1.0.0.0/8"]',
            'ingress_rules = ["postgresql-tcp"]',
        )
        for name in ("create", "enabled", "create_cluster", "create_security_group", "other")
        for value in ("false", "true", "var.on")
    )
    + _call("vpc", "terraform-aws-modules/vpc/aws", "create = true")
    + _call("local", "./security-group", 'ingress_rules = ["postgresql-tcp"]')
    + _call("unknown", "${var.source}", 'ingress_rules = ["postgresql-tcp"]'),
    "databases, by what is said of their engine": _resource(
        "aws_db_instance", "family", 'engine = "postgres"', 'engine_version = "14"'
    )
    + _resource(
        "aws_db_instance",
        "replica",
        "replicate_source_db = aws_db_instance.family.identifier",
        "publicly_accessible = true",
    )
    + _resource(
        "aws_db_instance",
        "group",
        'parameter_group_name = "default.postgres14"',
        "publicly_accessible = true",
    )
    + _resource(
        "aws_db_instance",
        "mysql_group",
        'parameter_group_name = "default.MySQL8.0"',
        "publicly_accessible = true",
    )
    + _resource(
        "aws_db_instance",
        "mariadb_group",
        'parameter_group_name = "default.mariadb10"',
        "publicly_accessible = true",
    )
    + _resource("aws_db_instance", "unknown", "engine = var.engine", "publicly_accessible = true")
    + _resource(
        "aws_rds_cluster",
        "group",
        'db_cluster_parameter_group_name = "default.aurora-postgresql15"',
        "port = 5433",
        "vpc_security_group_ids = [var.group]",
    )
    + _resource(
        "aws_rds_cluster_instance",
        "group",
        "cluster_identifier = aws_rds_cluster.group.id",
        "publicly_accessible = true",
    )
    + _resource(
        "aws_rds_cluster",
        "mysql_group",
        'db_cluster_parameter_group_name = "default.aurora5.6"',
    )
    + _resource(
        "aws_rds_cluster_instance",
        "mysql_group",
        "cluster_identifier = aws_rds_cluster.mysql_group.id",
        "publicly_accessible = true",
    )
    + _resource(
        "aws_rds_cluster",
        "sharded",
        'engine = "aurora-postgresql"',
        "port = aws_rds_cluster.group.port",
        'cluster_identifier = "sharded"',
    )
    + _resource(
        "aws_rds_shard_group",
        "sharded",
        'db_cluster_identifier = "sharded"',
        "publicly_accessible = true",
    )
    + _resource(
        "aws_rds_cluster",
        "serverless",
        'engine = "aurora-postgresql"',
        'engine_mode = "serverless"',
        "port = var.port",
    )
    + _resource("aws_rds_cluster", "alone", 'engine = "aurora-postgresql"', 'port = ""')
    + _resource(
        "aws_rds_cluster",
        "mixed",
        'engine = "aurora-postgresql"',
    )
    + _resource(
        "aws_rds_cluster_instance",
        "mixed",
        "cluster_identifier = aws_rds_cluster.mixed.id",
        "publicly_accessible = false",
    )
    + _resource(
        "aws_rds_cluster_instance",
        "mixed_unknown",
        "cluster_identifier = aws_rds_cluster.mixed.id",
        "publicly_accessible = var.public",
    )
    + _resource(
        "aws_rds_cluster_instance",
        "elsewhere",
        'cluster_identifier = "elsewhere"',
        'engine = "aurora-postgresql"',
        "publicly_accessible = true",
    )
    + _resource("aws_db_proxy", "main", 'name = "main"', 'engine_family = "POSTGRESQL"')
    + _resource("aws_db_proxy_endpoint", "more", "db_proxy_name = aws_db_proxy.main.name")
    + _resource("aws_db_proxy_endpoint", "named", 'db_proxy_name = "main"')
    + _resource("aws_db_proxy_endpoint", "elsewhere", 'db_proxy_name = "other"'),
    "groups by names and ids": _resource("aws_security_group", "named", 'name = "by-name"')
    + _resource(
        "aws_security_group_rule",
        "named",
        'type = "ingress"',
        'security_group_id = "by-name"',
        "from_port = 5432",
        "to_port = 5432",
        'protocol = "tcp"',
        'cidr_blocks = ["1.0.0.0/8"]',
    )
    + _resource(
        "aws_security_group_rule",
        "elsewhere",
        'type = "ingress"',
        'security_group_id = "sg-elsewhere"',
        "from_port = 5432",
        "to_port = 5432",
        'protocol = "tcp"',
        'cidr_blocks = ["2.0.0.0/8"]',
    )
    + _resource(
        "aws_security_group_rule",
        "direction",
        "type = var.direction",
        "security_group_id = var.group",
        "from_port = 5432",
        "to_port = 5432",
        'protocol = "tcp"',
        'cidr_blocks = ["3.0.0.0/8"]',
    )
    + _resource(
        "aws_security_group_rule",
        "data",
        'type = "ingress"',
        "security_group_id = data.aws_security_group.elsewhere.id",
        "from_port = 5432",
        "to_port = 5432",
        'protocol = "tcp"',
        'cidr_blocks = ["4.0.0.0/8"]',
    )
    + _resource(
        "aws_vpc_security_group_ingress_rule",
        "number",
        "security_group_id = 17",
        "from_port = 5432",
        "to_port = 5432",
        'ip_protocol = "tcp"',
        'cidr_ipv4 = "5.0.0.0/8"',
    )
    + _resource(
        "aws_db_instance",
        "main",
        'engine = "postgres"',
        'engine_version = "16"',
        'vpc_security_group_ids = ["by-name", "sg-elsewhere", "sg-nothing", var.group, 17]',
    ),
    "network ACLs": _resource("aws_subnet", "a", "vpc_id = aws_vpc.main.id")
    + _resource("aws_subnet", "b", "vpc_id = aws_vpc.main.id")
    + _resource("aws_vpc", "main", 'cidr_block = "10.0.0.0/16"')
    + _resource("aws_db_subnet_group", "main", 'name = "main"', "subnet_ids = [aws_subnet.a.id]")
    + _resource("aws_db_subnet_group", "two", "subnet_ids = [aws_subnet.a.id, aws_subnet.b.id]")
    + _resource(
        "aws_network_acl",
        "a",
        "subnet_ids = [aws_subnet.a.id]",
        'ingress {\n    rule_no = 100\n    action = "allow"\n    protocol = "tcp"\n'
        '    from_port = 5432\n    to_port = 5432\n    cidr_block = "1.0.0.0/8"\n  }',
        'ingress {\n    rule_no = var.number\n    action = "DENY"\n    protocol = "-1"\n'
        '    from_port = 0\n    to_port = 0\n    cidr_block = "2.0.0.0/8"\n  }',
        'ingress {\n    rule_no = var.number\n    action = "allow"\n    protocol = "-1"\n'
        '    from_port = 0\n    to_port = 0\n    ipv6_cidr_block = "2a00::/12"\n  }',
        'ingress {\n    rule_no = 90\n    action = "allow"\n    protocol = "udp"\n'
        '    from_port = 0\n    to_port = 0\n    cidr_block = "3.0.0.0/8"\n  }',
        'ingress {\n    rule_no = 91\n    action = "deny"\n    protocol = "tcp"\n'
        "    from_port = 5432\n    to_port = 5432\n    cidr_block = var.office\n  }",
    )
    + "".join(
        _resource(
            "aws_network_acl_rule",
            name,
            "network_acl_id = aws_network_acl.a.id",
            f"egress = {egress}",
            f"rule_number = {number}",
            f'rule_action = "{action}"',
            'protocol = "tcp"',
            "from_port = 5432",
            "to_port = 5432",
            f'cidr_block = "{block}"',
        )
        for name, egress, number, action, block in (
            ("in", "false", 110, "allow", "4.0.0.0/8"),
            ("out", "true", 111, "allow", "5.0.0.0/8"),
            ("unset", "null", 112, "deny", "6.0.0.0/8"),
            ("unknown", "var.egress", "var.number", "allow", "7.0.0.0/8"),
        )
    )
    + _resource(
        "aws_network_acl_rule",
        "other",
        "network_acl_id = aws_network_acl.b.id",
        "rule_number = 1",
        'rule_action = "allow"',
        'protocol = "all"',
        'cidr_block = "0.0.0.0/0"',
    )
    + _resource("aws_network_acl", "b", "vpc_id = aws_vpc.main.id")
    + _resource(
        "aws_network_acl_association",
        "b",
        "network_acl_id = aws_network_acl.b.id",
        "subnet_id = aws_subnet.b.id",
    )
    + _resource(
        "aws_security_group",
        "open",
        'ingress {\n    protocol = "-1"\n    from_port = 0\n    to_port = 0\n'
        '    cidr_blocks = ["0.0.0.0/0"]\n  }',
    )
    + "".join(
        _resource(
            "aws_db_instance",
            name,
            'engine = "postgres"',
            'engine_version = "16"',
            f"db_subnet_group_name = {group}",
            "vpc_security_group_ids = [aws_security_group.open.id]",
            "publicly_accessible = true",
        )
        for name, group in (
            ("named", '"main"'),
            ("referred", "aws_db_subnet_group.main.name"),
            ("two", "aws_db_subnet_group.two.name"),
            ("elsewhere", '"elsewhere"'),
        )
    )
    + _call(
        "subnets",
        "terraform-aws-modules/rds/aws",
        'engine = "postgres"',
        "subnet_ids = [aws_subnet.b.id]",
        "vpc_security_group_ids = [aws_security_group.open.id]",
    )
    + _call(
        "subnet_group",
        "terraform-aws-modules/rds/aws",
        'engine = "postgres"',
        'db_subnet_group_name = "main"',
        "vpc_security_group_ids = [aws_security_group.open.id]",
    )
    + _call(
        "cloudposse_subnets",
        "cloudposse/rds/aws",
        'engine = "postgres"',
        "subnet_ids = [aws_subnet.b.id]",
        'allowed_cidr_blocks = ["0.0.0.0/0"]',
    )
    + _call(
        "cloudposse_group",
        "cloudposse/rds/aws",
        'engine = "postgres"',
        'db_subnet_group_name = "main"',
        'allowed_cidr_blocks = ["0.0.0.0/0"]',
    )
    + _call(
        "cluster_subnets",
        "cloudposse/rds-cluster/aws",
        'engine = "aurora-postgresql"',
        "db_port = 5432",
        "subnets = [aws_subnet.b.id]",
        'allowed_cidr_blocks = ["0.0.0.0/0"]',
    )
    + _call(
        "aurora_subnets",
        "terraform-aws-modules/rds-aurora/aws",
        'engine = "aurora-postgresql"',
        "subnets = [aws_subnet.b.id]",
        'allowed_cidr_blocks = ["0.0.0.0/0"]',
    )
    + _call(
        "aurora_group",
        "terraform-aws-modules/rds-aurora/aws",
        'engine = "aurora-postgresql"',
        'db_subnet_group_name = "main"',
        'allowed_cidr_blocks = ["0.0.0.0/0"]',
    ),
    "TLS of parameter groups": "".join(
        _resource("aws_db_parameter_group", name, f'family = "{family}"', *(parameter.splitlines()))
        + _resource(
            "aws_db_instance",
            name,
            'engine = "postgres"',
            f"parameter_group_name = aws_db_parameter_group.{name}.name",
        )
        for name, family, parameter in (
            ("off", "postgres16", 'parameter {\nname = "rds.force_ssl"\nvalue = "0"\n}'),
            ("on", "postgres13", 'parameter {\nname = "rds.force_ssl"\nvalue = 1\n}'),
            ("null", "postgres13", 'parameter {\nname = "rds.force_ssl"\n}'),
            ("label", "postgres13", 'parameter {\nname = var.name\nvalue = "1"\n}'),
            ("no_label", "postgres13", 'parameter {\nvalue = "1"\n}'),
            ("other", "postgres13", 'parameter {\nname = "work_mem"\nvalue = "64"\n}'),
            ("value", "postgres13", 'parameter {\nname = "rds.force_ssl"\nvalue = var.ssl\n}'),
            (
                "blocks",
                "postgres13",
                'dynamic "parameter" {\nfor_each = var.all\ncontent {\n'
                "name = parameter.key\nvalue = parameter.value\n}\n}",
            ),
        )
    )
    + _resource("aws_db_instance", "version", 'engine = "postgres"', "engine_version = var.version")
    + _resource("aws_db_instance", "fourteen", 'engine = "postgres"', 'engine_version = " 14.9"')
    + _resource("aws_db_instance", "fifteen", 'engine = "postgres"', "engine_version = 15")
    + _resource("aws_db_instance", "nothing", 'engine = "postgres"')
    + "".join(
        _resource(
            "aws_rds_cluster",
            f"aurora_{number}",
            'engine = "aurora-postgresql"',
            f'engine_version = "{number}.1"',
        )
        for number in (16, 17)
    )
    + _resource("aws_rds_cluster", "aurora", 'engine = "aurora-postgresql"'),
}
