"""The event with which SQS invokes a function, as messages about jobs, and the answer that names those to be delivered again. Pure.

The forms are AWS's: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html.
"""

from collections.abc import Sequence
from typing import TypedDict

import msgspec

from fincore.aws.job_message import job_id_in
from fincore.domain.errors import FinCoreError
from fincore.write.queue.job_messages import JobMessage


class NoBatch(FinCoreError):
    """A function was invoked with something else than messages of SQS. Map it to the queue of jobs, and to nothing else."""

    def __init__(self) -> None:
        super().__init__("the function was not invoked by a queue of SQS: map it to the queue of jobs")


class BatchAnswer(TypedDict):
    """What the function returns. The mapping must ask for it: `ReportBatchItemFailures`."""

    batchItemFailures: list[dict[str, str]]


class _Record(msgspec.Struct, frozen=True, rename="camel"):
    message_id: str
    body: str


class _Event(msgspec.Struct, frozen=True, rename={"records": "Records"}):
    records: list[_Record]


def messages_of(event: object) -> list[JobMessage]:
    """The messages of an invocation; the receipt of each is its id. Raises `NoBatch`."""
    try:
        records = msgspec.convert(event, _Event).records
    except msgspec.ValidationError:
        raise NoBatch from None
    return [JobMessage(job_id_in(record.body), record.message_id) for record in records]


def answer_of(again: Sequence[str]) -> BatchAnswer:
    """The answer after which the messages with these ids are delivered again, and all others deleted."""
    return {"batchItemFailures": [{"itemIdentifier": one} for one in again]}
