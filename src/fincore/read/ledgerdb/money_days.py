"""What PSPs took for us, by day and currency, from the sums of days that the sealer keeps: a look at a few accounts, however many entries there are."""

from collections.abc import Collection, Sequence
from datetime import date

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.outcome import PspName
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.read.ledgerdb", "money_days.sql")


class MoneyDay(msgspec.Struct, frozen=True, kw_only=True):
    """What all PSPs took on a day of effective time, by UTC; what went back later is not taken off. It may be beyond bigint."""

    day: date
    currency: Currency
    taken_minor: int


async def money_days(
    pool: Pool, *, livemode: bool, psps: Collection[PspName], first: date, last: date
) -> list[MoneyDay]:
    """The days on which money was taken, by day and currency. What has no seal yet, a few seconds old, is left out."""
    statement, arguments = money_days_statement(livemode=livemode, psps=psps, first=first, last=last)
    return [
        MoneyDay(day=row["day"], currency=row["currency"], taken_minor=int(row["taken_minor"]))
        for row in await pool.fetch(statement, *arguments)
    ]


def money_days_statement(
    *, livemode: bool, psps: Collection[PspName], first: date, last: date
) -> tuple[str, Sequence[object]]:
    """The statement with its arguments, for those who look at its plan."""
    return _SQL.money_days, (livemode, list(psps), first, last)
