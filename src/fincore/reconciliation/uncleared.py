"""What PSPs took and no statement has told of yet, by age: the headline figure of reconciliation."""

from datetime import datetime
from typing import Final

import msgspec

from fincore.domain.currency import Currency
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.reconciliation", "uncleared.sql")

AGES: Final[tuple[tuple[int, int | None], ...]] = ((0, 1), (2, 3), (4, 7), (8, 30), (31, None))
"""Ages in whole days, from and to; the last has no end."""
STATEMENT_SECONDS_MAX: Final = 300.0


class UnclearedAmount(msgspec.Struct, frozen=True, kw_only=True):
    """The clearing items of one account at a PSP, currency and age that no line has matched. `days` is their age, from and to."""

    psp: str
    psp_account: str
    currency: Currency
    days: tuple[int, int | None]
    items: int
    amount_minor: int
    oldest_at: datetime


async def uncleared_by_age(ledgerdb: Pool, now: datetime, *, livemode: bool) -> list[UnclearedAmount]:
    """What is uncleared in a mode, by account, currency and age."""
    rows = await ledgerdb.fetch(
        _SQL.uncleared_by_age,
        livemode,
        now,
        [first for first, _ in AGES],
        [last for _, last in AGES],
        timeout=STATEMENT_SECONDS_MAX,
    )
    return [
        UnclearedAmount(
            psp=row["psp"],
            psp_account=row["psp_account"],
            currency=row["currency"],
            days=AGES[row["bucket"] - 1],
            items=row["items"],
            amount_minor=row["amount_minor"],
            oldest_at=row["oldest_at"],
        )
        for row in rows
    ]
