"""Building the ledger again from the log, beside the live one, and comparing the two entry by entry.

Entries are booked in the order in which the live ledger booked them, so that numbers and running balances agree too: a
charge that was parked was booked later than its place in the log. What the live ledger lacks comes after all others.
Operators' entries stand in no log and are taken over. What was booked before each account at a PSP had accounts of its own
is booked on the accounts of that time, and the change follows where it did. Where something differs, the live ledger's entries from the first
that does are replaced in one transaction, unless it lies in a sealed day: what is sealed is corrected by a further entry.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple, Self

import asyncpg
import structlog

from fincore.domain.errors import FinCoreError
from fincore.domain.ids import StreamId
from fincore.domain.log_events import LogEvent
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.inapplicable_events import readable
from fincore.eventstore.log import EventLog
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.read.ledger.accounts import retired_account
from fincore.read.ledger.booking import Booking, Draft
from fincore.read.ledger.comparison import STATEMENT_TIMEOUT_SECONDS, Rebuilt, compare
from fincore.read.ledger.entry import Entry, money_events
from fincore.read.ledger.holdings import read_holdings
from fincore.read.ledger.journal import MoneyEvent
from fincore.read.ledger.ledger_service import entries_of

_SQL = load_sql("fincore.read.ledger", "rebuild.sql")
_SEALER = load_sql("fincore.read.ledgerdb", "sealer.sql")
_log = structlog.get_logger(__name__)

BATCH_ENTRIES: Final = 2_000
BATCH_EVENTS: Final = 2_000
LOCK_TIMEOUT_SECONDS: Final = 10.0
"""How long the replacement waits for sessions that book, seal or vacuum at the moment."""


class SealedDiffers(FinCoreError):
    """An entry of a sealed day is not what the log makes of it. It stays: what is sealed is never replaced."""

    def __init__(self, entry_id: int, last_sealed_id: int) -> None:
        super().__init__(
            f"entry {entry_id} differs from the log and lies in a sealed day (sealed up to {last_sealed_id}): nothing was "
            f"replaced. `fincore rebuild ledgerdb --verify` names what differs; correct it by further entries"
        )


class ReconciledMoves(FinCoreError):
    """Entries that runs of reconciliation have seen would get other numbers, or go, and matches name entries by number."""

    def __init__(self, entry_id: int) -> None:
        super().__init__(
            f"entry {entry_id} is not in the log, or has another place, and runs of reconciliation have seen it: its matches would name "
            "other entries, so nothing was replaced. Restore LedgerDB's database from a backup of the same moment as the log's; it then "
            "follows the log, and runs go on from there"
        )


class LedgerInUse(FinCoreError):
    """Another session kept the right to book or to seal, or locked the tables; nothing was replaced."""

    def __init__(self) -> None:
        super().__init__(
            f"another session booked, sealed or vacuumed for longer than {LOCK_TIMEOUT_SECONDS:g} s: rebuild again when that is "
            f"over (pg_stat_activity shows who it is); nothing was replaced"
        )


class _Reached(NamedTuple):
    """Where the live ledger stood: its last entry, and the place of the log it had come to."""

    last_entry_id: int
    tx: int
    pos: int


async def verify(log: EventLog[LogEvent], owner: Pool) -> Rebuilt:
    """Build the ledger beside the live one and compare them; nothing is replaced, and booking goes on meanwhile.

    `owner` is a pool with the rights of the tables' owner. One at a time: a second one starts the first anew.
    """
    try:
        async with owner.acquire() as connection:
            await connection.execute(_SQL.begin)
            await connection.execute("set search_path = ledgerdb_next")
            reached = await _reached(connection)
            builder = await _Builder(log, connection).begun()
            await builder.catch_up(reached)
            await builder.finish(reached)
            return await compare(connection, reached.last_entry_id)
    finally:
        await owner.execute(_SQL.end)


async def rebuild(log: EventLog[LogEvent], owner: Pool) -> Rebuilt:
    """As `verify`; where the two differ, replace the live entries from the first that does.

    Raises `SealedDiffers`, `ReconciledMoves` and `LedgerInUse`; nothing is replaced then.
    """
    try:
        async with owner.acquire() as connection:
            await connection.execute(_SQL.begin)
            await connection.execute("set search_path = ledgerdb_next")
            builder = await _Builder(log, connection).begun()
            # Most of it while booking goes on, the rest while it waits.
            await builder.catch_up(await _reached(connection))
            async with connection.transaction():
                await connection.execute(_SQL.wait_briefly, f"{LOCK_TIMEOUT_SECONDS:g}s")
                # No session seals or books from here on: the locks are taken in the sealer's order.
                await connection.execute(_SEALER.take_turn)
                await connection.execute(_SEALER.take_booking_turn)
                reached = await _reached(connection)
                await builder.catch_up(reached)
                await builder.finish(reached)
                found = await compare(connection, reached.last_entry_id)
                if found.first_id is None:
                    return found
                last_sealed: int = await connection.fetchval(_SQL.last_sealed)
                if found.first_id <= last_sealed:
                    raise SealedDiffers(found.first_id, last_sealed)
                if (moved := await connection.fetchval(_SQL.first_reconciled, found.first_id)) is not None:
                    raise ReconciledMoves(moved)
                await connection.execute(_SQL.set_first, str(found.first_id))
                await connection.execute(_SQL.replace_tail, timeout=STATEMENT_TIMEOUT_SECONDS)
            _log.warning("ledger.rebuilt", replaced_from=found.first_id, differences=found.differences)
            return found._replace(is_replaced=True)
    except asyncpg.LockNotAvailableError:
        raise LedgerInUse from None
    finally:
        await owner.execute(_SQL.end)


class _Builder:
    """Books into the ledger to come, one batch a transaction of its own or of the caller's."""

    def __init__(self, log: EventLog[LogEvent], connection: Connection) -> None:
        self._event_log = log
        self._connection = connection
        self._booking = Booking()
        self._live_id = 0
        self._last_id = 0
        self._booked_at = datetime(1970, 1, 1, tzinfo=UTC)
        self._scanned = (0, 0)
        self._last_before_change = 0
        self._changed_at = self._booked_at
        self._is_changed = False

    async def begun(self) -> Self:
        """The builder, once it knows up to which of the live entries the accounts are those of before."""
        row = await self._connection.fetchrow(_SQL.chart_change)
        if row is None:
            raise AssertionError("the schema has noted the change of the chart")
        self._last_before_change, self._changed_at = row
        return self

    async def catch_up(self, reached: _Reached) -> None:
        """Book what the live ledger had booked when it stood there, and look for what it had left out."""
        while rows := await self._connection.fetch(
            _SQL.live_entries, self._live_id, reached.last_entry_id, BATCH_ENTRIES
        ):
            await self._copy_entries(rows)
            self._live_id = rows[-1]["entry_id"]
        await self._scan(reached)

    async def finish(self, reached: _Reached) -> None:
        """Book what the live ledger has left out, in the order of the log."""
        await self._change_chart()
        place = (0, 0)
        while rows := await self._connection.fetch(
            _SQL.left_out, *place, reached.last_entry_id, BATCH_EVENTS
        ):
            events = money_events(
                readable(await self._event_log.load_events(row["event_id"] for row in rows))
            )
            booked_at = max(self._booked_at, await self._connection.fetchval(_SQL.server_time))
            await self._book(
                [(one, booked_at, None) for one in sorted(events, key=lambda one: (one.tx, one.pos))]
            )
            place = (rows[-1]["tx"], rows[-1]["pos"])
        await self._connection.execute(_SQL.note_operators_items)
        await self._connection.execute(_SQL.move_items)

    async def _copy_entries(self, rows: Sequence[asyncpg.Record]) -> None:
        event_ids = [row["event_id"] for row in rows if row["source"] == "event"]
        events = {
            one.event_id: one for one in money_events(readable(await self._event_log.load_events(event_ids)))
        }
        waiting: list[tuple[RecordedEvent[MoneyEvent], datetime, asyncpg.Record | None]] = []
        for row in rows:
            if row["entry_id"] > self._last_before_change and not self._is_changed:
                await self._book(waiting)
                waiting = []
                await self._change_chart()
            if row["source"] == "upgrade":
                continue
            if row["source"] == "operator":
                await self._book(waiting)
                waiting = []
                await self._take_over(row["entry_id"])
            # An entry without its event in the log is not booked: the comparison finds that it is missing here.
            elif (event := events.get(row["event_id"])) is not None:
                waiting.append((event, row["booked_at"], row))
        await self._book(waiting)

    async def _book(
        self, batch: Sequence[tuple[RecordedEvent[MoneyEvent], datetime, asyncpg.Record | None]]
    ) -> None:
        if not batch:
            return
        candidates = [event for event, _, _ in batch]
        holdings = await read_holdings(self._connection, candidates)
        booked = {event.event_id: (booked_at, row) for event, booked_at, row in batch}
        drafts = []
        for event_id, stream_id, entry in entries_of(candidates, set(), holdings):
            booked_at, row = booked[event_id]
            in_its_time = entry if self._is_changed else on_retired_accounts(entry)
            drafts.append(
                Draft(event_id, stream_id, in_its_time, booked_at, row["late_for"] if row else None)
            )
        if not drafts:
            return
        await self._booking.book(self._connection, drafts, after_entry_id=self._last_id)
        self._last_id += len(drafts)
        self._booked_at = drafts[-1].booked_at

    async def _change_chart(self) -> None:
        if self._is_changed:
            return
        await self._connection.execute(_SQL.change_chart, self._changed_at)
        last_id: int = await self._connection.fetchval(_SQL.last_booked)
        if last_id > self._last_id:
            self._booked_at = self._changed_at
        self._last_id = last_id
        self._is_changed = True
        self._booking.forget()

    async def _take_over(self, live_entry_id: int) -> None:
        self._last_id += 1
        async with self._connection.transaction():
            await self._connection.execute(_SQL.take_over_head, live_entry_id, self._last_id)
            await self._connection.execute(_SQL.open_its_accounts, live_entry_id)
            await self._connection.execute(_SQL.take_over_postings, live_entry_id, self._last_id)
        self._booking.forget()

    async def _scan(self, reached: _Reached) -> None:
        """Find the events that the live ledger has no entry for; those of parked charges it leaves out on purpose."""
        parked = {
            StreamId(row["stream_id"]): row["since_version"]
            for row in await self._connection.fetch(_SQL.parked)
        }
        while self._scanned < (reached.tx, reached.pos):
            batch = await self._event_log.read_after(*self._scanned, limit=BATCH_EVENTS)
            if not batch:
                return
            known = money_events(event for event in batch if isinstance(event, RecordedEvent))
            money = [
                (event.tx, event.pos, event.event_id)
                for event in known
                if (event.tx, event.pos) <= (reached.tx, reached.pos)
                and event.version < parked.get(event.stream_id, event.version + 1)
            ]
            if money:
                columns = map(list, zip(*money, strict=True))
                await self._connection.execute(_SQL.leave_out, *columns, reached.last_entry_id)
            self._scanned = min((batch[-1].tx, batch[-1].pos), (reached.tx, reached.pos))


def on_retired_accounts(entry: Entry) -> Entry:
    """An entry as it was booked before each account at a PSP had accounts of its own."""
    movements = (
        movement._replace(debit=retired_account(movement.debit), credit=retired_account(movement.credit))
        for movement in entry.movements
    )
    return entry._replace(movements=tuple(movements))


async def _reached(connection: Connection) -> _Reached:
    row = await connection.fetchrow(_SQL.reached)
    if row is None:
        raise AssertionError("one row is always there")
    return _Reached(row["last_entry_id"], row["tx"] or 0, row["pos"] or 0)
