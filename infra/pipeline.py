"""The stack of the pipeline, in an account of its own: the repository of images, builds, the pipeline, and who is asked before production."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns

from infra.buckets import access_logs, bucket
from infra.build_projects import IMAGE, Build, build_projects
from infra.keys import key
from infra.pipeline_names import (
    PIPELINE,
    REPOSITORY,
    artifacts_bucket,
    build_role,
    stage_role_arn,
    start_role,
)
from infra.pipeline_rights import Named, pipeline_rights
from infra.pipeline_settings import Pipeline
from infra.pipeline_stages import Action, stages
from infra.release_rights import documents

_IMAGES_KEPT = 500
_ARTIFACTS_DAYS = 90


def pipeline_stack(app: Any, pipeline: Pipeline) -> Any:
    """Make the stack."""
    stack = cdk.Stack(
        app,
        PIPELINE,
        env=cdk.Environment(account=pipeline.account, region=pipeline.region),
        synthesizer=cdk.BootstraplessSynthesizer(),
    )
    encrypts = key(
        stack, "Key", "releases: images, artifacts, logs, the key of the load test", services=("logs",)
    )
    store = _artifacts(stack, pipeline, encrypts)
    _images(stack, pipeline, encrypts)
    load_key = secretsmanager.CfnSecret(
        stack,
        "LoadKey",
        name="fincore/pipeline/FINCORE_LOAD_API_KEY",
        description="FinCore: an API key of test mode of staging, with which the load test pays. Put the value here.",
        kms_key_id=encrypts.key_arn,
    )
    load_key.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
    approvals = _approvals(stack, pipeline, encrypts)
    roles = _roles(
        stack,
        pipeline,
        Named(key=encrypts.key_arn, load_key=load_key.ref, approvals=approvals.topic_arn),
    )
    for build in build_projects(pipeline, load_key.ref):
        _project(stack, build, roles[build_role(build.name)], encrypts)
    codepipeline.CfnPipeline(
        stack,
        "Pipeline",
        name=PIPELINE,
        pipeline_type="V2",
        execution_mode="SUPERSEDED",
        restart_execution_on_update=False,
        role_arn=roles[PIPELINE].attr_arn,
        artifact_store=codepipeline.CfnPipeline.ArtifactStoreProperty(
            type="S3",
            location=store.bucket_name,
            encryption_key=codepipeline.CfnPipeline.EncryptionKeyProperty(type="KMS", id=encrypts.key_arn),
        ),
        stages=[
            codepipeline.CfnPipeline.StageDeclarationProperty(
                name=one.name, actions=[_action(action) for action in one.actions]
            )
            for one in stages(pipeline, approvals.topic_arn)
        ],
    )
    return stack


def _artifacts(stack: Any, pipeline: Pipeline, encrypts: Any) -> Any:
    """What actions hand over. The roles of installations read templates here, and need the key for it."""
    store = bucket(
        stack,
        "Artifacts",
        bucket_name=artifacts_bucket(pipeline.account, pipeline.region),
        encryption_key=encrypts,
        expires_days=_ARTIFACTS_DAYS,
        old_versions_days=1,
        server_access_logs_bucket=access_logs(stack, "ArtifactsAccess"),
    )
    for installation in pipeline.installations:
        release = {"ArnEquals": {"aws:PrincipalArn": stage_role_arn(installation, "release")}}
        principal = iam.AccountPrincipal(installation.account)
        store.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[principal],
                actions=["s3:GetObject", "s3:GetObjectVersion"],
                resources=[store.arn_for_objects("*")],
                conditions=release,
            )
        )
        encrypts.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[principal],
                actions=["kms:Decrypt", "kms:DescribeKey"],
                resources=["*"],
                conditions=release,
            )
        )
    return store


def _images(stack: Any, pipeline: Pipeline, encrypts: Any) -> None:
    """The images: a tag is never given to another one, and the tasks of installations may fetch them."""
    repository = ecr.Repository(
        stack,
        "Images",
        repository_name=REPOSITORY,
        image_tag_mutability=ecr.TagMutability.IMMUTABLE,
        image_scan_on_push=True,
        encryption=ecr.RepositoryEncryption.KMS,
        encryption_key=encrypts,
        removal_policy=cdk.RemovalPolicy.RETAIN,
        lifecycle_rules=[
            ecr.LifecycleRule(
                description="the newest images: releases to go back to", max_image_count=_IMAGES_KEPT
            )
        ],
    )
    for installation in pipeline.installations:
        repository.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.AccountPrincipal(installation.account)],
                actions=[
                    "ecr:BatchCheckLayerAvailability",
                    "ecr:BatchGetImage",
                    "ecr:GetDownloadUrlForLayer",
                ],
                conditions={
                    "ArnLike": {
                        "aws:PrincipalArn": f"arn:aws:iam::{installation.account}:role/{start_role(installation.stage, '*')}"
                    }
                },
            )
        )
        # Lambda fetches the image itself; the role that deploys a function shows that its account may name it.
        repository.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.AccountPrincipal(installation.account)],
                actions=["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                conditions={"ArnEquals": {"aws:PrincipalArn": stage_role_arn(installation, "deploy")}},
            )
        )
        repository.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("lambda.amazonaws.com")],
                actions=["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                conditions={
                    "ArnLike": {
                        "aws:SourceArn": f"arn:aws:lambda:{installation.region}:{installation.account}:function:fincore-{installation.stage}-*"
                    }
                },
            )
        )


def _approvals(stack: Any, pipeline: Pipeline, encrypts: Any) -> Any:
    topic = sns.Topic(
        stack, "Approvals", topic_name=f"{PIPELINE}-approvals", master_key=encrypts, enforce_ssl=True
    )
    for number, address in enumerate(pipeline.approvers, start=1):
        sns.CfnSubscription(
            stack, f"Approver{number}", topic_arn=topic.topic_arn, protocol="email", endpoint=address
        )
    return topic


def _roles(stack: Any, pipeline: Pipeline, named: Named) -> dict[str, Any]:
    """A role for the pipeline and one for each build, by name."""
    return {
        name: iam.CfnRole(
            stack,
            f"Role{''.join(part.title() for part in name.split('-'))}",
            role_name=name,
            description=f"FinCore: {name}",
            assume_role_policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "sts:AssumeRole",
                        "Principal": {
                            "Service": f"{'codepipeline' if name == PIPELINE else 'codebuild'}.amazonaws.com"
                        },
                        "Condition": {"StringEquals": {"aws:SourceAccount": pipeline.account}},
                    }
                ],
            },
            policies=[
                iam.CfnRole.PolicyProperty(policy_name="rights", policy_document=documents(statements))
            ],
        )
        for name, statements in pipeline_rights(pipeline, named).items()
    }


def _project(stack: Any, build: Build, role: Any, encrypts: Any) -> None:
    label = "".join(part.title() for part in build.name.split("-"))
    group = logs.LogGroup(
        stack,
        f"{label}Logs",
        log_group_name=f"/fincore/pipeline/{build.name}",
        encryption_key=encrypts,
        retention=logs.RetentionDays.THIRTEEN_MONTHS,
        removal_policy=cdk.RemovalPolicy.RETAIN,
    )
    variables = [
        codebuild.CfnProject.EnvironmentVariableProperty(name=name, value=value, type="PLAINTEXT")
        for name, value in build.environment.items()
    ] + [
        codebuild.CfnProject.EnvironmentVariableProperty(name=name, value=secret, type="SECRETS_MANAGER")
        for name, secret in build.secrets.items()
    ]
    codebuild.CfnProject(
        stack,
        label,
        name=f"fincore-{build.name}",
        service_role=role.attr_arn,
        encryption_key=encrypts.key_arn,
        timeout_in_minutes=build.minutes_max,
        queued_timeout_in_minutes=60,
        source=codebuild.CfnProject.SourceProperty(type="CODEPIPELINE", build_spec=build.buildspec),
        artifacts=codebuild.CfnProject.ArtifactsProperty(type="CODEPIPELINE"),
        environment=codebuild.CfnProject.EnvironmentProperty(
            type="LINUX_CONTAINER",
            compute_type=build.size,
            image=IMAGE,
            image_pull_credentials_type="CODEBUILD",
            privileged_mode=build.runs_docker,
            environment_variables=variables,
        ),
        logs_config=codebuild.CfnProject.LogsConfigProperty(
            cloud_watch_logs=codebuild.CfnProject.CloudWatchLogsConfigProperty(
                status="ENABLED", group_name=group.log_group_name
            )
        ),
    )


def _action(action: Action) -> Any:
    return codepipeline.CfnPipeline.ActionDeclarationProperty(
        name=action.name,
        run_order=action.order,
        action_type_id=codepipeline.CfnPipeline.ActionTypeIdProperty(
            category=action.category, owner="AWS", provider=action.provider, version="1"
        ),
        configuration=action.configuration,
        input_artifacts=[codepipeline.CfnPipeline.InputArtifactProperty(name=name) for name in action.inputs],
        output_artifacts=[
            codepipeline.CfnPipeline.OutputArtifactProperty(name=name) for name in action.outputs
        ],
        role_arn=action.role,
    )
