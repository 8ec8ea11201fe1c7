"""An adjustment is booked once, and taken back once, as a whole."""

import msgspec
import pytest

from fincore.domain.adjustment import (
    PARTS_MAX,
    adjustment_event_id,
    book_adjustment,
    evolve_adjustment,
    fold_adjustment,
    reverse_adjustment,
)
from fincore.domain.adjustment_events import AdjustedLine, AdjustmentEvent
from fincore.domain.errors import EventImpossible
from fincore.domain.ids import RunId, SettlementFileId, adjustment_id_of
from fincore.domain.refusal import Refusal
from fixtures.adjustments import DECIDED, booked, taken_back


def test_adjustment_is_booked_once() -> None:
    (event,) = _events(book_adjustment(None, booked()))
    after = evolve_adjustment(None, event)
    assert event == booked()
    assert book_adjustment(after, booked()) == ()


def test_other_content_under_one_id_is_refused() -> None:
    after = evolve_adjustment(None, booked())
    refused = book_adjustment(after, booked(gross_minor=-999))
    assert isinstance(refused, Refusal)
    assert refused.code == "adjustment_differs"


def test_adjustment_of_too_many_parts_is_refused() -> None:
    lines = tuple(AdjustedLine(SettlementFileId("sf_1"), number, "gross") for number in range(PARTS_MAX + 1))
    refused = book_adjustment(None, booked(lines=lines))
    assert isinstance(refused, Refusal)
    assert refused.code == "adjustment_too_large"
    assert book_adjustment(None, booked(lines=lines[1:])) == (booked(lines=lines[1:]),)


def test_reversal_has_the_same_amounts_with_the_other_sign() -> None:
    adjustment = evolve_adjustment(None, booked(gross_minor=-1_000, fee_minor=32))
    (event,) = _events(reverse_adjustment(adjustment, by="grace", reason="paid", occurred_at=DECIDED))
    assert (event.gross_minor, event.fee_minor, event.by) == (1_000, -32, "grace")
    assert adjustment_event_id(event) != adjustment_event_id(adjustment.booked)


def test_second_reversal_is_refused_unless_it_is_the_same() -> None:
    adjustment = fold_adjustment([booked(), taken_back()])
    assert adjustment is not None
    assert adjustment.reversed is not None
    again = adjustment.reversed
    assert (
        reverse_adjustment(adjustment, by=again.by, reason=again.reason, occurred_at=again.occurred_at) == ()
    )
    refused = reverse_adjustment(adjustment, by="ada", reason=again.reason, occurred_at=again.occurred_at)
    assert isinstance(refused, Refusal)
    assert "by grace" in refused.detail


@pytest.mark.parametrize(
    "events",
    [
        [taken_back()],
        [booked(), booked()],
        [booked(), taken_back(), taken_back()],
        [booked(), taken_back(), booked()],
    ],
)
def test_impossible_course_of_an_adjustment_is_named(events: list[AdjustmentEvent]) -> None:
    with pytest.raises(EventImpossible):
        fold_adjustment(events)
    assert fold_adjustment([]) is None


def test_id_of_an_adjustment_follows_from_its_break() -> None:
    ids = {
        adjustment_id_of(run_id=RunId(run), subject=subject, generation=generation)
        for run in ("run_1", "run_2")
        for subject in ("line:1", "line:1:fee")
        for generation in (1, 2)
    }
    assert len(ids) == 8
    assert adjustment_id_of(run_id=RunId("run_1"), subject="line:1", generation=1) in ids


def _events(decided: tuple[AdjustmentEvent, ...] | Refusal) -> tuple[AdjustmentEvent, ...]:
    assert isinstance(decided, tuple)
    return tuple(msgspec.convert(msgspec.to_builtins(one), type(one)) for one in decided)
