"""Building the counters of outcomes again from the log, beside the live ones, which rules read until the new ones take their place."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import asyncpg

from fincore.domain.errors import FinCoreError
from fincore.domain.ids import StreamId
from fincore.domain.log_events import LogEvent
from fincore.eventstore.inapplicable_events import Inapplicable
from fincore.eventstore.log import EventLog, LoggedEvent
from fincore.eventstore.parked_streams import PARKED_STREAMS_MAX, too_many_parked
from fincore.eventstore.whole_streams import whole_streams
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.write.risk.outcome_counter import CONSUMER, Counters, add_outcomes, card_columns
from fincore.write.risk.outcomes import Pair, Place
from fincore.write.risk.told_outcomes import Told, told_by

_SQL = load_sql("fincore.write.risk", "outcome_rebuild.sql")

BATCH_EVENTS: Final = 1_000
STATEMENT_TIMEOUT_SECONDS: Final = 3_600.0
SWITCH_TRIES_MAX: Final = 60
"""How often the new counters try to take the place of the live ones while other sessions keep those."""
SWITCH_PAUSE_SECONDS: Final = 0.5

_BEGINNING: Final = (0, 0)


class Rebuilt(NamedTuple):
    """How many events were read and how many counters they make, and which streams could not be counted to their end."""

    events: int
    counters: int
    parked: Mapping[StreamId, Inapplicable]


class RebuildRuns(FinCoreError):
    """Another session builds or compares the counters."""

    def __init__(self) -> None:
        super().__init__(
            "another session builds or compares the counters of outcomes: wait until it has ended"
        )


class CountersInUse(FinCoreError):
    """Other sessions kept the live counters or the consumer's checkpoint, so that nothing was replaced."""

    def __init__(self) -> None:
        super().__init__(
            f"the live counters were in use through {SWITCH_TRIES_MAX} tries and stay as they were: end long transactions on "
            "the event store (a backup, a vacuum) and rebuild again"
        )


class RulesChanged(FinCoreError):
    """A rule has begun to count an outcome that the new counters lack; nothing was replaced."""

    def __init__(self, pairs: Collection[Pair]) -> None:
        names = ", ".join(f"{measure} by {key}" for measure, key in sorted(pairs))
        super().__init__(
            f"rules have begun to count {names} meanwhile: the counters stay as they were; rebuild again"
        )


@asynccontextmanager
async def turn(owner: Pool) -> AsyncIterator[Connection]:
    """A connection that alone may build or compare the counters. Raises `RebuildRuns`."""
    async with owner.acquire() as connection:
        if not await connection.fetchval(_SQL.take_turn):
            raise RebuildRuns
        try:
            yield connection
        finally:
            if not connection.is_closed():
                await connection.execute(_SQL.give_turn_back)


async def counted_since(connection: Connection) -> dict[Pair, Place]:
    """What is counted, and from which place of the log on."""
    rows = await connection.fetch(_SQL.counted)
    return {(row["measure"], row["key"]): (row["since_tx"], row["since_pos"]) for row in rows}


async def rebuild(
    log: EventLog[LogEvent], owner: Pool, wanted: Collection[Pair], *, batch_events: int = BATCH_EVENTS
) -> Rebuilt:
    """Replace the counters of outcomes by those that the log makes from its beginning: of what is wanted, and what was counted before.

    `owner` is a pool with the rights of the tables' owner. Charges and the consumer go on meanwhile: it is fenced when the new counters
    take over, and goes on from where they end. What the log tells of cards is filled in where it is not known. Raises `RebuildRuns`,
    `CountersInUse`, `RulesChanged` and `TooManyParked`; the live counters are then as they were.
    """
    async with turn(owner) as connection:
        try:
            await connection.execute(_SQL.begin)
            await connection.execute("set search_path = risk_next")
            since = dict.fromkeys({*wanted, *await counted_since(connection)}, _BEGINNING)
            building = _Building(log, connection, since, batch_events)
            await building.fill()
            await building.catch_up()
            await _take_over(connection, building)
            counters = await connection.fetchval(_SQL.count_rows, timeout=STATEMENT_TIMEOUT_SECONDS)
            return Rebuilt(building.events, counters, building.parked)
        finally:
            if not connection.is_closed():
                await connection.execute(_SQL.end)


