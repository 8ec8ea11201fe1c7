"""Invariant: clearing accounts hold what no line has matched, and unmatched accounts what no item has."""

from typing import Final

from fincore.audit.invariants.invariant import (
    STATEMENT_TIMEOUT_SECONDS,
    Invariant,
    Stores,
    Violation,
    named_rows,
)
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "settlement.sql")


async def _check(stores: Stores) -> list[Violation]:
    accounts = await stores.ledgerdb.fetch(_SQL.settlement_accounts, timeout=STATEMENT_TIMEOUT_SECONDS)
    if not accounts:
        return await named_rows(stores.ledgerdb, _SQL.unequal_matches)
    # What the ledger has not booked yet moved neither side.
    place = accounts[0]["tx"], accounts[0]["pos"]
    rows = await stores.eventstore.fetch(_SQL.settlement_moves, *place, timeout=STATEMENT_TIMEOUT_SECONDS)
    moved = {
        (row["livemode"], row["psp"], row["psp_account"], row["currency"]): (
            int(row["stated_minor"]),
            int(row["matched_minor"]),
            int(row["cleared_minor"]),
        )
        for row in rows
    }
    found: list[Violation] = []
    for row in accounts:
        key = (row["livemode"], row["psp"], row["psp_account"], row["currency"])
        stated_minor, matched_minor, cleared_minor = moved.get(key, (0, 0, 0))
        is_clearing = row["kind"] == "clearing"
        if is_clearing:
            matched_minor = cleared_minor
        whole_minor = int(row["items_minor"]) if is_clearing else stated_minor
        if row["balance_minor"] != whole_minor - matched_minor:
            what = "its items" if is_clearing else "the lines of its statements"
            found.append(
                Violation(
                    f"{row['name']} ({'live' if row['livemode'] else 'test'})",
                    f"holds {row['balance_minor']} minor units; {what} come to {whole_minor}, and {matched_minor} of it is matched",
                )
            )
    return [*found, *await named_rows(stores.ledgerdb, _SQL.unequal_matches)]


CLEARING_IS_EXPLAINED: Final = Invariant(
    "clearing_is_explained",
    "Every clearing account holds exactly what no line of a statement has matched, and every unmatched account what statements "
    "say and nothing in the ledger has matched; the two sides of each match are equal.",
    _check,
)
"""If it fails, the ledger moved money out of clearing that no match explains, or an item of it has no row: its balance has no names."""
