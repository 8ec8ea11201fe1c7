"""What each role may do with the services of AWS beside its secrets, logs and image: the actions that FinCore's code calls, and no others. Pure."""

from typing import Final, Literal

import msgspec

from infra.roles import Service
from infra.type_rights import OF_TYPE

Target = Literal["attempts", "attempts-key", "evidence", "evidence-objects", "evidence-key"]


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


def rights_of(service: Service) -> tuple[Right, ...]:
    """The rights of a role while it runs."""
    return (COUNTS_ATTEMPTS if service.counts_attempts else ()) + (
        KEEPS_EVIDENCE if service.keeps_evidence else ()
    )


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
            if not one.startswith(("iam:", "s3:", "logs:"))
        }
    )
)
WILDCARDS: Final = (
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
        where="Migrate",
        actions=("ecs:ListTasks",),
        why="it names no resource; a condition binds it to the cluster",
    ),
)
"""Every action that is allowed on `*`, in the policies of roles."""
