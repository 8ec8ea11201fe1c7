"""The payouts of all accounts, read from the log, so that they never lag."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from fincore.domain.ids import PayoutId, StreamId, payout_stream_of
from fincore.domain.outcome import PspReference
from fincore.domain.payout import Payout, fold_payout
from fincore.domain.payout_statuses import PayoutStatus
from fincore.domain.settlement_events import PAYOUT_EVENTS, PayoutEventType
from fincore.eventstore.log import load_streams
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.write.routing.plan import AccountName

_SQL = load_sql("fincore.write.settlement", "listed_payouts.sql")

LAST_EVENTS: Final[Mapping[PayoutStatus, PayoutEventType]] = MappingProxyType(
    {
        "in_transit": "payout.created",
        "paid": "payout.paid",
        "failed": "payout.failed",
        "canceled": "payout.canceled",
    }
)
"""The event that each status comes from."""


class PayoutFilters(msgspec.Struct, frozen=True, kw_only=True):
    """Which payouts are meant: all where nothing is said. `psp_reference` is the PSP's id of one, `after_id` the last of the page before."""

    account: AccountName | None = None
    status: PayoutStatus | None = None
    psp_reference: PspReference | None = None
    livemode: bool | None = None
    after_id: PayoutId | None = None


async def list_payouts(pool: Pool, filters: PayoutFilters, *, limit: int) -> list[Payout]:
    """Those that became known last, the newest first; without those that this version cannot read at all."""
    psp, account = filters.account or (None, None)
    after = None if filters.after_id is None else payout_stream_of(filters.after_id)
    last = None if filters.status is None else LAST_EVENTS[filters.status]
    rows = await pool.fetch(
        _SQL.list_payouts, psp, account, filters.psp_reference, last, limit, filters.livemode, after
    )
    streams = [StreamId(row["stream_id"]) for row in rows]
    loaded = await load_streams(pool, PAYOUT_EVENTS, streams)
    folded = (fold_payout(one.event for one in loaded[stream].events) for stream in streams)
    return [payout for payout in folded if payout is not None]
