"""The statement of an account in the order of booking, page by page: each posting has the balance that it left.

Balances are stored with the postings, so that a page reads its own postings alone, however many the account has.
"""

from collections.abc import AsyncIterator, Collection
from datetime import date, datetime
from typing import Final, Literal, NamedTuple

import asyncpg
import msgspec

from fincore.domain.ids import EventId, MerchantId, StreamId
from fincore.domain.stream_names import StreamName, stream_name
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.ledgerdb.balances import AccountBalance
from fincore.read.ledgerdb.ledger_moment import EntryRange, entries_booked
from fincore.read.ledgerdb.legs import PURPOSE_OF_LEG, Purpose
from fincore.read.page import require_page

_SQL = load_sql("fincore.read.ledgerdb", "account_statement.sql")

POSTINGS_AT_A_TIME: Final = 1_000
_LEG_MAX: Final = 32_767


class Place(NamedTuple):
    """Where a posting stands in its account."""

    entry_id: int
    leg: int


BEFORE_ALL: Final = Place(0, 0)
AFTER_ALL: Final = Place(2**63 - 1, _LEG_MAX)


class AccountPosting(msgspec.Struct, frozen=True, kw_only=True):
    """One posting, with the balance after it on the normal side of the account.

    `event_id` is the event's that it books, or the entry's own where an operator or an upgrade booked it. `late_for` is the closed period
    in which it happened, where it came too late for that.
    """

    place: Place
    event_id: EventId
    source: Literal["event", "operator", "upgrade"]
    subject: StreamName | None
    kind: str
    purpose: Purpose
    effective_at: datetime
    booked_at: datetime
    late_for: date | None
    description: str
    side: Literal["debit", "credit"]
    amount_minor: int
    balance_minor: int


class StatementBounds(msgspec.Struct, frozen=True, kw_only=True):
    """What an account held before the first entry of a range and after the last one, and how many postings lie between."""

    account_id: int
    account: AccountBalance
    entries: EntryRange
    opening_minor: int
    closing_minor: int
    postings: int


class PostingPage(NamedTuple):
    """One page, the last booked first; the place of the last posting is that from which the next page goes on."""

    bounds: StatementBounds
    postings: list[AccountPosting]
    has_more: bool


class AccountStatements:
    """Accounts of the ledger, posting by posting."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(
        self,
        name: str,
        *,
        livemode: bool,
        merchants: Collection[MerchantId] | None = None,
        booked_from: datetime | None = None,
        booked_before: datetime | None = None,
        before: Place | None = None,
        limit: int,
    ) -> PostingPage | None:
        """The postings before a place, the last booked first; None where there is no such account (of these merchants)."""
        require_page(limit)
        bounds = await self.bounds(
            name,
            livemode=livemode,
            merchants=merchants,
            booked_from=booked_from,
            booked_before=booked_before,
        )
        if bounds is None:
            return None
        statement, arguments = page_statement(
            bounds.account_id, bounds.entries, before or AFTER_ALL, limit + 1
        )
        rows = await self._pool.fetch(statement, *arguments)
        return PostingPage(bounds, [_posting(row) for row in rows[:limit]], has_more=len(rows) > limit)

    async def bounds(
        self,
        name: str,
        *,
        livemode: bool,
        merchants: Collection[MerchantId] | None = None,
        booked_from: datetime | None = None,
        booked_before: datetime | None = None,
    ) -> StatementBounds | None:
        """What the account held at both ends; None where there is no such account (of these merchants)."""
        row = await self._pool.fetchrow(
            _SQL.account, livemode, name, None if merchants is None else sorted(merchants)
        )
        if row is None:
            return None
        fields = dict(row)
        account_id = fields.pop("account_id")
        entries = await entries_booked(self._pool, booked_from, booked_before)
        opening = await self._pool.fetchrow(_SQL.balance_after, account_id, entries.first_entry_id - 1)
        closing = await self._pool.fetchrow(
            _SQL.balance_after, account_id, max(entries.last_entry_id, entries.first_entry_id - 1)
        )
        return StatementBounds(
            account_id=account_id,
            account=AccountBalance(**fields),
            entries=entries,
            opening_minor=opening["balance_minor"] if opening else 0,
            closing_minor=closing["balance_minor"] if closing else 0,
            postings=(closing["version"] if closing else 0) - (opening["version"] if opening else 0),
        )

    async def postings(self, bounds: StatementBounds) -> AsyncIterator[list[AccountPosting]]:
        """All postings of a range in the order of booking, a list at a time. Entries never change: no transaction stays open."""
        after = BEFORE_ALL
        while True:
            rows = await self._pool.fetch(
                _SQL.next_postings, bounds.account_id, *bounds.entries, *after, POSTINGS_AT_A_TIME
            )
            if rows:
                yield [_posting(row) for row in rows]
                after = Place(rows[-1]["entry_id"], rows[-1]["leg"])
            if len(rows) < POSTINGS_AT_A_TIME:
                return


def page_statement(
    account_id: int, entries: EntryRange, before: Place, limit: int
) -> tuple[str, list[object]]:
    """The statement that reads one page, and its arguments."""
    return _SQL.last_postings, [account_id, *entries, *before, limit]


def _posting(row: asyncpg.Record) -> AccountPosting:
    stream_id = row["stream_id"]
    return AccountPosting(
        place=Place(row["entry_id"], row["leg"]),
        event_id=EventId(row["event_id"]),
        source=row["source"],
        subject=stream_name(StreamId(stream_id), row["about"]) if stream_id else None,
        kind=row["kind"],
        purpose=PURPOSE_OF_LEG[row["leg"]],
        effective_at=row["effective_at"],
        booked_at=row["booked_at"],
        late_for=row["late_for"],
        description=row["description"],
        side=row["side"],
        amount_minor=row["amount_minor"],
        balance_minor=row["balance_minor"],
    )