class _Building:
    """The counters beside the live ones, as they are at the place `reached` of the log."""

    def __init__(
        self, log: EventLog[LogEvent], connection: Connection, since: Mapping[Pair, Place], batch_events: int
    ) -> None:
        self._event_log = log
        self._connection = connection
        self._since = since
        self._batch_events = batch_events
        self.reached: Place = _BEGINNING
        self.events = 0
        self.parked: dict[StreamId, Inapplicable] = {}

    @property
    def pairs(self) -> Collection[Pair]:
        """What is counted."""
        return self._since.keys()

    async def fill(self) -> None:
        """Count the log as far as it has come now, stream by stream."""
        until = await self._event_log.end()
        async for batch in whole_streams(self._event_log, until, self._batch_events):
            await self._write(batch, after=_BEGINNING)
            self.events += len(batch)
        self.reached = until

    async def catch_up(self) -> None:
        """Count what the log has more by now."""
        until = await self._event_log.end()
        while self.reached < until:
            batch = await self._event_log.read_after(*self.reached, limit=self._batch_events)
            if not batch:
                return
            last = batch[-1].tx, batch[-1].pos
            streams = dict.fromkeys(event.stream_id for event in batch)
            await self._write(await self._event_log.load_until(streams, last), after=self.reached)
            self.events += len(batch)
            self.reached = last

    async def _write(self, streams: list[LoggedEvent[LogEvent]], *, after: Place) -> None:
        told = told_by(streams, self._since, after=after)
        self.parked = {**told.inapplicable, **self.parked}
        if len(self.parked) > PARKED_STREAMS_MAX:
            raise await too_many_parked(CONSUMER, self.parked, self._event_log)
        await add_outcomes(self._connection, _counters(told))
        if told.cards:
            await self._connection.execute(_SQL.fill_instruments, *card_columns(told.cards.values()))


def _counters(told: Told) -> Counters:
    """The amounts without what was taken back in the same breath."""
    counters: Counters = {}
    for one, amount in told.amounts.items():
        at = one.outcome, one.second
        counters[at] = counters.get(at, 0) + amount
    return {at: amount for at, amount in counters.items() if amount}


async def _take_over(connection: Connection, building: _Building) -> None:
    """Let the new counters take the place of the live ones. Raises `CountersInUse` and `RulesChanged`."""
    for tries_left in reversed(range(SWITCH_TRIES_MAX)):
        begun = building.reached, building.events, building.parked
        try:
            async with connection.transaction():
                await _switch(connection, building)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            building.reached, building.events, building.parked = begun
            if not tries_left:
                raise CountersInUse from None
            await asyncio.sleep(SWITCH_PAUSE_SECONDS)
            await building.catch_up()
        else:
            return


async def _switch(connection: Connection, building: _Building) -> None:
    await connection.execute(_SQL.wait_for_consumer)
    await connection.execute(_SQL.begin_checkpoint)
    await connection.execute(_SQL.lock_checkpoint)
    # The consumer alone begins to count an outcome, and it waits from here on.
    if missing := (await counted_since(connection)).keys() - building.pairs:
        raise RulesChanged(missing)
    await building.catch_up()
    await connection.execute(_SQL.move_checkpoint, *building.reached)
    await connection.execute(_SQL.forget_parked)
    if building.parked:
        parked = [(stream_id, *found) for stream_id, found in building.parked.items()]
        await connection.execute(_SQL.keep_parked, *map(list, zip(*parked, strict=True)))
    measures, keys = [measure for measure, _ in building.pairs], [key for _, key in building.pairs]
    await connection.execute(_SQL.count_from_beginning, measures, keys)
    await connection.execute(_SQL.wait_briefly)
    await connection.execute(_SQL.switch)
