"""Breaks as people read them."""

from datetime import datetime
from typing import Final

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import StreamId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.reconciliation.breaks.break_status import BreakStatus
from fincore.reconciliation.matching.differences import BreakClass
from fincore.reconciliation.metrics import BREAKS

_SQL = load_sql("fincore.reconciliation.breaks", "listing.sql")

LISTED_MAX: Final = 1_000


class ListedBreak(msgspec.Struct, frozen=True, kw_only=True):
    """A break. `amount_minor`: what the statement says less what the ledger expects; None for a break of a whole file.

    `number` is the line of the file, `reference` what the PSP calls the thing, `stream_id` the stream of its charge.
    """

    break_id: int
    break_class: BreakClass
    psp: str
    psp_account: str
    currency: Currency | None
    amount_minor: int | None
    opened_at: datetime
    status: BreakStatus
    closed_at: datetime | None
    stream_id: StreamId | None
    reference: str | None
    entry_id: int | None
    file_name: str | None
    number: int | None


class ClassSum(msgspec.Struct, frozen=True, kw_only=True):
    """The open breaks of one class and currency."""

    break_class: BreakClass
    currency: Currency | None
    breaks: int
    amount_minor: int
    oldest_at: datetime


async def list_breaks(
    ledgerdb: Pool, *, livemode: bool, break_class: BreakClass | None = None, with_closed: bool = False
) -> list[ListedBreak]:
    """At most `LISTED_MAX` breaks of a mode, those opened last first."""
    rows = await ledgerdb.fetch(_SQL.list_breaks, livemode, break_class, with_closed, LISTED_MAX)
    return [
        ListedBreak(
            break_id=row["break_id"],
            break_class=row["class"],
            psp=row["psp"],
            psp_account=row["psp_account"],
            currency=row["currency"],
            amount_minor=row["amount_minor"],
            opened_at=row["opened_at"],
            status=row["status"],
            closed_at=row["closed_at"],
            stream_id=row["stream_id"],
            reference=row["reference"],
            entry_id=row["entry_id"],
            file_name=row["file_name"],
            number=row["number"],
        )
        for row in rows
    ]


async def open_sums(ledgerdb: Pool, *, livemode: bool) -> list[ClassSum]:
    """How many breaks are open, and what they come to, by class and currency."""
    return [
        ClassSum(
            break_class=row["class"],
            currency=row["currency"],
            breaks=row["breaks"],
            amount_minor=row["amount_minor"],
            oldest_at=row["oldest_at"],
        )
        for row in await ledgerdb.fetch(_SQL.sums_by_class, livemode)
    ]


async def measure_breaks(ledgerdb: Pool) -> None:
    """Tell Prometheus how many breaks are open."""
    sums = {livemode: await open_sums(ledgerdb, livemode=livemode) for livemode in (True, False)}
    BREAKS.clear()
    for livemode, of_mode in sums.items():
        for one in of_mode:
            BREAKS.labels(one.break_class, "live" if livemode else "test").inc(one.breaks)
