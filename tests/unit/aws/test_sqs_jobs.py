"""How the adapter of SQS keeps to the limits of a call, and how it reads answers that the emulator never gives."""

from collections.abc import Mapping
from typing import Any

import pytest

from fincore.aws.job_message import job_id_in, text_of
from fincore.aws.sqs_jobs import ENTRIES_MAX, HIDDEN_SECONDS_MAX, WAIT_SECONDS_MAX, SqsJobs
from fincore.write.queue.job_messages import MessagesUnavailable


class Answers:
    """A client that gives one answer to everything, and keeps what it was asked."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self._answer = answer
        self.asked: list[dict[str, Any]] = []

    async def get_queue_url(self, **request: Any) -> Mapping[str, Any]:
        assert request == {"QueueName": "jobs"}
        return {"QueueUrl": "https://sqs.example/1/jobs"}

    async def _tell(self, **request: Any) -> Mapping[str, Any]:
        self.asked.append(request)
        return self._answer

    send_message_batch = receive_message = change_message_visibility_batch = delete_message_batch = _tell


def failed(*codes: str) -> dict[str, Any]:
    return {"Failed": [{"Id": str(index), "Code": code} for index, code in enumerate(codes)]}


async def test_messages_without_a_result_are_sent_again() -> None:
    client = Answers({"Successful": [{"Id": "1"}], **failed("InternalError")})
    assert await SqsJobs(client, "jobs").send(["10", "11", "12"]) == {0, 2}


async def test_message_holds_the_id_of_its_job_and_nothing_else() -> None:
    client = Answers({"Successful": []})
    await SqsJobs(client, "jobs").send(["10"])
    assert client.asked == [
        {
            "QueueUrl": "https://sqs.example/1/jobs",
            "Entries": [{"Id": "0", "MessageBody": '{"form":1,"job_id":"10"}'}],
        }
    ]


@pytest.mark.parametrize(
    "job_ids", [["1"] * (ENTRIES_MAX + 1), ["1" * 300_000]], ids=["too many", "too large"]
)
async def test_call_above_a_limit_is_never_made(job_ids: list[str]) -> None:
    client = Answers({})
    with pytest.raises(ValueError, match="a call of SQS takes 10 messages"):
        await SqsJobs(client, "jobs").send(job_ids)
    for call in (
        SqsJobs(client, "jobs").delete(["a"] * 11),
        SqsJobs(client, "jobs").extend(["a"] * 11, hidden_seconds=1),
    ):
        with pytest.raises(ValueError, match="a call of SQS takes 10 messages"):
            await call
    assert client.asked == []


async def test_times_stay_within_the_limits_of_sqs() -> None:
    client = Answers({})
    queue = SqsJobs(client, "jobs")
    await queue.receive(messages_max=99, wait_seconds=99, hidden_seconds=99_999)
    await queue.extend(["a"], hidden_seconds=99_999)
    received, extended = client.asked
    assert (received["MaxNumberOfMessages"], received["WaitTimeSeconds"], received["VisibilityTimeout"]) == (
        ENTRIES_MAX,
        WAIT_SECONDS_MAX,
        HIDDEN_SECONDS_MAX,
    )
    assert extended["Entries"][0]["VisibilityTimeout"] == HIDDEN_SECONDS_MAX


async def test_delivery_that_is_over_needs_no_deletion() -> None:
    queue = SqsJobs(
        Answers(failed("ReceiptHandleIsInvalid", "AWS.SimpleQueueService.MessageNotInflight")), "jobs"
    )
    await queue.delete(["a", "b"])
    await queue.extend(["a", "b"], hidden_seconds=1)


async def test_message_that_was_not_deleted_is_told() -> None:
    with pytest.raises(MessagesUnavailable, match="SQS refuses 1 of 2 messages"):
        await SqsJobs(Answers(failed("InternalError")), "jobs").delete(["a", "b"])


async def test_nothing_is_asked_about_no_messages() -> None:
    client = Answers({})
    await SqsJobs(client, "jobs").delete([])
    await SqsJobs(client, "jobs").extend([], hidden_seconds=1)
    assert client.asked == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12",
        "[]",
        '{"job_id":"12"}',
        '{"form":2,"job_id":"12"}',
        '{"form":1,"job_id":12}',
        '{"form":1,"job_id":"12","kind":"x"}',
        '{"form":1,"job_id":"' + "1" * 2_000 + '"}',
        '"\ud800"',
    ],
    ids=["empty", "number", "list", "no form", "later form", "number as id", "more", "too long", "surrogate"],
)
def test_text_of_another_form_names_no_job(text: str) -> None:
    assert job_id_in(text) is None


def test_text_of_a_message_names_its_job() -> None:
    assert job_id_in(text_of("12")) == "12"
