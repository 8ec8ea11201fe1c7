"""Adjustments as people read them."""

from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from fincore.domain.adjustment_events import Adjusted, AdjustmentKind
from fincore.domain.currency import Currency
from fincore.domain.ids import AdjustmentId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.reconciliation.adjustments", "acts.sql")

STATEMENT_SECONDS_MAX: Final = 60.0


class ListedAdjustment(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided. `break_id` and `break_class` are those of the break that it ended; an opening has none.

    `is_matched`: a run found both sides equal with it. `told_at`: since when the log has it.
    """

    adjustment_id: AdjustmentId
    kind: AdjustmentKind
    adjusts: Adjusted
    break_id: int | None
    break_class: str | None
    psp: str
    psp_account: str
    currency: Currency
    gross_minor: int
    fee_minor: int
    by: str
    reason: str
    decided_at: datetime
    told_at: datetime | None
    is_matched: bool
    reversed_by: str | None
    reversed_for: str | None
    reversed_at: datetime | None

    @property
    def amount_minor(self) -> int:
        """What it comes to, fee included."""
        return self.gross_minor + self.fee_minor


class AdjustmentPage(NamedTuple):
    """One page, those decided last first; the last one's id is the place from which the next page goes on."""

    adjustments: list[ListedAdjustment]
    has_more: bool


async def list_adjustments(
    ledgerdb: Pool,
    *,
    livemode: bool,
    break_id: int | None = None,
    after: AdjustmentId | None = None,
    limit: int,
) -> AdjustmentPage:
    """Those of a mode, or of one break of it, that come after the adjustment `after`."""
    rows = await ledgerdb.fetch(
        _SQL.list_adjustments, livemode, limit + 1, after, break_id, timeout=STATEMENT_SECONDS_MAX
    )
    return AdjustmentPage(
        [msgspec.convert(dict(row), ListedAdjustment) for row in rows[:limit]], has_more=len(rows) > limit
    )
