"""The stack `migration`: the cluster, and the task that a release runs before its services are deployed."""

from typing import Any, NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam

from infra.arrows import MIGRATE, STORES
from infra.data import Data
from infra.installation import Installation
from infra.network import Network
from infra.pipeline_names import boundary_arn
from infra.secret_names import dsn
from infra.sizes import TaskSize
from infra.tasks import Tasks

_DIGEST = r"^[0-9a-z./-]+@sha256:[0-9a-f]{64}$"


class Migration(NamedTuple):
    """What other stacks need of this one."""

    stack: Any
    cluster: Any


def migration_stack(
    app: Any, name: str, installation: Installation, environment: Any, *, network: Network, data: Data
) -> Migration:
    """Make the stack. Its task has the image of the release that is to come, while the services still have that of the release before."""
    stack = cdk.Stack(app, name, env=environment, synthesizer=cdk.BootstraplessSynthesizer())
    cluster = ecs.Cluster(
        stack,
        "Cluster",
        cluster_name=f"fincore-{installation.stage}",
        vpc=network.vpc,
        container_insights_v2=ecs.ContainerInsights.ENHANCED,
    )
    definition = released_tasks(stack, installation, network, data).definition(
        MIGRATE,
        TaskSize(1, 1, 512, 1_024),
        ["migrate"],
        environment={"FINCORE_LOG_FORMAT": "json"},
        secrets=[dsn(store) for store in STORES],
    )
    for output, value in {
        "MigrationCluster": cluster.cluster_name,
        "MigrationFamily": definition.family,
        "MigrationTask": definition.task_definition_arn,
        "MigrationSubnets": cdk.Fn.join(",", network.vpc.select_subnets(subnet_group_name="app").subnet_ids),
        "MigrationGroup": network.groups[MIGRATE].security_group_id,
    }.items():
        cdk.CfnOutput(stack, output, value=value)
    return Migration(stack, cluster)


def released_tasks(stack: Any, installation: Installation, network: Network, data: Data) -> Tasks:
    """Makes tasks of the image that the stack is given, with roles that the boundary of releases bounds."""
    image = cdk.CfnParameter(
        stack,
        "Image",
        description="The image of FinCore by its digest, so that a deployment is the same however often it is repeated.",
        allowed_pattern=_DIGEST,
    )
    iam.PermissionsBoundary.of(stack).apply(
        iam.ManagedPolicy.from_managed_policy_arn(stack, "Boundary", boundary_arn(installation))
    )
    return Tasks(
        stack,
        installation.stage,
        image=image.value_as_string,
        tools_account=installation.tools_account,
        log_key=network.log_key,
        secrets=data.secrets,
    )
