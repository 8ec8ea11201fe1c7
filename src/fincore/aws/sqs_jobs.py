"""A queue of SQS for messages about jobs: calls of ten, each of which may be refused in part."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from fincore.aws.job_message import job_id_in, text_of
from fincore.aws.refusals import said_by
from fincore.relay.event_sink import SinkUnavailable
from fincore.write.queue.job_messages import JobMessage, MessagesUnavailable

ENTRIES_MAX: Final = 10
"""Messages in one call of SQS."""
CALL_BYTES_MAX: Final = 256 * 1024
"""Of the texts of one call. SQS takes 1 MiB today; not every emulator and region does."""
WAIT_SECONDS_MAX: Final = 20
HIDDEN_SECONDS_MAX: Final = 43_200
"""Quotas of SQS: how long a call may wait for messages, and how long one may be hidden."""
_GONE: Final = frozenset(
    {"MessageNotInflight", "ReceiptHandleIsInvalid", "InvalidParameterValue", "InvalidReceiptHandle"}
)
"""How SQS says of a message that this delivery of it is over."""


class SqsClient(Protocol):
    """What is used of the client that aiobotocore makes. Each raises `ClientError` and `BotoCoreError` of botocore."""

    async def get_queue_url(self, **request: Any) -> Mapping[str, Any]: ...
    async def send_message_batch(self, **request: Any) -> Mapping[str, Any]: ...
    async def receive_message(self, **request: Any) -> Mapping[str, Any]: ...
    async def change_message_visibility_batch(self, **request: Any) -> Mapping[str, Any]: ...
    async def delete_message_batch(self, **request: Any) -> Mapping[str, Any]: ...


class SqsJobs:
    """The ports JobSink and JobMessages on a queue by its name, through a client that repeats nothing by itself."""

    def __init__(self, client: SqsClient, name: str) -> None:
        self._client = client
        self.name = name
        self._url: str | None = None
        self._asking = asyncio.Lock()

    @property
    def jobs_per_call(self) -> int:
        """How many messages one call sends at most."""
        return ENTRIES_MAX

    @property
    def messages_per_call(self) -> int:
        """How many messages one call receives, extends or deletes at most."""
        return ENTRIES_MAX

    async def send(self, job_ids: Sequence[str]) -> frozenset[int]:
        """Send one message about each job; return the indexes of those that did not get in. Raises `SinkUnavailable`."""
        texts = [text_of(job_id) for job_id in job_ids]
        if len(texts) > ENTRIES_MAX or sum(map(len, texts)) > CALL_BYTES_MAX:
            raise ValueError(f"a call of SQS takes {ENTRIES_MAX} messages and {CALL_BYTES_MAX} bytes")
        entries = [{"Id": str(index), "MessageBody": text} for index, text in enumerate(texts)]
        try:
            answer = await self._client.send_message_batch(QueueUrl=await self._queue_url(), Entries=entries)
        except (BotoCoreError, ClientError, OSError) as error:
            raise SinkUnavailable(said_by("SQS", error)) from None
        # Nothing is known of what has no result: it is sent again.
        taken = {str(one.get("Id")) for one in answer.get("Successful", ())}
        return frozenset(index for index in range(len(texts)) if str(index) not in taken)

    async def receive(self, *, messages_max: int, wait_seconds: int, hidden_seconds: int) -> list[JobMessage]:
        """The next messages; none if none came in time. Raises `MessagesUnavailable`."""
        try:
            answer = await self._client.receive_message(
                QueueUrl=await self._queue_url(),
                MaxNumberOfMessages=max(1, min(messages_max, ENTRIES_MAX)),
                WaitTimeSeconds=min(wait_seconds, WAIT_SECONDS_MAX),
                VisibilityTimeout=_hidden(hidden_seconds),
            )
        except (BotoCoreError, ClientError, OSError) as error:
            raise MessagesUnavailable(said_by("SQS", error)) from None
        return [
            JobMessage(job_id_in(one.get("Body", "")), one["ReceiptHandle"])
            for one in answer.get("Messages", ())
        ]

    async def extend(self, receipts: Sequence[str], *, hidden_seconds: int) -> None:
        """Keep messages hidden for so long from now. Raises `MessagesUnavailable`."""
        entries = [
            {"Id": str(index), "ReceiptHandle": receipt, "VisibilityTimeout": _hidden(hidden_seconds)}
            for index, receipt in enumerate(_checked(receipts))
        ]
        if entries:
            await self._change(self._client.change_message_visibility_batch, entries)

    async def delete(self, receipts: Sequence[str]) -> None:
        """Delete messages. Raises `MessagesUnavailable`, also where some were not deleted."""
        entries = [
            {"Id": str(index), "ReceiptHandle": receipt} for index, receipt in enumerate(_checked(receipts))
        ]
        if entries:
            await self._change(self._client.delete_message_batch, entries)

    async def _change(self, call: Any, entries: Sequence[Mapping[str, Any]]) -> None:
        """Make a call of several entries. An entry that is refused because its delivery is over needs nothing more."""
        try:
            answer = await call(QueueUrl=await self._queue_url(), Entries=entries)
        except (BotoCoreError, ClientError, OSError) as error:
            raise MessagesUnavailable(said_by("SQS", error)) from None
        failed = [
            one for one in answer.get("Failed", ()) if one.get("Code", "").rpartition(".")[2] not in _GONE
        ]
        if failed:
            raise MessagesUnavailable(
                f"SQS refuses {len(failed)} of {len(entries)} messages ({failed[0].get('Code')})"
            )

    async def _queue_url(self) -> str:
        async with self._asking:
            if self._url is None:
                self._url = str((await self._client.get_queue_url(QueueName=self.name))["QueueUrl"])
        return self._url


def _checked(receipts: Sequence[str]) -> Sequence[str]:
    if len(receipts) > ENTRIES_MAX:
        raise ValueError(f"a call of SQS takes {ENTRIES_MAX} messages")
    return receipts


def _hidden(seconds: int) -> int:
    return max(0, min(seconds, HIDDEN_SECONDS_MAX))
