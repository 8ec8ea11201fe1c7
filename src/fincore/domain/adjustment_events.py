"""The events of an adjustment: what a person books to end a difference with a PSP, and that it is taken back. Pure.

Amounts are minor units, signed from our side as those of a statement's lines: what is booked is what the statement says less what the
ledger expects. Times are UTC. A field may be added as `fincore.domain.events` says.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.event_codec import EventCodec
from fincore.domain.ids import AdjustmentId, ChargeId, EventId, RunId, SettlementFileId
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.staff_decision import StaffDecision

AdjustmentKind = Literal["adjustment", "write_off"]
"""`adjustment`: the books follow what the statement says. `write_off`: a person gives up what the PSP owes."""
Adjusted = Literal["clearing", "balance", "opening"]
"""What is adjusted: what is expected of statements; what the PSP says that it holds; what it held before its first statement."""
AmountPart = Literal["gross", "fee"]
"""Of which part of a line or an item an adjustment makes up the difference."""


class AdjustedLine(msgspec.Struct, frozen=True):
    """A part of a line of a settlement file. `number` is the line of the file, as an editor shows it."""

    file_id: SettlementFileId
    number: int
    part: AmountPart


class AdjustedItem(msgspec.Struct, frozen=True):
    """A part of what the entry of an event left on clearing."""

    event_id: EventId
    part: AmountPart


class AdjustmentBooked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person decided to bear a difference, or to give up what is owed, and it is booked.

    `lines` and `items` are what the difference is between; with it they come to the same. Both are empty where no break of lines and
    items is adjusted. `break_class`, `subject` and `run_id` name the break, and the run that found it first; `subject`
    names its first line by file and number, or its first item by event and account, and `reference` is what the PSP calls the thing.
    `by` is the person, and `staff` says that they are of staff, and who agreed.
    """

    adjustment_id: AdjustmentId
    kind: AdjustmentKind
    adjusts: Adjusted
    psp: PspName
    psp_account: PspAccount
    livemode: bool
    currency: Currency
    gross_minor: int
    fee_minor: int
    by: str
    reason: str
    occurred_at: datetime
    break_class: str | None = None
    subject: str | None = None
    run_id: RunId | None = None
    charge_id: ChargeId | None = None
    reference: str | None = None
    lines: tuple[AdjustedLine, ...] = ()
    items: tuple[AdjustedItem, ...] = ()
    staff: StaffDecision | None = None


class AdjustmentReversed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person took the adjustment back as a whole: the same amounts are booked with the other sign."""

    adjustment_id: AdjustmentId
    kind: AdjustmentKind
    adjusts: Adjusted
    psp: PspName
    psp_account: PspAccount
    livemode: bool
    currency: Currency
    gross_minor: int
    fee_minor: int
    by: str
    reason: str
    occurred_at: datetime
    reference: str | None = None
    staff: StaffDecision | None = None


AdjustmentEvent = AdjustmentBooked | AdjustmentReversed
"""Everything that can stand in the stream of an adjustment."""
AdjustmentEventType = Literal["adjustment.booked", "adjustment.reversed"]

ADJUSTMENT_SHAPES: Final[Mapping[AdjustmentEventType, tuple[int, type[AdjustmentEvent]]]] = MappingProxyType(
    {"adjustment.booked": (1, AdjustmentBooked), "adjustment.reversed": (1, AdjustmentReversed)}
)
"""Event type -> (schema version written today, its shape)."""

ADJUSTMENT_EVENTS: Final[EventCodec[AdjustmentEvent]] = EventCodec(ADJUSTMENT_SHAPES, {})
"""How the log stores the events of adjustments."""

_TYPE_OF: Final[Mapping[type[AdjustmentEvent], AdjustmentEventType]] = {
    shape: name for name, (_, shape) in ADJUSTMENT_SHAPES.items()
}


def adjustment_event_type(event: AdjustmentEvent) -> AdjustmentEventType:
    """The dotted name of an event."""
    return _TYPE_OF[type(event)]
