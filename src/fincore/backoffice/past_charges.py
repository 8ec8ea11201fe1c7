"""Charges of the past from the log, page by page: as each was asked for, what was decided then, and what has become of it."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import after_event
from fincore.domain.errors import EventImpossible
from fincore.domain.events import ChargeCreated, ChargeEvent, RiskAssessed
from fincore.domain.ids import ChargeId, MerchantId, StreamId, charge_of
from fincore.domain.risk import RiskAssessment
from fincore.eventstore.log import EventLog, LoggedEvent, UnreadableEvent

PAGE_EVENTS: Final = 2_000
"""Events of the log that one statement looks at; of the charges that begin among them all events are in memory."""
RECORDED_WITHIN: Final = timedelta(days=1)
"""How far the time at which a charge was assessed and that at which the log recorded it may lie apart, at most."""
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC)


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which charges are meant: of these days by UTC, both included, of a merchant, and of a mode; None leaves open."""

    since: date | None = None
    until: date | None = None
    merchant_id: MerchantId | None = None
    mode: Literal["live", "test"] | None = None

    @property
    def begins_at(self) -> datetime:
        """From when on."""
        return _EARLIEST if self.since is None else datetime.combine(self.since, time.min, UTC)

    @property
    def ends_at(self) -> datetime:
        """Before when."""
        return (
            _LATEST if self.until is None else datetime.combine(self.until + timedelta(days=1), time.min, UTC)
        )

    def is_of(self, created: ChargeCreated) -> bool:
        """Whether a charge is of the merchant and the mode."""
        if self.merchant_id is not None and created.merchant_id != self.merchant_id:
            return False
        return self.mode is None or (self.mode == "live") == created.livemode


class PastCharge(NamedTuple):
    """A charge as it was asked for. `at`: when it was assessed, or made where it was not.

    `state` is what has become of it, as far as its events can be followed; `flaw` says why they cannot to the end.
    """

    charge_id: ChargeId
    created: ChargeCreated
    assessment: RiskAssessment | None
    at: datetime
    state: Charge
    flaw: str | None


class UnreadableCharge(NamedTuple):
    """A charge that cannot even be told as it was asked for."""

    charge_id: ChargeId
    flaw: str


async def past_charges(
    log: EventLog[ChargeEvent], selection: Selection, *, before: timedelta
) -> AsyncIterator[list[PastCharge | UnreadableCharge]]:
    """Pages of the charges of a selection in log order, and of those of a time before them, up to the end that the log has now.

    Each page is a few short statements: no transaction stays open, and none waits for another.
    """
    end = await log.end()
    place: tuple[int, int] | None = (0, 0)
    begin = selection.begins_at
    recorded = (
        max(begin - before - RECORDED_WITHIN, _EARLIEST) if begin > _EARLIEST else _EARLIEST,
        min(selection.ends_at + RECORDED_WITHIN, _LATEST) if selection.until else _LATEST,
    )
    while place is not None:
        streams, place = await log.streams_after(
            place, until=end, types=("charge.created",), recorded=recorded, limit=PAGE_EVENTS
        )
        if not streams:
            continue
        events: dict[StreamId, list[LoggedEvent[ChargeEvent]]] = {stream_id: [] for stream_id in streams}
        for logged in await log.load_until(streams, end):
            events[logged.stream_id].append(logged)
        read = [past_charge(stream_id, events[stream_id]) for stream_id in streams]
        yield [
            one
            for one in read
            if isinstance(one, UnreadableCharge)
            or (selection.is_of(one.created) and one.at < selection.ends_at and one.at >= begin - before)
        ]


def past_charge(
    stream_id: StreamId, events: Sequence[LoggedEvent[ChargeEvent]]
) -> PastCharge | UnreadableCharge:
    """A charge by the events of its stream."""
    charge_id = charge_of(stream_id)
    first = events[0]
    if isinstance(first, UnreadableEvent):
        return UnreadableCharge(charge_id, f"version 1: {first.reason}")
    if not isinstance(first.event, ChargeCreated):
        return UnreadableCharge(charge_id, "version 1 is not charge.created")
    created, at = first.event, first.event.created_at
    assessment: RiskAssessment | None = None
    state = after_event(None, created)
    flaw: str | None = None
    for logged in events[1:]:
        if isinstance(logged, UnreadableEvent):
            flaw = flaw or f"version {logged.version}: {logged.reason}"
            continue
        if isinstance(logged.event, RiskAssessed) and assessment is None:
            assessment, at = logged.event.assessment, logged.event.assessed_at
        if flaw is None:
            try:
                state = after_event(state, logged.event)
            except EventImpossible as error:
                flaw = f"version {logged.version}: {error}"
    return PastCharge(charge_id, created, assessment, at, state, flaw)
