"""What is asked of SNS for a notice, within what SNS takes, and what is said where it takes nothing."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fincore.aws.sns_topic import MESSAGE_BYTES_MAX, SUBJECT_CHARACTERS_MAX, SnsClient, SnsTopic, publication
from fincore.reconciliation.notification.channel import NotSent
from fincore.reconciliation.notification.notice import Notice, notice_of
from fincore.reconciliation.notification.notice_forms import notice_body, notice_text

TOPIC = "arn:aws:sns:eu-central-1:123456789012:fincore"


def notice(subject: str = "Reconciliation: 1 new break", line: str = "1 break", lines: int = 1) -> Notice:
    return notice_of(
        about="run:17",
        kind="run",
        occurred_at=datetime(2026, 11, 26, 12, tzinfo=UTC),
        subject=subject,
        findings=[line] * lines,
        figures=[(line, line)] * lines,
        next_steps=[line] * lines,
        needs_person=True,
    )


def test_programs_get_the_body_and_people_the_text() -> None:
    request = publication(notice(), TOPIC)
    message = json.loads(request["Message"])
    assert request["MessageStructure"] == "json"
    assert message["default"] == notice_text(notice())
    assert message["sqs"] == message["https"] == notice_body(notice()).decode()


def test_notice_that_is_too_long_goes_as_text_alone() -> None:
    longest = notice(line="\N{EURO SIGN}" * 300, lines=20)
    request = publication(longest, TOPIC)
    assert "MessageStructure" not in request
    assert request["Message"] == notice_text(longest)
    assert len(request["Message"].encode()) <= MESSAGE_BYTES_MAX


def test_subject_is_ascii_within_its_bound() -> None:
    for subject in ("a" * 150, "12,00 \N{EURO SIGN}", "a" * SUBJECT_CHARACTERS_MAX):
        sent = publication(notice(subject), TOPIC)["Subject"]
        assert sent.isascii()
        assert len(sent) <= SUBJECT_CHARACTERS_MAX
    assert publication(notice("a" * 99), TOPIC)["Subject"] == "a" * 99


def test_second_copy_on_a_fifo_topic_is_the_same() -> None:
    one, other = publication(notice(), f"{TOPIC}.fifo"), publication(notice(), f"{TOPIC}.fifo")
    assert one["MessageDeduplicationId"] == other["MessageDeduplicationId"] == notice().notice_id
    assert "MessageDeduplicationId" not in publication(notice(), TOPIC)


class Client:
    def __init__(self, answer: Mapping[str, Any] | Exception) -> None:
        self._answer = answer

    async def publish(self, **_request: Any) -> Mapping[str, Any]:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({}, "SNS gives the notice no id"),
        (OSError("hidden"), "SNS cannot be reached (OSError)"),
        (
            ClientError({"Error": {"Code": "AuthorizationError", "Message": "hidden"}}, "Publish"),
            "SNS refuses the call (AuthorizationError)",
        ),
    ],
)
async def test_notice_without_an_id_of_sns_is_not_sent(
    answer: Mapping[str, Any] | Exception, told: str
) -> None:
    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[SnsClient]:
        yield Client(answer)

    with pytest.raises(NotSent) as error:
        await SnsTopic(opened, TOPIC).send(notice())
    assert str(error.value) == told
