"""A right of the tables as a statement of a policy, on the resource of the stack `data` that it names."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import aws_iam as iam

from infra.data import Data
from infra.installation import Installation
from infra.pipeline_names import risk_function_arn
from infra.rights import Right, Target


def statement(right: Right, installation: Installation, data: Data) -> Any:
    """The statement."""
    resources: Mapping[Target, str] = {
        "attempts": data.attempts.table_arn,
        "attempts-key": data.attempts.encryption_key.key_arn,
        "evidence": data.evidence.bucket_arn,
        "evidence-objects": data.evidence.arn_for_objects("fincore/*"),
        "evidence-key": data.evidence.encryption_key.key_arn,
        "events": data.events.stream_arn,
        "jobs": data.jobs.queue_arn,
        "dead-jobs": data.dead_jobs.queue_arn,
        "dead-records": data.dead_records.queue_arn,
        "moving-key": data.moving_key.key_arn,
        "vault-key": data.vault_key.key_arn,
        "operations": data.operations.topic_arn,
        "risk-function": risk_function_arn(installation),
    }
    return iam.PolicyStatement(
        actions=list(right.actions),
        resources=[resources[right.target]],
        conditions=None
        if right.by is None
        else {"StringEquals": {"kms:ViaService": f"{right.by}.{installation.region}.amazonaws.com"}},
    )
