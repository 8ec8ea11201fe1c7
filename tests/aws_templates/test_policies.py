"""The policies of the templates: each role may do what FinCore's code does in it, and nothing of its neighbours."""

import json
from itertools import product
from typing import Final

import pytest
from infra.release_rights import RELEASED
from infra.rights import WILDCARDS
from infra.roles import DEPLOYED

from aws_templates.templates import (
    INSTALLATIONS,
    PIPELINE,
    functions,
    may,
    place,
    resources,
    secrets,
    statements,
    tasks,
)
from fincore.bootstrap.role_environment import SECRETS_OF_ROLE
from fincore.bootstrap.roles import STORES_OF_ROLE

STAGES: Final = tuple(INSTALLATIONS)
stages = pytest.mark.parametrize("stage", STAGES)

COUNTING: Final = {
    "dynamodb:BatchGetItem",
    "dynamodb:PutItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
}
KEEPING: Final = {"s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload"}
LOOKING: Final = {"s3:ListBucket", "s3:GetBucketObjectLockConfiguration"}
DESTROYING: Final = {
    "dynamodb:DeleteItem",
    "dynamodb:DeleteTable",
    "dynamodb:Scan",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:BypassGovernanceRetention",
    "s3:PutObjectRetention",
    "s3:PutBucketObjectLockConfiguration",
}


def found(stage: str, kind: str, prefix: str) -> str:
    """The one resource of a type with an id that begins so."""
    (one,) = (
        f"{where.stack}/{where.name}" for where, _ in resources(stage, kind) if where.name.startswith(prefix)
    )
    return one


@stages
def test_roles_may_use_tables_and_buckets_as_their_code_does(stage: str) -> None:
    table = found(stage, "AWS::DynamoDB::Table", "Attempts")
    (bucket,) = (
        f"{where.stack}/{where.name}"
        for where, one in resources(stage, "AWS::S3::Bucket")
        if one.get("ObjectLockEnabled")
    )
    every = {
        *product(COUNTING | DESTROYING, [table]),
        *product(LOOKING | DESTROYING, [bucket]),
        *product(KEEPING | DESTROYING, [f"{bucket}/fincore/settlement/a-file", f"{bucket}/other"]),
    }
    wanted = dict.fromkeys(tasks(stage), frozenset[tuple[str, str]]())
    wanted |= dict.fromkeys(("api", "worker", "card-edge"), frozenset(product(COUNTING, [table])))
    wanted["reconciliation"] = frozenset(
        {*product(LOOKING, [bucket]), *product(KEEPING, [f"{bucket}/fincore/settlement/a-file"])}
    )
    wanted |= {f"{name} function": frozenset() for name in functions(stage)}
    wanted |= {f"{name} function": wanted["worker"] for name in ("worker", "risk")}
    wanted["reconciliation function"] = wanted["reconciliation"]
    who = {name: task.runs_as for name, task in tasks(stage).items()}
    who |= {f"{name} function": one.runs_as for name, one in functions(stage).items()}
    allowed = {name: frozenset(one for one in every if may(stage, role, *one)) for name, role in who.items()}
    assert allowed == wanted


SENDS: Final = {"sqs:SendMessage"}
TAKES: Final = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"}
READS: Final = {"kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStreamSummary"}
DESTROYS: Final = {"sqs:PurgeQueue", "sqs:DeleteQueue", "kinesis:DeleteStream", "kms:ScheduleKeyDeletion"}


