"""Breaks as people list them, and as Prometheus counts them."""

from datetime import datetime
from typing import Final, NamedTuple

import asyncpg
import msgspec

from fincore.domain.currency import Currency
from fincore.domain.ids import StreamId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.read.page import with_conditions
from fincore.reconciliation.breaks.break_status import BreakStatus, StandingStatus
from fincore.reconciliation.matching.differences import BreakClass
from fincore.reconciliation.metrics import BREAKS, BREAKS_ANSWERED

_SQL = load_sql("fincore.reconciliation.breaks", "listing.sql")

LISTED_MAX: Final = 1_000


class BreakFilters(msgspec.Struct, frozen=True, kw_only=True):
    """Which breaks of a mode are listed; None is any.

    `owner` may be empty for those without one; `psp_account` goes with `psp`. Closed ones are listed with `with_closed`, or where their
    status is asked for. `days_min` and `days_max` are ages in whole days, both included.
    """

    livemode: bool
    break_class: BreakClass | None = None
    status: BreakStatus | None = None
    owner: str | None = None
    psp: str | None = None
    psp_account: str | None = None
    currency: Currency | None = None
    stream_id: StreamId | None = None
    days_min: int = 0
    days_max: int | None = None
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
    """The breaks of one status, class and currency that are not closed.

    `amount_minor` is 2**63 - 1 where they come to more, and so below zero.
    """

    status: StandingStatus
    break_class: BreakClass
    currency: Currency | None
    breaks: int
    amount_minor: int
    oldest_days: int


class BreakPage(NamedTuple):
    """One page, those opened last first; the last one's number is the place from which the next page goes on."""

    breaks: list[ListedBreak]
    has_more: bool


async def list_breaks(
    ledgerdb: Pool, wanted: BreakFilters, *, after: int | None = None, limit: int = LISTED_MAX
) -> BreakPage:
    """The breaks that were opened last, the newest first, of those that come after the break `after` in this order."""
    statement, arguments = breaks_statement(wanted, after=after, limit=limit + 1)
    rows = await ledgerdb.fetch(statement, *arguments)
    return BreakPage([listed_break(row) for row in rows[:limit]], has_more=len(rows) > limit)


def breaks_statement(
    wanted: BreakFilters, *, after: int | None = None, limit: int | None = None
) -> tuple[str, list[object]]:
    """The statement that lists breaks through exactly the filters given, and its arguments; without a limit all of them."""
    return with_conditions(
        _SQL.list_breaks,
        (wanted.livemode, limit),
        (
            (_SQL.standing, True if not wanted.with_closed and wanted.status is None else None),
            (_SQL.of_class, wanted.break_class),
            (_SQL.with_status, wanted.status),
            (_SQL.of_owner, wanted.owner or None),
            (_SQL.without_owner, True if wanted.owner == "" else None),
            (_SQL.at_psp, wanted.psp),
            (_SQL.of_account, wanted.psp_account),
            (_SQL.in_currency, wanted.currency),
            (_SQL.of_stream, wanted.stream_id),
            (_SQL.opened_by_then, wanted.days_min or None),
            (_SQL.opened_since, wanted.days_max),
            (_SQL.after_break, after),
        ),
    )


def listed_break(row: asyncpg.Record) -> ListedBreak:
    """A row of that statement."""
    return ListedBreak(
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


class OpenBreaks(NamedTuple):
    """How many breaks are open, counted up to a bound, and since when the oldest is; None where there is none."""

    breaks: int
    oldest_at: datetime | None


async def count_open(ledgerdb: Pool, *, livemode: bool, counted_max: int) -> OpenBreaks:
    """How many breaks of a mode are open: not matched, explained, claimed or merged."""
    row = await ledgerdb.fetchrow(_SQL.count_open, livemode, counted_max)
    return OpenBreaks(0, None) if row is None else OpenBreaks(row["breaks"], row["oldest_at"])


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
