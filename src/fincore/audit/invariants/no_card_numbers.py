"""Invariant: no store holds anything that looks like a card number."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

import asyncpg

from fincore.audit.invariants.invariant import VIOLATIONS_MAX, Invariant, Stores, Violation, scan
from fincore.domain.card_number import POSSIBLE_CARD_NUMBER, holds_card_number
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.write.queue.port import JobInspection

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")

FINDING: Final = "holds what looks like a card number"


async def _check(stores: Stores) -> list[Violation]:
    statements: list[tuple[Pool, str]] = [
        (stores.eventstore, _SQL.texts_of_events),
        (stores.eventstore, _SQL.texts_of_responses),
        (stores.eventstore, _SQL.texts_of_inbox),
        (stores.eventstore, _SQL.texts_of_merchants),
        (stores.eventstore, _SQL.texts_of_staff),
        (stores.eventstore, _SQL.texts_of_endpoints),
        (stores.eventstore, _SQL.texts_of_deliveries),
        (stores.paymentdb, _SQL.texts_of_views),
        (stores.ledgerdb, _SQL.texts_of_entries),
        (stores.ledgerdb, _SQL.texts_of_accounts),
    ]
    found: list[Violation] = []
    for pool, statement in statements:
        found += await scan(pool, statement, POSSIBLE_CARD_NUMBER, judge=_judge)
    return [*found, *await _in_jobs(stores.jobs)]


async def _in_jobs(jobs: JobInspection) -> list[Violation]:
    found: list[Violation] = []
    async with aclosing(jobs.texts_matching(POSSIBLE_CARD_NUMBER)) as texts:
        async for stored in texts:
            if holds_card_number(stored.text):
                found.append(Violation(stored.place, FINDING))
                if len(found) == VIOLATIONS_MAX:
                    break
    return found


async def _judge(rows: Sequence[asyncpg.Record]) -> list[Violation]:
    # The statement lets through what may hold one; whether it does is decided as it is everywhere else.
    return [Violation(row["place"], FINDING) for row in rows if holds_card_number(_text(row["content"]))]


def _text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode("utf-8", errors="replace")


NO_CARD_NUMBERS: Final = Invariant(
    "no_card_numbers",
    "No event, stored response, webhook, delivery, job, view or entry, no name, and nothing that staff wrote holds a card number.",
    _check,
)
"""If it fails, card data lies where it must never be: find out how it came in, and treat it as an incident."""
