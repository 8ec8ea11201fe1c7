"""The rights of the pipeline and its builds: each may do its part of a release, and nothing of its neighbours."""

from collections.abc import Iterator
from itertools import product
from typing import Any, Final

import pytest
from infra.pipeline_names import boundary_arn, stage_role_arn
from infra.pipeline_rights import builds
from infra.release_rights import RELEASED, SWITCHES
from infra.type_rights import OF_TYPE

from aws_templates.templates import (
    INSTALLATIONS,
    PIPELINE,
    Place,
    conditions_hold,
    listed,
    may,
    resources,
    template,
)

stages = pytest.mark.parametrize("stage", INSTALLATIONS)
TOOLS: Final = INSTALLATIONS["staging"].tools_account
STORE: Final = f"arn:aws:s3:::fincore-pipeline-{TOOLS}-eu-central-1"
IMAGES: Final = f"arn:aws:ecr:eu-central-1:{TOOLS}:repository/fincore"


def of_stage(stage: str, role: str) -> Place:
    """A role of the pipeline in the account of an installation."""
    return Place("permissions", role.title())


def bounded(stage: str) -> dict[str, str]:
    """What a request says that makes a role with the boundary."""
    return {"iam:PermissionsBoundary": boundary_arn(INSTALLATIONS[stage])}


def arn(stage: str, service: str, rest: str) -> str:
    """An ARN in the account of an installation."""
    region = "" if service == "iam" else INSTALLATIONS[stage].region
    return f"arn:aws:{service}:{region}:{INSTALLATIONS[stage].account}:{rest}"


@stages
def test_every_role_of_a_release_is_bounded(stage: str) -> None:
    bounds = {
        one.get("PermissionsBoundary")
        for where, one in resources(stage, "AWS::IAM::Role")
        if where.stack in RELEASED
    }
    assert bounds == {boundary_arn(INSTALLATIONS[stage])}


@stages
def test_boundary_gives_no_right_to_change_rights(stage: str) -> None:
    (document,) = (one["PolicyDocument"] for _, one in resources(stage, "AWS::IAM::ManagedPolicy"))
    actions = {action for one in document["Statement"] for action in one["Action"]}
    assert not {
        one for one in actions if "*" in one or one.startswith(("iam:", "sts:", "kms:Put", "kms:Create"))
    }
    assert {one["Effect"] for one in document["Statement"]} == {"Allow"}
    # A managed policy holds 6,144 characters without white space.
    assert len(str(document).replace(" ", "")) < 6_144


@stages
def test_types_of_a_release_are_those_with_rights(stage: str) -> None:
    found = {one["Type"] for released in RELEASED for one in template(stage, released)["Resources"].values()}
    assert found == OF_TYPE.keys()


def asked_of_cloudformation(stage: str) -> Iterator[tuple[str, str]]:
    """What CloudFormation asks for the resources of a release: an action, and a resource that it is for."""
    where = {
        "iam": arn(stage, "iam", f"role/fincore-{stage}-task-api"),
        "s3": f"arn:aws:s3:::fincore-{stage}-app-balanceraccess",
        "logs": arn(stage, "logs", f"log-group:/fincore/{stage}/api"),
        "lambda": arn(stage, "lambda", f"function:fincore-{stage}-ledger"),
        "events": arn(stage, "events", f"rule/fincore-{stage}-app-FunctionLedgerMinute"),
    }
    for actions in OF_TYPE.values():
        for action in actions:
            yield action, where.get(action.partition(":")[0], "any")


@stages
def test_deployment_may_make_what_a_release_holds(stage: str) -> None:
    function = arn(stage, "lambda", f"function:fincore-{stage}-ledger")
    context = {**bounded(stage), "iam:PolicyARN": SWITCHES, "lambda:FunctionArn": function}
    assert [
        one
        for one in asked_of_cloudformation(stage)
        if not may(stage, of_stage(stage, "deploy"), *one, context=context)
    ] == []
    for service, kind in (("ecs-tasks", "task-api"), ("ecs", "switch"), ("lambda", "function-ledger")):
        passed = {"iam:PassedToService": f"{service}.amazonaws.com"}
        role = arn(stage, "iam", f"role/fincore-{stage}-{kind}")
        assert may(stage, of_stage(stage, "deploy"), "iam:PassRole", role, context=passed)


