"""Invariant: what our banks hold by the books is what their statements tell of, and payouts that no statement has yet."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from fincore.audit.invariants.invariant import (
    STATEMENT_TIMEOUT_SECONDS,
    Invariant,
    Stores,
    Violation,
    named_rows,
    scan,
)
from fincore.domain.ids import EventId, public_event_id
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "banks.sql")


async def _check(stores: Stores) -> list[Violation]:
    return [
        *await named_rows(stores.ledgerdb, _SQL.unexplained_banks),
        *await named_rows(stores.ledgerdb, _SQL.unequal_bank_matches),
        *await _arrivals_without_line(stores),
    ]


async def _arrivals_without_line(stores: Stores) -> list[Violation]:
    async def judge(events: Sequence[asyncpg.Record]) -> list[Violation]:
        names = ("stream_id", "livemode", "bank", "currency", "amount_minor")
        # A line is there before its event.
        rows = await stores.ledgerdb.fetch(
            _SQL.lines_of_payouts,
            *([row[name] for row in events] for name in names),
            timeout=STATEMENT_TIMEOUT_SECONDS,
        )
        told = {row["place"] for row in rows}
        return [
            Violation(
                f"event {public_event_id(EventId(row['event_id']))} of payout {row['psp_reference']}",
                f"tells that a statement of {row['bank']} has {row['amount_minor']} minor units of {row['currency']}, and no line does",
            )
            for place, row in enumerate(events, start=1)
            if place not in told
        ]

    return await scan(stores.eventstore, _SQL.payouts_paid_by_lines, judge=judge)


BANK_ACCOUNTS_ARE_EXPLAINED: Final = Invariant(
    "bank_accounts_are_explained",
    "Every bank account holds what lines of its statements were matched with and what payouts without a line brought; the two sides "
    "of each match are equal, and every payout that a statement proved to have arrived has its line.",
    _check,
)
"""If it fails, a line of a bank is matched with another amount than the books have, or LedgerDB's database was set back and has lost a statement."""
