"""What each role may do with the services of AWS beside its secrets, logs and image: the actions that FinCore's code calls, and no others. Pure."""

from typing import Final, Literal

import msgspec

from infra.roles import Service

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
    """Actions that are allowed on more than one named resource, and why. `where`: the beginning of the logical id."""

    where: str
    actions: tuple[str, ...]
    why: str


WILDCARDS: Final = (
    Wildcard(
        where="",
        actions=("ecr:GetAuthorizationToken",),
        why="it names no resource: IAM accepts it for all only; the token opens what the other rights name",
    ),
)
"""Every action that is allowed on `*` or with a `*`, in the policies of roles."""
