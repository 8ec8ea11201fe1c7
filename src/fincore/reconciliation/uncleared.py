"""What PSPs took and no statement has told of yet, by age: the headline figure of reconciliation."""

from datetime import datetime
from typing import Final

import msgspec

from fincore.domain.currency import Currency
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.reconciliation.matching.break_writer import LATE_AFTER
from fincore.reconciliation.matching.matcher import SETTLEMENT_DELAYS
from fincore.reconciliation.metrics import (
    UNCLEARED_AGE_SECONDS,
    UNCLEARED_ITEMS,
    UNCLEARED_MINOR,
    UNCLEARED_OVERDUE,
)

_SQL = load_sql("fincore.reconciliation", "uncleared.sql")

AGES: Final[tuple[tuple[int, int | None], ...]] = ((0, 1), (2, 3), (4, 7), (8, 30), (31, None))
"""Ages in whole days, from and to; the last has no end."""
STATEMENT_SECONDS_MAX: Final = 300.0


class UnclearedAmount(msgspec.Struct, frozen=True, kw_only=True):
    """The clearing items of one account at a PSP, currency and age that no line has matched. `days` is their age, from and to.

    `overdue`: how many of them a statement should have told of by now; 0 where no source of the account is declared.
    """

    livemode: bool
    psp: str
    psp_account: str
    currency: Currency
    days: tuple[int, int | None]
    items: int
    amount_minor: int
    oldest_at: datetime
    overdue: int


async def uncleared_by_age(
    ledgerdb: Pool, now: datetime, *, livemode: bool | None = None
) -> list[UnclearedAmount]:
    """What is uncleared in a mode, or in both, by account, currency and age."""
    rows = await ledgerdb.fetch(
        _SQL.uncleared_by_age,
        livemode,
        now,
        [first for first, _ in AGES],
        [last for _, last in AGES],
        list(SETTLEMENT_DELAYS),
        list(SETTLEMENT_DELAYS.values()),
        LATE_AFTER,
        timeout=STATEMENT_SECONDS_MAX,
    )
    return [
        UnclearedAmount(
            livemode=row["livemode"],
            psp=row["psp"],
            psp_account=row["psp_account"],
            currency=row["currency"],
            days=AGES[row["bucket"] - 1],
            items=row["items"],
            amount_minor=int(row["amount_minor"]),
            oldest_at=row["oldest_at"],
            overdue=row["overdue"],
        )
        for row in rows
    ]


def days_text(days: tuple[int, int | None]) -> str:
    """An age as people read it: `0-1`, or `over 30`."""
    first, last = days
    return f"over {first - 1}" if last is None else f"{first}-{last}"


async def measure_uncleared(ledgerdb: Pool, now: datetime) -> None:
    """Tell Prometheus what is uncleared. An account of which all is matched is no longer shown."""
    amounts = await uncleared_by_age(ledgerdb, now)
    for gauge in (UNCLEARED_MINOR, UNCLEARED_ITEMS, UNCLEARED_AGE_SECONDS, UNCLEARED_OVERDUE):
        gauge.clear()
    for one in amounts:
        account = "live" if one.livemode else "test", one.psp, one.psp_account, one.currency
        days = days_text(one.days)
        UNCLEARED_MINOR.labels(*account, days).set(one.amount_minor)
        UNCLEARED_ITEMS.labels(*account, days).set(one.items)
        UNCLEARED_OVERDUE.labels(*account).inc(one.overdue)
        # Ages come youngest first, so that the last one of an account has its oldest item.
        UNCLEARED_AGE_SECONDS.labels(*account).set((now - one.oldest_at).total_seconds())
