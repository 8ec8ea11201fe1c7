"""Invariant: what is on its way to our banks by the books is what payouts that neither arrived nor failed come to."""

from typing import Final

import asyncpg

from fincore.audit.invariants.invariant import STATEMENT_TIMEOUT_SECONDS, Invariant, Stores, Violation
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")


async def _check(stores: Stores) -> list[Violation]:
    # One statement: the balances are of the place of the log that is read with them.
    booked = await stores.ledgerdb.fetch(_SQL.in_transit, timeout=STATEMENT_TIMEOUT_SECONDS)
    if not booked:
        return []
    place = booked[0]["tx"], booked[0]["pos"]
    payouts = await stores.eventstore.fetch(_SQL.open_payouts, *place, timeout=STATEMENT_TIMEOUT_SECONDS)
    balances = {_key(row): row["balance_minor"] for row in booked if row["psp"] is not None}
    open_minor = {_key(row): int(row["open_minor"]) for row in payouts}
    return [
        Violation(
            f"psp:{psp}:{account}:in_transit:{currency} ({'live' if livemode else 'test'})",
            f"holds {balances.get(key, 0)} minor units, the payouts on their way come to {open_minor.get(key, 0)}",
        )
        for key in sorted(balances.keys() | open_minor.keys())
        if balances.get(key, 0) != open_minor.get(key, 0)
        for livemode, psp, account, currency in (key,)
    ]


def _key(row: asyncpg.Record) -> tuple[bool, str, str, str]:
    return row["livemode"], row["psp"], row["psp_account"], row["currency"]


IN_TRANSIT_EQUALS_OPEN_PAYOUTS: Final = Invariant(
    "in_transit_equals_open_payouts",
    "What each PSP has sent to our banks by the books is the sum of its payouts that are neither paid nor failed nor canceled.",
    _check,
)
"""If it fails, a payout is booked twice or not at all, or was put in suspense: compare `fincore ledger statement` of the account with the payouts of the PSP."""