@stages
def test_events_jobs_and_keys_move_as_the_tables_say(stage: str) -> None:
    """Every action on every queue, stream, topic and key, of each role and function: what a key does, asked for by the service that it is for."""
    region = INSTALLATIONS[stage].region
    stream, jobs = found(stage, "AWS::Kinesis::Stream", "Events"), found(stage, "AWS::SQS::Queue", "Jobs")
    letters = found(stage, "AWS::SQS::Queue", "DeadJobs")
    records = found(stage, "AWS::SQS::Queue", "DeadRecords")
    topic, vault = found(stage, "AWS::SNS::Topic", "Operations"), found(stage, "AWS::KMS::Key", "VaultKey")
    moving = found(stage, "AWS::KMS::Key", "MovingKey")

    def keys(service: str, *actions: str) -> set[tuple[str, str, str]]:
        return {(f"kms:{action}", moving, f"{service}.{region}.amazonaws.com") for action in actions}

    def plain(actions: set[str], where: str) -> set[tuple[str, str, str]]:
        return {(action, where, "") for action in actions}

    follows = (
        plain(READS, stream)
        | plain(SENDS, records)
        | keys("kinesis", "Decrypt")
        | keys("sqs", "Decrypt", "GenerateDataKey")
    )
    wanted = {
        "relay": plain({"kinesis:PutRecords"}, stream)
        | plain(SENDS, jobs)
        | plain(TAKES, letters)
        | keys("kinesis", "GenerateDataKey")
        | keys("sqs", "Decrypt", "GenerateDataKey"),
        "worker": plain(TAKES, jobs) | keys("sqs", "Decrypt"),
        "card-edge": plain({"kms:Encrypt", "kms:Decrypt"}, vault),
        "reconciliation": plain({"sns:Publish"}, topic) | keys("sns", "Decrypt", "GenerateDataKey"),
        "reconciliation function": plain({"sns:Publish"}, topic) | keys("sns", "Decrypt", "GenerateDataKey"),
        "projectionist function": follows,
        "fan-out function": follows,
        "ledger function": follows,
        "worker function": plain(TAKES, jobs) | keys("sqs", "Decrypt"),
    }
    who = {name: task.runs_as for name, task in tasks(stage).items()}
    who |= {f"{name} function": one.runs_as for name, one in functions(stage).items()}
    every = {
        (action, where, via)
        for action, where in product(
            SENDS | TAKES | READS | DESTROYS | {"kinesis:PutRecords", "sns:Publish", "kms:Encrypt"},
            (stream, jobs, letters, records, topic, vault, moving),
        )
        for via in ("",)
    }
    every |= {
        (f"kms:{action}", key, f"{service}.{region}.amazonaws.com" if service else "")
        for action, key, service in product(
            ("Encrypt", "Decrypt", "GenerateDataKey"), (vault, moving), ("", "kinesis", "sqs", "sns", "s3")
        )
    }
    # What the card edge may do itself, it may do by any service, too.
    every = {one for one in every if one[1] != vault or not one[2]}
    allowed = {
        name: {one for one in every if may(stage, role, one[0], one[1], via=one[2])}
        for name, role in who.items()
    }
    assert {name: rights for name, rights in allowed.items() if rights} == wanted


@stages
def test_running_roles_may_read_no_secret(stage: str) -> None:
    """Secrets reach a process when it starts; a process that is taken over cannot ask for others."""
    assert [
        (name, secret)
        for name, task in tasks(stage).items()
        for secret, where in secrets(stage).items()
        if may(stage, task.runs_as, "secretsmanager:GetSecretValue", where)
    ] == []


@stages
def test_each_task_starts_with_its_own_secrets_alone(stage: str) -> None:
    for name, task in tasks(stage).items():
        used = {
            place(stage, task.starts_as.stack, secret["ValueFrom"])
            for container in task.containers.values()
            for secret in container.get("Secrets", [])
        }
        may_read = {
            where
            for where in secrets(stage).values()
            if may(stage, task.starts_as, "secretsmanager:GetSecretValue", where)
        }
        assert may_read == used, name


@stages
@pytest.mark.parametrize("role", DEPLOYED)
def test_role_has_the_secrets_that_its_tables_name(stage: str, role: str) -> None:
    given = {
        secret["Name"]
        for secret in tasks(stage)[role].containers[role]["Secrets"]
        if secret["Name"].startswith("FINCORE_")
    }
    dsns = {f"FINCORE_{store.upper()}_DSN" for store in STORES_OF_ROLE[role]} | {"FINCORE_EVENTSTORE_DSN"}  # type: ignore[index]
    accounts = {one for one in given if one.startswith(("FINCORE_STRIPE_", "FINCORE_PAYPAL_"))}
    kept = SECRETS_OF_ROLE[role]  # type: ignore[index]
    assert dsns <= given
    assert given - accounts <= dsns | kept
    assert bool(accounts) == (role in {"api", "worker", "checkout", "card-edge", "staff", "reconciliation"})
    secret_keys = {one for one in accounts if one.endswith(("SECRET_KEY", "CLIENT_SECRET"))}
    assert bool(secret_keys) == (role in {"worker", "card-edge", "reconciliation"})


