"""What whole streams of the log tell of outcomes and of cards, for what is built again or compared."""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby, takewhile
from typing import NamedTuple

from fincore.domain.events import ChargeEvent
from fincore.domain.ids import StreamId
from fincore.domain.log_events import LogEvent, of_charges
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.inapplicable_events import Inapplicable, is_caused_by_event
from fincore.eventstore.log import LoggedEvent
from fincore.write.risk.instruments import CardTold, card_told, cards_told
from fincore.write.risk.outcomes import Increment, Pair, Place, increments_of, tells_outcomes


class Amount(NamedTuple):
    """Which counter an amount is of, at which second since 1970, and whether it takes back what had counted."""

    pair: Pair
    outcome: bytes
    second: int
    is_taken_back: bool


class Told(NamedTuple):
    """The sums of amounts, what is told of cards by the hash of their tokens, and from where on which streams cannot be read or counted."""

    amounts: Mapping[Amount, int]
    cards: Mapping[bytes, CardTold]
    inapplicable: Mapping[StreamId, Inapplicable]


def told_by(
    events: Sequence[LoggedEvent[LogEvent]],
    since: Mapping[Pair, Place],
    *,
    after: Place = (0, 0),
    parked: Mapping[StreamId, int] | None = None,
    since_second: int = 0,
) -> Told:
    """What some whole streams, one after the other, tell of the counters that `since` names, each from that place of the log on.

    Left out is what stands up to the place `after`, what counted before `since_second`, and each stream that is `parked` from
    the version on that is said.
    """
    amounts: dict[Amount, int] = {}
    cards: dict[bytes, CardTold] = {}
    inapplicable: dict[StreamId, Inapplicable] = {}
    for stream_id, stream in groupby(events, key=lambda event: event.stream_id):
        end = None if parked is None else parked.get(stream_id)
        known = [event for event in stream if end is None or event.version < end]
        readable = [event for event in takewhile(_is_readable, known) if isinstance(event, RecordedEvent)]
        if len(readable) < len(known):
            first = known[len(readable)]
            reason = "" if isinstance(first, RecordedEvent) else first.reason
            inapplicable[stream_id] = Inapplicable(first.version, reason)
        charge = of_charges(readable)
        new = [one.event for one in charge if (one.tx, one.pos) > after]
        if not any(tells_outcomes(event) or card_told(event) is not None for event in new):
            continue
        increments, why = _increments(charge, since)
        if why is not None:
            inapplicable[stream_id] = why
        places = {one.version: (one.tx, one.pos) for one in charge}
        for one in increments:
            place = places[one.version]
            is_counted = one.counts_since(since[one.pair], told_at=place)
            if place > after and is_counted and one.second >= since_second:
                amount = Amount(one.pair, one.outcome, one.second, one.amount < 0)
                amounts[amount] = amounts.get(amount, 0) + one.amount
        for card in cards_told(charge) if why is None else ():
            if places[card.version] > after:
                cards[card.instrument] = card.after(cards.get(card.instrument))
    return Told(amounts, cards, inapplicable)


def _is_readable(event: LoggedEvent[LogEvent]) -> bool:
    return isinstance(event, RecordedEvent)


def _increments(
    charge: Sequence[RecordedEvent[ChargeEvent]], counted: Collection[Pair]
) -> tuple[list[Increment], Inapplicable | None]:
    """What a charge adds as far as it can be counted, and from where on it cannot."""
    try:
        return list(increments_of(charge, counted)), None
    except Exception as error:
        if not is_caused_by_event(error):
            raise
    before: list[Increment] = []
    for count in range(1, len(charge) + 1):
        try:
            before = list(increments_of(charge[:count], counted))
        except Exception as error:  # noqa: BLE001  # it is known from above to come from an event
            return before, Inapplicable(charge[count - 1].version, type(error).__name__)
    raise AssertionError("the whole charge failed above")
