"""Entries of the ledger with all that is known of them: what was booked, for what, by which authority, and whether it is sealed."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Final, Literal, NamedTuple

import asyncpg
import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import EventId, MerchantId, StreamId
from fincore.domain.stream_names import StreamName, stream_name
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.ledgerdb.legs import PURPOSE_OF_LEG, Purpose
from fincore.read.page import require_page

_SQL = load_sql("fincore.read.ledgerdb", "ledger_entries.sql")

_AFTER_ALL: Final = 2**63 - 1


class EntryPosting(msgspec.Struct, frozen=True, kw_only=True):
    """One leg. `balance_minor`: what it left on its account; None on an account that the reader may not see."""

    account: str
    purpose: Purpose
    side: Literal["debit", "credit"]
    amount_minor: int
    currency: Currency
    balance_minor: int | None


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry. `event_id` is the event's that it books, or its own where an operator or an upgrade booked it.

    `reason` and `booked_by` are an operator's, or `reason` says why something of it is in suspense. `chain_hash` seals it and all
    before it; None while it waits for its seal.
    """

    entry_id: int
    event_id: EventId
    source: Literal["event", "operator", "upgrade"]
    livemode: bool
    kind: str
    subject: StreamName | None
    effective_at: datetime
    booked_at: datetime
    late_for: date | None
    description: str
    reason: str | None
    booked_by: str | None
    clears_entry_id: int | None
    chain_hash: bytes | None
    postings: tuple[EntryPosting, ...]


class EntryPage(NamedTuple):
    """One page, the last booked first; the last one's number is the place from which the next page goes on."""

    entries: list[LedgerEntry]
    has_more: bool


class LedgerEntries:
    """Entries by number and by what they are of. `merchants`: only those that moved an account of these; None is all."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(
        self, entry_id: int, *, livemode: bool, merchants: Collection[MerchantId] | None = None
    ) -> LedgerEntry | None:
        """An entry of a mode, or None."""
        found = await self._pool.fetchval(_SQL.head, livemode, entry_id, _texts(merchants))
        return None if found is None else (await self._read([found], merchants))[0]

    async def of_subject(
        self,
        stream_id: StreamId,
        *,
        livemode: bool,
        merchants: Collection[MerchantId] | None = None,
        before: int | None = None,
        limit: int,
    ) -> EntryPage:
        """The entries of a charge, payout, settlement file or adjustment before the entry `before`, at most `limit`."""
        require_page(limit)
        rows = await self._pool.fetch(
            _SQL.heads_of_subject,
            livemode,
            stream_id,
            _AFTER_ALL if before is None else before,
            _texts(merchants),
            limit + 1,
        )
        found = [row["entry_id"] for row in rows]
        return EntryPage(await self._read(found[:limit], merchants), has_more=len(found) > limit)

    async def _read(
        self, entry_ids: Sequence[int], merchants: Collection[MerchantId] | None
    ) -> list[LedgerEntry]:
        return list(_entries(await self._pool.fetch(_SQL.entries, entry_ids), merchants))


def _texts(merchants: Collection[MerchantId] | None) -> list[str] | None:
    return None if merchants is None else sorted(merchants)


def _entries(
    rows: Sequence[asyncpg.Record], merchants: Collection[MerchantId] | None
) -> Iterator[LedgerEntry]:
    for _, group in groupby(rows, key=lambda row: int(row["entry_id"])):
        legs = list(group)
        head = legs[0]
        stream_id = head["stream_id"]
        yield LedgerEntry(
            entry_id=head["entry_id"],
            event_id=EventId(head["event_id"]),
            source=head["source"],
            livemode=head["livemode"],
            kind=head["kind"],
            subject=stream_name(StreamId(stream_id), head["about"]) if stream_id else None,
            effective_at=head["effective_at"],
            booked_at=head["booked_at"],
            late_for=head["late_for"],
            description=head["description"],
            reason=head["reason"],
            booked_by=head["booked_by"],
            clears_entry_id=head["clears_entry_id"],
            chain_hash=head["chain_hash"],
            postings=tuple(
                EntryPosting(
                    account=row["account"],
                    purpose=PURPOSE_OF_LEG[row["leg"]],
                    side=row["side"],
                    amount_minor=row["amount_minor"],
                    currency=row["currency"],
                    balance_minor=row["balance_after_minor"]
                    if merchants is None or row["owner"] in merchants
                    else None,
                )
                for row in legs
            ),
        )
