"""An adjustment: what its events make of it, and which event follows from a person's decision. Pure.

It is booked once and taken back once at most; a further decision about the same difference is an adjustment of its own.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, assert_never
from uuid import uuid5

import msgspec

from fincore.domain.adjustment_events import (
    AdjustmentBooked,
    AdjustmentEvent,
    AdjustmentReversed,
    adjustment_event_type,
)
from fincore.domain.errors import EventImpossible
from fincore.domain.ids import AdjustmentId, EventId, adjustment_stream_of
from fincore.domain.refusal import Refusal
from fincore.domain.staff_decision import StaffDecision

PARTS_MAX: Final = 200
"""Parts of lines, and of items, that one adjustment may make up the difference of."""


class Adjustment(msgspec.Struct, frozen=True, kw_only=True):
    """One adjustment as its events tell it. `version` counts them."""

    version: int
    booked: AdjustmentBooked
    reversed: AdjustmentReversed | None = None


def evolve_adjustment(adjustment: Adjustment | None, event: AdjustmentEvent) -> Adjustment:
    """The adjustment after an event: it is booked first, then reversed, each once.

    Raises `KeyError` for any other step: the log is then not one this code wrote.
    """
    match event:
        case AdjustmentBooked():
            if adjustment is not None:
                raise KeyError((adjustment.version, adjustment_event_type(event)))
            return Adjustment(version=1, booked=event)
        case AdjustmentReversed():
            if adjustment is None or adjustment.reversed is not None:
                raise KeyError((adjustment and adjustment.version, adjustment_event_type(event)))
            return msgspec.structs.replace(adjustment, version=2, reversed=event)
        case _:
            assert_never(event)


def fold_adjustment(events: Iterable[AdjustmentEvent]) -> Adjustment | None:
    """The adjustment a whole stream tells; None for an empty stream. Raises `EventImpossible`."""
    adjustment: Adjustment | None = None
    for event in events:
        try:
            adjustment = evolve_adjustment(adjustment, event)
        except KeyError:
            version = adjustment.version + 1 if adjustment else 1
            raise EventImpossible(version, adjustment_event_type(event)) from None
    return adjustment


def book_adjustment(
    adjustment: Adjustment | None, booked: AdjustmentBooked
) -> tuple[AdjustmentEvent, ...] | Refusal:
    """The event that a person's decision is booked; none where it is booked already."""
    if len(booked.lines) > PARTS_MAX or len(booked.items) > PARTS_MAX:
        return Refusal(
            "adjustment_too_large",
            f"it is about {len(booked.lines)} parts of lines and {len(booked.items)} of items, and may be about {PARTS_MAX} of each",
        )
    if adjustment is None:
        return (booked,)
    if adjustment.booked == booked:
        return ()
    return Refusal("adjustment_differs", f"{booked.adjustment_id} is booked with another content")


def reverse_adjustment(
    adjustment: Adjustment,
    *,
    by: str,
    reason: str,
    occurred_at: datetime,
    staff: StaffDecision | None = None,
) -> tuple[AdjustmentEvent, ...] | Refusal:
    """The event that it is taken back; none where the same person took it back then."""
    reversing = reversal_of(adjustment.booked, by=by, reason=reason, occurred_at=occurred_at, staff=staff)
    if adjustment.reversed is None:
        return (reversing,)
    if adjustment.reversed == reversing:
        return ()
    return Refusal(
        "adjustment_reversed",
        f"{adjustment.booked.adjustment_id} was reversed before, by {adjustment.reversed.by}",
    )


def reversal_of(
    booked: AdjustmentBooked,
    *,
    by: str,
    reason: str,
    occurred_at: datetime,
    staff: StaffDecision | None = None,
) -> AdjustmentReversed:
    """What takes an adjustment back."""
    return AdjustmentReversed(
        adjustment_id=booked.adjustment_id,
        kind=booked.kind,
        adjusts=booked.adjusts,
        psp=booked.psp,
        psp_account=booked.psp_account,
        livemode=booked.livemode,
        currency=booked.currency,
        gross_minor=-booked.gross_minor,
        fee_minor=-booked.fee_minor,
        by=by,
        reason=reason,
        occurred_at=occurred_at,
        reference=booked.reference,
        staff=staff,
    )


def booked_event_id(adjustment_id: AdjustmentId) -> EventId:
    """The id of the event that an adjustment is booked: always the same, so that the log takes it once."""
    return EventId(uuid5(adjustment_stream_of(adjustment_id), "booked"))


def reversed_event_id(adjustment_id: AdjustmentId) -> EventId:
    """The same of the event that it is reversed."""
    return EventId(uuid5(adjustment_stream_of(adjustment_id), "reversed"))


def adjustment_event_id(event: AdjustmentEvent) -> EventId:
    """The id of an event in the stream of its adjustment."""
    match event:
        case AdjustmentBooked():
            return booked_event_id(event.adjustment_id)
        case AdjustmentReversed():
            return reversed_event_id(event.adjustment_id)
        case _:
            assert_never(event)
