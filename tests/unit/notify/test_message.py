"""What a merchant is sent about an event, and which filters let the event through."""

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from fincore.domain.charge_fold import evolve
from fincore.domain.events import EVENTS, ChargeActionRequired, ChargeEvent
from fincore.domain.ids import ChargeId, charge_of, new_dispute_id, new_event_id, public_event_id
from fincore.domain.outcome import PspReference
from fincore.domain.public_event import public_event
from fincore.domain.recorded_event import RecordedEvent
from fincore.notify.event_filter import FILTERS, filters_of, unknown_filter
from fincore.notify.message import BODY_BYTES_MAX, message_body
from fincore.public.charge_body import charge_body
from fincore.public.event_object import EventObject
from fixtures.commits import NOON, captured, created, dispute_opened, new_stream


def recorded(event: ChargeEvent) -> RecordedEvent[ChargeEvent]:
    return RecordedEvent(1, 1, new_stream(), 3, new_event_id(), event, NOON + timedelta(hours=1))


def body_of(
    event: RecordedEvent[ChargeEvent], about: EventObject | None = None, *, livemode: bool = False
) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(message_body(public_event(event), about, livemode=livemode))
    return told


def paid(**changes: object) -> EventObject:
    charge = evolve(evolve(None, created(1999, **changes)), captured(1999))
    return charge_body(ChargeId("ch_1"), charge)


def test_message_has_event_time_and_charge() -> None:
    event = recorded(captured(1999))
    assert body_of(event, livemode=True) == {
        "type": "charge.captured",
        "timestamp": "2026-01-02T12:00:00Z",
        "data": {
            "event_id": public_event_id(event.event_id),
            "charge_id": charge_of(event.stream_id),
            "livemode": True,
            "version": 3,
            "amount_minor": 1999,
            "currency": "usd",
            "object": None,
        },
    }


def test_message_carries_the_object_as_the_api_shows_it() -> None:
    about = paid(metadata={"order_id": "6735"})
    told = body_of(recorded(captured(1999)), about)["data"]
    assert told["object"] == json.loads(msgspec.json.encode(about))
    assert told["object"]["metadata"] == {"order_id": "6735"}


def test_message_too_long_with_its_object_leaves_it_out() -> None:
    """A receiver that takes what Standard Webhooks recommends takes it; the object can be got by its id."""
    about = paid(metadata={f"k{number}": "x" * 500 for number in range(50)})
    told = body_of(recorded(captured(1999)), about)["data"]
    assert (told["object"], told["amount_minor"]) == (None, 1999)


def test_a_time_in_the_data_is_written_as_every_other_time() -> None:
    event = dispute_opened(new_dispute_id(), evidence_due_by=NOON)
    assert public_event(recorded(event)).data["evidence_due_by"] == "2026-01-02T12:00:00Z"


def test_message_above_size_limit_keeps_only_identifiers() -> None:
    def body_with(url: str) -> bytes:
        event = ChargeActionRequired(psp_reference=PspReference("pi_1"), redirect_url=url)
        return message_body(public_event(recorded(event)), paid(), livemode=False)

    fitting = BODY_BYTES_MAX - len(body_with(""))
    assert len(body_with("x" * fitting)) == BODY_BYTES_MAX
    without_object = json.loads(body_with("x" * (fitting + 1)))["data"]
    assert (without_object["object"], len(without_object["redirect_url"])) == (None, fitting + 1)
    shortened = json.loads(body_with("x" * BODY_BYTES_MAX))["data"]
    assert shortened.pop("object") is None
    assert set(shortened) == {"event_id", "charge_id", "livemode", "version"}


def test_event_matches_filter_by_name_family_and_star() -> None:
    assert filters_of("refund.succeeded") == ("refund.succeeded", "refund.*", "*")


def test_every_event_can_be_asked_for_by_name_and_by_family() -> None:
    assert set(EVENTS) < set(FILTERS)
    assert {"charge.*", "checkout_session.*", "refund.*", "dispute.*", "*"} == {
        name for name in FILTERS if "*" in name
    }


@pytest.mark.parametrize(
    "wrong", ["charge", "charge.", "charge.cap*", "*.captured", "charge.**", "", "Charge.*"]
)
def test_the_first_text_that_is_no_filter_is_found(wrong: str) -> None:
    assert unknown_filter(["charge.*", wrong, "nonsense"]) == 1
    assert unknown_filter(["charge.*", "*"]) is None
