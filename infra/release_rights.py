"""What the pipeline may do in the account of an installation, by role; and what the roles that a release makes may be given at most. Pure.

A release changes the stacks `migration` and `app`, and public files. Network, databases, secrets, login and alarms are changed by people.
"""

from collections.abc import Mapping
from typing import Any, Final

from infra.arrows import MIGRATE
from infra.installation import Installation
from infra.pipeline_names import (
    FILES,
    PIPELINE,
    StageRole,
    artifacts_bucket,
    boundary_arn,
    build_role,
    files_bucket,
    released_role_names,
    stack,
    stage_role_arn,
    start_role,
    task_role,
)
from infra.statements import Statement
from infra.type_rights import OF_TYPE

RELEASED: Final = ("migration", "app")
"""The stacks that a release changes."""
SWITCHES: Final = "arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers"
"""The policy of AWS with which ECS sends a share of requests to the tasks of a new release."""

LINKED: Final = (
    "ecs.amazonaws.com",
    "ecs.application-autoscaling.amazonaws.com",
    "elasticloadbalancing.amazonaws.com",
)
"""The services of AWS that have a role of their own in each account, which the first deployment makes."""
PASSED_TO: Final = ("ecs-tasks.amazonaws.com", "ecs.amazonaws.com", "lambda.amazonaws.com")
"""The services of AWS that take the roles that a release makes."""
MAPPING: Final = frozenset(
    f"lambda:{verb}EventSourceMapping" for verb in ("Create", "Delete", "Get", "Update")
)
"""What is asked for a mapping, which has an id of AWS's own: a condition says for which functions."""
OF_RUNNING_ROLES: Final = (
    "dynamodb:BatchGetItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:PutItem",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
    "kinesis:PutRecords",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "lambda:InvokeFunction",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "s3:AbortMultipartUpload",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "sns:Publish",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
)
"""What roles of a release may be given: what FinCore's code and the start of its tasks need, and nothing that changes rights."""
OF_SWITCHES: Final = (
    "elasticloadbalancing:DeregisterTargets",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "elasticloadbalancing:ModifyListener",
    "elasticloadbalancing:ModifyRule",
    "elasticloadbalancing:RegisterTargets",
)
"""What ECS does at load balancers while a release takes over."""


def bounds() -> tuple[Statement, ...]:
    """The boundary of every role that a release makes."""
    return (Statement(actions=(*OF_RUNNING_ROLES, *OF_SWITCHES), resources=("*",)),)


def stage_rights(installation: Installation) -> Mapping[StageRole, tuple[Statement, ...]]:
    """What each role of the pipeline may do in the account of an installation."""
    return {
        "release": _release(installation),
        "deploy": _deploy(installation),
        "migrate": _migrate(installation),
        "publish": _publish(installation),
    }


def callers(installation: Installation) -> Mapping[StageRole, str]:
    """Who takes each role: a service of AWS, or one role of the pipeline's account by its ARN."""
    tools = f"arn:aws:iam::{installation.tools_account}:role/"
    return {
        "release": f"{tools}{PIPELINE}",
        "deploy": "cloudformation.amazonaws.com",
        "migrate": tools + build_role(f"migrate-{installation.stage}"),
        "publish": tools + build_role(f"publish-{installation.stage}"),
    }


