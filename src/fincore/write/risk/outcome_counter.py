"""The consumer of the log that keeps for risk rules what became of charges, and what PSPs told of the cards that paid."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.domain.ids import StreamId
from fincore.domain.log_events import LogEvent, of_charges
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.log import load_streams
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection
from fincore.write.risk.instruments import CardTold, card_told, cards_told
from fincore.write.risk.outcomes import Pair, Place, increments_of, tells_outcomes

_SQL = load_sql("fincore.write.risk", "outcome_counter.sql")

CONSUMER: Final = "risk"
BATCH_INTERVAL_SECONDS: Final = 0.25
"""The pause after a step that was not full: rules may be told of outcomes seconds late, and a step costs more than its events."""

Counters = dict[tuple[bytes, int], int]
"""What to add to counters: by the counter and the second since 1970."""


_Streams = Mapping[StreamId, Sequence[RecordedEvent[ChargeEvent]]]


class OutcomeCounter:
    """Counts what `wanted` names, and what it named once before: each counter from that place of the log on, and nothing from before.

    It keeps what PSPs tell of cards whether or not rules read it: only what was kept before can be read then. At most four
    statements a batch.
    """

    name = CONSUMER

    def __init__(self, wanted: Callable[[], Collection[Pair]] = frozenset) -> None:
        self._wanted = wanted

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent[LogEvent]]) -> None:
        """Add the outcomes among some events to their counters, and keep the cards, inside the transaction of `connection`."""
        if not events:
            return
        since = await self._counted_since(connection, (events[0].tx, events[0].pos))
        charges = of_charges(events)
        places: dict[StreamId, dict[int, Place]] = {}
        for recorded in charges:
            if card_told(recorded.event) is not None or (since and tells_outcomes(recorded.event)):
                places.setdefault(recorded.stream_id, {})[recorded.version] = (recorded.tx, recorded.pos)
        if not places:
            return
        streams = await _streams(connection, charges, places)
        await add_outcomes(connection, _counters_of(streams, places, since))
        if cards := _cards_of(streams, places):
            await connection.execute(_SQL.keep_instruments, *card_columns(cards.values()))

    async def _counted_since(self, connection: Connection, place: Place) -> dict[Pair, Place]:
        """What is counted, and from where on; what is wanted and was not counted begins at `place`."""
        wanted = sorted(self._wanted())
        rows = await connection.fetch(
            _SQL.count_from, [measure for measure, _ in wanted], [key for _, key in wanted], *place
        )
        return {(row["measure"], row["key"]): (row["since_tx"], row["since_pos"]) for row in rows}


async def add_outcomes(connection: Connection, counters: Counters) -> None:
    """Add amounts to the counters that the search path of `connection` finds."""
    if counters:
        outcomes, seconds = zip(*counters, strict=True)
        await connection.execute(_SQL.add_outcomes, outcomes, seconds, list(counters.values()))


def _counters_of(
    streams: _Streams, places: Mapping[StreamId, Mapping[int, Place]], since: Mapping[Pair, Place]
) -> Counters:
    """What the events at some places add to the counters that had begun by then."""
    counters: Counters = {}
    for stream_id, stream in streams.items() if since else ():
        for one in increments_of(stream, since):
            place = places[stream_id].get(one.version)
            if place is not None and one.counts_since(since[one.pair], told_at=place):
                at = one.outcome, one.second
                counters[at] = counters.get(at, 0) + one.amount
    return counters


def _cards_of(streams: _Streams, places: Mapping[StreamId, Mapping[int, Place]]) -> dict[bytes, CardTold]:
    """What the events at some places tell of cards, by the token."""
    cards: dict[bytes, CardTold] = {}
    for stream_id, stream in streams.items():
        for told in cards_told(stream):
            if told.version in places[stream_id]:
                cards[told.instrument] = told.after(cards.get(told.instrument))
    return cards


def card_columns(cards: Iterable[CardTold]) -> Sequence[Sequence[object]]:
    """The columns of rows of `risk.instruments`, in order."""
    rows = [
        (
            told.instrument,
            told.card.brand,
            told.card.country,
            told.card.funding,
            told.card.fingerprint,
            told.lapses_on,
        )
        for told in cards
    ]
    return list(zip(*rows, strict=True))


async def _streams(
    connection: Connection, events: Sequence[RecordedEvent[ChargeEvent]], wanted: Collection[StreamId]
) -> _Streams:
    """Some whole streams. One that begins among the events is complete there; the others are loaded together."""
    streams: dict[StreamId, Sequence[RecordedEvent[ChargeEvent]]] = {}
    found: dict[StreamId, list[RecordedEvent[ChargeEvent]]] = {}
    for recorded in events:
        if recorded.stream_id in wanted and (recorded.version == 1 or recorded.stream_id in found):
            found.setdefault(recorded.stream_id, []).append(recorded)
    streams.update(found)
    absent = [stream_id for stream_id in wanted if stream_id not in found]
    if absent:
        loaded = await load_streams(connection, CHARGE_EVENTS, absent)
        streams.update({stream_id: stream.events for stream_id, stream in loaded.items()})
    return streams
