"""What each role may do with the services of AWS beside its secrets, logs and image: the actions that FinCore's code calls, and no others. Pure."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from infra.functions import Function, Source, Work
from infra.roles import Service
from infra.type_rights import OF_TYPE

Target = Literal[
    "attempts",
    "attempts-key",
    "evidence",
    "evidence-objects",
    "evidence-key",
    "events",
    "jobs",
    "dead-jobs",
    "dead-records",
    "moving-key",
    "vault-key",
    "operations",
    "risk-function",
]


class Right(msgspec.Struct, frozen=True, kw_only=True):
    """Actions on one resource. `by`: the service of AWS on behalf of which a key may be used, and no other."""

    actions: tuple[str, ...]
    target: Target
    by: str | None = None


COUNTS_ATTEMPTS: Final = (
    Right(
        actions=(
            "dynamodb:BatchGetItem",
            "dynamodb:PutItem",
            "dynamodb:ConditionCheckItem",
            "dynamodb:DescribeTable",
            "dynamodb:DescribeTimeToLive",
        ),
        target="attempts",
    ),
    Right(actions=("kms:Decrypt", "kms:DescribeKey"), target="attempts-key", by="dynamodb"),
)
"""As `docs/guides/risk.md` says."""
KEEPS_EVIDENCE: Final = (
    Right(actions=("s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload"), target="evidence-objects"),
    Right(actions=("s3:ListBucket", "s3:GetBucketObjectLockConfiguration"), target="evidence"),
    Right(actions=("kms:GenerateDataKey", "kms:Decrypt"), target="evidence-key", by="s3"),
)
"""As `docs/guides/settlement.md` says: nothing is deleted."""


CARRIES_EVENTS: Final = (
    Right(actions=("kinesis:PutRecords", "kinesis:ListShards"), target="events"),
    Right(actions=("kms:GenerateDataKey",), target="moving-key", by="kinesis"),
)
"""As `docs/guides/event-stream.md` says."""
_TAKES: Final = (
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
)
_MESSAGE_KEY: Final = Right(actions=("kms:GenerateDataKey", "kms:Decrypt"), target="moving-key", by="sqs")
SENDS_JOBS: Final = (
    Right(actions=("sqs:GetQueueUrl", "sqs:SendMessage"), target="jobs"),
    Right(actions=_TAKES, target="dead-jobs"),
    _MESSAGE_KEY,
)
TAKES_JOBS: Final = (
    Right(actions=_TAKES, target="jobs"),
    Right(actions=("kms:Decrypt",), target="moving-key", by="sqs"),
)
"""As `docs/guides/job-queue.md` says."""
WRAPS_KEYS: Final = (Right(actions=("kms:Encrypt", "kms:Decrypt"), target="vault-key"),)
"""As `docs/guides/run.md` says of keys of the vault in KMS. The card edge calls KMS itself."""
TELLS_OPERATIONS: Final = (
    Right(actions=("sns:Publish",), target="operations"),
    Right(actions=("kms:GenerateDataKey", "kms:Decrypt"), target="moving-key", by="sns"),
)
ASKS_RISK: Final = (Right(actions=("lambda:InvokeFunction",), target="risk-function"),)
"""As `docs/guides/risk.md` says, of the alias alone."""
INVOKED_BY: Final[Mapping[Source, tuple[Right, ...]]] = {
    "stream": (
        Right(
            actions=(
                "kinesis:DescribeStream",
                "kinesis:DescribeStreamSummary",
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:ListShards",
            ),
            target="events",
        ),
        Right(actions=("kms:Decrypt",), target="moving-key", by="kinesis"),
        Right(actions=("sqs:SendMessage",), target="dead-records"),
        _MESSAGE_KEY,
    ),
    "queue": (
        Right(
            actions=(
                "sqs:ReceiveMessage",
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
            ),
            target="jobs",
        ),
        Right(actions=("kms:Decrypt",), target="moving-key", by="sqs"),
    ),
    "minute": (),
    "roles": (),
}
"""What Lambda does with the rights of a function to find out what to invoke it with."""


def rights_of(service: Service, works: tuple[Work, ...]) -> tuple[Right, ...]:
    """The rights of a role while it runs, in an installation of which functions do some works."""
    given = {
        COUNTS_ATTEMPTS: service.counts_attempts,
        KEEPS_EVIDENCE: service.keeps_evidence,
        CARRIES_EVENTS: service.carries_events,
        SENDS_JOBS: service.sends_jobs,
        TAKES_JOBS: service.takes_jobs,
        WRAPS_KEYS: service.wraps_keys,
        TELLS_OPERATIONS: service.tells_operations,
        ASKS_RISK: service.asks_risk and "risk" in works,
    }
    return tuple(right for rights, is_given in given.items() if is_given for right in rights)


def rights_of_function(function: Function, works: tuple[Work, ...]) -> tuple[Right, ...]:
    """The rights of a function beside its secrets, its logs and its place in the network."""
    given = {
        COUNTS_ATTEMPTS: function.counts_attempts,
        KEEPS_EVIDENCE: function.keeps_evidence,
        TELLS_OPERATIONS: function.tells_operations,
        ASKS_RISK: function.asks_risk and "risk" in works,
    }
    invoked = tuple(right for source in function.sources for right in INVOKED_BY[source])
    return tuple(right for rights, is_given in given.items() if is_given for right in rights) + invoked


IN_NETWORK: Final = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
"""What Lambda does with the rights of a function to put it into the network. The code of the function itself is refused them."""


class Wildcard(msgspec.Struct, frozen=True, kw_only=True):
    """Actions that are allowed on all resources of an account, and why. `where`: the beginning of the logical id of the role; empty: any."""

    where: str
    actions: tuple[str, ...]
    why: str


_OF_DEPLOYMENT: Final = tuple(
    sorted(
        {
            one
            for actions in OF_TYPE.values()
            for one in actions
            if not one.startswith(("iam:", "s3:", "logs:", "lambda:", "events:"))
        }
    )
)
WILDCARDS: Final = (
    Wildcard(
        where="Function",
        actions=IN_NETWORK,
        why="Lambda makes up the names of network interfaces, and asks for lists; a statement refuses the code of the function all of it",
    ),
    Wildcard(
        where="",
        actions=("ecr:GetAuthorizationToken",),
        why="it names no resource: IAM accepts it for all only; the token opens what the other rights name",
    ),
    Wildcard(
        where="Deploy",
        actions=("logs:DescribeLogGroups", *_OF_DEPLOYMENT),
        why="CloudFormation makes up the names of what it makes, and asks for lists; the account holds one installation and nothing else",
    ),
    Wildcard(
        where="Deploy",
        actions=tuple(
            sorted(f"lambda:{verb}EventSourceMapping" for verb in ("Create", "Delete", "Get", "Update"))
        ),
        why="AWS makes up the ids of mappings; a condition binds them to the functions of the installation",
    ),
    Wildcard(
        where="Migrate",
        actions=("ecs:ListTasks",),
        why="it names no resource; a condition binds it to the cluster",
    ),
)
"""Every action that is allowed on `*`, in the policies of roles."""
