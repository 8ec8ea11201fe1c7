"""All stacks of an installation, that of the pipeline, and the templates that are made of them."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import aws_cdk as cdk

from infra.app import Parts, app_stack
from infra.certificate import certificate_stack
from infra.data import data_stack
from infra.delivery import delivery_stack
from infra.installation import Installation
from infra.login import login_stack
from infra.migration import migration_stack
from infra.network import network_stack
from infra.observability import observability_stack
from infra.permissions import permissions_stack
from infra.pipeline import pipeline_stack
from infra.pipeline_settings import Pipeline

CONTEXT: Final = {
    "aws:cdk:disable-version-reporting": True,
    "aws:cdk:enable-path-metadata": False,
    "@aws-cdk/aws-iam:minimizePolicies": True,
    "@aws-cdk/aws-ecs:reduceEc2FargateCloudWatchPermissions": True,
    "@aws-cdk/aws-ecs:removeDefaultDeploymentAlarm": True,
    "@aws-cdk/aws-ec2:restrictDefaultSecurityGroup": False,
    "@aws-cdk/core:checkSecretUsage": True,
    "@aws-cdk/aws-rds:databaseProxyUniqueResourceName": True,
    "@aws-cdk/aws-s3:createDefaultLoggingPolicy": True,
    "@aws-cdk/aws-secretsmanager:useAttachedSecretResourcePolicyForSecretTargetAttachments": True,
}


def make_app(made_for: Installation | Pipeline, folder: Path) -> Any:
    """The stacks of one account, in the order in which they are deployed."""
    app = cdk.App(outdir=str(folder), context=CONTEXT, analytics_reporting=False)
    if isinstance(made_for, Pipeline):
        pipeline_stack(app, made_for)
        cdk.Tags.of(app).add("fincore", "pipeline")
    else:
        _installation(app, made_for)
        cdk.Tags.of(app).add("fincore", made_for.stage)
    return app


def _installation(app: Any, installation: Installation) -> None:
    environment = cdk.Environment(account=installation.account, region=installation.region)

    def name(stack: str) -> str:
        return f"fincore-{installation.stage}-{stack}"

    network = network_stack(app, name("network"), installation, environment)
    data = data_stack(app, name("data"), installation, environment, network)
    login = login_stack(app, name("login"), installation, environment)
    permissions_stack(app, name("permissions"), installation, environment)
    migration = migration_stack(app, name("migration"), installation, environment, network=network, data=data)
    services = app_stack(app, name("app"), Parts(installation, network, data, login, migration), environment)
    delivery_stack(
        app, name("delivery"), installation, environment, inner=services.balancers.inner, login=login
    )
    watched = {
        **data.databases,
        "dead-jobs": data.dead_jobs.queue_name,
        "dead-records": data.dead_records.queue_name,
        "certificate": installation.certificates.region,
        "api-balancer": services.balancers.api.load_balancer_full_name,
        "inner-balancer": services.balancers.inner.load_balancer_full_name,
    }
    certificate_stack(app, name("certificate"), installation)
    observability_stack(app, name("observability"), installation, environment, watched)


def templates(made_for: Installation | Pipeline) -> dict[str, str]:
    """Each template by the name of its file, as text that is the same for the same input."""
    with TemporaryDirectory() as folder:
        make_app(made_for, Path(folder)).synth()
        return {
            path.name.removesuffix(".template.json") + ".json": json.dumps(
                json.loads(path.read_text()), indent=1, sort_keys=True
            )
            + "\n"
            for path in sorted(Path(folder).glob("*.template.json"))
        }