@stages
def test_deployment_may_not_give_itself_rights(stage: str) -> None:
    deploy = of_stage(stage, "deploy")
    task = arn(stage, "iam", f"role/fincore-{stage}-task-api")
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"):
        for context in ({}, {"iam:PermissionsBoundary": arn(stage, "iam", "policy/other")}):
            assert not may(stage, deploy, action, task, context=context), action
    administrator = {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}
    assert not may(stage, deploy, "iam:AttachRolePolicy", task, context={**bounded(stage), **administrator})
    for action in ("iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary"):
        assert not may(stage, deploy, action, task, context=bounded(stage))
    for action in ("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicy"):
        assert not may(stage, deploy, action, boundary_arn(INSTALLATIONS[stage]))
    context = {**bounded(stage), "iam:PassedToService": "ecs-tasks.amazonaws.com"}
    for role in ("release", "deploy", "migrate", "publish"):
        own = stage_role_arn(INSTALLATIONS[stage], role)
        for action in ("iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:PassRole", "iam:DeleteRole"):
            assert not may(stage, deploy, action, own, context=context), role
    passed = {"iam:PassedToService": "ec2.amazonaws.com"}
    assert not may(stage, deploy, "iam:PassRole", task, context=passed)


@stages
@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("rds:DeleteDBInstance", "any"),
        ("dynamodb:DeleteTable", "any"),
        ("kms:ScheduleKeyDeletion", "any"),
        ("secretsmanager:GetSecretValue", "any"),
        ("ec2:AuthorizeSecurityGroupIngress", "any"),
        ("logs:DeleteLogGroup", "log-group:/fincore/{stage}/api"),
        ("s3:DeleteBucket", "arn:aws:s3:::fincore-{stage}-app-balanceraccess"),
        ("s3:PutBucketPolicy", "arn:aws:s3:::fincore-{stage}-data-evidence"),
        ("logs:PutRetentionPolicy", "log-group:/aws/other"),
        ("lambda:UpdateFunctionCode", "arn:aws:lambda:eu-central-1:111111111111:function:other"),
        ("lambda:AddPermission", "any"),
        ("lambda:CreateEventSourceMapping", "any"),
        ("lambda:InvokeFunction", "arn:aws:lambda:eu-central-1:111111111111:function:fincore-{stage}-ledger"),
        ("events:PutTargets", "arn:aws:events:eu-central-1:111111111111:rule/other"),
        ("cloudformation:UpdateStack", "any"),
    ],
)
def test_deployment_may_not_touch_what_people_change(stage: str, action: str, resource: str) -> None:
    asked = resource.format(stage=stage)
    where = arn(stage, "logs", asked) if asked.startswith("log-group") else asked
    assert not may(stage, of_stage(stage, "deploy"), action, where, context=bounded(stage))


