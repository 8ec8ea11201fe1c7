"""What the stack `data` and `login` of staging hold, made in the emulator by calls, with the properties of the templates.

The emulator makes no Object Lock where CloudFormation makes the bucket, so nothing is made by CloudFormation here.
"""

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

from demo.aws.emulator import REGION, Emulator

TEMPLATE: Final = Path(__file__).parents[2] / "infra/templates/fincore-staging-data.json"
BUCKET: Final = "fincore-local-evidence"
TABLE: Final = "fincore-local-attempts"
STREAM: Final = "fincore-local-events"
JOBS: Final = "fincore-local-jobs"
DEAD_JOBS: Final = "fincore-local-dead-jobs"
TOLD: Final = "fincore-local-told"
"""A queue that the topic tells, in place of the mail of operations."""


class Resources(NamedTuple):
    """What was made, as settings and calls name it."""

    topic_arn: str
    jobs_url: str
    dead_jobs_url: str
    told_url: str
    evidence_kept_days: int
    vault_key_arn: str


def make_resources(emulator: Emulator) -> Resources:
    """Make the queue with its dead letters, the stream, the table, the bucket and the topic."""
    made = _Template(TEMPLATE)
    emulator.client("kinesis").create_stream(
        StreamName=STREAM, ShardCount=made.one("AWS::Kinesis::Stream", "Events")["ShardCount"]
    )
    table = made.one("AWS::DynamoDB::Table", "Attempts")
    dynamodb = emulator.client("dynamodb")
    dynamodb.create_table(
        TableName=TABLE,
        **{name: table[name] for name in ("AttributeDefinitions", "KeySchema", "BillingMode")},
    )
    dynamodb.update_time_to_live(TableName=TABLE, TimeToLiveSpecification=table["TimeToLiveSpecification"])
    topic_arn = emulator.client("sns").create_topic(Name="fincore-local-operations")["TopicArn"]
    return Resources(
        topic_arn,
        *_queues(emulator, made, topic_arn),
        evidence_kept_days=_bucket(emulator, made),
        vault_key_arn=str(emulator.client("kms").create_key()["KeyMetadata"]["Arn"]),
    )


class _Template:
    def __init__(self, file: Path) -> None:
        self._resources: dict[str, Any] = json.loads(file.read_text())["Resources"]

    def one(self, kind: str, prefix: str) -> dict[str, Any]:
        """The properties of the resource of a type with an id that begins so."""
        found: dict[str, Any]
        (found,) = (
            one["Properties"]
            for name, one in self._resources.items()
            if one["Type"] == kind and name.startswith(prefix) and "Access" not in name
        )
        return found


def _queues(emulator: Emulator, made: _Template, topic_arn: str) -> tuple[str, str, str]:
    """The addresses of the queue of jobs, of its dead letters, and of the queue that the topic tells."""
    sqs = emulator.client("sqs")

    def queue(name: str, properties: dict[str, Any], **more: str) -> str:
        kept = {one: str(properties[one]) for one in ("VisibilityTimeout", "MessageRetentionPeriod")}
        return str(sqs.create_queue(QueueName=name, Attributes=kept | more)["QueueUrl"])

    def arn(url: str) -> str:
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(found["Attributes"]["QueueArn"])

    dead = made.one("AWS::SQS::Queue", "DeadJobs")
    jobs = made.one("AWS::SQS::Queue", "Jobs")
    dead_url = queue(DEAD_JOBS, dead)
    redrive = {
        "deadLetterTargetArn": arn(dead_url),
        "maxReceiveCount": jobs["RedrivePolicy"]["maxReceiveCount"],
    }
    jobs_url = queue(JOBS, jobs, RedrivePolicy=json.dumps(redrive))
    told_url = queue(TOLD, dead)
    emulator.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn(told_url))
    return jobs_url, dead_url, told_url


def _bucket(emulator: Emulator, made: _Template) -> int:
    """The bucket of evidence; how long it keeps each object."""
    s3 = emulator.client("s3")
    lock = made.one("AWS::S3::Bucket", "Evidence")["ObjectLockConfiguration"]
    s3.create_bucket(
        Bucket=BUCKET,
        CreateBucketConfiguration={"LocationConstraint": REGION},
        ObjectLockEnabledForBucket=True,
    )
    s3.put_object_lock_configuration(Bucket=BUCKET, ObjectLockConfiguration=lock)
    return int(lock["Rule"]["DefaultRetention"]["Days"])
