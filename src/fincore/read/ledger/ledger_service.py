"""The consumer that keeps the books."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

import structlog

from fincore.domain.ids import EventId, StreamId, public_event_id
from fincore.domain.log_events import LogEvent
from fincore.domain.recorded_event import RecordedEvent
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection
from fincore.read.ledger.booking import Booking, Draft
from fincore.read.ledger.entry import Entry, money_events
from fincore.read.ledger.holdings import Holdings, read_holdings
from fincore.read.ledger.journal import MoneyEvent
from fincore.read.ledger.metrics import SUSPENDED

_SQL = load_sql("fincore.read.ledger", "ledger_service.sql")
_log = structlog.get_logger(__name__)

BATCH_EVENTS_MAX: Final = 4_000
"""Events in one step: the fixed cost of a step (plans, a commit, a balance for each account) is shared by more."""
BATCH_INTERVAL_SECONDS: Final = 0.25
"""The pause after a step that was not full, for the same reason: a lag of a quarter of a second does no harm."""

_Mark = tuple[int, EventId | None, datetime | None]
"""Which entry is the last, what it is for and when it was booked: no two ledgers of one log agree on it by chance."""


class _Page(NamedTuple):
    """Where the books stand. `open_since`: what happened before it is in a closed period."""

    last_entry_id: int
    last_event_id: EventId | None
    last_booked_at: datetime | None
    booked_at: datetime
    open_since: datetime
    booked_already: Sequence[EventId]


class LedgerService:
    """Books a batch of events: three statements, however many entries; more only for new accounts and for what is given back.

    The checkpoint of its subscription makes it the only writer of its ledger. What it remembers of accounts counts only
    while the last entry in the database is the last one it booked.
    """

    name = "ledger"

    def __init__(self) -> None:
        self._booking = Booking()
        self._last: _Mark | None = None

    async def apply(self, connection: Connection, events: Sequence[RecordedEvent[LogEvent]]) -> None:
        """Book events, in log order, inside the transaction of `connection`."""
        candidates = money_events(events)
        if not candidates:
            return
        await connection.execute(_SQL.take_turn)
        (row,) = await connection.fetch(_SQL.page, [one.event_id for one in candidates])
        page = _Page(*row)
        holdings = await read_holdings(connection, candidates)
        drafts = [
            Draft(event_id, stream_id, entry, page.booked_at, _late_for(entry, page.open_since))
            for event_id, stream_id, entry in entries_of(candidates, set(page.booked_already), holdings)
        ]
        if not drafts:
            return
        if self._last != (page.last_entry_id, page.last_event_id, page.last_booked_at):
            self._booking.forget()
        # What follows changes balances that are right only once all of it is booked.
        self._last = None
        await self._booking.book(connection, drafts, after_entry_id=page.last_entry_id)
        self._last = (page.last_entry_id + len(drafts), drafts[-1].event_id, page.booked_at)
        for entry_id, draft in enumerate(drafts, start=page.last_entry_id + 1):
            if draft.entry.reason is not None:
                _alert(draft, entry_id)


def entries_of(
    candidates: Sequence[RecordedEvent[MoneyEvent]], known: set[EventId], holdings: Holdings
) -> Iterable[tuple[EventId, StreamId, Entry]]:
    """The entries of events that are not booked yet, each once. `holdings` follow what they do to their charges."""
    for recorded in candidates:
        if recorded.event_id in known:
            continue
        known.add(recorded.event_id)
        entry = holdings.book(recorded)
        if entry is not None:
            yield recorded.event_id, recorded.stream_id, entry


def _late_for(entry: Entry, open_since: datetime) -> date | None:
    if entry.effective_at >= open_since:
        return None
    return entry.effective_at.astimezone(UTC).date().replace(day=1)


def _alert(draft: Draft, entry_id: int) -> None:
    SUSPENDED.labels(draft.entry.kind).inc()
    _log.warning(
        "ledger.suspended",
        entry_id=entry_id,
        event_id=public_event_id(draft.event_id),
        kind=draft.entry.kind,
        reason=draft.entry.reason,
    )