@stages
def test_keys_of_cards_open_for_the_card_edge_alone(stage: str) -> None:
    key = found(stage, "AWS::KMS::Key", "CardKey")
    region = INSTALLATIONS[stage].region
    opens = {
        (name, kind)
        for name, task in tasks(stage).items()
        for kind, role in (("runs", task.runs_as), ("starts", task.starts_as))
        if may(stage, role, "kms:Decrypt", key, via=f"secretsmanager.{region}.amazonaws.com")
    }
    assert opens == {("card-edge", "starts")}
    assert not any(
        may(stage, one.runs_as, "kms:Decrypt", key, via=f"secretsmanager.{region}.amazonaws.com")
        for one in functions(stage).values()
    )


@stages
def test_tasks_and_functions_write_their_own_log_alone(stage: str) -> None:
    groups = {
        str(one["LogGroupName"]).removeprefix(f"/fincore/{stage}/"): f"{where.stack}/{where.name}"
        for where, one in resources(stage, "AWS::Logs::LogGroup")
        if "LogGroupName" in one and where.stack in RELEASED
    }
    writers = {name: task.starts_as for name, task in tasks(stage).items()}
    writers |= {f"functions/{name}": one.runs_as for name, one in functions(stage).items()}
    assert groups.keys() == writers.keys()
    for name, role in writers.items():
        writes = {group for group, where in groups.items() if may(stage, role, "logs:PutLogEvents", where)}
        assert writes == {name}


@pytest.mark.parametrize("stage", [*STAGES, PIPELINE])
def test_wildcards_of_policies_are_those_argued_for(stage: str) -> None:
    seen = set()
    for role, _ in resources(stage, "AWS::IAM::Role"):
        argued = {action for one in WILDCARDS if role.name.startswith(one.where) for action in one.actions}
        everywhere = {
            action for one in statements(stage, role) if "*" in one.resources for action in one.actions
        }
        assert not any("*" in action for one in statements(stage, role) for action in one.actions), role
        assert everywhere <= argued, role
        seen |= everywhere
    assert seen >= {"ecr:GetAuthorizationToken"}


def test_each_argued_wildcard_is_used() -> None:
    used = {
        (role.name, action)
        for stage in (*STAGES, PIPELINE)
        for role, _ in resources(stage, "AWS::IAM::Role")
        for one in statements(stage, role)
        if "*" in one.resources
        for action in one.actions
    }
    for one in WILDCARDS:
        assert {action for name, action in used if name.startswith(one.where)} >= set(one.actions), one.why


@pytest.mark.parametrize("stage", [*STAGES, PIPELINE])
def test_inline_policies_of_a_role_are_within_the_bound_of_iam(stage: str) -> None:
    """10,240 characters in all; what CloudFormation resolves is longer than here."""
    for where, one in resources(stage, "AWS::IAM::Role"):
        written = [policy["PolicyDocument"] for policy in one.get("Policies", [])]
        assert sum(len(json.dumps(document, separators=(",", ":"))) for document in written) < 9_000, where


@stages
def test_roles_are_taken_by_services_of_aws_alone(stage: str) -> None:
    """But those of the stack `permissions`, which the pipeline's account takes."""
    principals = {
        kind
        for where, one in resources(stage, "AWS::IAM::Role")
        if where.stack != "permissions"
        for statement in one["AssumeRolePolicyDocument"]["Statement"]
        for kind in statement["Principal"]
    }
    assert principals == {"Service"}


def test_evaluation_denies_what_no_statement_allows() -> None:
    task = tasks("production")["api"]
    table = found("production", "AWS::DynamoDB::Table", "Attempts")
    key = found("production", "AWS::KMS::Key", "StoredKey")
    assert may("production", task.runs_as, "dynamodb:PutItem", table)
    assert not may("production", task.runs_as, "dynamodb:PutItem", f"{table}-other")
    assert not may("production", task.runs_as, "kms:Decrypt", key)
    assert not may("production", task.runs_as, "kms:Decrypt", key, via="s3.eu-central-1.amazonaws.com")
    assert may("production", task.runs_as, "kms:Decrypt", key, via="dynamodb.eu-central-1.amazonaws.com")