@stages
def test_roles_of_the_pipeline_do_their_part_alone(stage: str) -> None:
    """Every action of each on every thing of each, and what they must not reach."""
    stack, family = "cloudformation", f"task-definition/fincore-{stage}-migrate:7"
    cluster = arn(stage, "ecs", f"cluster/fincore-{stage}")
    context = {
        "ecs:cluster": cluster,
        "iam:PassedToService": "ecs-tasks.amazonaws.com",
        "kms:ViaService": f"s3.{INSTALLATIONS[stage].region}.amazonaws.com",
    }
    stacks = {
        name: arn(stage, stack, f"stack/fincore-{stage}-{name}/id")
        for name in ("network", "data", "migration", "app", "delivery", "permissions")
    }
    task = arn(stage, "ecs", f"task/fincore-{stage}/1")
    passed = {arn(stage, "iam", f"role/fincore-{stage}-{one}-migrate") for one in ("task", "start")}
    files = {
        f"arn:aws:s3:::fincore-{stage}-{INSTALLATIONS[stage].account}-{one}"
        for one in ("scripts", "dashboard")
    }
    key = f"arn:aws:kms:eu-central-1:{TOOLS}:key/some"
    wanted = {
        "release": {
            *product(
                ("cloudformation:CreateStack", "cloudformation:UpdateStack", "cloudformation:DescribeStacks"),
                (stacks["migration"], stacks["app"]),
            ),
            ("s3:GetObject", f"{STORE}/release/1"),
            ("kms:Decrypt", key),
        },
        "migrate": {
            ("cloudformation:DescribeStacks", stacks["migration"]),
            ("ecs:RunTask", arn(stage, "ecs", family)),
            ("ecs:DescribeTasks", task),
            *product(("iam:PassRole",), passed),
        },
        "publish": {
            ("cloudformation:DescribeStacks", stacks["delivery"]),
            *product(("s3:ListBucket",), files),
            *product(("s3:PutObject",), {f"{one}/index.html" for one in files}),
        },
    }
    things = {
        *stacks.values(),
        *passed,
        *files,
        *(f"{one}/index.html" for one in files),
        *(resource for one in wanted.values() for _, resource in one),
        arn(stage, "ecs", f"task-definition/fincore-{stage}-api:7"),
        arn(stage, "iam", f"role/fincore-{stage}-task-card-edge"),
        f"arn:aws:s3:::fincore-{stage}-data-evidence/fincore/a",
        stage_role_arn(INSTALLATIONS[stage], "release"),
    }
    actions = {action for one in wanted.values() for action, _ in one} | {
        "cloudformation:DeleteStack",
        "s3:DeleteObject",
        "s3:PutBucketPolicy",
        "ecs:StopTask",
        "ecs:UpdateService",
        "sts:AssumeRole",
        "iam:CreateRole",
    }
    for role, allowed in wanted.items():
        found = {
            one
            for one in product(actions, things)
            if may(stage, of_stage(stage, role), *one, context=context)
        }
        assert found == allowed, role
    elsewhere = {**context, "ecs:cluster": arn(stage, "ecs", "cluster/other")}
    assert not may(
        stage, of_stage(stage, "migrate"), "ecs:RunTask", arn(stage, "ecs", family), context=elsewhere
    )


def trusted(stage: str, role: Place, caller: dict[str, str]) -> bool:
    """Whether a role lets a caller in: a service, or a role of the pipeline's account."""
    document = template(stage, role.stack)["Resources"][role.name]["Properties"]["AssumeRolePolicyDocument"]
    return any(
        caller.items() >= one["Principal"].items() and conditions_hold(one.get("Condition", {}), caller)
        for one in document["Statement"]
    )


@stages
def test_roles_of_installations_let_one_caller_in_each(stage: str) -> None:
    tools = {"AWS": f"arn:aws:iam::{TOOLS}:root"}
    callers: dict[str, dict[str, str]] = {
        name: {**tools, "aws:PrincipalArn": f"arn:aws:iam::{TOOLS}:role/{name}"}
        for name in ("fincore-pipeline", *(f"fincore-build-{one}" for one in builds()), "Administrator")
    }
    callers["CloudFormation"] = {"Service": "cloudformation.amazonaws.com"}
    assert {
        role: [name for name, caller in callers.items() if trusted(stage, of_stage(stage, role), caller)]
        for role in ("release", "deploy", "migrate", "publish")
    } == {
        "release": ["fincore-pipeline"],
        "deploy": ["CloudFormation"],
        "migrate": [f"fincore-build-migrate-{stage}"],
        "publish": [f"fincore-build-publish-{stage}"],
    }


def tools_roles() -> dict[str, Place]:
    """The roles of the pipeline's account by their names."""
    return {str(one["RoleName"]): where for where, one in resources(PIPELINE, "AWS::IAM::Role")}


def test_builds_take_the_role_of_their_own_part_alone() -> None:
    arns = {
        f"{role}-{stage}": stage_role_arn(one, role)
        for stage, one in INSTALLATIONS.items()
        for role in ("release", "deploy", "migrate", "publish")
    }
    taken = {
        name: {kind for kind, role in arns.items() if may(PIPELINE, where, "sts:AssumeRole", role)}
        for name, where in tools_roles().items()
    }
    assert taken == {
        "fincore-pipeline": {"release-staging", "release-production"},
        **{f"fincore-build-{one}": set() for one in ("checks", "image", "load")},
        **{
            f"fincore-build-{one}": {one}
            for one in ("migrate-staging", "migrate-production", "publish-staging", "publish-production")
        },
    }


