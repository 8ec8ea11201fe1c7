"""Comparing the live counters of outcomes with the log, window by window. Nothing is changed, and the consumer goes on meanwhile."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, NamedTuple

import asyncpg

from fincore.domain.ids import StreamId
from fincore.domain.log_events import LogEvent
from fincore.eventstore.inapplicable_events import Inapplicable
from fincore.eventstore.log import EventLog, LoggedEvent
from fincore.eventstore.whole_streams import whole_streams
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.write.risk.outcome_rebuild import (
    BATCH_EVENTS,
    STATEMENT_TIMEOUT_SECONDS,
    Rebuilt,
    counted_since,
    turn,
)
from fincore.write.risk.outcomes import Pair, Place
from fincore.write.risk.rings import BUCKETS_PER_WINDOW, WINDOW_SECONDS
from fincore.write.risk.store import Window
from fincore.write.risk.told_outcomes import told_by

_SQL = load_sql("fincore.write.risk", "outcome_comparison.sql")

DIFFERENCES_NAMED_MAX: Final = 20
"""How many differences a comparison names; it counts all."""
_ROWS_AT_A_TIME: Final = 500
_WINDOWS: Final = tuple(WINDOW_SECONDS.values())
_SECONDS_KEPT: Final = max(_WINDOWS) + max(_WINDOWS) // BUCKETS_PER_WINDOW


class Difference(NamedTuple):
    """A counter that says `live` of a window where the log tells from `least` to `most`; `pair` is None where the log tells nothing of it."""

    outcome: bytes
    pair: Pair | None
    window: Window
    live: int
    least: int
    most: int


class Compared(NamedTuple):
    """What was read, how many counters and windows differ, and the first of them."""

    rebuilt: Rebuilt
    differences: int
    named: Sequence[Difference]


class _Counts(NamedTuple):
    pair: int | None
    least: Sequence[int]
    most: Sequence[int]


_NOTHING: Final = _Counts(None, [0] * len(_WINDOWS), [0] * len(_WINDOWS))


async def verify(log: EventLog[LogEvent], owner: Pool, *, batch_events: int = BATCH_EVENTS) -> Compared:
    """Compare the live counters with the log, each from the place on from which it is complete.

    All of it is as it was at one moment, the one at which the comparison began. `owner` has the rights of the tables' owner. Raises
    `RebuildRuns`.
    """
    async with (
        turn(owner) as writing,
        owner.acquire() as looking,
        looking.transaction(isolation="repeatable_read", readonly=True),
    ):
        await looking.execute(_SQL.keep_looking)
        row = await looking.fetchrow(_SQL.moment)
        if row is None:
            raise AssertionError("one row is always there")
        at_seconds, until = row["at_seconds"], (row["tx"], row["pos"])
        since = await counted_since(looking)
        parked = {
            StreamId(row["stream_id"]): row["since_version"] for row in await looking.fetch(_SQL.parked)
        }
        pairs = sorted(since)
        try:
            await writing.execute(_SQL.begin)
            told = _Telling(writing, since, pairs, parked, at_seconds - _SECONDS_KEPT)
            async for batch in whole_streams(log, until, batch_events):
                await told.write(batch)
            async with writing.transaction(readonly=True):
                counters, differences, named = await _compare(looking, writing, at_seconds, pairs)
        finally:
            if not writing.is_closed():
                await writing.execute(_SQL.end)
    return Compared(Rebuilt(told.events, counters, told.inapplicable), differences, named)


class _Telling:
    """Writes what the log tells, each amount at its second, in the order in which streams are read."""

    def __init__(
        self,
        connection: Connection,
        since: Mapping[Pair, Place],
        pairs: Sequence[Pair],
        parked: Mapping[StreamId, int],
        since_second: int,
    ) -> None:
        self._connection = connection
        self._since = since
        self._numbers = {pair: number for number, pair in enumerate(pairs)}
        self._parked = parked
        self._since_second = since_second
        self.events = 0
        self.inapplicable: dict[StreamId, Inapplicable] = {}

    async def write(self, streams: list[LoggedEvent[LogEvent]]) -> None:
        told = told_by(streams, self._since, parked=self._parked, since_second=self._since_second)
        rows = [
            (one.outcome, self._numbers[one.pair], one.second, amount) for one, amount in told.amounts.items()
        ]
        if rows:
            await self._connection.copy_records_to_table("told", records=rows)
        self.events += len(streams)
        self.inapplicable.update(told.inapplicable)


async def _compare(
    looking: Connection, told: Connection, at_seconds: int, pairs: Sequence[Pair]
) -> tuple[int, int, list[Difference]]:
    """How many counters there are, how many windows of them differ, and the first of those. Both sides come in the order of counters."""
    counters = differences = 0
    named: list[Difference] = []
    live = _rows(looking, _SQL.live_counts, at_seconds)
    expected = _rows(told, _SQL.told_counts, at_seconds)
    async for outcome, counts, known in _side_by_side(live, expected):
        counters += 1
        for place, window in enumerate(WINDOW_SECONDS):
            found, least, most = counts[place], known.least[place], known.most[place]
            if least <= found <= most:
                continue
            differences += 1
            if len(named) < DIFFERENCES_NAMED_MAX:
                pair = None if known.pair is None else pairs[known.pair]
                named.append(Difference(outcome, pair, window, found, least, most))
    return counters, differences, named


async def _side_by_side(
    live: AsyncIterator[asyncpg.Record], told: AsyncIterator[asyncpg.Record]
) -> AsyncIterator[tuple[bytes, Sequence[int], _Counts]]:
    """Each counter that either side has: what it says of the windows, and what the log tells of them."""
    one, other = await anext(live, None), await anext(told, None)
    while one is not None or other is not None:
        outcome = min(row["outcome"] for row in (one, other) if row is not None)
        counts, known = _NOTHING.least, _NOTHING
        if one is not None and one["outcome"] == outcome:
            counts, one = one["counts"], await anext(live, None)
        if other is not None and other["outcome"] == outcome:
            known = _Counts(other["pair"], other["least"], other["most"])
            other = await anext(told, None)
        yield outcome, counts, known


async def _rows(connection: Connection, statement: str, at_seconds: int) -> AsyncIterator[asyncpg.Record]:
    """The rows of a statement, a bounded number of them in memory."""
    cursor = await connection.cursor(statement, at_seconds, list(_WINDOWS), timeout=STATEMENT_TIMEOUT_SECONDS)
    while rows := await cursor.fetch(_ROWS_AT_A_TIME, timeout=STATEMENT_TIMEOUT_SECONDS):
        for row in rows:
            yield row
