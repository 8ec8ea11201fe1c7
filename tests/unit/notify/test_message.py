"""What a merchant is sent about an event, and which filters let the event through."""

import json
from datetime import timedelta

import pytest

from fincore.domain.events import EVENTS, ChargeActionRequired, ChargeEvent, RecordedEvent
from fincore.domain.ids import charge_of, new_dispute_id, new_event_id, public_event_id
from fincore.domain.outcome import PspReference
from fincore.domain.public_event import public_event
from fincore.notify.event_filter import FILTERS, filters_of, unknown_filter
from fincore.notify.message import BODY_BYTES_MAX, message_body
from fixtures.commits import NOON, captured, dispute_opened, new_stream


def recorded(event: ChargeEvent) -> RecordedEvent:
    return RecordedEvent(1, 1, new_stream(), 3, new_event_id(), event, NOON + timedelta(hours=1))


def test_a_message_says_what_happened_when_and_to_which_charge() -> None:
    event = recorded(captured(1999))
    body = json.loads(message_body(public_event(event), livemode=True))
    assert body == {
        "type": "charge.captured",
        "timestamp": "2026-01-02T12:00:00Z",
        "data": {
            "event_id": public_event_id(event.event_id),
            "charge_id": charge_of(event.stream_id),
            "livemode": True,
            "version": 3,
            "amount_minor": 1999,
            "currency": "usd",
        },
    }


def test_a_time_in_the_data_is_written_as_every_other_time() -> None:
    event = dispute_opened(new_dispute_id(), evidence_due_by=NOON)
    assert public_event(recorded(event)).data["evidence_due_by"] == "2026-01-02T12:00:00Z"


def test_a_message_that_would_be_too_long_says_only_what_it_is_about() -> None:
    def body_with(url: str) -> bytes:
        event = ChargeActionRequired(psp_reference=PspReference("pi_1"), redirect_url=url)
        return message_body(public_event(recorded(event)), livemode=False)

    fitting = BODY_BYTES_MAX - len(body_with(""))
    assert len(body_with("x" * fitting)) == BODY_BYTES_MAX
    shortened = json.loads(body_with("x" * (fitting + 1)))
    assert set(shortened["data"]) == {"event_id", "charge_id", "livemode", "version"}


def test_an_event_is_let_through_by_its_name_its_family_and_the_star() -> None:
    assert filters_of("refund.succeeded") == ("refund.succeeded", "refund.*", "*")


def test_every_event_can_be_asked_for_by_name_and_by_family() -> None:
    assert set(EVENTS) < set(FILTERS)
    assert {"charge.*", "refund.*", "dispute.*", "*"} == {name for name in FILTERS if "*" in name}


@pytest.mark.parametrize(
    "wrong", ["charge", "charge.", "charge.cap*", "*.captured", "charge.**", "", "Charge.*"]
)
def test_the_first_text_that_is_no_filter_is_found(wrong: str) -> None:
    assert unknown_filter(["charge.*", wrong, "nonsense"]) == 1
    assert unknown_filter(["charge.*", "*"]) is None
