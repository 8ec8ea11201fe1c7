"""Notices to operations on a topic of SNS, which passes them on to mail, chat, pagers and queues."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from fincore.aws.refusals import said_by
from fincore.reconciliation.notification.channel import ChannelName, NotSent
from fincore.reconciliation.notification.notice import Notice
from fincore.reconciliation.notification.notice_forms import notice_body, notice_text

MESSAGE_BYTES_MAX: Final = 262_144
SUBJECT_CHARACTERS_MAX: Final = 99
"""SNS refuses a longer message, and a subject of 100 characters."""
GROUP: Final = "fincore"
FIFO_SUFFIX: Final = ".fifo"
_FOR_PROGRAMS: Final = ("sqs", "lambda", "http", "https", "firehose")
"""The protocols of subscriptions that get the body of a webhook; the others get the text for people."""


class SnsClient(Protocol):
    """What is used of the client that aiobotocore makes. It raises `ClientError` and `BotoCoreError` of botocore."""

    async def publish(self, **request: Any) -> Mapping[str, Any]: ...


OpenSns = Callable[[], AbstractAsyncContextManager[SnsClient]]
"""A client for one notice, which tries for less than `SEND_SECONDS_MAX`. Raises `NotSent` where none can be made."""


class SnsTopic:
    """The port Channel on a topic by its ARN."""

    name: ChannelName = "sns"

    def __init__(self, open_client: OpenSns, topic_arn: str) -> None:
        self._open_client = open_client
        self._topic_arn = topic_arn

    async def send(self, notice: Notice) -> None:
        """Once SNS has the notice, it tries the subscriptions by itself."""
        request = publication(notice, self._topic_arn)
        try:
            async with self._open_client() as client:
                answer = await client.publish(**request)
        except (BotoCoreError, ClientError, OSError) as error:
            raise NotSent(said_by("SNS", error)) from None
        if not answer.get("MessageId"):
            raise NotSent("SNS gives the notice no id")


def publication(notice: Notice, topic_arn: str) -> dict[str, Any]:
    """What is asked of SNS. The second copy of a notice is the same, so that a topic `.fifo` drops it."""
    text = notice_text(notice)
    body = notice_body(notice).decode()
    forms = msgspec.json.encode({"default": text} | dict.fromkeys(_FOR_PROGRAMS, body)).decode()
    is_structured = len(forms.encode()) <= MESSAGE_BYTES_MAX
    request: dict[str, Any] = {
        "TopicArn": topic_arn,
        "Subject": _subject(notice.subject),
        "Message": forms if is_structured else text,
        "MessageAttributes": {
            "kind": {"DataType": "String", "StringValue": notice.kind},
            "needs_person": {"DataType": "String", "StringValue": "true" if notice.needs_person else "false"},
        },
    }
    if is_structured:
        request["MessageStructure"] = "json"
    if topic_arn.endswith(FIFO_SUFFIX):
        request |= {"MessageGroupId": GROUP, "MessageDeduplicationId": notice.notice_id}
    return request


def _subject(text: str) -> str:
    """A subject that SNS takes: ASCII that begins with a letter, digit or mark."""
    ascii_text = text.encode("ascii", "replace").decode()
    return (
        ascii_text
        if len(ascii_text) <= SUBJECT_CHARACTERS_MAX
        else f"{ascii_text[: SUBJECT_CHARACTERS_MAX - 3]}..."
    )
