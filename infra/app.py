"""The stack `app`: a service for each role, the functions that do the work of some, and the load balancers in front."""

from typing import Any, Final, NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from infra.balancers import Balancers, balancers
from infra.data import Data, operations_arn
from infra.environments import Deployed, environment_of
from infra.granted import statement
from infra.installation import Installation
from infra.lambdas import Lambdas
from infra.logical_id import logical_id
from infra.login import Login
from infra.migration import Migration, released_tasks
from infra.network import Network
from infra.rights import rights_of
from infra.roles import SERVICES, Service
from infra.secret_names import FILES_OF_ROLE, secrets_of
from infra.tasks import Tasks

BAKE_MINUTES: Final = 5
"""How long the tasks of the release before stay beside those of a new one, so that going back is at once."""
CPU_PERCENT: Final = 60


class Parts(NamedTuple):
    """What the services are made of: the installation, and the stacks before this one."""

    installation: Installation
    network: Network
    data: Data
    login: Login
    migration: Migration


class App(NamedTuple):
    """What other stacks need of this one."""

    stack: Any
    balancers: Balancers


def app_stack(app: Any, name: str, parts: Parts, environment: Any) -> App:
    """Make the stack."""
    installation, network, data, login, _ = parts
    stack = cdk.Stack(app, name, env=environment, synthesizer=cdk.BootstraplessSynthesizer())
    tasks = released_tasks(stack, installation, network, data)
    fronts = balancers(stack, installation, network)
    deployed = Deployed(
        attempts_table=data.attempts.table_name,
        cache_host=data.cache_host,
        evidence_bucket=data.evidence.bucket_name,
        user_pool_id=login.pool_id,
        user_pool_client=login.client_id,
        user_pool_domain=login.domain,
        event_stream=data.events.stream_name,
        job_queue=data.jobs.queue_name,
        dead_letters=data.dead_jobs.queue_name,
        operations_topic=operations_arn(installation),
        balancer_networks=fronts.networks(network, installation),
    )
    lambdas = Lambdas(stack, installation, image=tasks.image_name, network=network, data=data)
    lambdas.make(deployed)
    for service in SERVICES:
        made = _service(service, parts, deployed, stack=stack, tasks=tasks, fronts=fronts)
        if service.asks_risk and lambdas.risk_alias is not None:
            # A role does not start where the function that it asks is not there.
            made.node.add_dependency(lambdas.risk_alias)
    return App(stack, fronts)


def _service(
    service: Service, parts: Parts, deployed: Deployed, *, stack: Any, tasks: Tasks, fronts: Balancers
) -> Any:
    installation, network, data, *_ = parts
    size = installation.tasks_of(service.role)
    definition = tasks.definition(
        service.role,
        size,
        ["run", service.role],
        environment=environment_of(service.role, installation, deployed),
        secrets=secrets_of(service.role, installation),
        files=dict(FILES_OF_ROLE.get(service.role, {}).values()),
        health_port=service.ops_port,
        port=service.port,
    )
    for right in rights_of(service, installation.functions):
        definition.add_to_task_role_policy(statement(right, installation, data))
    is_switched = service.balancer in {"api", "inner"}
    made = ecs.FargateService(
        stack,
        logical_id(service.role),
        service_name=service.role,
        cluster=parts.migration.cluster,
        task_definition=definition,
        desired_count=size.count,
        min_healthy_percent=100 if size.count > 1 or service.balancer else 0,
        max_healthy_percent=200,
        security_groups=[network.groups[service.role]],
        vpc_subnets=cdk.aws_ec2.SubnetSelection(subnet_group_name=service.subnets),
        assign_public_ip=False,
        platform_version=ecs.FargatePlatformVersion.VERSION1_4,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        deployment_strategy=ecs.DeploymentStrategy.BLUE_GREEN
        if is_switched
        else ecs.DeploymentStrategy.ROLLING,
        bake_time=cdk.Duration.minutes(BAKE_MINUTES) if is_switched else None,
        enable_execute_command=False,
        availability_zone_rebalancing=ecs.AvailabilityZoneRebalancing.ENABLED if size.count > 1 else None,
        health_check_grace_period=cdk.Duration.seconds(90) if service.balancer else None,
        propagate_tags=ecs.PropagatedTagSource.SERVICE,
    )
    fronts.attach(service, made)
    if size.count_max > size.count:
        scaling = made.auto_scale_task_count(min_capacity=size.count, max_capacity=size.count_max)
        scaling.scale_on_cpu_utilization("Cpu", target_utilization_percent=CPU_PERCENT)
    return made
