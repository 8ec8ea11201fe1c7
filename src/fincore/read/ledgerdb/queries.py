"""What finance staff ask of the ledger."""

from datetime import datetime
from itertools import groupby
from typing import Literal

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId, EventId, stream_of
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.read.ledgerdb", "queries.sql")


class TrialBalanceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One account: all that was ever debited and credited, in minor units."""

    account: str
    currency: Currency
    normal_side: Literal["debit", "credit"]
    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        """The balance on the account's normal side."""
        net_debit = self.debit_minor - self.credit_minor
        return net_debit if self.normal_side == "debit" else -net_debit


class BookedPosting(msgspec.Struct, frozen=True, kw_only=True):
    """One leg of an entry, and what it left on its account (on the account's normal side)."""

    account: str
    side: Literal["debit", "credit"]
    amount_minor: int
    currency: Currency
    balance_after_minor: int


class BookedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry: `effective_at` is when the money moved at the PSP, `booked_at` when it was written down."""

    entry_id: int
    event_id: EventId
    livemode: bool
    kind: str
    effective_at: datetime
    booked_at: datetime
    description: str
    postings: tuple[BookedPosting, ...]


class LedgerQueries:
    """The ledger as staff see it. It may lag behind the log by what is not booked yet."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def trial_balance(self, *, livemode: bool) -> list[TrialBalanceRow]:
        """Every account of one mode, by currency and name, summed from all its postings."""
        return [
            TrialBalanceRow(
                account=row["name"],
                currency=row["currency"],
                normal_side=row["normal_side"],
                debit_minor=int(row["debit_minor"]),
                credit_minor=int(row["credit_minor"]),
            )
            for row in await self._pool.fetch(_SQL.trial_balance, livemode)
        ]

    async def has_come_to(self, tx: int, pos: int) -> bool:
        """Whether what moved money up to a place of the log is booked."""
        return bool(await self._pool.fetchval(_SQL.has_come_to, tx, pos))

    async def entries_of(self, charge_id: ChargeId) -> list[BookedEntry]:
        """What was booked for a charge, in order; raise `InvalidId` for what is no charge id."""
        rows = await self._pool.fetch(_SQL.entries_of_stream, stream_of(charge_id))
        entries = []
        for entry_id, legs in groupby(rows, key=lambda row: int(row["entry_id"])):
            postings = list(legs)
            first = postings[0]
            entries.append(
                BookedEntry(
                    entry_id=entry_id,
                    event_id=first["event_id"],
                    livemode=first["livemode"],
                    kind=first["kind"],
                    effective_at=first["effective_at"],
                    booked_at=first["booked_at"],
                    description=first["description"],
                    postings=tuple(
                        BookedPosting(
                            account=row["account"],
                            side=row["side"],
                            amount_minor=row["amount_minor"],
                            currency=row["currency"],
                            balance_after_minor=row["balance_after_minor"],
                        )
                        for row in postings
                    ),
                )
            )
        return entries
