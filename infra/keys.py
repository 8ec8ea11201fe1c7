"""Keys of KMS: one for each kind of data, so that a right to one kind is none to another."""

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms


def key(stack: Any, name: str, purpose: str, *, services: Sequence[str] = ()) -> Any:
    """A key that is rotated each year and kept when its stack is deleted. `services` of AWS use it in our name."""
    made = kms.Key(
        stack,
        name,
        description=f"FinCore: {purpose}",
        enable_key_rotation=True,
        removal_policy=cdk.RemovalPolicy.RETAIN,
    )
    for service in services:
        principal = f"logs.{stack.region}.amazonaws.com" if service == "logs" else f"{service}.amazonaws.com"
        made.add_to_resource_policy(
            iam.PolicyStatement(
                sid=f"For{service.title().replace('.', '')}",
                principals=[iam.ServicePrincipal(principal)],
                actions=[
                    "kms:Decrypt",
                    "kms:Encrypt",
                    "kms:GenerateDataKey",
                    "kms:ReEncryptFrom",
                    "kms:ReEncryptTo",
                    "kms:DescribeKey",
                ],
                # In the policy of a key, `*` is the key itself.
                resources=["*"],
                conditions=_for_our_account(stack, service),
            )
        )
    return made


def _for_our_account(stack: Any, service: str) -> dict[str, dict[str, str]]:
    """CloudWatch Logs says of which log group it speaks, other services say for which account."""
    if service == "logs":
        return {
            "ArnLike": {
                "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{stack.region}:{stack.account}:log-group:*"
            }
        }
    return {"StringEquals": {"aws:SourceAccount": stack.account}}
