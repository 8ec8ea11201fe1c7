"""The event of SQS as a function gets it: messages about jobs, or nothing that a function of jobs can use."""

import pytest
from harness.sqs_event import sqs_event

from fincore.aws.job_batch import NoBatch, answer_of, messages_of
from fincore.aws.job_message import text_of
from fincore.write.queue.job_messages import JobMessage


def test_event_of_sqs_is_messages_by_their_ids() -> None:
    event = sqs_event(
        [
            {"MessageId": "a", "ReceiptHandle": "r", "Body": text_of("12")},
            {"MessageId": "b", "ReceiptHandle": "r", "Body": "something else"},
        ]
    )
    assert messages_of(event) == [JobMessage("12", "a"), JobMessage(None, "b")]


@pytest.mark.parametrize(
    "event",
    [None, [], {}, {"Records": None}, {"Records": [{}]}, {"Records": [{"messageId": 1, "body": ""}]}],
    ids=["nothing", "list", "empty", "no records", "empty record", "number as id"],
)
def test_event_of_another_service_is_refused(event: object) -> None:
    with pytest.raises(NoBatch, match="map it to the queue of jobs"):
        messages_of(event)


def test_answer_names_the_messages_that_come_again() -> None:
    assert answer_of([]) == {"batchItemFailures": []}
    assert answer_of(["a"]) == {"batchItemFailures": [{"itemIdentifier": "a"}]}
