"""The demo's shop believes a webhook for its signature alone, and counts one that comes twice once."""

import json
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest
from demo.receiver import TOLERANCE_SECONDS, Receiver, verify
from standardwebhooks.webhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = json.dumps({"type": "charge.captured", "data": {"event_id": "evt_1", "charge_id": "ch_1"}})
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def signed(secret: str = SECRET, *, at: datetime = NOW, body: str = BODY) -> dict[str, str]:
    """Headers as the library of Standard Webhooks signs them."""
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, body),
    }


def is_believed(headers: dict[str, str], body: str = BODY) -> bool:
    return verify(SECRET, headers, body.encode(), now=NOW.timestamp())


def test_receiver_accepts_signed_webhook() -> None:
    assert is_believed(signed())


def test_one_of_several_signatures_is_enough() -> None:
    both = f"{signed(OTHER_SECRET)['webhook-signature']} {signed()['webhook-signature']}"
    assert is_believed(signed() | {"webhook-signature": both})


@pytest.mark.parametrize(
    "headers",
    [
        signed(OTHER_SECRET),
        signed() | {"webhook-id": "msg_2"},
        signed() | {"webhook-signature": ""},
        signed(at=NOW - timedelta(seconds=TOLERANCE_SECONDS + 1)),
        signed(at=NOW + timedelta(seconds=TOLERANCE_SECONDS + 1)),
        {},
    ],
    ids=["other secret", "other id", "no signature", "too old", "from the future", "no headers"],
)
def test_receiver_rejects_foreign_or_stale_signature(headers: dict[str, str]) -> None:
    assert not is_believed(headers)


def test_receiver_rejects_altered_body() -> None:
    assert not is_believed(signed(), BODY.replace("captured", "failed"))


def test_a_webhook_that_comes_twice_is_one_event() -> None:
    receiver = Receiver()
    receiver.secret = SECRET
    headers = signed(at=datetime.now(UTC))
    assert [receiver.take(headers, BODY.encode()) for _ in range(2)] == [HTTPStatus.NO_CONTENT] * 2
    assert receiver.take(headers, b"{}") == HTTPStatus.BAD_REQUEST
    assert (receiver.received, receiver.verified, receiver.repeated) == (3, 2, 1)
    assert receiver.event_ids == {"evt_1"}
    receiver.close()
