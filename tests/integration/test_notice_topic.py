"""A notice on a topic of SNS, on its emulator: a queue that is subscribed gets the body of a webhook."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.session import get_session

from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.ops_channels import channels_of
from fincore.domain.clock import SystemClock
from fincore.reconciliation.notification.channel import NotSent
from fincore.reconciliation.notification.notice import notice_of
from fincore.reconciliation.notification.notice_forms import notice_body

NOTICE = notice_of(
    about="run:17",
    kind="run",
    occurred_at=datetime(2026, 11, 26, 12, tzinfo=UTC),
    subject="Reconciliation: 1 new break",
    findings=["1 break missing_there of paypal/eu (live)"],
    needs_person=True,
)


@pytest.fixture
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.mark.usefixtures("_credentials")
async def test_subscribed_queue_gets_the_notice(aws_url: str) -> None:
    def client(service: str) -> Any:
        return get_session().create_client(service, region_name="eu-central-1", endpoint_url=aws_url)

    topics, queues = client("sns"), client("sqs")
    topic = topics.create_topic(Name="operations")["TopicArn"]
    queue = queues.create_queue(QueueName="notices")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    settings = read_settings({"FINCORE_OPS_SNS_TOPIC": topic, "FINCORE_OPS_SNS_URL": aws_url})
    channel = {one.name: one for one in channels_of(settings, SystemClock())}["sns"]
    await channel.send(NOTICE)
    (message,) = queues.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
    assert json.loads(message["Body"]) == json.loads(notice_body(NOTICE))


@pytest.mark.usefixtures("_credentials")
async def test_topic_that_is_not_there_is_told(aws_url: str) -> None:
    settings = read_settings(
        {
            "FINCORE_OPS_SNS_TOPIC": "arn:aws:sns:eu-central-1:123456789012:nowhere",
            "FINCORE_OPS_SNS_URL": aws_url,
        }
    )
    channel = {one.name: one for one in channels_of(settings, SystemClock())}["sns"]
    with pytest.raises(NotSent, match=r"^SNS .*\(NotFound"):
        await channel.send(NOTICE)
