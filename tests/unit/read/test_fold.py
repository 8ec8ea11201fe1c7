"""Events into views, without a database."""

from datetime import timedelta

import pytest

from fincore.domain.charge import fold
from fincore.domain.events import ChargeEvent, RecordedEvent
from fincore.domain.ids import StreamId, charge_of, new_event_id
from fincore.read.projectionist.fold import EventMissing, project, view_of_stream
from fixtures.commits import NOON, captured, created, new_stream
from fixtures.traffic import failed, fates


def recorded(stream_id: StreamId, *events: ChargeEvent) -> list[RecordedEvent]:
    return [
        RecordedEvent(
            tx=1,
            pos=version,
            stream_id=stream_id,
            version=version,
            event_id=new_event_id(),
            event=event,
            recorded_at=NOON + timedelta(minutes=version),
        )
        for version, event in enumerate(events, start=1)
    ]


@pytest.mark.parametrize("life", fates(), ids=lambda life: type(life[-1]).__name__)
def test_the_view_of_a_stream_holds_the_charge_its_events_tell(life: tuple[ChargeEvent, ...]) -> None:
    stream = new_stream()
    view = view_of_stream(recorded(stream, *life))
    assert view is not None
    assert view.charge == fold(life)
    assert view.charge_id == charge_of(stream)
    assert view.updated_at == NOON + timedelta(minutes=len(life))
    assert [entry.version for entry in view.timeline] == list(range(1, len(life) + 1))


def test_no_events_are_no_view() -> None:
    assert view_of_stream([]) is None


def test_an_event_the_view_already_holds_changes_nothing() -> None:
    events = recorded(new_stream(), created(), captured())
    view = view_of_stream(events)
    assert view is not None
    assert project(view, events[0]) is view
    assert project(view, events[1]) is view


def test_an_event_that_skips_a_version_is_refused_by_name() -> None:
    stream = new_stream()
    first, _, third = recorded(stream, created(), captured(), captured())
    view = project(None, first)
    with pytest.raises(EventMissing, match=f"{charge_of(stream)} goes on at version 3 after version 1"):
        project(view, third)
    with pytest.raises(EventMissing):
        project(None, third)


def test_the_timeline_tells_when_it_happened_and_when_it_was_recorded() -> None:
    view = view_of_stream(recorded(new_stream(), created(), captured(occurred_at=NOON + timedelta(hours=1))))
    assert view is not None
    last = view.timeline[-1]
    assert last.event_id.startswith("evt_")
    assert last.type == "charge.captured"
    assert last.occurred_at == NOON + timedelta(hours=1)
    assert last.recorded_at == NOON + timedelta(minutes=2)
    assert last.data == {"amount_minor": 1000, "currency": "usd"}


def test_the_timeline_keeps_the_psps_own_words_from_the_merchant() -> None:
    view = view_of_stream(recorded(new_stream(), created(), failed()))
    assert view is not None
    assert view.timeline[-1].data == {
        "code": "card_declined",
        "decline_code": "insufficient_funds",
        "advice": "ask_customer",
    }