def test_one_build_pushes_images_and_one_reads_the_load_key() -> None:
    (secret,) = (
        f"{where.stack}/{where.name}" for where, _ in resources(PIPELINE, "AWS::SecretsManager::Secret")
    )
    (key,) = (f"{where.stack}/{where.name}" for where, _ in resources(PIPELINE, "AWS::KMS::Key"))
    via = "secretsmanager.eu-central-1.amazonaws.com"
    assert {
        action: [
            name for name, where in tools_roles().items() if may(PIPELINE, where, action, resource, via=via)
        ]
        for action, resource in {
            "ecr:PutImage": IMAGES,
            "ecr:DeleteRepository": IMAGES,
            "ecr:BatchDeleteImage": IMAGES,
            "secretsmanager:GetSecretValue": secret,
            "kms:Decrypt": key,
            "codebuild:StartBuild": f"arn:aws:codebuild:eu-central-1:{TOOLS}:project/fincore-image",
            "codebuild:UpdateProject": f"arn:aws:codebuild:eu-central-1:{TOOLS}:project/fincore-image",
        }.items()
    } == {
        "ecr:PutImage": ["fincore-build-image"],
        "ecr:DeleteRepository": [],
        "ecr:BatchDeleteImage": [],
        "secretsmanager:GetSecretValue": ["fincore-build-load"],
        "kms:Decrypt": ["fincore-build-load"],
        "codebuild:StartBuild": ["fincore-pipeline"],
        "codebuild:UpdateProject": [],
    }


def allowed_by_resource(document: dict[str, Any], account: str, role: str) -> set[str]:
    """What the policy of a resource of the pipeline lets a role of another account do."""
    asked = {"aws:PrincipalArn": f"arn:aws:iam::{account}:role/{role}"}
    principal = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f":iam::{account}:root"]]}
    return {
        action
        for one in document["Statement"]
        if one["Effect"] == "Allow"
        and one["Principal"].get("AWS") in (principal, f"arn:aws:iam::{account}:root")
        and conditions_hold(one.get("Condition", {}), asked)
        for action in listed(one["Action"])
    }


@stages
def test_artifacts_and_images_are_read_by_their_roles_alone(stage: str) -> None:
    account = INSTALLATIONS[stage].account
    ((_, images),) = resources(PIPELINE, "AWS::ECR::Repository")
    ((_, key),) = resources(PIPELINE, "AWS::KMS::Key")
    (store,) = (
        one["PolicyDocument"]
        for where, one in resources(PIPELINE, "AWS::S3::BucketPolicy")
        if where.name.startswith("ArtifactsPolicy")
    )
    pulls = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
    release, start = f"fincore-{stage}-release", f"fincore-{stage}-start-api"
    reads = {"s3:GetObject", "s3:GetObjectVersion"}
    opens = {"kms:Decrypt", "kms:DescribeKey"}
    deploy, deployed = f"fincore-{stage}-deploy", {"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
    for role in (release, start, deploy, f"fincore-{stage}-task-api", "Administrator"):
        assert allowed_by_resource(store, account, role) == (reads if role == release else set())
        assert allowed_by_resource(key["KeyPolicy"], account, role) == (opens if role == release else set())
        given = allowed_by_resource(images["RepositoryPolicyText"], account, role)
        assert given == {start: pulls, deploy: deployed}.get(role, set())
    lambdas = [
        (one["Condition"]["ArnLike"]["aws:SourceArn"], {*one["Action"]})
        for one in images["RepositoryPolicyText"]["Statement"]
        if one["Principal"] == {"Service": "lambda.amazonaws.com"}
    ]
    assert (arn(stage, "lambda", f"function:fincore-{stage}-*"), deployed) in lambdas
    assert len(lambdas) == len(INSTALLATIONS)
    for document in (store, key["KeyPolicy"], images["RepositoryPolicyText"]):
        assert allowed_by_resource(document, "999999999999", release) == set()
