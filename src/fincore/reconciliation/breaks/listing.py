"""Breaks as people list them, and as Prometheus counts them."""

from datetime import datetime
from typing import Final

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import StreamId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.reconciliation.breaks.break_status import BreakStatus, StandingStatus
from fincore.reconciliation.matching.differences import BreakClass
from fincore.reconciliation.metrics import BREAKS, BREAKS_ANSWERED

_SQL = load_sql("fincore.reconciliation.breaks", "listing.sql")

LISTED_MAX: Final = 1_000


class BreakFilters(msgspec.Struct, frozen=True, kw_only=True):
    """Which breaks of a mode are listed; None is any.

    `owner` may be empty for those without one; `psp_account` goes with `psp`. Closed ones are listed with `with_closed`, or where their
    status is asked for.
    """

    livemode: bool
    break_class: BreakClass | None = None
    status: BreakStatus | None = None
    owner: str | None = None
    psp: str | None = None
    psp_account: str | None = None
    days_min: int = 0
    with_closed: bool = False


class ListedBreak(msgspec.Struct, frozen=True, kw_only=True):
    """A break. `amount_minor`: what the statement says less what the ledger expects; None for a break of a whole file.

    `days` is its age until now or until it was closed; `number` is the line of the file, `reference` what the PSP calls the thing,
    `stream_id` the stream of its charge.
    """

    break_id: int
    break_class: BreakClass
    psp: str
    psp_account: str
    currency: Currency | None
    amount_minor: int | None
    opened_at: datetime
    days: int
    status: BreakStatus
    closed_at: datetime | None
    owner: str | None
    stream_id: StreamId | None
    reference: str | None
    file_name: str | None
    number: int | None


class StandingSum(msgspec.Struct, frozen=True, kw_only=True):
    """The breaks of one status, class and currency that are not closed."""

    status: StandingStatus
    break_class: BreakClass
    currency: Currency | None
    breaks: int
    amount_minor: int
    oldest_days: int


async def list_breaks(ledgerdb: Pool, wanted: BreakFilters, *, limit: int = LISTED_MAX) -> list[ListedBreak]:
    """The breaks that were opened last, the newest first."""
    rows = await ledgerdb.fetch(
        _SQL.list_breaks,
        wanted.livemode,
        wanted.break_class,
        wanted.status,
        wanted.owner,
        wanted.psp,
        wanted.psp_account,
        wanted.days_min,
        wanted.with_closed,
        limit,
    )
    return [
        ListedBreak(
            break_id=row["break_id"],
            break_class=row["class"],
            psp=row["psp"],
            psp_account=row["psp_account"],
            currency=row["currency"],
            amount_minor=row["amount_minor"],
            opened_at=row["opened_at"],
            days=row["days"],
            status=row["status"],
            closed_at=row["closed_at"],
            owner=row["owner"],
            stream_id=row["stream_id"],
            reference=row["reference"],
            file_name=row["file_name"],
            number=row["number"],
        )
        for row in rows
    ]


async def standing_sums(ledgerdb: Pool, *, livemode: bool) -> list[StandingSum]:
    """How many breaks are not closed, and what they come to, by status, class and currency."""
    return [
        StandingSum(
            status=row["status"],
            break_class=row["class"],
            currency=row["currency"],
            breaks=row["breaks"],
            amount_minor=row["amount_minor"],
            oldest_days=row["oldest_days"],
        )
        for row in await ledgerdb.fetch(_SQL.standing_sums, livemode)
    ]


async def measure_breaks(ledgerdb: Pool) -> None:
    """Tell Prometheus how many breaks are open, and how many people have explained or claimed."""
    sums = {livemode: await standing_sums(ledgerdb, livemode=livemode) for livemode in (True, False)}
    BREAKS.clear()
    BREAKS_ANSWERED.clear()
    for livemode, of_mode in sums.items():
        mode = "live" if livemode else "test"
        for one in of_mode:
            if one.status == "open":
                BREAKS.labels(one.break_class, mode).inc(one.breaks)
            else:
                BREAKS_ANSWERED.labels(one.break_class, mode, one.status).inc(one.breaks)
