"""The stack `network`: subnets, routes, endpoints of AWS's services, and one rule of a security group for each side of each arrow."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs

from infra.arrows import ENDPOINTS, INTERNET, OUTSIDE, arrows, groups
from infra.endpoints import ENDPOINT_SERVICES
from infra.installation import Installation
from infra.keys import key
from infra.logical_id import logical_id

_EVERYWHERE: Final = "0.0.0.0/0"
_KEPT: Final = cdk.RemovalPolicy.RETAIN


class Network(NamedTuple):
    """What other stacks need of this one. `groups` by the names of `arrows`."""

    stack: Any
    vpc: Any
    groups: Mapping[str, Any]
    log_key: Any


def network_stack(app: Any, name: str, installation: Installation, environment: Any) -> Network:
    """Make the stack."""
    stack = cdk.Stack(app, name, env=environment, synthesizer=cdk.BootstraplessSynthesizer())
    log_key = key(stack, "LogKey", "logs", services=("logs",))
    vpc = _vpc(stack, installation)
    _flow_log(stack, vpc, log_key)
    made = {
        one: ec2.SecurityGroup(
            stack,
            f"Group{logical_id(one)}",
            vpc=vpc,
            description=f"FinCore: {one}",
            allow_all_outbound=False,
        )
        for one in groups()
    }
    _rules(stack, made, installation)
    _endpoints(stack, vpc, made[ENDPOINTS])
    # Immutable for other stacks: no construct adds a rule of its own.
    frozen = {
        one: ec2.SecurityGroup.from_security_group_id(
            stack, f"Frozen{logical_id(one)}", group.security_group_id, mutable=False
        )
        for one, group in made.items()
    }
    return Network(stack, vpc, frozen, log_key)


def _vpc(stack: Any, installation: Installation) -> Any:
    addresses = [
        ec2.CfnEIP(
            stack,
            f"Address{number}",
            domain="vpc",
            tags=[cdk.CfnTag(key="Name", value=f"fincore-nat-{number}")],
        )
        for number in range(1, installation.sized.nat_gateways + 1)
    ]
    for address in addresses:
        # PSPs have them in their allow lists.
        address.apply_removal_policy(_KEPT)
    cdk.CfnOutput(
        stack,
        "AddressesOfCalls",
        description="The addresses from which FinCore calls PSPs: give them to PSPs for their allow lists.",
        value=cdk.Fn.join(",", [address.ref for address in addresses]),
    )

    def subnets(name: str, kind: Any, mask: int) -> Any:
        return ec2.SubnetConfiguration(
            name=name,
            subnet_type=kind,
            cidr_mask=mask,
            map_public_ip_on_launch=False if kind == ec2.SubnetType.PUBLIC else None,
        )

    return ec2.Vpc(
        stack,
        "Vpc",
        ip_addresses=ec2.IpAddresses.cidr(installation.network),
        availability_zones=list(installation.zones),
        nat_gateway_provider=ec2.NatProvider.gateway(
            eip_allocation_ids=[one.attr_allocation_id for one in addresses]
        ),
        nat_gateways=len(addresses),
        restrict_default_security_group=False,
        subnet_configuration=[
            subnets("public", ec2.SubnetType.PUBLIC, 24),
            subnets("ingress", ec2.SubnetType.PRIVATE_ISOLATED, 24),
            subnets("app", ec2.SubnetType.PRIVATE_WITH_EGRESS, 22),
            subnets("cards", ec2.SubnetType.PRIVATE_WITH_EGRESS, 24),
            subnets("data", ec2.SubnetType.PRIVATE_ISOLATED, 24),
        ],
    )


def _flow_log(stack: Any, vpc: Any, log_key: kms.Key) -> None:
    group = logs.LogGroup(
        stack,
        "FlowLogs",
        encryption_key=log_key,
        retention=logs.RetentionDays.THIRTEEN_MONTHS,
        removal_policy=_KEPT,
    )
    vpc.add_flow_log(
        "FlowLog",
        destination=ec2.FlowLogDestination.to_cloud_watch_logs(group),
        traffic_type=ec2.FlowLogTrafficType.ALL,
    )


def _rules(stack: Any, made: Mapping[str, Any], installation: Installation) -> None:
    lists = {
        "s3": installation.prefix_lists.s3,
        "dynamodb": installation.prefix_lists.dynamodb,
        "cloudfront": installation.prefix_lists.cloudfront,
    }
    for arrow in arrows():
        label = f"{logical_id(arrow.source)}To{logical_id(arrow.target)}{arrow.port}"
        ports = {
            "ip_protocol": "tcp",
            "from_port": arrow.port,
            "to_port": arrow.port,
            "description": arrow.carries.replace(":", ","),
        }
        if arrow.source not in OUTSIDE:
            if arrow.target == INTERNET:
                target = {"cidr_ip": _EVERYWHERE}
            elif arrow.target in OUTSIDE:
                target = {"destination_prefix_list_id": lists[arrow.target]}
            else:
                target = {"destination_security_group_id": made[arrow.target].security_group_id}
            ec2.CfnSecurityGroupEgress(
                stack, f"Out{label}", group_id=made[arrow.source].security_group_id, **ports, **target
            )
        if arrow.target not in OUTSIDE:
            if arrow.source == INTERNET:
                source = {"cidr_ip": _EVERYWHERE}
            elif arrow.source in OUTSIDE:
                source = {"source_prefix_list_id": lists[arrow.source]}
            else:
                source = {"source_security_group_id": made[arrow.source].security_group_id}
            ec2.CfnSecurityGroupIngress(
                stack, f"In{label}", group_id=made[arrow.target].security_group_id, **ports, **source
            )


def _endpoints(stack: Any, vpc: Any, group: Any) -> None:
    for service in ("S3", "DYNAMODB"):
        vpc.add_gateway_endpoint(
            f"Gateway{service.title()}",
            service=getattr(ec2.GatewayVpcEndpointAwsService, service),
            subnets=[ec2.SubnetSelection(subnet_group_name=name) for name in ("app", "cards")],
        )
    for service in ENDPOINT_SERVICES:
        ec2.InterfaceVpcEndpoint(
            stack,
            f"Endpoint{logical_id(service.replace('.', '-'))}",
            vpc=vpc,
            service=ec2.InterfaceVpcEndpointAwsService(service),
            subnets=ec2.SubnetSelection(subnet_group_name="ingress"),
            security_groups=[group],
            open=False,
            private_dns_enabled=True,
        )
