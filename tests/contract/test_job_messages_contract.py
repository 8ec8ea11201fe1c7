"""What every queue of messages about jobs promises to the relay and to workers: at least once, hidden while a worker is at it."""

import contextlib
from collections.abc import AsyncIterator
from random import Random
from uuid import uuid4

import pytest

from fincore.aws.sqs_jobs import SqsJobs
from fincore.relay.event_sink import SinkUnavailable
from fincore.write.queue.job_messages import JobMessage, MessagesUnavailable
from fixtures.event_sinks import aws_client
from fixtures.job_messages import MemoryMessages, MessageQueue, refusing_messages, sqs_jobs

HIDDEN_SECONDS = 60


@pytest.fixture(params=["memory", "sqs"])
async def messages(request: pytest.FixtureRequest) -> AsyncIterator[MessageQueue]:
    if request.param == "memory":
        yield MemoryMessages()
    else:
        async with sqs_jobs(request.getfixturevalue("aws_url"), f"jobs-{uuid4().hex[:12]}") as queue:
            yield queue


async def receive(messages: MessageQueue, hidden_seconds: int = HIDDEN_SECONDS) -> list[JobMessage]:
    return await messages.receive(messages_max=10, wait_seconds=0, hidden_seconds=hidden_seconds)


async def received_ids(messages: MessageQueue) -> list[str | None]:
    found: list[str | None] = []
    while batch := await receive(messages):
        found += [one.job_id for one in batch]
    return found


async def test_each_message_that_was_sent_is_received(messages: MessageQueue) -> None:
    job_ids = [str(number) for number in range(messages.jobs_per_call)]
    assert await messages.send(job_ids) == frozenset()
    assert sorted(await received_ids(messages), key=str) == job_ids
    assert await receive(messages) == []


async def test_deleted_message_does_not_come_again(messages: MessageQueue) -> None:
    await messages.send(["1", "2"])
    one, other = await receive(messages)
    await messages.delete([one.receipt])
    await messages.extend([one.receipt, other.receipt], hidden_seconds=0)
    (again,) = await receive(messages)
    assert again.job_id == other.job_id


async def test_message_comes_again_when_it_is_shown(messages: MessageQueue) -> None:
    await messages.send(["1"])
    (first,) = await receive(messages)
    await messages.extend([first.receipt], hidden_seconds=HIDDEN_SECONDS)
    assert await receive(messages) == []
    await messages.extend([first.receipt], hidden_seconds=0)
    (second,) = await receive(messages)
    assert (second.job_id, second.receipt != first.receipt) == ("1", True)


async def test_no_more_messages_are_received_than_asked_for(messages: MessageQueue) -> None:
    await messages.send(["1", "2", "3"])
    assert len(await messages.receive(messages_max=2, wait_seconds=0, hidden_seconds=60)) == 2


async def test_messages_that_sqs_refuses_are_named(aws_url: str) -> None:
    job_ids = [str(number) for number in range(10)]
    async with (
        refusing_messages(aws_url, Random(20261127), share=0.4) as proxy,
        sqs_jobs(aws_url, f"jobs-{uuid4().hex[:12]}", through=proxy) as queue,
        aws_client("sqs", aws_url) as client,
    ):
        failed = await queue.send(job_ids)
        assert 0 < len(failed) < len(job_ids)
        direct = SqsJobs(client, queue.name)
        batch: list[JobMessage] = []
        while more := await receive(direct):
            batch += more
        assert {one.job_id for one in batch} == {
            one for index, one in enumerate(job_ids) if index not in failed
        }
        with pytest.raises(MessagesUnavailable, match="SQS refuses"):
            await queue.delete([one.receipt for one in batch])


async def test_message_of_another_form_cannot_be_read(aws_url: str) -> None:
    async with sqs_jobs(aws_url, f"jobs-{uuid4().hex[:12]}") as queue, aws_client("sqs", aws_url) as client:
        url = (await client.get_queue_url(QueueName=queue.name))["QueueUrl"]
        await client.send_message(QueueUrl=url, MessageBody='{"form": 2, "job_id": "1"}')
        (message,) = await receive(queue)
    assert message.job_id is None


async def test_a_queue_that_is_not_there_is_an_outage_in_one_clause(aws_url: str) -> None:
    async with aws_client("sqs", aws_url) as client:
        absent = SqsJobs(client, "no-such-queue")
        with pytest.raises(SinkUnavailable, match="SQS has no such queue"):
            await absent.send(["1"])
        with pytest.raises(MessagesUnavailable, match="SQS has no such queue"):
            await receive(absent)


async def test_sqs_out_of_reach_is_an_outage() -> None:
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(aws_client("sqs", "http://127.0.0.1:9"))
        queue = SqsJobs(client, "jobs")
        with pytest.raises(SinkUnavailable, match="SQS cannot be reached"):
            await queue.send(["1"])
        for call in (receive(queue), queue.extend(["a"], hidden_seconds=1), queue.delete(["a"])):
            with pytest.raises(MessagesUnavailable, match="SQS cannot be reached"):
                await call
