"""Events into views, without a database."""

from datetime import timedelta

import pytest

from fincore.domain.charge_fold import fold
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import charge_of
from fincore.read.projectionist.fold import EventMissing, project, view_of_stream
from fixtures.commits import NOON, captured, created, new_stream
from fixtures.traffic import aftermaths, fates, recorded


@pytest.mark.parametrize("life", fates() + aftermaths(), ids=lambda life: type(life[-1]).__name__)
def test_view_of_stream_equals_fold_of_its_events(life: tuple[ChargeEvent, ...]) -> None:
    stream = new_stream()
    view = view_of_stream(recorded(stream, *life))
    assert view is not None
    assert view.charge == fold(life)
    assert view.charge_id == charge_of(stream)
    assert view.updated_at == NOON + timedelta(minutes=len(life))


def test_no_events_are_no_view() -> None:
    assert view_of_stream([]) is None


def test_view_ignores_event_it_already_holds() -> None:
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
