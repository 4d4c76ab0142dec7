# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""What holds security groups and is certainly no PostgreSQL server or pooler that AWS runs.

The attributes are those of the provider's schema (hashicorp/aws 5.100). A virtual machine, or a
container, may run a server of its own: a rule that names a port of PostgreSQL shows it, or the name
of the machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connguard.policies.model.aws_module_calls import called
from connguard.policies.model.terraform_guards import names_database
from connguard.policies.model.terraform_resource import MODULE, Body, Inventory, Resource
from connguard.policies.model.terraform_value import Setting

VPC_GROUPS = "vpc_security_group_ids"
_IDS = "security_group_ids"
_GROUPS = "security_groups"

HOLDERS: Mapping[str, Sequence[str]] = {
    "aws_alb": (_GROUPS,),
    "aws_apigatewayv2_vpc_link": (_IDS,),
    "aws_apprunner_vpc_connector": (_GROUPS,),
    "aws_batch_compute_environment": ("compute_resources.security_group_ids",),
    "aws_cloudwatch_event_target": ("ecs_target.network_configuration.security_groups",),
    "aws_codebuild_project": ("vpc_config.security_group_ids",),
    "aws_dax_cluster": (_IDS,),
    "aws_dms_replication_config": ("compute_config.vpc_security_group_ids",),
    "aws_dms_replication_instance": (VPC_GROUPS,),
    "aws_docdb_cluster": (VPC_GROUPS,),
    "aws_ec2_client_vpn_endpoint": (_IDS,),
    "aws_ec2_instance_connect_endpoint": (_IDS,),
    "aws_ecs_service": ("network_configuration.security_groups",),
    "aws_ecs_task_set": ("network_configuration.security_groups",),
    "aws_efs_mount_target": (_GROUPS,),
    "aws_eks_cluster": ("vpc_config.security_group_ids",),
    "aws_elasticache_cluster": (_IDS,),
    "aws_elasticache_replication_group": (_IDS,),
    "aws_elasticache_serverless_cache": (_IDS,),
    "aws_elasticsearch_domain": ("vpc_options.security_group_ids",),
    "aws_elb": (_GROUPS,),
    "aws_emr_cluster": (
        "ec2_attributes.additional_master_security_groups",
        "ec2_attributes.additional_slave_security_groups",
        "ec2_attributes.emr_managed_master_security_group",
        "ec2_attributes.emr_managed_slave_security_group",
        "ec2_attributes.service_access_security_group",
    ),
    "aws_fsx_lustre_file_system": (_IDS,),
    "aws_fsx_ontap_file_system": (_IDS,),
    "aws_fsx_openzfs_file_system": (_IDS,),
    "aws_fsx_windows_file_system": (_IDS,),
    "aws_glue_connection": ("physical_connection_requirements.security_group_id_list",),
    "aws_grafana_workspace": ("vpc_configuration.security_group_ids",),
    "aws_imagebuilder_infrastructure_configuration": (_IDS,),
    "aws_instance": (VPC_GROUPS, _GROUPS),
    "aws_lambda_function": ("vpc_config.security_group_ids",),
    "aws_launch_configuration": (_GROUPS,),
    "aws_launch_template": (VPC_GROUPS, "network_interfaces.security_groups"),
    "aws_lb": (_GROUPS,),
    "aws_memorydb_cluster": (_IDS,),
    "aws_mq_broker": (_GROUPS,),
    "aws_msk_cluster": ("broker_node_group_info.security_groups",),
    "aws_msk_serverless_cluster": ("vpc_config.security_group_ids",),
    "aws_mwaa_environment": ("network_configuration.security_group_ids",),
    "aws_neptune_cluster": (VPC_GROUPS,),
    "aws_network_interface": (_GROUPS,),
    "aws_network_interface_sg_attachment": ("security_group_id",),
    "aws_opensearch_domain": ("vpc_options.security_group_ids",),
    "aws_opensearchserverless_vpc_endpoint": (_IDS,),
    "aws_quicksight_vpc_connection": (_IDS,),
    "aws_redshift_cluster": (VPC_GROUPS,),
    "aws_redshiftserverless_workgroup": (_IDS,),
    "aws_route53_resolver_endpoint": (_IDS,),
    "aws_sagemaker_domain": ("default_user_settings.security_groups",),
    "aws_sagemaker_notebook_instance": (_GROUPS,),
    "aws_scheduler_schedule": ("target.ecs_parameters.network_configuration.security_groups",),
    "aws_spot_fleet_request": ("launch_specification.vpc_security_group_ids",),
    "aws_spot_instance_request": (VPC_GROUPS, _GROUPS),
    "aws_synthetics_canary": ("vpc_config.security_group_ids",),
    "aws_transfer_server": ("endpoint_details.security_group_ids",),
    "aws_vpc_endpoint": (_IDS,),
    "aws_vpc_endpoint_security_group_association": ("security_group_id",),
}

_MACHINES = ("aws_instance", "aws_spot_instance_request")

_MODULES = frozenset(
    f"terraform-aws-modules/{name}"
    for name in (
        "alb",
        "app-runner",
        "apigateway-v2",
        "autoscaling",
        "batch",
        "ec2-instance",
        "ecs",
        "efs",
        "eks",
        "elasticache",
        "elb",
        "emr",
        "lambda",
        "memory-db",
        "msk-kafka-cluster",
        "opensearch",
    )
)
_MODULE_INPUTS = (VPC_GROUPS, _IDS, _GROUPS, "security_group_id")


def attached(inventory: Inventory) -> Iterator[tuple[Resource, Setting]]:
    """The attributes that name the groups of what is no database."""
    for resource in inventory.of(*HOLDERS):
        for path in HOLDERS[resource.type]:
            for setting in _at(resource.body, path):
                yield resource, setting
    for call in inventory.of(MODULE):
        module = called(call)
        if module is not None and module.name in _MODULES:
            for name in _MODULE_INPUTS:
                named = call.body.setting(name)
                if named is not None:
                    yield call, named


def is_called_database(holder: Resource, inventory: Inventory) -> bool:
    """Whether it is a virtual machine, or the interface of one, that is called PostgreSQL."""
    if holder.type == "aws_network_interface_sg_attachment":
        interface = holder.body.setting("network_interface_id")
        machines = inventory.targets(interface.value) if interface is not None else []
    else:
        machines = [holder]
    return any(one.type in _MACHINES and names_database(*_names(one)) for one in machines)


def _names(machine: Resource) -> Iterator[str]:
    yield machine.name
    tags = machine.body.setting("tags")
    name = tags.value.get("Name") if tags is not None and isinstance(tags.value, dict) else None
    if isinstance(name, str):
        yield name


def _at(body: Body, path: str) -> Iterator[Setting]:
    """The settings at a path such as `vpc_config.security_group_ids`."""
    first, _, rest = path.partition(".")
    if rest:
        for block in body.blocks(first):
            yield from _at(block, rest)
        return
    setting = body.setting(first)
    if setting is not None and setting.value is not None:
        yield setting
