"""Charges of the past from the log, page by page: as each was asked for, what was decided then, and what has become of it.

With them come the outcomes that counters of risk rules count, each where the log tells it.
"""

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Final, Literal, NamedTuple

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import after_event
from fincore.domain.errors import EventImpossible
from fincore.domain.events import ChargeCreated, ChargeEvent, RiskAssessed
from fincore.domain.ids import ChargeId, MerchantId, StreamId, charge_of
from fincore.domain.recorded_event import RecordedEvent
from fincore.domain.risk import RiskAssessment
from fincore.eventstore.log import EventLog, LoggedEvent, UnreadableEvent
from fincore.write.risk.outcomes import TELLING, Pair, increments_of, tells_outcomes

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

    @property
    def is_by_days(self) -> bool:
        """Whether days were given."""
        return self.since is not None or self.until is not None

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


class PastOutcome(NamedTuple):
    """An amount that the log told of, for a counter of outcomes, at a second since 1970."""

    counter: bytes
    second: int
    amount: int


class UnreadableOutcome(NamedTuple):
    """An event that may be an outcome, and cannot be read: no counter has it."""

    charge_id: ChargeId


Past = PastCharge | UnreadableCharge | PastOutcome | UnreadableOutcome
_Place = tuple[int, int]
_Stream = Sequence[LoggedEvent[ChargeEvent]]


async def past_charges(
    log: EventLog[ChargeEvent],
    selection: Selection,
    *,
    before: timedelta,
    outcomes: Collection[Pair] = frozenset(),
) -> AsyncIterator[list[Past]]:
    """Pages of the charges of a selection in log order, and of those of a time before them, up to the end that the log has now.

    Between them stand the outcomes of these counters that the log told of in that time, also of charges from before it.
    Each page is a few short statements: no transaction stays open, and none waits for another.
    """
    end = await log.end()
    place: _Place | None = (0, 0)
    begin = selection.begins_at
    recorded = (
        max(begin - before - RECORDED_WITHIN, _EARLIEST) if begin > _EARLIEST else _EARLIEST,
        min(selection.ends_at + RECORDED_WITHIN, _LATEST) if selection.until else _LATEST,
    )
    types = {"charge.created", *(TELLING if outcomes else ())}
    while place is not None:
        after = place
        streams, place = await log.streams_after(
            place, until=end, types=types, recorded=recorded, limit=PAGE_EVENTS
        )
        if not streams or place is None:
            continue
        # A stream comes again with each page that holds an outcome of it; each of its events counts in the page of its place.
        found: list[tuple[_Place, Past]] = []
        for stream_id, logged in groupby(await log.load_until(streams, end), key=lambda one: one.stream_id):
            events = list(logged)
            if after < _place_of(events[0]) <= place:
                one = past_charge(stream_id, events)
                if isinstance(one, UnreadableCharge) or _is_selected(one, selection, before):
                    found.append((_place_of(events[0]), one))
            found += [
                (told_at, told)
                for told_at, told in _outcomes(events, selection, outcomes)
                if after < told_at <= place
            ]
        found.sort(key=lambda one: one[0])
        yield [one for _, one in found]


def _is_selected(charge: PastCharge, selection: Selection, before: timedelta) -> bool:
    is_in_time = selection.begins_at - before <= charge.at < selection.ends_at
    return is_in_time and selection.is_of(charge.created)


def _outcomes(
    events: _Stream, selection: Selection, counted: Collection[Pair]
) -> Iterator[tuple[_Place, Past]]:
    """The outcomes that a stream tells of, each with its place: as the role `risk` counts them, and those that it could not read."""
    if not counted:
        return
    readable: list[RecordedEvent[ChargeEvent]] = []
    for logged in events:
        if isinstance(logged, UnreadableEvent):
            break
        readable.append(logged)
    created = readable[0].event if readable else None
    if isinstance(created, ChargeCreated):
        if not selection.is_of(created):
            return
        places = {one.version: _place_of(one) for one in readable if tells_outcomes(one.event)}
        for one in increments_of(readable, counted):
            if one.version in places:
                yield places[one.version], PastOutcome(one.outcome, one.second, one.amount)
    else:
        readable = []
    for logged in events[max(len(readable), 1) :]:
        if isinstance(logged, UnreadableEvent) or tells_outcomes(logged.event):
            yield _place_of(logged), UnreadableOutcome(charge_of(logged.stream_id))


def _place_of(logged: LoggedEvent[ChargeEvent]) -> _Place:
    return logged.tx, logged.pos


def past_charge(stream_id: StreamId, events: _Stream) -> PastCharge | UnreadableCharge:
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
