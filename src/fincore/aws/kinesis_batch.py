"""What Lambda hands over of a stream of Kinesis, and how a function answers that it took a part. Pure.

Shapes: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html and .../services-kinesis-batchfailurereporting.html.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from fincore.domain.errors import FinCoreError
from fincore.relay.stream_record import Relayed, UnknownForm, read_record

Answer = Mapping[str, list[dict[str, str]]]
"""`batchItemFailures` with the sequence number of the first record that is to be given again, with all after it; empty: none."""

ALL_TAKEN: Final[Answer] = {"batchItemFailures": []}


class NoRecords(FinCoreError):
    """An event is none of a stream of Kinesis."""

    def __init__(self) -> None:
        super().__init__(
            "the event holds no records of Kinesis: map the function to the stream with FunctionResponseTypes "
            "ReportBatchItemFailures"
        )


class ShardRecord(NamedTuple):
    """A record of a shard. `relayed` is None where it is none of the relay's, or of a later version of it."""

    sequence_number: str
    relayed: Relayed | None


def is_of_kinesis(event: object) -> bool:
    """Whether an event brings records of a stream; otherwise a schedule or a person invoked the function."""
    return isinstance(event, Mapping) and "Records" in event


def shard_records(event: Any) -> list[ShardRecord]:
    """The records of an event, all of one shard, in their order. Raises `NoRecords`."""
    try:
        return [
            ShardRecord(str(one["kinesis"]["sequenceNumber"]), _relayed(one["kinesis"]["data"]))
            for one in event["Records"]
        ]
    except (KeyError, TypeError):
        raise NoRecords from None


def again_from(record: ShardRecord) -> Answer:
    """The answer that a record and all after it are to be given again."""
    return {"batchItemFailures": [{"itemIdentifier": record.sequence_number}]}


def _relayed(data: str) -> Relayed | None:
    try:
        return read_record(base64.b64decode(data, validate=True))
    except (UnknownForm, binascii.Error, ValueError):
        return None
