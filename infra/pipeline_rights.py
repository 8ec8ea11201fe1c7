"""What the pipeline and its builds may do, by role. Each build has a role of its own: that of staging reaches nothing of production. Pure."""

from collections.abc import Mapping
from typing import Final

import msgspec

from infra.pipeline_names import PIPELINE, REPOSITORY, artifacts_bucket, build_role, stage_role_arn
from infra.pipeline_settings import STAGES, Pipeline
from infra.statements import Statement

BUILDS_OF_STAGE: Final = ("migrate", "publish")
"""Builds that take a role in the account of an installation."""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """What is known when the stack is deployed: ARNs, or references of CloudFormation to them."""

    key: str
    load_key: str
    approvals: str


def builds() -> tuple[str, ...]:
    """The names of all builds."""
    return (
        "checks",
        "image",
        "load",
        *(f"{build}-{stage}" for stage in STAGES for build in BUILDS_OF_STAGE),
    )


def pipeline_rights(pipeline: Pipeline, named: Named) -> Mapping[str, tuple[Statement, ...]]:
    """The statements of each role in the account of the pipeline, by its name."""
    found = {PIPELINE: _of_pipeline(pipeline, named)}
    for build in ("checks", "image", "load"):
        found[build_role(build)] = _of_build(pipeline, named, build)
    found[build_role("image")] += _pushes(pipeline)
    found[build_role("load")] += (
        Statement(actions=("secretsmanager:GetSecretValue",), resources=(named.load_key,)),
        Statement(
            actions=("kms:Decrypt",),
            resources=(named.key,),
            conditions=_via("secretsmanager", pipeline),
        ),
    )
    for installation in pipeline.installations:
        for build in BUILDS_OF_STAGE:
            name = f"{build}-{installation.stage}"
            role = stage_role_arn(installation, "migrate" if build == "migrate" else "publish")
            found[build_role(name)] = (
                *_of_build(pipeline, named, name),
                Statement(actions=("sts:AssumeRole",), resources=(role,)),
            )
    return found


def _of_pipeline(pipeline: Pipeline, named: Named) -> tuple[Statement, ...]:
    projects = tuple(
        f"arn:aws:codebuild:{pipeline.region}:{pipeline.account}:project/fincore-{build}"
        for build in builds()
    )
    return (
        *_artifacts(pipeline, named),
        Statement(actions=("codeconnections:UseConnection",), resources=(pipeline.connection,)),
        Statement(actions=("codebuild:BatchGetBuilds", "codebuild:StartBuild"), resources=projects),
        Statement(actions=("sns:Publish",), resources=(named.approvals,)),
        Statement(
            actions=("kms:Decrypt", "kms:GenerateDataKey"),
            resources=(named.key,),
            conditions=_via("sns", pipeline),
        ),
        Statement(
            actions=("sts:AssumeRole",),
            resources=tuple(stage_role_arn(one, "release") for one in pipeline.installations),
        ),
    )


def _of_build(pipeline: Pipeline, named: Named, build: str) -> tuple[Statement, ...]:
    """What every build may: read and write artifacts, and write its own log."""
    group = f"arn:aws:logs:{pipeline.region}:{pipeline.account}:log-group:/fincore/pipeline/{build}"
    return (
        *_artifacts(pipeline, named),
        Statement(actions=("logs:CreateLogStream", "logs:PutLogEvents"), resources=(f"{group}:*",)),
    )


def _artifacts(pipeline: Pipeline, named: Named) -> tuple[Statement, ...]:
    store = f"arn:aws:s3:::{artifacts_bucket(pipeline.account, pipeline.region)}"
    return (
        Statement(actions=("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"), resources=(f"{store}/*",)),
        Statement(actions=("s3:GetBucketLocation", "s3:GetBucketVersioning"), resources=(store,)),
        Statement(
            actions=("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"),
            resources=(named.key,),
            conditions=_via("s3", pipeline),
        ),
    )


def _pushes(pipeline: Pipeline) -> tuple[Statement, ...]:
    return (
        Statement(actions=("ecr:GetAuthorizationToken",), resources=("*",)),
        Statement(
            actions=(
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:CompleteLayerUpload",
                "ecr:GetDownloadUrlForLayer",
                "ecr:InitiateLayerUpload",
                "ecr:PutImage",
                "ecr:UploadLayerPart",
            ),
            resources=(f"arn:aws:ecr:{pipeline.region}:{pipeline.account}:repository/{REPOSITORY}",),
        ),
    )


def _via(service: str, pipeline: Pipeline) -> dict[str, dict[str, str]]:
    return {"StringEquals": {"kms:ViaService": f"{service}.{pipeline.region}.amazonaws.com"}}