def _release(installation: Installation) -> tuple[Statement, ...]:
    """Starts and watches CloudFormation, which works with the rights of `deploy`."""
    store = f"arn:aws:s3:::{artifacts_bucket(installation.tools_account, installation.region)}"
    return (
        Statement(
            actions=(
                "cloudformation:CreateStack",
                "cloudformation:DescribeStackEvents",
                "cloudformation:DescribeStacks",
                "cloudformation:GetTemplate",
                "cloudformation:UpdateStack",
            ),
            resources=tuple(_stack_arn(installation, one) for one in RELEASED),
        ),
        Statement(
            actions=("iam:PassRole",),
            resources=(stage_role_arn(installation, "deploy"),),
            conditions={"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
        ),
        Statement(actions=("s3:GetObject", "s3:GetObjectVersion"), resources=(f"{store}/*",)),
        Statement(
            actions=("kms:Decrypt", "kms:DescribeKey"),
            resources=(f"arn:aws:kms:{installation.region}:{installation.tools_account}:key/*",),
            conditions={"StringEquals": {"kms:ViaService": f"s3.{installation.region}.amazonaws.com"}},
        ),
    )


def _deploy(installation: Installation) -> tuple[Statement, ...]:
    """Makes and changes what the two stacks hold. Roles it makes are bounded."""
    account, region = installation.account, installation.region
    roles = tuple(f"arn:aws:iam::{account}:role/{one}" for one in released_role_names(installation.stage))
    bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary_arn(installation)}}
    giving = ("iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy")
    attaching = ("iam:AttachRolePolicy", "iam:DetachRolePolicy")
    of_roles = {one for kind in ("AWS::IAM::Role", "AWS::IAM::Policy") for one in OF_TYPE[kind]}
    of_buckets = {one for kind in ("AWS::S3::Bucket", "AWS::S3::BucketPolicy") for one in OF_TYPE[kind]}
    of_logs = set(OF_TYPE["AWS::Logs::LogGroup"])
    of_functions = {one for actions in OF_TYPE.values() for one in actions if one.startswith("lambda:")}
    of_rules = set(OF_TYPE["AWS::Events::Rule"])
    others = {one for actions in OF_TYPE.values() for one in actions} - of_roles - of_buckets - of_logs
    others -= of_functions | of_rules
    function = f"arn:aws:lambda:{region}:{account}:function:fincore-{installation.stage}-*"
    return (
        Statement(actions=giving, resources=roles, conditions=bounded),
        Statement(
            actions=attaching,
            resources=roles,
            conditions={
                "StringEquals": {"iam:PermissionsBoundary": boundary_arn(installation)},
                "ArnEquals": {"iam:PolicyARN": SWITCHES},
            },
        ),
        Statement(actions=tuple(sorted(of_roles - {*giving, *attaching})), resources=roles),
        Statement(
            actions=("iam:PassRole",),
            resources=roles,
            conditions={"StringEquals": {"iam:PassedToService": list(PASSED_TO)}},
        ),
        Statement(
            actions=("iam:CreateServiceLinkedRole",),
            resources=(f"arn:aws:iam::{account}:role/aws-service-role/*",),
            conditions={"StringEquals": {"iam:AWSServiceName": list(LINKED)}},
        ),
        Statement(
            actions=tuple(sorted(of_buckets)),
            resources=(f"arn:aws:s3:::{stack(installation, 'app')}-*",),
        ),
        Statement(
            actions=tuple(sorted(of_logs - {"logs:DescribeLogGroups"})),
            resources=(f"arn:aws:logs:{region}:{account}:log-group:/fincore/{installation.stage}/*",),
        ),
        Statement(actions=tuple(sorted(of_functions - MAPPING)), resources=(function,)),
        Statement(
            actions=tuple(sorted(MAPPING)),
            resources=("*",),
            conditions={"ArnLike": {"lambda:FunctionArn": function}},
        ),
        Statement(
            actions=("lambda:ListTags", "lambda:TagResource", "lambda:UntagResource"),
            resources=(f"arn:aws:lambda:{region}:{account}:event-source-mapping:*",),
        ),
        Statement(
            actions=tuple(sorted(of_rules)),
            resources=(f"arn:aws:events:{region}:{account}:rule/{stack(installation, 'app')}-*",),
        ),
        Statement(actions=("logs:DescribeLogGroups", *sorted(others)), resources=("*",)),
    )


def _migrate(installation: Installation) -> tuple[Statement, ...]:
    """Runs the task that migrates, in this cluster, and looks at it."""
    account, region, stage = installation.account, installation.region, installation.stage
    cluster = f"arn:aws:ecs:{region}:{account}:cluster/fincore-{stage}"
    here = {"ArnEquals": {"ecs:cluster": cluster}}
    return (
        Statement(
            actions=("cloudformation:DescribeStacks",), resources=(_stack_arn(installation, "migration"),)
        ),
        Statement(
            actions=("ecs:RunTask",),
            resources=(f"arn:aws:ecs:{region}:{account}:task-definition/fincore-{stage}-migrate:*",),
            conditions=here,
        ),
        Statement(
            actions=("ecs:DescribeTasks",),
            resources=(f"arn:aws:ecs:{region}:{account}:task/fincore-{stage}/*",),
            conditions=here,
        ),
        Statement(actions=("ecs:ListTasks",), resources=("*",), conditions=here),
        Statement(
            actions=("iam:PassRole",),
            resources=(
                f"arn:aws:iam::{account}:role/{task_role(stage, MIGRATE)}",
                f"arn:aws:iam::{account}:role/{start_role(stage, MIGRATE)}",
            ),
            conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
    )


def _publish(installation: Installation) -> tuple[Statement, ...]:
    """Adds public files. Nothing is deleted, and what a file was before is kept."""
    buckets = tuple(f"arn:aws:s3:::{files_bucket(installation, kind)}" for kind in FILES)
    return (
        Statement(
            actions=("cloudformation:DescribeStacks",), resources=(_stack_arn(installation, "delivery"),)
        ),
        Statement(actions=("s3:ListBucket",), resources=buckets),
        Statement(actions=("s3:PutObject",), resources=tuple(f"{one}/*" for one in buckets)),
    )


def _stack_arn(installation: Installation, name: str) -> str:
    return f"arn:aws:cloudformation:{installation.region}:{installation.account}:stack/{stack(installation, name)}/*"


def documents(statements: tuple[Statement, ...]) -> dict[str, Any]:
    """A policy of these statements."""
    return {"Version": "2012-10-17", "Statement": [one.document() for one in statements]}
