"""The load balancers: one on the internet for merchants and PSPs, one in the network that CloudFront reaches, one that passes TLS to the card edge."""

from collections.abc import Mapping
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_iam as iam

from infra.arrows import HTTPS_PORT, balancer
from infra.buckets import access_logs
from infra.firewall import firewall
from infra.installation import Installation
from infra.logical_id import logical_id
from infra.network import Network
from infra.pipeline_names import switch_role
from infra.release_alarms import errors_alarm
from infra.release_rights import SWITCHES
from infra.roles import Service

IDLE_SECONDS: Final = 65
"""Above the 35 s that an answer may take, and below the 75 s after which FinCore closes an idle connection."""
_SUBNETS: Final = {"api": "public", "inner": "ingress", "cards": "public"}


class Balancers:
    """The three, and the services behind them."""

    def __init__(self, stack: Any, installation: Installation, network: Network) -> None:
        self._stack = stack
        self._vpc = network.vpc
        self._hosts = {
            "checkout": installation.hosts.pay,
            "staff": installation.hosts.staff,
            "api": installation.hosts.api,
        }
        self._cards_host = installation.hosts.cards
        logs = access_logs(stack, "BalancerAccess")
        self.api = self._application("api", network, logs, internet_facing=True)
        self.inner = self._application("inner", network, logs, internet_facing=False)
        self._listeners = {
            name: self._listener(name, one, installation.certificates.region)
            for name, one in (("api", self.api), ("inner", self.inner))
        }
        self._alarms = {
            name: errors_alarm(stack, name, one) for name, one in (("api", self.api), ("inner", self.inner))
        }
        self._switch = iam.Role(
            stack,
            "Switch",
            role_name=switch_role(installation.stage),
            assumed_by=iam.ServicePrincipal("ecs.amazonaws.com"),
            description="FinCore: sends requests to the tasks of a new release",
            managed_policies=[iam.ManagedPolicy.from_managed_policy_arn(stack, "Switches", SWITCHES)],
        )
        firewall(stack, "ApiFirewall", self.api, is_behind_cloudfront=False)
        firewall(stack, "InnerFirewall", self.inner, is_behind_cloudfront=True)
        self.cards = elb.NetworkLoadBalancer(
            stack,
            "CardsBalancer",
            vpc=network.vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="public"),
            internet_facing=True,
            security_groups=[network.groups[balancer("cards")]],
            cross_zone_enabled=True,
            deletion_protection=True,
        )
        self.cards.log_access_logs(logs, "cards")
        self._priority = 0

    def networks(self, network: Network, installation: Installation) -> Mapping[str, tuple[str, ...]]:
        """The networks in which each load balancer has its addresses: FinCore believes what these say of clients."""
        found = {
            name: tuple(
                one.ipv4_cidr_block for one in network.vpc.select_subnets(subnet_group_name=group).subnets
            )
            for name, group in _SUBNETS.items()
        }
        return {**found, "inner": (*found["inner"], *installation.proxies)}

    def attach(self, service: Service, made: Any) -> None:
        """Put a service behind its load balancer, if it has one."""
        if service.balancer == "cards":
            self._attach_cards(service, made)
        elif service.balancer is not None and service.port is not None:
            self._attach_switched(service, made, service.port)

    def _application(self, name: str, network: Network, logs: Any, *, internet_facing: bool) -> Any:
        made = elb.ApplicationLoadBalancer(
            self._stack,
            f"{name.title()}Balancer",
            vpc=network.vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_group_name=_SUBNETS[name]),
            internet_facing=internet_facing,
            security_group=network.groups[balancer(name)],
            deletion_protection=True,
            drop_invalid_header_fields=True,
            desync_mitigation_mode=elb.DesyncMitigationMode.STRICTEST,
            idle_timeout=cdk.Duration.seconds(IDLE_SECONDS),
            x_amzn_tls_version_and_cipher_suite_headers=False,
        )
        made.log_access_logs(logs, name)
        return made

    def _listener(self, name: str, front: Any, certificate: str) -> Any:
        return elb.ApplicationListener(
            self._stack,
            f"{name.title()}Listener",
            load_balancer=front,
            port=HTTPS_PORT,
            protocol=elb.ApplicationProtocol.HTTPS,
            ssl_policy=elb.SslPolicy.TLS13_12_RES_PQ
            if hasattr(elb.SslPolicy, "TLS13_12_RES_PQ")
            else elb.SslPolicy.TLS13_RES,
            certificates=[elb.ListenerCertificate.from_arn(certificate)],
            open=False,
            default_action=elb.ListenerAction.fixed_response(
                404, content_type="text/plain", message_body="no such host"
            ),
        )

    def _attach_switched(self, service: Service, made: Any, port: int) -> None:
        """Two groups of targets: those of the release that serves, and those of the next one, until it has proved itself."""
        name = logical_id(service.role)
        blue, green = (
            elb.ApplicationTargetGroup(
                self._stack,
                f"{name}{colour}",
                vpc=self._vpc,
                port=port,
                protocol=elb.ApplicationProtocol.HTTP,
                target_type=elb.TargetType.IP,
                deregistration_delay=cdk.Duration.seconds(45),
                health_check=elb.HealthCheck(
                    path="/readyz",
                    healthy_http_codes="200",
                    interval=cdk.Duration.seconds(10),
                    timeout=cdk.Duration.seconds(5),
                    healthy_threshold_count=2,
                    unhealthy_threshold_count=3,
                ),
            )
            for colour in ("Blue", "Green")
        )
        self._priority += 1
        rule = elb.ApplicationListenerRule(
            self._stack,
            f"{name}Rule",
            listener=self._listeners[service.balancer or ""],
            priority=self._priority,
            conditions=[elb.ListenerCondition.host_headers([self._hosts[service.role]])],
            action=elb.ListenerAction.weighted_forward(
                [
                    elb.WeightedTargetGroup(target_group=blue, weight=100),
                    elb.WeightedTargetGroup(target_group=green, weight=0),
                ]
            ),
        )
        target = made.load_balancer_target(
            container_name=service.role,
            container_port=port,
            alternate_target=ecs.AlternateTarget(
                f"{name}Switch",
                alternate_target_group=green,
                production_listener=ecs.ListenerRuleConfiguration.application_listener_rule(rule),
                role=self._switch,
            ),
        )
        target.attach_to_application_target_group(blue)
        made.enable_deployment_alarms(
            [self._alarms[service.balancer or ""].alarm_name], behavior=ecs.AlarmBehavior.ROLLBACK_ON_ALARM
        )

    def _attach_cards(self, service: Service, made: Any) -> None:
        listener = self.cards.add_listener("CardsListener", port=HTTPS_PORT, protocol=elb.Protocol.TCP)
        listener.add_targets(
            "Cards",
            port=service.port,
            protocol=elb.Protocol.TCP,
            preserve_client_ip=True,
            deregistration_delay=cdk.Duration.seconds(45),
            targets=[made.load_balancer_target(container_name=service.role, container_port=service.port)],
            health_check=elb.HealthCheck(
                protocol=elb.Protocol.HTTPS,
                path="/readyz",
                interval=cdk.Duration.seconds(10),
            ),
        )


def balancers(stack: Any, installation: Installation, network: Network) -> Balancers:
    """Make the load balancers of an installation."""
    return Balancers(stack, installation, network)
