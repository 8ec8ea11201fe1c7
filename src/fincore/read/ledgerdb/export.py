"""The books read for an export: as they stood when it began, however long it takes, in memory that does not grow."""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Final

import asyncpg

from fincore.domain.ids import (
    AdjustmentId,
    ChargeId,
    EventId,
    PayoutId,
    SettlementFileId,
    StreamId,
    adjustment_of,
    charge_of,
    payout_of,
    public_event_id,
    settlement_file_of,
)
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.ledgerdb.export_formats import Writing
from fincore.read.ledgerdb.exported import (
    ExportedAccount,
    ExportedBooks,
    ExportedEntry,
    ExportedPosting,
    decimal_text,
)

_SQL = load_sql("fincore.read.ledgerdb", "export.sql")

ENTRIES_AT_A_TIME: Final = 1_000
STATEMENT_TIMEOUT_SECONDS: Final = 300.0
_DAY: Final = timedelta(days=1)
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9998, 12, 31, tzinfo=UTC)


class LedgerExport:
    """One mode of the ledger, from the first to the last of some days of booking (UTC), or all of it.

    An export is of the entries there are when it begins. Entries are numbered without a hole and never change, so it
    reads them by ranges of their numbers: no transaction stays open while a slow disk or a pager takes its time.
    """

    def __init__(
        self, pool: Pool, *, livemode: bool, from_day: date | None = None, to_day: date | None = None
    ) -> None:
        self._pool = pool
        self._livemode = livemode
        self._from_day = from_day
        self._to_day = to_day

    async def pieces(self, writing: Writing) -> AsyncIterator[str]:
        """The export as text, piece by piece; a piece holds at most `ENTRIES_AT_A_TIME` entries."""
        books = await self.books()
        yield writing.head(books)
        async for entries in self.entries(books):
            yield "".join(map(writing.entry, entries))
        yield writing.tail(books)

    async def books(self) -> ExportedBooks:
        """The range, and what every account held before it and at its end."""
        (row,) = await self._pool.fetch(
            _SQL.bounds,
            _midnight(self._from_day) if self._from_day else _EARLIEST,
            _midnight(self._to_day + _DAY) if self._to_day else _LATEST,
        )
        first_booked_on, last_booked_on = _day(row["first_booked_at"]), _day(row["last_booked_at"])
        begins = (day for day in (first_booked_on, self._to_day) if day)
        first_day = self._from_day or min(begins, default=_EARLIEST.date())
        last_day = self._to_day or max(first_day, last_booked_on or first_day)
        accounts = await self._pool.fetch(
            _SQL.accounts,
            self._livemode,
            row["first_entry_id"],
            row["last_entry_id"],
            timeout=STATEMENT_TIMEOUT_SECONDS,
        )
        return ExportedBooks(
            livemode=self._livemode,
            first_day=first_day,
            last_day=last_day,
            has_opening=self._from_day is not None,
            first_entry_id=row["first_entry_id"],
            last_entry_id=row["last_entry_id"],
            accounts=tuple(ExportedAccount(**dict(account)) for account in accounts),
        )

    async def entries(self, books: ExportedBooks) -> AsyncIterator[list[ExportedEntry]]:
        """The entries of the range in order, a list at a time."""
        for first in range(books.first_entry_id, books.last_entry_id + 1, ENTRIES_AT_A_TIME):
            last = min(first + ENTRIES_AT_A_TIME - 1, books.last_entry_id)
            rows = await self._pool.fetch(_SQL.entries, self._livemode, first, last)
            yield list(_entries(rows))


def _entries(rows: Sequence[asyncpg.Record]) -> Iterator[ExportedEntry]:
    for entry_id, group in groupby(rows, key=lambda row: int(row["entry_id"])):
        legs = list(group)
        head = legs[0]
        charge, settlement = _subject(head)
        yield ExportedEntry(
            entry_id=entry_id,
            livemode=head["livemode"],
            source=head["source"],
            event_id=public_event_id(EventId(head["event_id"])) if head["source"] == "event" else None,
            kind=head["kind"],
            charge=charge,
            effective_at=head["effective_at"],
            booked_at=head["booked_at"],
            late_for=head["late_for"],
            description=head["description"],
            reason=head["reason"],
            booked_by=head["booked_by"],
            clears_entry_id=head["clears_entry_id"],
            settlement=settlement,
            postings=tuple(
                ExportedPosting(
                    leg=row["leg"],
                    account=row["account"],
                    account_type=row["account_type"],
                    side=row["side"],
                    amount_minor=row["amount_minor"],
                    amount=decimal_text(row["amount_minor"], row["currency"]),
                    currency=row["currency"],
                    balance_after_minor=row["balance_after_minor"],
                )
                for row in legs
            ),
        )


def _subject(
    head: asyncpg.Record,
) -> tuple[ChargeId | None, PayoutId | SettlementFileId | AdjustmentId | None]:
    """The charge that an entry is of, or the payout, settlement file or adjustment, or none of them."""
    if head["stream_id"] is None:
        return None, None
    stream_id = StreamId(head["stream_id"])
    match head["about"].partition(".")[0]:
        case "payout":
            return None, payout_of(stream_id)
        case "settlement_file":
            return None, settlement_file_of(stream_id)
        case "adjustment":
            return None, adjustment_of(stream_id)
        case _:
            return charge_of(stream_id), None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(UTC).date() if moment else None
